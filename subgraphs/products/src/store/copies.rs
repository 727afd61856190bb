//! What products carry of other rows, so that lists need no join.

use sqlx::PgConnection;
use uuid::Uuid;

/// Recomputes what is copied into the product: the prices of its variants and whether one is in stock.
pub async fn refresh(tx: &mut PgConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from products.price_ranges where product_id = any($1)",
        ids
    )
    .execute(&mut *tx)
    .await?;
    // Without an active variant the inactive ones stand in: a product always has a price.
    sqlx::query!(
        "insert into products.price_ranges (product_id, currency, min_amount, max_amount) \
         select product_id, currency, min(amount), max(amount) from ( \
             select v.product_id, c.currency, c.amount, v.active, \
                 bool_or(v.active) over (partition by v.product_id) as any_active \
             from products.variants v join products.variant_prices c on c.variant_id = v.id \
             where v.product_id = any($1) and c.customer_tier = '' and c.min_quantity = 1 \
         ) priced where active or not any_active group by product_id, currency",
        ids
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update products.products p set min_price = coalesce(r.min_amount, p.min_price), \
             max_price = coalesce(r.max_amount, p.max_price), \
             in_stock = exists (select from products.variants v where v.product_id = p.id and v.active and v.in_stock) \
         from products.products old left join products.price_ranges r \
             on r.product_id = old.id and r.currency = old.currency \
         where p.id = old.id and p.id = any($1)",
        ids
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
