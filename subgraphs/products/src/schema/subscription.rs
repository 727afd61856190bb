//! Live views of the catalogue.

use crate::{
    actions::bulk::step::TOPIC,
    domain::{bulk::job::CatalogImport, product::Product},
    store::{self, Scope},
};
use async_graphql::{Context, ID, Result, Subscription};
use futures::Stream;
use platform::{
    Deps, Error, Viewer,
    ids::{CatalogImportId, VendorId},
    viewer::viewer,
};
use std::collections::HashSet;
use uuid::Uuid;

/// Root of all subscriptions.
pub struct Subscription;

#[Subscription]
impl Subscription {
    /// A product each time its approval, or that of an edit of it, has moved: of one vendor, of all vendors of the
    /// caller, or of all for staff. Requires: VENDOR or STAFF.
    async fn product_approval_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this vendor.")] vendor_id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<Product>>> {
        let viewer = viewer(ctx).clone();
        let vendor = allowed(&viewer, vendor_id)?;
        let deps = ctx.data_unchecked::<Deps>().clone();
        Ok(approvals(deps, Scope::from(&viewer), vendor).await?)
    }

    /// An import as it is, and again after each piece of its file; ends when the import has ended. Requires: VENDOR or
    /// STAFF.
    async fn catalog_import_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the import.")] id: ID,
    ) -> Result<impl Stream<Item = Result<CatalogImport>>> {
        let viewer = viewer(ctx);
        viewer.require_vendor_or_staff()?;
        let id = CatalogImportId::parse(&id).ok_or_else(|| Error::BadInput("not an import".to_owned()))?;
        Ok(import(
            ctx.data_unchecked::<Deps>().clone(),
            Scope::from(viewer),
            id,
        ))
    }
}

fn import(deps: Deps, scope: Scope, id: CatalogImportId) -> impl Stream<Item = Result<CatalogImport>> {
    let mut follower = deps.live.follow(TOPIC, Some(id.to_string()));
    async_stream::stream! {
        let mut seen = None;
        loop {
            match store::bulk::jobs::by_ids(deps.db.pool(), &scope, &[id.0]).await.map(|mut found| found.pop()) {
                Ok(Some(import)) => {
                    let state = Some((import.status, import.bytes_done));
                    let ended = import.status.is_final();
                    if seen != state {
                        seen = state;
                        yield Ok(import);
                    }
                    if ended {
                        return;
                    }
                }
                // Gone, or never the caller's.
                Ok(None) => return,
                Err(error) => tracing::warn!(%error, "cannot read an import"),
            }
            follower.changed().await;
        }
    }
}

fn allowed(viewer: &Viewer, vendor: Option<ID>) -> Result<Option<VendorId>, Error> {
    let Some(id) = vendor else {
        viewer.require_vendor_or_staff()?;
        return Ok(None);
    };
    let vendor = VendorId::parse(&id).ok_or_else(|| Error::BadInput("not a vendor".to_owned()))?;
    viewer.require_manages(vendor)?;
    Ok(Some(vendor))
}

/// Remembers the steps of the last minutes instead of a position: two transactions may commit in another order than
/// they were numbered.
async fn approvals(
    deps: Deps,
    scope: Scope,
    vendor: Option<VendorId>,
) -> Result<impl Stream<Item = Result<Product>>, Error> {
    let mut follower = deps.live.follow("approval", None);
    let db = deps.db.clone();
    let mut seen: HashSet<Uuid> = ids(&store::revisions::recent(db.pool(), &scope, vendor).await?);
    Ok(async_stream::stream! {
        loop {
            follower.changed().await;
            let recent = match store::revisions::recent(db.pool(), &scope, vendor).await {
                Ok(recent) => recent,
                Err(error) => {
                    tracing::warn!(%error, "cannot read approvals");
                    continue;
                }
            };
            let mut told = HashSet::new();
            for (id, product) in &recent {
                if seen.contains(id) || !told.insert(*product) {
                    continue;
                }
                match store::products::by_ids(db.pool(), &scope, &[product.0]).await {
                    Ok(products) => for product in products { yield Ok(product) },
                    Err(error) => yield Err(Error::from(error).into()),
                }
            }
            seen = ids(&recent);
        }
    })
}

fn ids<T>(steps: &[(Uuid, T)]) -> HashSet<Uuid> {
    steps.iter().map(|(id, _)| *id).collect()
}
