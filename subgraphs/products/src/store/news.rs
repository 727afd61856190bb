//! News of variants, and who waits for it.

use chrono::{DateTime, Utc};
use contracts::events::{NewsKind, PriceFall, VariantNews};
use platform::{
    Currency,
    ids::{CustomerId, ProductId, VariantId, VendorId},
};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

/// Everybody's price of one piece.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    pub variant: VariantId,
    pub currency: Currency,
    pub amount: i64,
}

/// What these variants cost now.
pub async fn listed(tx: &mut PgConnection, variants: &[Uuid]) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as!(
        Listed,
        r#"select variant_id as "variant: VariantId", currency as "currency: Currency", amount
           from products.variant_prices
           where variant_id = any($1) and customer_tier = '' and min_quantity = 1"#,
        variants
    )
    .fetch_all(tx)
    .await
}

/// A variant on sale, for news of it.
struct OnSale {
    variant: VariantId,
    product: ProductId,
    vendor: VendorId,
    product_name: String,
    currency: Option<Currency>,
    before: Option<i64>,
    after: Option<i64>,
}

impl OnSale {
    fn news(self, id: Uuid, kind: NewsKind) -> VariantNews {
        let price = match (self.currency, self.before, self.after) {
            (Some(currency), Some(before), Some(after)) => Some(PriceFall {
                currency,
                before,
                after,
            }),
            _ => None,
        };
        VariantNews {
            id,
            kind,
            variant: self.variant,
            product: self.product,
            vendor: self.vendor,
            product_name: self.product_name,
            price,
        }
    }
}

/// News of the variants on sale that cost less than `before`: one piece each, however many currencies it is sold in.
pub async fn fallen(tx: &mut PgConnection, before: &[Listed]) -> Result<Vec<VariantNews>, sqlx::Error> {
    let variants: Vec<Uuid> = before.iter().map(|price| price.variant.0).collect();
    let currencies: Vec<String> = before.iter().map(|price| price.currency.to_string()).collect();
    let amounts: Vec<i64> = before.iter().map(|price| price.amount).collect();
    let rows = sqlx::query_as!(
        OnSale,
        r#"select distinct on (v.id) v.id as "variant: VariantId", p.id as "product: ProductId",
               p.vendor_id as "vendor: VendorId", p.name as product_name, c.currency as "currency?: Currency",
               b.amount as "before?", c.amount as "after?"
           from unnest($1::uuid[], $2::text[], $3::bigint[]) as b(variant_id, currency, amount)
           join products.variant_prices c on c.variant_id = b.variant_id and c.currency = b.currency
               and c.customer_tier = '' and c.min_quantity = 1 and c.amount < b.amount
           join products.variants v on v.id = b.variant_id and v.active
           join products.products p on p.id = v.product_id and p.visible
           order by v.id, c.currency <> p.currency, c.currency"#,
        &variants,
        &currencies,
        &amounts
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| row.news(Uuid::now_v7(), NewsKind::PriceDrop))
        .collect())
}

/// News that variants can be had again, of those on sale. Each has the ID of the fact that says so.
pub async fn returned(
    tx: &mut PgConnection,
    ids: &[Uuid],
    variants: &[Uuid],
) -> Result<Vec<VariantNews>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select f.id as "id!", v.id as "variant: VariantId", p.id as "product: ProductId",
               p.vendor_id as "vendor: VendorId", p.name
           from unnest($1::uuid[], $2::uuid[]) as f(id, variant_id)
           join products.variants v on v.id = f.variant_id and v.active
           join products.products p on p.id = v.product_id and p.visible order by f.id"#,
        ids,
        variants
    )
    .fetch_all(tx)
    .await?;
    let news = rows.into_iter().map(|row| VariantNews {
        id: row.id,
        kind: NewsKind::BackInStock,
        variant: row.variant,
        product: row.product,
        vendor: row.vendor,
        product_name: row.name,
        price: None,
    });
    Ok(news.collect())
}

/// How a kind is stored.
fn stored(kind: NewsKind) -> &'static str {
    match kind {
        NewsKind::BackInStock => "BACK_IN_STOCK",
        NewsKind::PriceDrop => "PRICE_DROP",
    }
}

/// Queues news for the lists that wait for it, if there are any. The same news again changes nothing.
pub async fn queue(tx: &mut PgConnection, news: &[VariantNews]) -> Result<u64, sqlx::Error> {
    let ids: Vec<Uuid> = news.iter().map(|one| one.id).collect();
    let kinds: Vec<String> = news.iter().map(|one| stored(one.kind).to_owned()).collect();
    let variants: Vec<Uuid> = news.iter().map(|one| one.variant.0).collect();
    let bodies: Vec<serde_json::Value> = news
        .iter()
        .map(|one| serde_json::to_value(one).unwrap_or_default())
        .collect();
    let done = sqlx::query!(
        "insert into products.news (id, kind, variant_id, news) \
         select n.id, n.kind, n.variant_id, n.news \
         from unnest($1::uuid[], $2::text[], $3::uuid[], $4::jsonb[]) as n(id, kind, variant_id, news) \
         where exists (select from products.wishlist_items i where i.variant_id = n.variant_id \
             and case n.kind when 'PRICE_DROP' then i.notify_price_drop else i.notify_back_in_stock end) \
         on conflict do nothing",
        &ids,
        &kinds,
        &variants,
        &bodies
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

/// News on its way to the lists.
pub struct Queued {
    pub news: VariantNews,
    pub at: DateTime<Utc>,
    /// The last list that was told.
    pub told: Option<Uuid>,
}

/// The oldest news that nobody else is telling, locked.
pub async fn next(tx: &mut PgConnection) -> Result<Option<Queued>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select news as "news: Json<VariantNews>", at, told from products.news order by at, id limit 1
           for update skip locked"#
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Queued {
        news: row.news.0,
        at: row.at,
        told: row.told,
    }))
}

/// The next lists that have waited for this news since before it came: list and owner.
pub async fn waiting(
    tx: &mut PgConnection,
    queued: &Queued,
    limit: i64,
) -> Result<Vec<(Uuid, CustomerId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select l.id, l.customer_id as "customer: CustomerId"
           from products.wishlist_items i join products.wishlists l on l.id = i.wishlist_id
           where i.variant_id = $1 and i.wishlist_id > $2
               and case when $3 then i.notify_price_drop and coalesce(i.price_since, i.added_at) <= $4
                   else i.notify_back_in_stock and coalesce(i.stock_since, i.added_at) <= $4 end
           order by i.wishlist_id limit $5"#,
        queued.news.variant.0,
        queued.told.unwrap_or_default(),
        queued.news.kind == NewsKind::PriceDrop,
        queued.at,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.customer)).collect())
}

/// Remembers how far locked news has been told; `None`: to everybody.
pub async fn told(tx: &mut PgConnection, news: Uuid, last: Option<Uuid>) -> Result<(), sqlx::Error> {
    match last {
        Some(list) => sqlx::query!("update products.news set told = $2 where id = $1", news, list),
        None => sqlx::query!("delete from products.news where id = $1", news),
    }
    .execute(tx)
    .await?;
    Ok(())
}
