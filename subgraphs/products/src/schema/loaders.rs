//! Batches of reads within one request: one statement per relation, whoever asks, filtered by what the viewer may see.

use crate::{
    domain::{
        bulk::{export::CatalogExport, job::CatalogImport},
        catalog::{Attribute, Brand, Category},
        media::Media,
        price::Price,
        product::Product,
        review::{RatingSummary, Review, ReviewWhere},
        revision::{ApprovalEvent, Revision},
        variant::Variant,
        wishlist::{Wishlist, WishlistItem},
    },
    store::{self, Scope, list, logos::Logo, reviews::Owner},
};
use async_graphql::{Context, dataloader::Loader};
use platform::{
    Db, Error,
    ids::{
        AttributeId, BrandId, CatalogExportId, CatalogImportId, CategoryId, CustomerId, ProductId, ReviewId,
        VariantId, VendorId, WishlistId, uuids,
    },
    loader::Batch,
};
use std::{collections::HashMap, hash::Hash, sync::Arc};
use uuid::Uuid;

/// Reads for one viewer.
pub struct Reader {
    pub db: Db,
    pub scope: Scope,
}

/// The reader of this request.
pub fn reader<'a>(ctx: &Context<'a>) -> &'a Batch<Reader> {
    ctx.data_unchecked::<Batch<Reader>>()
}

/// Variants of a product.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VariantsOf(pub ProductId);
/// By lower-case SKU.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VariantBySku(pub String);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PricesOf(pub VariantId);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MediaOf(pub ProductId);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogoOf(pub BrandId);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChildrenOf(pub CategoryId);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AncestorsOf(pub CategoryId);
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AttributeByCode(pub String);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpenRevisionOf(pub ProductId);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HistoryOf(pub ProductId);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WishlistsOf(pub CustomerId);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemsOf(pub WishlistId);
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RatingOf(pub VendorId);

fn one_each<K: Hash + Eq, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, V> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

fn grouped<K: Hash + Eq, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

macro_rules! loaders {
    ($($key:ty => $value:ty : |$reader:ident, $keys:ident| $load:expr;)*) => {
        $(impl Loader<$key> for Reader {
            type Value = $value;
            type Error = Error;
            async fn load(&self, $keys: &[$key]) -> Result<HashMap<$key, $value>, Error> {
                let $reader = self;
                Ok($load)
            }
        })*
    };
}

loaders! {
    ProductId => Product: |r, keys|
        one_each(store::products::by_ids(r.db.pool(), &r.scope, &uuids(keys)).await?, |p| p.id);
    VariantId => Variant: |r, keys|
        one_each(store::variants::by_ids(r.db.pool(), &r.scope, &uuids(keys)).await?, |v| v.id);
    VariantBySku => Variant: |r, keys| {
        let skus: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        one_each(store::variants::by_skus(r.db.pool(), &r.scope, &skus).await?, |v| VariantBySku(v.sku.to_lowercase()))
    };
    VariantsOf => Vec<Variant>: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        grouped(store::variants::by_products(r.db.pool(), &r.scope, &ids).await?, |v| VariantsOf(v.product_id))
    };
    PricesOf => Arc<Vec<Price>>: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        grouped(store::prices::of(r.db.pool(), &ids).await?, |p| PricesOf(p.variant_id))
            .into_iter().map(|(key, prices)| (key, Arc::new(prices))).collect()
    };
    MediaOf => Vec<Media>: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        grouped(store::media::shown(r.db.pool(), &ids).await?, |media| MediaOf(media.product_id))
    };
    CategoryId => Category: |r, keys|
        one_each(store::categories::by_ids(r.db.pool(), &uuids(keys)).await?, |c| c.id);
    ChildrenOf => Vec<Category>: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        let mut groups: HashMap<ChildrenOf, Vec<Category>> = HashMap::new();
        for child in store::categories::children(r.db.pool(), &ids).await? {
            if let Some(parent) = child.parent_id {
                groups.entry(ChildrenOf(parent)).or_default().push(child);
            }
        }
        groups
    };
    AncestorsOf => Vec<Category>: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        let mut groups: HashMap<AncestorsOf, Vec<Category>> = HashMap::new();
        for (leaf, ancestor) in store::categories::ancestors(r.db.pool(), &ids).await? {
            groups.entry(AncestorsOf(leaf)).or_default().push(ancestor);
        }
        groups
    };
    CatalogImportId => CatalogImport: |r, keys|
        one_each(store::bulk::jobs::by_ids(r.db.pool(), &r.scope, &uuids(keys)).await?, |i| i.id);
    CatalogExportId => CatalogExport: |r, keys|
        one_each(store::bulk::export_jobs::by_ids(r.db.pool(), &r.scope, &uuids(keys)).await?, |e| e.id);
    BrandId => Brand: |r, keys|
        one_each(store::brands::by_ids(r.db.pool(), &uuids(keys)).await?, |b| b.id);
    AttributeId => Attribute: |r, keys|
        one_each(store::attributes::by_ids(r.db.pool(), &uuids(keys)).await?, |a| a.id);
    LogoOf => Logo: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        one_each(store::logos::shown(r.db.pool(), &ids).await?, |logo| LogoOf(logo.brand))
    };
    AttributeByCode => Attribute: |r, keys| {
        let codes: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        one_each(store::attributes::by_codes(r.db.pool(), &codes).await?, |a| AttributeByCode(a.code.clone()))
    };
    OpenRevisionOf => Revision: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        one_each(store::revisions::open(r.db.pool(), &ids).await?, |revision| OpenRevisionOf(revision.product_id))
    };
    HistoryOf => Vec<ApprovalEvent>: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        grouped(store::revisions::history(r.db.pool(), &ids).await?, |event| HistoryOf(event.product_id))
    };
    ReviewId => Review: |r, keys|
        one_each(store::reviews::by_ids(r.db.pool(), &r.scope, &uuids(keys)).await?, |review| review.id);
    WishlistId => Wishlist: |r, keys|
        one_each(store::wishlists::by_ids(r.db.pool(), &r.scope, &uuids(keys)).await?, |list| list.id);
    WishlistsOf => Vec<Wishlist>: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        grouped(store::wishlists::of_customers(r.db.pool(), &r.scope, &ids).await?, |list| WishlistsOf(list.customer_id))
    };
    ItemsOf => Vec<WishlistItem>: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        grouped(store::wishlists::items(r.db.pool(), &ids).await?, |item| ItemsOf(item.wishlist_id))
    };
    RatingOf => RatingSummary: |r, keys| {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0.0).collect();
        let int = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
        store::reviews::of_vendors(r.db.pool(), &ids).await?.into_iter().map(|rating| {
            let histogram = rating.histogram.into_iter().map(int).collect();
            (RatingOf(rating.vendor), RatingSummary::new(int(rating.count), rating.sum, histogram))
        }).collect()
    };
}

