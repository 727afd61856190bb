//! What is known about products: views, sales, and what goes together.

use chrono::{DateTime, NaiveDate, Utc};
use platform::{
    Currency, Tx, Viewer,
    ids::{CustomerId, ProductId, uuids},
};
use sqlx::PgExecutor;
use uuid::Uuid;

/// Views and additions of a product on a day.
pub struct Seen {
    pub product: ProductId,
    pub day: NaiveDate,
    pub views: i64,
    pub adds: i64,
}

/// Adds to the rollups, in the order of `seen`.
pub async fn add_seen(tx: &mut Tx, seen: &[Seen]) -> Result<(), sqlx::Error> {
    let products: Vec<Uuid> = seen.iter().map(|s| s.product.0).collect();
    let days: Vec<NaiveDate> = seen.iter().map(|s| s.day).collect();
    let views: Vec<i64> = seen.iter().map(|s| s.views).collect();
    let adds: Vec<i64> = seen.iter().map(|s| s.adds).collect();
    sqlx::query!(
        "insert into analytics.product_days (product_id, day, views, adds_to_cart)
         select * from unnest($1::uuid[], $2::date[], $3::bigint[], $4::bigint[]) order by 1, 2
         on conflict (product_id, day) do update set views = product_days.views + excluded.views,
             adds_to_cart = product_days.adds_to_cart + excluded.adds_to_cart",
        &products,
        &days,
        &views,
        &adds
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Remembers what a customer looked at: the latest view of each product, the last 50 products.
pub async fn remember_viewed(
    tx: &mut Tx,
    customer: CustomerId,
    viewed: &[(ProductId, DateTime<Utc>)],
) -> Result<(), sqlx::Error> {
    let products: Vec<Uuid> = viewed.iter().map(|v| v.0.0).collect();
    let times: Vec<DateTime<Utc>> = viewed.iter().map(|v| v.1).collect();
    sqlx::query!(
        "insert into analytics.recently_viewed (customer_id, product_id, viewed_at)
         select $1, product, max(at) from unnest($2::uuid[], $3::timestamptz[]) as v (product, at)
         group by product order by product
         on conflict (customer_id, product_id)
         do update set viewed_at = greatest(recently_viewed.viewed_at, excluded.viewed_at)",
        customer.0,
        &products,
        &times
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from analytics.recently_viewed where customer_id = $1 and product_id in
         (select product_id from analytics.recently_viewed where customer_id = $1
          order by viewed_at desc, product_id offset 50)",
        customer.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Figures of a product in a span.
#[derive(Debug, Clone)]
pub struct Figures {
    pub product: ProductId,
    pub views: i64,
    pub adds: i64,
    pub units: i64,
}

pub async fn figures(
    db: impl PgExecutor<'_>,
    products: &[ProductId],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Figures>, sqlx::Error> {
    let subjects: Vec<String> = products.iter().map(ToString::to_string).collect();
    sqlx::query_as!(
        Figures,
        r#"select asked.id as "product!: ProductId", coalesce(views, 0) as "views!", coalesce(adds, 0) as "adds!",
                  coalesce(sold.units, 0) as "units!"
           from unnest($1::uuid[], $2::text[]) as asked (id, subject)
           left join (select subject_id, count(*) filter (where type = 'product_view') as views,
                             count(*) filter (where type = 'add_to_cart') as adds
                      from analytics.events
                      where subject_id = any($2) and tracked and occurred_at >= $3 and occurred_at < $4
                      group by subject_id) seen on seen.subject_id = asked.subject
           left join (select product_id, sum(quantity)::bigint as units from analytics.sale_lines
                      where product_id = any($1) and at >= $3 and at < $4 group by product_id) sold
                  on sold.product_id = asked.id"#,
        &uuids(products),
        &subjects,
        from,
        to
    )
    .fetch_all(db)
    .await
}

/// What was charged for a product by the viewer's vendors (or by all, for staff), in the currency with most lines.
pub async fn revenue(
    db: impl PgExecutor<'_>,
    viewer: &Viewer,
    products: &[ProductId],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(ProductId, i64, Currency)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select distinct on (product_id) product_id as "product: ProductId", currency as "currency: Currency",
                  sum(total)::bigint as "total!"
           from analytics.sale_lines
           where product_id = any($1) and at >= $2 and at < $3 and ($4 or vendor_id = any($5))
           group by product_id, currency order by product_id, count(*) desc, currency"#,
        &uuids(products),
        from,
        to,
        viewer.is_staff(),
        &uuids(&viewer.vendors)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.product, row.total, row.currency))
        .collect())
}

/// What else was in the newest 200 orders with a product, the most frequent first.
pub async fn also_bought(
    db: impl PgExecutor<'_>,
    products: &[ProductId],
    limit: i64,
) -> Result<Vec<(ProductId, ProductId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select asked.id as "product!: ProductId", other.product_id as "other!: ProductId"
           from unnest($1::uuid[]) as asked (id) cross join lateral (
               select l.product_id, count(distinct l.order_id) as n
               from (select order_id from analytics.sale_lines where product_id = asked.id
                     order by at desc limit 200) o
               join analytics.sale_lines l on l.order_id = o.order_id
               where l.product_id <> asked.id group by l.product_id
               order by n desc, l.product_id limit $2) other
           order by asked.id, other.n desc, other.product_id"#,
        &uuids(products),
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.product, row.other)).collect())
}

