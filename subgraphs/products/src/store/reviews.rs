//! Reviews, their sums, and who bought what.

use super::Scope;
use crate::domain::review::{Review, ReviewStatus, ReviewWhere};
use chrono::{DateTime, Utc};
use platform::ids::{CustomerId, OrderId, ProductId, ReviewId, UserId, VendorId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Reviews that the scope may see: published ones and its own of what is on sale, those of its vendors' products, or all.
pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Review>, sqlx::Error> {
    sqlx::query_as!(
        Review,
        r#"select r.id as "id: ReviewId", r.product_id as "product_id: ProductId", p.vendor_id as "vendor_id: VendorId",
               r.customer_id as "customer_id: CustomerId", r.author_name, r.locale, r.rating, r.title, r.body, r.verified,
               r.status as "status: ReviewStatus", r.vendor_reply, r.helpful_count, r.created_at, r.edited_at, r.version
           from products.reviews r join products.products p on p.id = r.product_id
           where r.id = any($1)
               and ((p.visible and (r.status = 'PUBLISHED' or r.customer_id = $4)) or $2 or p.vendor_id = any($3))"#,
        ids,
        scope.staff,
        &scope.vendors,
        scope.customer
    )
    .fetch_all(db)
    .await
}

/// Whose reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    Product,
    Customer,
}

