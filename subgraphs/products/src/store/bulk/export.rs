//! Reads the whole catalogue of a vendor.

use crate::{
    domain::{bulk::csv::Used, product::Product},
    store,
};
use platform::ids::VendorId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Makes all reads of the transaction see one moment.
pub async fn freeze(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(tx)
        .await?;
    Ok(())
}

/// The next products of a vendor, archived ones not among them.
pub async fn page(
    tx: &mut PgConnection,
    vendor: VendorId,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Product>, sqlx::Error> {
    sqlx::query_as(concat!(
        "select ",
        store::products::columns!(),
        " from products.products p where p.vendor_id = $1 and p.id > $2 and p.status <> 'ARCHIVED' \
         order by p.id limit $3"
    ))
    .bind(vendor)
    .bind(after)
    .bind(limit)
    .fetch_all(tx)
    .await
}

/// Which columns the catalogue needs. An open edit counts instead of what is on sale.
pub async fn used(tx: &mut PgConnection, vendor: VendorId) -> Result<Used, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with mine as materialized (
               select p.id, coalesce(r.content ->> 'kind', p.kind) as kind,
                   coalesce(r.content -> 'attributes', p.attributes) as attributes
               from products.products p left join products.revisions r
                   on r.product_id = p.id and r.status not in ('APPROVED', 'ARCHIVED')
               where p.vendor_id = $1 and p.status <> 'ARCHIVED'
           ), theirs as materialized (
               select v.id, v.options from products.variants v join mine on mine.id = v.product_id
           )
           select 'kind' as "set!", kind as "name!" from mine group by kind
           union select 'attribute', jsonb_object_keys(attributes) from mine
           union select 'option', jsonb_array_elements(options) ->> 'name' from theirs
           union select case when c.compare_at is null then 'price' else 'reduced' end,
               c.currency || case when c.customer_tier = '' then '' else ':' || c.customer_tier end
                   || case when c.min_quantity = 1 and position('/' in c.customer_tier) = 0 then ''
                       else '/' || c.min_quantity end
           from products.variant_prices c join theirs on theirs.id = c.variant_id"#,
        vendor.0
    )
    .fetch_all(tx)
    .await?;
    let mut used = Used::default();
    for row in rows {
        match row.set.as_str() {
            "kind" => drop(used.kinds.insert(row.name)),
            "attribute" => drop(used.attributes.insert(row.name)),
            "option" => drop(used.options.insert(row.name)),
            "price" => drop(used.prices.insert(row.name)),
            _ => {
                used.prices.insert(row.name.clone());
                used.compare_at.insert(row.name);
            }
        }
    }
    Ok(used)
}
