//! Live views of the catalogue.

use crate::{
    actions::bulk::step::TOPIC,
    domain::{bulk::job::CatalogImport, product::Product},
    store::{self, Scope},
};
use async_graphql::{Context, ID, Result, Subscription};
use futures::{Stream, StreamExt};
use platform::{
    Db, Deps, Error, Viewer,
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
    /// caller, or of all for staff. With `afterSeq`, first what was missed since. Requires: VENDOR or STAFF.
    async fn product_approval_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this vendor.")] vendor_id: Option<ID>,
        #[graphql(desc = "`seq` of the last `ApprovalEvent` the client has; of one vendor only.")]
        after_seq: Option<i32>,
    ) -> Result<impl Stream<Item = Result<Product>>> {
        let viewer = viewer(ctx).clone();
        let vendor = allowed(&viewer, vendor_id)?;
        let (deps, scope) = (ctx.data_unchecked::<Deps>().clone(), Scope::from(&viewer));
        match (vendor, after_seq) {
            (Some(vendor), after) => Ok(steps(deps, scope, vendor, after).await?.left_stream()),
            (None, None) => Ok(approvals(deps, scope).await?.right_stream()),
            (None, Some(_)) => Err(Error::BadInput("afterSeq needs vendorId".to_owned()).into()),
        }
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
        let own = viewer.vendors.first().filter(|_| viewer.vendors.len() == 1);
        return Ok(own.copied().filter(|_| !viewer.is_staff()));
    };
    let vendor = VendorId::parse(&id).ok_or_else(|| Error::BadInput("not a vendor".to_owned()))?;
    viewer.require_manages(vendor)?;
    Ok(Some(vendor))
}

/// The steps of one vendor, from position to position: each exactly once and in order.
async fn steps(
    deps: Deps,
    scope: Scope,
    vendor: VendorId,
    after: Option<i32>,
) -> Result<impl Stream<Item = Result<Product>>, Error> {
    let mut follower = deps.live.follow("approval", None);
    let db = deps.db.clone();
    let mut seq = match after {
        Some(seq) => seq,
        None => store::revisions::last_seq(db.pool(), vendor).await?,
    };
    Ok(async_stream::stream! {
        loop {
            loop {
                match next(&db, &scope, vendor, seq).await {
                    Ok(moved) if moved.is_empty() => break,
                    Ok(moved) => for (position, product) in moved {
                        seq = position;
                        if let Some(product) = product {
                            yield Ok(product);
                        }
                    },
                    Err(error) => {
                        tracing::warn!(%error, "cannot read approvals");
                        break;
                    }
                }
            }
            follower.changed().await;
        }
    })
}

/// The next steps of a vendor with their products as they are now.
async fn next(
    db: &Db,
    scope: &Scope,
    vendor: VendorId,
    seq: i32,
) -> Result<Vec<(i32, Option<Product>)>, sqlx::Error> {
    let steps = store::revisions::steps_after(db.pool(), vendor, seq).await?;
    let ids: Vec<Uuid> = steps.iter().map(|(_, product)| product.0).collect();
    let products = store::products::by_ids(db.pool(), scope, &ids).await?;
    let product = |id| products.iter().find(|product| product.id == id).cloned();
    Ok(steps.into_iter().map(|(seq, id)| (seq, product(id))).collect())
}

/// All that the scope may see. Remembers the steps of the last minutes instead of a position: two transactions may commit in another order than
/// they were numbered.
async fn approvals(deps: Deps, scope: Scope) -> Result<impl Stream<Item = Result<Product>>, Error> {
    let mut follower = deps.live.follow("approval", None);
    let db = deps.db.clone();
    let mut seen: HashSet<Uuid> = ids(&store::revisions::recent(db.pool(), &scope).await?);
    Ok(async_stream::stream! {
        loop {
            follower.changed().await;
            let recent = match store::revisions::recent(db.pool(), &scope).await {
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
