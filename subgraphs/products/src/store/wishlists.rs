//! Wishlists.

use super::Scope;
use crate::domain::wishlist::{Wishlist, WishlistItem};
use platform::ids::{CustomerId, VariantId, WishlistId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Lists of the scope's own, or any for staff.
pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Wishlist>, sqlx::Error> {
    sqlx::query_as!(
        Wishlist,
        r#"select id as "id: WishlistId", customer_id as "customer_id: CustomerId", name, is_public, share_token
           from products.wishlists where id = any($1) and ($2 or customer_id = $3)"#,
        ids,
        scope.staff,
        scope.customer
    )
    .fetch_all(db)
    .await
}

/// The lists of these customers that the scope may see, oldest first.
pub async fn of_customers(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    customers: &[Uuid],
) -> Result<Vec<Wishlist>, sqlx::Error> {
    sqlx::query_as!(
        Wishlist,
        r#"select id as "id: WishlistId", customer_id as "customer_id: CustomerId", name, is_public, share_token
           from products.wishlists where customer_id = any($1) and ($2 or customer_id = $3) order by customer_id, id"#,
        customers,
        scope.staff,
        scope.customer
    )
    .fetch_all(db)
    .await
}

/// A list that its owner shows to whoever has the token.
pub async fn shared(db: impl PgExecutor<'_>, token: &str) -> Result<Option<Wishlist>, sqlx::Error> {
    sqlx::query_as!(
        Wishlist,
        r#"select id as "id: WishlistId", customer_id as "customer_id: CustomerId", name, is_public, share_token
           from products.wishlists where share_token = $1 and is_public"#,
        token
    )
    .fetch_optional(db)
    .await
}

/// Items of these lists, newest first.
pub async fn items(db: impl PgExecutor<'_>, lists: &[Uuid]) -> Result<Vec<WishlistItem>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select wishlist_id as "wishlist_id: WishlistId", variant_id as "variant_id: VariantId", added_at,
               notify_back_in_stock, notify_price_drop
           from products.wishlist_items where wishlist_id = any($1)
           order by wishlist_id, added_at desc, variant_id desc"#,
        lists
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| WishlistItem {
            wishlist_id: row.wishlist_id,
            variant_id: row.variant_id,
            variant: None,
            added_at: row.added_at,
            notify_back_in_stock: row.notify_back_in_stock,
            notify_price_drop: row.notify_price_drop,
        })
        .collect())
}

/// Serializes what a customer does to their lists.
pub async fn lock_customer(tx: &mut PgConnection, customer: CustomerId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('products.wishlists:' || $1::text, 0))",
        customer.0.to_string()
    )
    .fetch_one(tx)
    .await?;
    Ok(())
}

pub async fn insert(
    tx: &mut PgConnection,
    id: WishlistId,
    customer: CustomerId,
    name: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.wishlists (id, customer_id, name) values ($1, $2, $3)",
        id.0,
        customer.0,
        name
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A customer's own list.
pub async fn owned(
    tx: &mut PgConnection,
    id: WishlistId,
    customer: CustomerId,
) -> Result<Option<Wishlist>, sqlx::Error> {
    sqlx::query_as!(
        Wishlist,
        r#"select id as "id: WishlistId", customer_id as "customer_id: CustomerId", name, is_public, share_token
           from products.wishlists where id = $1 and customer_id = $2 for update"#,
        id.0,
        customer.0
    )
    .fetch_optional(tx)
    .await
}

/// A customer's oldest list, and how many there are.
pub async fn first(
    tx: &mut PgConnection,
    customer: CustomerId,
) -> Result<(Option<WishlistId>, i64), sqlx::Error> {
    let row = sqlx::query!(
        r#"select (array_agg(id order by id))[1] as "id: WishlistId", count(*) as "count!"
           from products.wishlists where customer_id = $1"#,
        customer.0
    )
    .fetch_one(tx)
    .await?;
    Ok((row.id, row.count))
}

/// Adds an item, or changes its wishes; returns how many items the list then has.
pub async fn add(
    tx: &mut PgConnection,
    list: WishlistId,
    variant: VariantId,
    notify_stock: bool,
    notify_price: bool,
) -> Result<i64, sqlx::Error> {
    sqlx::query!(
        "insert into products.wishlist_items as i (wishlist_id, variant_id, notify_back_in_stock, notify_price_drop, \
             stock_since, price_since) \
         values ($1, $2, $3, $4, case when $3 then products.now() end, case when $4 then products.now() end) \
         on conflict (wishlist_id, variant_id) do update \
         set notify_back_in_stock = excluded.notify_back_in_stock, notify_price_drop = excluded.notify_price_drop, \
             stock_since = case when excluded.notify_back_in_stock then coalesce(i.stock_since, excluded.stock_since) end, \
             price_since = case when excluded.notify_price_drop then coalesce(i.price_since, excluded.price_since) end",
        list.0,
        variant.0,
        notify_stock,
        notify_price
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from products.wishlist_items where wishlist_id = $1"#,
        list.0
    )
    .fetch_one(tx)
    .await
}

pub async fn remove(tx: &mut PgConnection, list: WishlistId, variant: VariantId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from products.wishlist_items where wishlist_id = $1 and variant_id = $2",
        list.0,
        variant.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn share(
    tx: &mut PgConnection,
    list: WishlistId,
    is_public: bool,
    token: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.wishlists set is_public = $2, share_token = $3 where id = $1",
        list.0,
        is_public,
        token
    )
    .execute(tx)
    .await?;
    Ok(())
}
