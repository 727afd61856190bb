//! What files of reviews name, and what becomes of it: each statement takes a whole piece.

use crate::domain::{
    bulk::reviews::plan::{Facts, Known, Order, Plan, Stored},
    review::ReviewStatus,
};
use contracts::orders::DeliveredOrder;
use platform::ids::{CatalogImportId, CustomerId, ProductId, ReviewId, uuids};
use serde_json::{Value, json};
use sqlx::{PgConnection, types::Json};
use std::collections::HashMap;
use uuid::Uuid;

/// What a piece names.
#[derive(Debug, Default)]
pub struct Named {
    pub keys: Vec<String>,
    pub lines: Vec<i32>,
    /// Slugs or SKUs.
    pub products: Vec<String>,
    pub customers: Vec<CustomerId>,
    pub orders: Vec<String>,
}

/// Customers and orders of which nobody has been asked yet.
pub async fn unasked(
    tx: &mut PgConnection,
    import: CatalogImportId,
    named: &Named,
) -> Result<(Vec<CustomerId>, Vec<String>), sqlx::Error> {
    let rows = sqlx::query!(
        r#"select n.customer as "customer: CustomerId", n.number
           from (select distinct id, null, 'CUSTOMER', id::text from unnest($2::uuid[]) as c(id)
               union all select distinct null::uuid, number, 'ORDER', number from unnest($3::text[]) as o(number))
               as n(customer, number, kind, name)
           where not exists (select from products.review_import_facts f
               where f.import_id = $1 and f.kind = n.kind and f.name = n.name)"#,
        import.0,
        &uuids(&named.customers),
        &named.orders
    )
    .fetch_all(tx)
    .await?;
    let customers = rows.iter().filter_map(|row| row.customer).collect();
    Ok((customers, rows.into_iter().filter_map(|row| row.number).collect()))
}