/// Up to `limit` reviews of each owner, newest first.
pub async fn page(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    (owner, owners): (Owner, &[Uuid]),
    filter: &ReviewWhere,
    after: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<Review>, sqlx::Error> {
    let (at, id) = after.unzip();
    let states: Option<Vec<String>> = filter
        .status
        .as_ref()
        .map(|states| states.iter().map(|state| state.as_str().to_owned()).collect());
    // A statement for each owner: an index has its rows in order.
    macro_rules! page {
        ($owner:literal) => {
            sqlx::query_as!(
                Review,
                r#"select r.id as "id: ReviewId", r.product_id as "product_id: ProductId", r.vendor_id as "vendor_id: VendorId",
                       r.customer_id as "customer_id: CustomerId", r.author_name, r.locale, r.rating, r.title, r.body, r.verified,
                       r.status as "status: ReviewStatus", r.vendor_reply, r.helpful_count, r.created_at, r.edited_at, r.version
                   from unnest($1::uuid[]) as o(id) cross join lateral (
                       select r.*, p.vendor_id from products.reviews r join products.products p on p.id = r.product_id
                       where r."# + $owner + r#" = o.id and ((p.visible and (r.status = 'PUBLISHED' or r.customer_id = $4)) or $2 or p.vendor_id = any($3))
                           and ($5::int is null or r.rating >= $5) and (not $6 or r.verified)
                           and ($7::text[] is null or r.status = any($7))
                           and (r.created_at, r.id) < (coalesce($8::timestamptz, 'infinity'),
                               coalesce($9::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                       order by r.created_at desc, r.id desc limit $10) r
                   order by o.id, r.created_at desc, r.id desc"#,
                owners,
                scope.staff,
                &scope.vendors,
                scope.customer,
                filter.min_rating,
                filter.verified_only.unwrap_or(false),
                states.as_deref(),
                at.and_then(DateTime::from_timestamp_micros),
                id,
                limit
            )
            .fetch_all(db)
            .await
        };
    }
    match owner {
        Owner::Product => page!("product_id"),
        Owner::Customer => page!("customer_id"),
    }
}

/// Locks a review, after its product: the order of everybody.
pub async fn lock(tx: &mut PgConnection, id: ReviewId) -> Result<Option<Review>, sqlx::Error> {
    sqlx::query!(
        "select 1 as one from products.products where id = (select product_id from products.reviews where id = $1) \
         for update",
        id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    sqlx::query!(
        "select 1 as one from products.reviews where id = $1 for update",
        id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    Ok(by_ids(tx, &Scope::all(), &[id.0]).await?.pop())
}

/// Keeps facts about who bought a product away until the transaction ends: a new review must see them all.
pub async fn lock_purchases(tx: &mut PgConnection, product: ProductId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select 1 as one from products.products where id = $1 for share",
        product.0
    )
    .fetch_optional(tx)
    .await?;
    Ok(())
}

/// A review to be stored; it waits for staff.
pub struct NewReview<'a> {
    pub id: ReviewId,
    pub product: ProductId,
    pub customer: CustomerId,
    pub rating: i32,
    pub title: Option<&'a str>,
    pub body: Option<&'a str>,
}

pub async fn insert(tx: &mut PgConnection, new: &NewReview<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into products.reviews (id, product_id, customer_id, rating, title, body, verified) \
         values ($1, $2, $3, $4, $5, $6, \
         exists (select from products.purchases where customer_id = $3 and product_id = $2))",
        new.id.0,
        new.product.0,
        new.customer.0,
        new.rating,
        new.title,
        new.body
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn moderate(
    tx: &mut PgConnection,
    id: ReviewId,
    status: ReviewStatus,
    reason: Option<&str>,
    by: Option<UserId>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.reviews set status = $2, moderation_reason = $3, moderated_by = $4, version = version + 1 \
         where id = $1",
        id.0,
        status.as_str(),
        reason,
        by.map(Uuid::from)
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Replaces what a review says; it waits for staff again.
pub async fn rewrite(
    tx: &mut PgConnection,
    id: ReviewId,
    (rating, title, body): (i32, Option<&str>, Option<&str>),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.reviews set rating = $2, title = $3, body = $4, status = 'PENDING', moderation_reason = null, \
         moderated_by = null, edited_at = products.now(), version = version + 1 where id = $1",
        id.0,
        rating,
        title,
        body
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Reviews that wait for staff, the longest waiting first. An edited one waits since its edit.
pub async fn pending(
    db: impl PgExecutor<'_>,
    after: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<Review>, sqlx::Error> {
    let (at, id) = after.unzip();
    sqlx::query_as!(
        Review,
        r#"select r.id as "id: ReviewId", r.product_id as "product_id: ProductId", p.vendor_id as "vendor_id: VendorId",
               r.customer_id as "customer_id: CustomerId", r.author_name, r.locale, r.rating, r.title, r.body, r.verified,
               r.status as "status: ReviewStatus", r.vendor_reply, r.helpful_count, r.created_at, r.edited_at, r.version
           from products.reviews r join products.products p on p.id = r.product_id
           where r.status = 'PENDING'
               and (coalesce(r.edited_at, r.created_at), r.id) > (coalesce($1::timestamptz, '-infinity'),
                   coalesce($2::uuid, '00000000-0000-0000-0000-000000000000'))
           order by coalesce(r.edited_at, r.created_at), r.id limit $3"#,
        at.and_then(DateTime::from_timestamp_micros),
        id,
        limit
    )
    .fetch_all(db)
    .await
}

/// Since when a review waits, for cursors.
pub fn waiting_since(review: &Review) -> (i64, Uuid) {
    let at = review.edited_at.unwrap_or(review.created_at);
    (at.timestamp_micros(), review.id.0)
}

/// Adds `change` reviews of `rating` stars to a product's sums.
pub async fn count(
    tx: &mut PgConnection,
    product: ProductId,
    rating: i32,
    change: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.products set rating_count = rating_count + $3::int, \
         rating_sum = rating_sum + $2::int * $3::int, \
         rating_histogram[$2::int] = rating_histogram[$2::int] + $3::int where id = $1",
        product.0,
        rating,
        change
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub async fn reply(tx: &mut PgConnection, id: ReviewId, body: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update products.reviews set vendor_reply = $2, version = version + 1 where id = $1",
        id.0,
        body
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Counts a customer's vote once.
pub async fn vote(tx: &mut PgConnection, id: ReviewId, customer: CustomerId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with vote as (insert into products.review_votes (review_id, customer_id) values ($1, $2) \
             on conflict do nothing returning review_id) \
         update products.reviews set helpful_count = helpful_count + 1 where id in (select review_id from vote)",
        id.0,
        customer.0
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Remembers that a customer has what they bought, and verifies what they wrote before that. In any order and any
/// number of times the result is the same.
pub async fn add_purchases(
    tx: &mut PgConnection,
    customer: CustomerId,
    order: OrderId,
    products: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select 1 as one from products.products where id = any($1) order by id for update",
        products
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into products.purchases (customer_id, product_id, order_id) \
         select $1, product, $2 from unnest($3::uuid[]) as product on conflict do nothing",
        customer.0,
        order.0,
        products
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update products.reviews set verified = true where customer_id = $1 and product_id = any($2) and not verified",
        customer.0,
        products
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A vendor's rating: the sums over its products on sale.
pub struct VendorRating {
    pub vendor: VendorId,
    pub count: i64,
    pub sum: i64,
    pub histogram: Vec<i64>,
}

/// Of those that have products on sale.
pub async fn of_vendors(db: impl PgExecutor<'_>, vendors: &[Uuid]) -> Result<Vec<VendorRating>, sqlx::Error> {
    sqlx::query_as!(
        VendorRating,
        r#"select a.id as "vendor!: VendorId", h[1] + h[2] + h[3] + h[4] + h[5] as "count!",
               h[1] + 2 * h[2] + 3 * h[3] + 4 * h[4] + 5 * h[5] as "sum!", h as "histogram!"
           from unnest($1::uuid[]) as a(id) left join products.vendor_ratings v on v.vendor_id = a.id
           cross join lateral (select coalesce(v.histogram, '{0,0,0,0,0}') as h) sums
           where exists (select from products.products p where p.vendor_id = a.id and p.visible)"#,
        vendors
    )
    .fetch_all(db)
    .await
}

/// When a review was written, for cursors.
pub fn cursor(review: &Review) -> (i64, Uuid) {
    let at: DateTime<Utc> = review.created_at;
    (at.timestamp_micros(), review.id.0)
}
