//! Suppliers.

use crate::domain::supplier::Supplier;
use crate::store::Scope;
use platform::{
    Currency,
    ids::{SupplierId, VendorId},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

macro_rules! suppliers {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Supplier,
            r#"select id as "id: SupplierId", name, vendor_id as "vendor_id: VendorId", email, lead_time_days,
                currency as "currency: Currency", active, version
            from inventory.suppliers "# + $tail
            $(, $arg)*
        )
    };
}

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Supplier>, sqlx::Error> {
    suppliers!(
        "where id = any($3) and ($1 or vendor_id = any($2))",
        scope.staff,
        &scope.vendors,
        ids
    )
    .fetch_all(db)
    .await
}

/// All the caller may see, or those of one vendor; by name.
pub async fn list(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    vendor: Option<VendorId>,
) -> Result<Vec<Supplier>, sqlx::Error> {
    suppliers!(
        "where ($1 or vendor_id = any($2)) and ($3::uuid is null or vendor_id = $3) order by name, id limit 1000",
        scope.staff,
        &scope.vendors,
        vendor.map(|id| id.0)
    )
    .fetch_all(db)
    .await
}

pub async fn lock(
    db: &mut PgConnection,
    scope: &Scope,
    id: SupplierId,
) -> Result<Option<Supplier>, sqlx::Error> {
    suppliers!(
        "where id = $3 and ($1 or vendor_id = any($2)) for no key update",
        scope.staff,
        &scope.vendors,
        id.0
    )
    .fetch_optional(db)
    .await
}

/// Inserts the supplier, or overwrites what may be edited.
pub async fn save(db: &mut PgConnection, supplier: &Supplier) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into inventory.suppliers (id, vendor_id, name, email, lead_time_days, currency)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (id) do update set name = $3, email = $4, lead_time_days = $5, currency = $6,
            version = suppliers.version + 1",
        supplier.id.0,
        supplier.vendor_id.map(|id| id.0),
        supplier.name,
        supplier.email,
        supplier.lead_time_days,
        supplier.currency.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}
