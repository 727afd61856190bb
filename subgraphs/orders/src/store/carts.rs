//! Carts, their lines and deliveries.

use crate::domain::cart::{CartRow, CartStatus, DeliveryRow, LineRow};
use platform::{
    Currency, PostalAddress,
    ids::{CartId, CartLineId, CouponId, CustomerId, QuoteId, ShippingMethodId, VariantId, VendorId, uuids},
};
use sqlx::{PgConnection, PgExecutor, types::Json};

macro_rules! carts {
    ($where:literal $(, $arg:expr)*) => {
        sqlx::query_as!(CartRow,
            r#"select id as "id: CartId", customer_id as "customer_id: CustomerId", status as "status: CartStatus",
               currency as "currency: Currency", tier, coupon_codes, coupon_ids as "coupon_ids: Vec<CouponId>",
               loyalty_points, shipping_address as "shipping_address: Json<PostalAddress>",
               billing_address as "billing_address: Json<PostalAddress>", quote_id as "quote_id: QuoteId", version,
               expires_at from orders.carts "# + $where $(, $arg)*)
    };
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[CartId]) -> sqlx::Result<Vec<CartRow>> {
    carts!("where id = any($1)", &uuids(ids)).fetch_all(db).await
}

/// The active carts of customers.
pub async fn of_customers(db: impl PgExecutor<'_>, ids: &[CustomerId]) -> sqlx::Result<Vec<CartRow>> {
    carts!("where customer_id = any($1) and status = 'ACTIVE'", &uuids(ids))
        .fetch_all(db)
        .await
}

pub async fn lock(db: &mut PgConnection, id: CartId) -> sqlx::Result<Option<CartRow>> {
    carts!("where id = $1 for update", id.0).fetch_optional(db).await
}

/// The active carts of two customers, locked in the order of their IDs.
pub async fn lock_active(db: &mut PgConnection, customers: &[CustomerId]) -> sqlx::Result<Vec<CartRow>> {
    carts!(
        "where customer_id = any($1) and status = 'ACTIVE' order by id for update",
        &uuids(customers)
    )
    .fetch_all(db)
    .await
}

/// The customer's active cart, made if there is none. Returns its ID and whether it is new.
pub async fn create(
    db: &mut PgConnection,
    customer: CustomerId,
    currency: Currency,
    tier: Option<&str>,
) -> sqlx::Result<CartId> {
    let created = sqlx::query_scalar!(
        r#"insert into orders.carts (id, customer_id, status, currency, tier) values ($1, $2, 'ACTIVE', $3, $4)
           on conflict (customer_id) where status = 'ACTIVE' do nothing returning id as "id: CartId""#,
        CartId::new().0, customer.0, currency.as_str(), tier
    )
    .fetch_optional(&mut *db)
    .await?;
    match created {
        Some(id) => Ok(id),
        None => {
            sqlx::query_scalar!(
                r#"select id as "id: CartId" from orders.carts where customer_id = $1 and status = 'ACTIVE'"#,
                customer.0
            )
            .fetch_one(db)
            .await
        }
    }
}

/// Writes a changed cart; whatever changed, the quote does not fit any more.
pub async fn save(db: &mut PgConnection, cart: &CartRow) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.carts set tier = $2, coupon_codes = $3, coupon_ids = $4, loyalty_points = $5, shipping_address = $6,
         billing_address = $7, quote_id = null, version = version + 1, expires_at = orders.now() + interval '30 days'
         where id = $1",
        cart.id.0, cart.tier.as_deref(), &cart.coupon_codes, &uuids(&cart.coupon_ids), cart.loyalty_points,
        cart.shipping_address.as_ref() as _, cart.billing_address.as_ref() as _
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_status(db: &mut PgConnection, id: CartId, status: CartStatus) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.carts set status = $2, version = version + 1 where id = $1",
        id.0,
        status.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_quote(db: &mut PgConnection, id: CartId, quote: QuoteId) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.carts set quote_id = $2 where id = $1",
        id.0,
        quote.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Carts that nobody touched for a month.
pub async fn abandon(db: impl PgExecutor<'_>) -> sqlx::Result<u64> {
    Ok(sqlx::query!(
        "update orders.carts set status = 'ABANDONED', version = version + 1 where id in (
         select id from orders.carts where status = 'ACTIVE' and expires_at < orders.now() limit 500 for update skip locked)"
    )
    .execute(db)
    .await?
    .rows_affected())
}

pub async fn lines(db: impl PgExecutor<'_>, carts: &[CartId]) -> sqlx::Result<Vec<LineRow>> {
    sqlx::query_as!(
        LineRow,
        r#"select id as "id: CartLineId", cart_id as "cart_id: CartId", variant_id as "variant_id: VariantId",
           vendor_id as "vendor_id: VendorId", quantity, unit_price, unit_price_when_added, note
           from orders.cart_lines where cart_id = any($1) order by id"#,
        &uuids(carts)
    )
    .fetch_all(db)
    .await
}