/// What goes together with what a customer bought or looked at last, without what they have bought.
pub async fn recommended(
    db: impl PgExecutor<'_>,
    customers: &[CustomerId],
    limit: i64,
) -> Result<Vec<(CustomerId, ProductId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select asked.id as "customer!: CustomerId", other.product_id as "product!: ProductId"
           from unnest($1::uuid[]) as asked (id) cross join lateral (
               with bought as (
                   select l.product_id, l.at from analytics.sales s
                   join analytics.sale_lines l on l.order_id = s.order_id where s.customer_id = asked.id),
               liked as (
                   select product_id from (
                       (select product_id, at from bought order by at desc limit 20)
                       union all
                       (select product_id, viewed_at from analytics.recently_viewed where customer_id = asked.id
                        order by viewed_at desc limit 20)) both_kinds
                   group by product_id)
               select l.product_id, count(distinct l.order_id) as n
               from liked cross join lateral (
                   select order_id from analytics.sale_lines s where s.product_id = liked.product_id
                   order by at desc limit 50) o
               join analytics.sale_lines l on l.order_id = o.order_id
               where not exists (select from bought b where b.product_id = l.product_id)
               group by l.product_id order by n desc, l.product_id limit $2) other
           order by asked.id, other.n desc, other.product_id"#,
        &uuids(customers),
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.customer, row.product)).collect())
}

/// What customers looked at last.
pub async fn recently_viewed(
    db: impl PgExecutor<'_>,
    customers: &[CustomerId],
    limit: i64,
) -> Result<Vec<(CustomerId, ProductId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select asked.id as "customer!: CustomerId", v.product_id as "product!: ProductId"
           from unnest($1::uuid[]) as asked (id) cross join lateral (
               select product_id, viewed_at from analytics.recently_viewed where customer_id = asked.id
               order by viewed_at desc, product_id limit $2) v
           order by asked.id, v.viewed_at desc, v.product_id"#,
        &uuids(customers),
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.customer, row.product)).collect())
}

/// The busiest products of the 30 days up to the last activity: a view counts 1, an addition 3, a sold unit 5.
pub async fn trending(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<ProductId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select product_id as "product: ProductId" from analytics.product_days
           where day > (select max(day) from analytics.product_days) - 30
           group by product_id order by sum(views + 3 * adds_to_cart + 5 * units) desc, product_id limit $1"#,
        limit
    )
    .fetch_all(db)
    .await
}