/// The same list of products for one of several owners. `key` tells lists with different arguments apart.
#[derive(Clone)]
pub struct ProductsOf {
    pub owner: Uuid,
    pub key: u64,
    pub list: Arc<list::List>,
    pub after: Option<(i64, Uuid)>,
    pub limit: i64,
}

/// The same list of reviews for one of several owners.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ReviewsOf {
    pub kind: Owner,
    pub owner: Uuid,
    pub filter: Arc<ReviewWhere>,
    pub after: Option<(i64, Uuid)>,
    pub limit: i64,
}

impl PartialEq for ProductsOf {
    fn eq(&self, other: &Self) -> bool {
        (self.owner, self.key, self.list.owner, self.after, self.limit)
            == (other.owner, other.key, other.list.owner, other.after, other.limit)
    }
}

impl Eq for ProductsOf {}

impl Hash for ProductsOf {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.owner, self.key, self.list.owner, self.after, self.limit).hash(state);
    }
}

impl Loader<ProductsOf> for Reader {
    type Value = Vec<list::Listed>;
    type Error = Error;
    async fn load(&self, keys: &[ProductsOf]) -> Result<HashMap<ProductsOf, Self::Value>, Error> {
        let mut found: HashMap<ProductsOf, Vec<list::Listed>> = HashMap::new();
        for (asked, owners) in alike(
            keys,
            |key| ProductsOf {
                owner: Uuid::nil(),
                ..key.clone()
            },
            |key| key.owner,
        ) {
            let rows = list::page(
                self.db.pool(),
                &self.scope,
                &asked.list,
                &owners,
                asked.after,
                asked.limit,
            )
            .await?;
            for row in rows {
                found
                    .entry(ProductsOf {
                        owner: row.owner_id,
                        ..asked.clone()
                    })
                    .or_default()
                    .push(row);
            }
        }
        Ok(found)
    }
}

impl Loader<ReviewsOf> for Reader {
    type Value = Vec<Review>;
    type Error = Error;
    async fn load(&self, keys: &[ReviewsOf]) -> Result<HashMap<ReviewsOf, Vec<Review>>, Error> {
        let mut found: HashMap<ReviewsOf, Vec<Review>> = HashMap::new();
        for (asked, owners) in alike(
            keys,
            |key| ReviewsOf {
                owner: Uuid::nil(),
                ..key.clone()
            },
            |key| key.owner,
        ) {
            let of = (asked.kind, owners.as_slice());
            let db = self.db.pool();
            let rows =
                store::reviews::page(db, &self.scope, of, &asked.filter, asked.after, asked.limit).await?;
            for row in rows {
                let owner = match asked.kind {
                    Owner::Product => row.product_id.0,
                    Owner::Customer => row.customer_id.map_or_else(Uuid::nil, |id| id.0),
                };
                found
                    .entry(ReviewsOf {
                        owner,
                        ..asked.clone()
                    })
                    .or_default()
                    .push(row);
            }
        }
        Ok(found)
    }
}

/// Keys that differ in their owner only become one statement.
fn alike<K: Hash + Eq>(
    keys: &[K],
    ask: impl Fn(&K) -> K,
    owner: impl Fn(&K) -> Uuid,
) -> HashMap<K, Vec<Uuid>> {
    let mut asked: HashMap<K, Vec<Uuid>> = HashMap::new();
    for key in keys {
        asked.entry(ask(key)).or_default().push(owner(key));
    }
    asked
}
