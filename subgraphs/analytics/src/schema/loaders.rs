//! One statement per relation and request.

use super::{Granularity, audit::AuditEntry};
use crate::{
    domain::sales::Span,
    store::{audit, products, sales},
};
use async_graphql::dataloader::Loader;
use platform::{
    Currency, Db, Error, Viewer,
    ids::{CustomerId, OrderId, ProductId, VendorId},
};
use std::{collections::HashMap, hash::Hash};

/// Entries of one order's chain in a list of orders; more are behind the query `auditTrail`.
const TRAIL: i64 = 200;

/// Reads for one viewer.
#[derive(Clone)]
pub struct Reader {
    pub db: Db,
    pub viewer: Viewer,
}

fn grouped<K: Hash + Eq, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut map: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        map.entry(key).or_default().push(value);
    }
    map
}

/// Sales of a vendor or of the marketplace, in one bucket or in several.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SalesOf {
    pub vendor: VendorId,
    pub currency: Currency,
    pub span: Span,
    pub granularity: Option<Granularity>,
}

impl Loader<SalesOf> for Reader {
    type Value = Vec<sales::Figures>;
    type Error = Error;
    async fn load(&self, keys: &[SalesOf]) -> Result<HashMap<SalesOf, Vec<sales::Figures>>, Error> {
        let mut found = HashMap::new();
        let questions = grouped(
            keys.iter()
                .map(|key| ((key.currency, key.span, key.granularity), key.vendor)),
        );
        for ((currency, span, granularity), vendors) in questions {
            let unit = granularity.map(Granularity::unit);
            let rows = sales::figures(self.db.pool(), &vendors, currency, span, unit).await?;
            found.extend(grouped(rows.into_iter().map(|row| {
                (
                    SalesOf {
                        vendor: row.vendor,
                        currency,
                        span,
                        granularity,
                    },
                    row,
                )
            })));
        }
        Ok(found)
    }
}

/// Figures of a product.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FiguresOf(pub ProductId, pub Span);

impl Loader<FiguresOf> for Reader {
    type Value = products::Figures;
    type Error = Error;
    async fn load(&self, keys: &[FiguresOf]) -> Result<HashMap<FiguresOf, products::Figures>, Error> {
        let mut found = HashMap::new();
        for (span, ids) in grouped(keys.iter().map(|key| (key.1, key.0))) {
            let rows = products::figures(self.db.pool(), &ids, span.from, span.to).await?;
            found.extend(rows.into_iter().map(|row| (FiguresOf(row.product, span), row)));
        }
        Ok(found)
    }
}

/// Revenue of a product, as far as it is the viewer's.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RevenueOf(pub ProductId, pub Span);

impl Loader<RevenueOf> for Reader {
    type Value = (i64, Currency);
    type Error = Error;
    async fn load(&self, keys: &[RevenueOf]) -> Result<HashMap<RevenueOf, (i64, Currency)>, Error> {
        let mut found = HashMap::new();
        for (span, ids) in grouped(keys.iter().map(|key| (key.1, key.0))) {
            let rows = products::revenue(self.db.pool(), &self.viewer, &ids, span.from, span.to).await?;
            found.extend(
                rows.into_iter()
                    .map(|(id, total, currency)| (RevenueOf(id, span), (total, currency))),
            );
        }
        Ok(found)
    }
}

/// Products bought together with one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AlsoBought(pub ProductId, pub i64);

impl Loader<AlsoBought> for Reader {
    type Value = Vec<ProductId>;
    type Error = Error;
    async fn load(&self, keys: &[AlsoBought]) -> Result<HashMap<AlsoBought, Vec<ProductId>>, Error> {
        let mut found = HashMap::new();
        for (limit, ids) in grouped(keys.iter().map(|key| (key.1, key.0))) {
            let rows = products::also_bought(self.db.pool(), &ids, limit).await?;
            found.extend(grouped(
                rows.into_iter().map(|(id, other)| (AlsoBought(id, limit), other)),
            ));
        }
        Ok(found)
    }
}

/// Which list of products a customer has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    Recommended,
    RecentlyViewed,
}

/// Products for a customer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProductsFor(pub CustomerId, pub List, pub i64);

impl Loader<ProductsFor> for Reader {
    type Value = Vec<ProductId>;
    type Error = Error;
    async fn load(&self, keys: &[ProductsFor]) -> Result<HashMap<ProductsFor, Vec<ProductId>>, Error> {
        let mut found = HashMap::new();
        for ((list, limit), ids) in grouped(keys.iter().map(|key| ((key.1, key.2), key.0))) {
            let rows = match list {
                List::Recommended => products::recommended(self.db.pool(), &ids, limit).await?,
                List::RecentlyViewed => products::recently_viewed(self.db.pool(), &ids, limit).await?,
            };
            found.extend(grouped(
                rows.into_iter()
                    .map(|(id, other)| (ProductsFor(id, list, limit), other)),
            ));
        }
        Ok(found)
    }
}

/// What a customer has paid.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LifetimeOf(pub CustomerId, pub Currency);

impl Loader<LifetimeOf> for Reader {
    type Value = i64;
    type Error = Error;
    async fn load(&self, keys: &[LifetimeOf]) -> Result<HashMap<LifetimeOf, i64>, Error> {
        let mut found = HashMap::new();
        for (currency, ids) in grouped(keys.iter().map(|key| (key.1, key.0))) {
            let rows = sales::lifetime(self.db.pool(), &ids, currency).await?;
            found.extend(
                rows.into_iter()
                    .map(|(id, total)| (LifetimeOf(id, currency), total)),
            );
        }
        Ok(found)
    }
}

/// The chain of an order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TrailOf(pub OrderId);

impl Loader<TrailOf> for Reader {
    type Value = Vec<AuditEntry>;
    type Error = Error;
    async fn load(&self, keys: &[TrailOf]) -> Result<HashMap<TrailOf, Vec<AuditEntry>>, Error> {
        let chains: Vec<String> = keys.iter().map(|key| key.0.to_string()).collect();
        let rows = audit::of_chains(self.db.pool(), &chains, TRAIL).await?;
        let rows = rows
            .into_iter()
            .filter_map(|row| Some((TrailOf(OrderId::parse(&row.chain)?), row.into())));
        Ok(grouped(rows))
    }
}
