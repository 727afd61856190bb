//! `/healthz`: the process lives. `/readyz`: its database and bus answer. `/metrics`: Prometheus.

use crate::{db::Db, events::bus::Bus, telemetry};
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use std::time::Duration;

pub(super) fn routes(db: Db, bus: Bus) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/metrics", get(async || telemetry::metrics().render()))
        .with_state((db, bus))
}

async fn ready(State((db, bus)): State<(Db, Bus)>) -> Response {
    // The platform's own table stands for "migrations have run".
    let sql = format!("select 1 from {}._platform_migrations limit 1", db.schema());
    let checks = async {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(db.pool()).await?;
        bus.ping().await
    };
    match tokio::time::timeout(Duration::from_secs(2), checks).await {
        Ok(Ok(())) => "ready".into_response(),
        Ok(Err(error)) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error:#}")).into_response(),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: no answer within two seconds",
        )
            .into_response(),
    }
}
