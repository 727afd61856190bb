//! Dashboards.

use crate::domain::dashboard::Widget;
use platform::{
    Tx, Viewer,
    ids::{DashboardId, UserId, VendorId, uuids},
};
use sqlx::{PgExecutor, types::Json};

#[derive(Clone, Debug)]
pub struct Row {
    pub id: DashboardId,
    pub name: String,
    pub owner: UserId,
    pub vendor: Option<VendorId>,
    pub widgets: Json<Vec<Widget>>,
    pub version: i32,
}

/// Dashboards the viewer may see, by ID or all: those of their vendors; staff see all.
pub async fn visible(
    db: impl PgExecutor<'_>,
    viewer: &Viewer,
    ids: Option<&[DashboardId]>,
) -> Result<Vec<Row>, sqlx::Error> {
    let ids = ids.map(uuids);
    sqlx::query_as!(
        Row,
        r#"select id as "id: DashboardId", name, owner_id as "owner: UserId", vendor_id as "vendor: VendorId",
                  widgets as "widgets: Json<Vec<Widget>>", version
           from analytics.dashboards
           where ($1::uuid[] is null or id = any($1))
             and ($2 or vendor_id = any($3))
           order by id limit 100"#,
        ids.as_deref(),
        viewer.is_staff(),
        &uuids(&viewer.vendors)
    )
    .fetch_all(db)
    .await
}

/// The version under the row's lock.
pub async fn lock(tx: &mut Tx, id: DashboardId) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "select version from analytics.dashboards where id = $1 for update",
        id.0
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Makes a dashboard or a new version of it; the owner stays.
pub async fn upsert(tx: &mut Tx, row: &Row) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into analytics.dashboards (id, name, owner_id, vendor_id, widgets) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set name = $2, vendor_id = $4, widgets = $5, version = dashboards.version + 1",
        row.id.0,
        row.name,
        row.owner.0,
        row.vendor.map(|id| id.0),
        serde_json::to_value(&row.widgets).unwrap_or_default()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn delete(tx: &mut Tx, id: DashboardId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from analytics.dashboards where id = $1", id.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