/// Remembers what other services answered; what they do not know is remembered too.
pub async fn remember(
    tx: &mut PgConnection,
    import: CatalogImportId,
    (customers, known): (&[CustomerId], &[CustomerId]),
    (numbers, orders): (&[String], &[DeliveredOrder]),
) -> Result<(), sqlx::Error> {
    let customer = |id: &CustomerId| {
        let found = known.contains(id).then_some(id.0);
        json!({ "kind": "CUSTOMER", "name": id.0, "customer_id": found, "product_ids": [] })
    };
    let by_number: HashMap<&str, &DeliveredOrder> = orders
        .iter()
        .map(|order| (order.number.as_str(), order))
        .collect();
    let order = |number: &String| {
        let found = by_number.get(number.as_str());
        json!({ "kind": "ORDER", "name": number, "customer_id": found.map(|order| order.customer.0),
            "product_ids": found.map_or_else(Vec::new, |order| uuids(&order.products)) })
    };
    let rows: Vec<Value> = customers
        .iter()
        .map(customer)
        .chain(numbers.iter().map(order))
        .collect();
    sqlx::query!(
        "insert into products.review_import_facts (import_id, kind, name, customer_id, product_ids) \
         select $1, n.kind, n.name, n.customer_id, n.product_ids from jsonb_to_recordset($2) \
             as n(kind text, name text, customer_id uuid, product_ids uuid[]) on conflict do nothing",
        import.0,
        Json(rows) as _
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// All that is known of what a piece names. Unless it is for a look only, its products are locked, in the order of
/// everybody: nobody else changes their reviews meanwhile.
pub async fn facts(
    tx: &mut PgConnection,
    import: CatalogImportId,
    named: &Named,
    look_only: bool,
) -> Result<Facts, sqlx::Error> {
    let mut facts = Facts::default();
    let lower: Vec<String> = named.products.iter().map(|name| name.to_lowercase()).collect();
    let rows = sqlx::query!(
        r#"select slug as "name!", id as "id!: ProductId", true as "is_slug!" from products.products where slug = any($1)
           union all select lower(sku), product_id, false from products.variants where lower(sku) = any($2)"#,
        &named.products,
        &lower
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in rows {
        match row.is_slug {
            true => facts.slugs.insert(row.name, row.id),
            false => facts.skus.insert(row.name, row.id),
        };
    }
    if !look_only {
        let products: Vec<ProductId> = facts.slugs.values().chain(facts.skus.values()).copied().collect();
        sqlx::query!(
            "select 1 as one from products.products where id = any($1) order by id for no key update",
            &uuids(&products)
        )
        .fetch_all(&mut *tx)
        .await?;
    }
    answers(tx, import, named, &mut facts).await?;
    reviews(tx, named, &mut facts).await?;
    facts.first_lines = super::report::first_lines(tx, import, &named.keys, &named.lines).await?;
    Ok(facts)
}

/// What other services answered. Whoever was erased here is nobody.
async fn answers(
    tx: &mut PgConnection,
    import: CatalogImportId,
    named: &Named,
    facts: &mut Facts,
) -> Result<(), sqlx::Error> {
    let names: Vec<String> = named.customers.iter().map(|id| id.0.to_string()).collect();
    let rows = sqlx::query!(
        r#"select kind, name, customer_id as "customer!: CustomerId", product_ids as "products: Vec<ProductId>"
           from products.review_import_facts where import_id = $1 and customer_id is not null
               and (kind, name) in (select 'CUSTOMER', * from unnest($2::text[])
                   union all select 'ORDER', * from unnest($3::text[]))
               and (kind = 'ORDER' or customer_id not in (select id from products.erased_people))"#,
        import.0,
        &names,
        &named.orders
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        let (customer, products) = (row.customer, row.products);
        if row.kind == "CUSTOMER" {
            facts.customers.insert(customer);
        } else {
            let products = products.into_iter().collect();
            facts.orders.insert(row.name, Order { customer, products });
        }
    }
    Ok(())
}

/// Reviews with these keys, and what is known of these customers and these products.
async fn reviews(tx: &mut PgConnection, named: &Named, facts: &mut Facts) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id: ReviewId", external_key as "key!", product_id as "product: ProductId",
               customer_id as "customer: CustomerId", rating, title, body, author_name, locale, verified,
               status as "status: ReviewStatus", created_at, moderated_by is not null as "is_decided!",
               edited_at is not null as "is_edited!"
           from products.reviews where external_key = any($1)"#,
        &named.keys
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in rows {
        let review = Stored {
            id: row.id,
            key: row.key.clone(),
            product: row.product,
            customer: row.customer,
            rating: row.rating,
            title: row.title,
            body: row.body,
            author: row.author_name,
            locale: row.locale,
            verified: row.verified,
            status: row.status,
            created_at: row.created_at,
        };
        let (is_decided, is_edited) = (row.is_decided, row.is_edited);
        facts.known.insert(
            row.key,
            Known {
                review,
                is_decided,
                is_edited,
            },
        );
    }
    let products: Vec<ProductId> = facts.slugs.values().chain(facts.skus.values()).copied().collect();
    if named.customers.is_empty() || products.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query!(
        r#"select product_id as "product!: ProductId", customer_id as "customer!: CustomerId", id as "review: ReviewId"
           from products.reviews where product_id = any($1) and customer_id = any($2)
           union all select product_id, customer_id, null
           from products.purchases where product_id = any($1) and customer_id = any($2)"#,
        &uuids(&products),
        &uuids(&named.customers)
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        match row.review {
            Some(id) => drop(facts.by_customer.insert((row.product, row.customer), id)),
            None => drop(facts.purchases.insert((row.product, row.customer))),
        }
    }
    Ok(())
}

fn rows(reviews: &[Stored]) -> Json<Vec<Value>> {
    let row = |review: &Stored| {
        json!({ "id": review.id.0, "product_id": review.product.0, "customer_id": review.customer.map(Uuid::from),
            "rating": review.rating, "title": review.title, "body": review.body, "author_name": review.author,
            "locale": review.locale, "verified": review.verified, "status": review.status,
            "created_at": review.created_at, "external_key": review.key })
    };
    Json(reviews.iter().map(row).collect())
}

/// Writes what a plan says, and the sums of its products. Returns how many reviews are new: fewer than planned if
/// somebody was erased meanwhile.
pub async fn write(tx: &mut PgConnection, plan: &Plan) -> Result<usize, sqlx::Error> {
    let mut created = 0;
    if !plan.created.is_empty() {
        let done = sqlx::query!(
            "insert into products.reviews (id, product_id, customer_id, rating, title, body, author_name, locale, \
                 verified, status, created_at, external_key) \
             select n.id, n.product_id, n.customer_id, n.rating, n.title, n.body, n.author_name, n.locale, n.verified, \
                 n.status, n.created_at, n.external_key \
             from jsonb_to_recordset($1) as n(id uuid, product_id uuid, customer_id uuid, rating int, title text, \
                 body text, author_name text, locale text, verified boolean, status text, created_at timestamptz, \
                 external_key text)",
            rows(&plan.created) as _
        )
        .execute(&mut *tx)
        .await?;
        created = usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
    }
    if !plan.updated.is_empty() {
        sqlx::query!(
            "update products.reviews r set customer_id = n.customer_id, rating = n.rating, title = n.title, \
                 body = n.body, author_name = n.author_name, locale = n.locale, verified = n.verified, \
                 status = n.status, created_at = n.created_at, version = r.version + 1 \
             from jsonb_to_recordset($1) as n(id uuid, customer_id uuid, rating int, title text, body text, \
                 author_name text, locale text, verified boolean, status text, created_at timestamptz) \
             where r.id = n.id",
            rows(&plan.updated) as _
        )
        .execute(&mut *tx)
        .await?;
    }
    sums(tx, plan).await?;
    Ok(created)
}

/// Adds to the sums of each product once, however many of its reviews the piece has.
async fn sums(tx: &mut PgConnection, plan: &Plan) -> Result<(), sqlx::Error> {
    if plan.sums.is_empty() {
        return Ok(());
    }
    let rows: Vec<Value> = plan
        .sums
        .iter()
        .map(|(product, stars)| json!({ "id": product.0, "stars": stars }))
        .collect();
    sqlx::query!(
        "update products.products p set \
             rating_count = rating_count + stars[1] + stars[2] + stars[3] + stars[4] + stars[5], \
             rating_sum = rating_sum + stars[1] + 2 * stars[2] + 3 * stars[3] + 4 * stars[4] + 5 * stars[5], \
             rating_histogram = array[rating_histogram[1] + stars[1], rating_histogram[2] + stars[2], \
                 rating_histogram[3] + stars[3], rating_histogram[4] + stars[4], rating_histogram[5] + stars[5]] \
         from jsonb_to_recordset($1) as n(id uuid, stars int[]) where p.id = n.id",
        Json(rows) as _
    )
    .execute(tx)
    .await?;
    Ok(())
}
