//! Making, changing and deleting dashboards.

use crate::{
    domain::dashboard::{MAX_WIDGETS, Widget},
    store::dashboards::{self, Row},
};
use platform::{
    Moment, Outcome, Tx, UserError, Viewer,
    address::text,
    error::check_version,
    ids::{DashboardId, VendorId},
    service::Deps,
};
use sqlx::types::Json;

/// A dashboard as people write it.
pub struct Edit {
    pub id: Option<DashboardId>,
    pub name: String,
    pub vendor: Option<VendorId>,
    pub widgets: Vec<Widget>,
    pub expected_version: Option<i32>,
}

pub async fn upsert(deps: &Deps, viewer: &Viewer, edit: Edit) -> Outcome<Row> {
    // A dashboard shows the sales of a vendor of the viewer's; staff may show everybody's.
    match edit.vendor {
        Some(vendor) if !viewer.manages(vendor) => {
            return Err(UserError::not_found(vendor.to_string()).into());
        }
        None if !viewer.is_staff() => return Err(UserError::forbidden("STAFF").into()),
        _ => {}
    }
    let name = text(edit.name, 100).ok_or_else(|| UserError::invalid(&["name"], "1..100 characters"))?;
    if edit.widgets.len() > MAX_WIDGETS {
        return Err(UserError::invalid(&["widgets"], "at most 30 widgets").into());
    }
    let widgets = edit
        .widgets
        .into_iter()
        .enumerate()
        .map(|(index, widget)| widget.check(index));
    let mut widgets = widgets.collect::<Result<Vec<_>, _>>()?;
    widgets.sort_by_key(|widget| widget.position);
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    if let Some(id) = edit.id {
        let row = visible(&mut tx, viewer, id).await?;
        if let Some(expected) = edit.expected_version {
            check_version(expected, row.version)?;
        }
    }
    let row = Row {
        id: edit.id.unwrap_or_else(DashboardId::new),
        name,
        owner: viewer.require_user()?,
        vendor: edit.vendor,
        widgets: Json(widgets),
        version: 1,
    };
    dashboards::upsert(&mut tx, &row).await?;
    let row = visible(&mut tx, viewer, row.id).await?;
    tx.commit().await?;
    Ok(row)
}

/// Returns what was deleted.
pub async fn delete(deps: &Deps, viewer: &Viewer, id: DashboardId) -> Outcome<Row> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let row = visible(&mut tx, viewer, id).await?;
    dashboards::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(row)
}

/// Locks a dashboard that the viewer may see, and therefore change.
async fn visible(tx: &mut Tx, viewer: &Viewer, id: DashboardId) -> Outcome<Row> {
    dashboards::lock(tx, id).await?;
    let row = dashboards::visible(&mut **tx, viewer, Some(&[id])).await?.pop();
    row.ok_or_else(|| UserError::not_found(id.to_string()).into())
}
