//! Commands that still have to be sent to other services.

use crate::actions::tasks::Task;
use chrono::{DateTime, Utc};
use platform::ids::OrderId;
use sqlx::{PgConnection, PgExecutor, types::Json};
use uuid::Uuid;

/// A task that is due.
#[derive(Debug)]
pub struct TaskRow {
    pub id: Uuid,
    pub body: Json<Task>,
    pub origin_at: Option<DateTime<Utc>>,
    pub attempts: i32,
}

/// A new task. An import sends its own at once; the worker is only its safety net.
pub async fn insert(
    db: &mut PgConnection,
    order: OrderId,
    task: &Task,
    at: Option<DateTime<Utc>>,
) -> sqlx::Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into orders.tasks (id, order_id, body, origin_at, next_attempt_at) values ($1, $2, $3, $4,
         clock_timestamp() + make_interval(secs => case when $4::timestamptz is null then 0 else 30 end))",
        id,
        order.0,
        Json(task) as _,
        at
    )
    .execute(db)
    .await?;
    Ok(id)
}

/// Takes a task that is due for `seconds`; the time is its lease.
pub async fn claim(db: impl PgExecutor<'_>, seconds: i32) -> sqlx::Result<Option<TaskRow>> {
    sqlx::query_as!(TaskRow,
        r#"update orders.tasks set next_attempt_at = clock_timestamp() + make_interval(secs => $1), attempts = attempts + 1
           where id = (select id from orders.tasks where next_attempt_at <= clock_timestamp() order by next_attempt_at limit 1
           for update skip locked) returning id, body as "body: Json<Task>", origin_at, attempts"#, f64::from(seconds))
    .fetch_optional(db)
    .await
}

/// Tasks of an import, which does not wait for the worker.
pub async fn of_order(db: impl PgExecutor<'_>, order: OrderId) -> sqlx::Result<Vec<TaskRow>> {
    sqlx::query_as!(TaskRow,
        r#"select id, body as "body: Json<Task>", origin_at, attempts from orders.tasks where order_id = $1 order by id"#, order.0)
    .fetch_all(db)
    .await
}

pub async fn delete(db: impl PgExecutor<'_>, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("delete from orders.tasks where id = $1", id)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn failed(db: impl PgExecutor<'_>, id: Uuid, seconds: i64, error: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.tasks set last_error = $2, next_attempt_at = clock_timestamp() + make_interval(secs => $3) where id = $1",
        id, error, seconds as f64
    )
    .execute(db)
    .await?;
    Ok(())
}