pub async fn line_carts(db: impl PgExecutor<'_>, lines: &[CartLineId]) -> sqlx::Result<Vec<LineRow>> {
    sqlx::query_as!(
        LineRow,
        r#"select id as "id: CartLineId", cart_id as "cart_id: CartId", variant_id as "variant_id: VariantId",
           vendor_id as "vendor_id: VendorId", quantity, unit_price, unit_price_when_added, note
           from orders.cart_lines where id = any($1)"#,
        &uuids(lines)
    )
    .fetch_all(db)
    .await
}

/// Inserts lines or, where the variant is in the cart, sets quantity and price.
pub async fn put_lines(db: &mut PgConnection, cart: CartId, lines: &[LineRow]) -> sqlx::Result<()> {
    let ids: Vec<_> = lines.iter().map(|l| l.id.0).collect();
    let variants: Vec<_> = lines.iter().map(|l| l.variant_id.0).collect();
    let vendors: Vec<_> = lines.iter().map(|l| l.vendor_id.0).collect();
    let quantities: Vec<_> = lines.iter().map(|l| l.quantity).collect();
    let prices: Vec<_> = lines.iter().map(|l| l.unit_price).collect();
    let notes: Vec<Option<String>> = lines.iter().map(|l| l.note.clone()).collect();
    let added: Vec<_> = lines.iter().map(|l| l.unit_price_when_added).collect();
    sqlx::query!(
        "insert into orders.cart_lines (id, cart_id, variant_id, vendor_id, quantity, unit_price, unit_price_when_added, note)
         select id, $2, variant, vendor, quantity, price, added, note
         from unnest($1::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::bigint[], $7::bigint[], $8::text[])
         as t (id, variant, vendor, quantity, price, added, note)
         on conflict (cart_id, variant_id) do update set quantity = excluded.quantity, unit_price = excluded.unit_price,
         note = coalesce(excluded.note, cart_lines.note)",
        &ids, cart.0, &variants, &vendors, &quantities, &prices, &added, &notes as &[Option<String>]
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_quantity(db: &mut PgConnection, line: CartLineId, quantity: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.cart_lines set quantity = $2 where id = $1",
        line.0,
        quantity
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn delete_lines(db: &mut PgConnection, cart: CartId, lines: &[CartLineId]) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "delete from orders.cart_lines where cart_id = $1 and id = any($2)",
        cart.0,
        &uuids(lines)
    )
    .execute(&mut *db)
    .await?
    .rows_affected();
    sqlx::query!(
        "delete from orders.cart_deliveries d where cart_id = $1
         and not exists (select from orders.cart_lines l where l.cart_id = $1 and l.vendor_id = d.vendor_id)",
        cart.0
    )
    .execute(db)
    .await?;
    Ok(deleted)
}

pub async fn clear(db: &mut PgConnection, cart: CartId) -> sqlx::Result<()> {
    sqlx::query!("delete from orders.cart_lines where cart_id = $1", cart.0)
        .execute(&mut *db)
        .await?;
    clear_deliveries(db, cart).await
}

pub async fn clear_deliveries(db: &mut PgConnection, cart: CartId) -> sqlx::Result<()> {
    sqlx::query!("delete from orders.cart_deliveries where cart_id = $1", cart.0)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn deliveries(db: impl PgExecutor<'_>, carts: &[CartId]) -> sqlx::Result<Vec<DeliveryRow>> {
    sqlx::query_as!(
        DeliveryRow,
        r#"select cart_id as "cart_id: CartId", vendor_id as "vendor_id: VendorId",
           method_id as "method_id: ShippingMethodId", rate from orders.cart_deliveries
           where cart_id = any($1) order by cart_id, vendor_id"#,
        &uuids(carts)
    )
    .fetch_all(db)
    .await
}

pub async fn put_delivery(db: &mut PgConnection, row: &DeliveryRow) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into orders.cart_deliveries (cart_id, vendor_id, method_id, rate) values ($1, $2, $3, $4)
         on conflict (cart_id, vendor_id) do update set method_id = excluded.method_id, rate = excluded.rate",
        row.cart_id.0,
        row.vendor_id.0,
        row.method_id.0,
        row.rate
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives the cart to another customer.
pub async fn set_customer(db: &mut PgConnection, id: CartId, customer: CustomerId) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.carts set customer_id = $2, quote_id = null, version = version + 1 where id = $1",
        id.0,
        customer.0
    )
    .execute(db)
    .await?;
    Ok(())
}
