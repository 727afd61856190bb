//! Warehouses. The platform's own ones are visible to every vendor, who may have stock in them.

use crate::domain::warehouse::{NewWarehouse, Warehouse};
use crate::store::Scope;
use platform::{
    Country, PostalAddress,
    ids::{VendorId, WarehouseId},
};
use sqlx::{PgConnection, PgExecutor, types::Json};
use uuid::Uuid;

macro_rules! warehouses {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Warehouse,
            r#"select id as "id: WarehouseId", code, name, address as "address: Json<PostalAddress>",
                vendor_id as "vendor_id: VendorId", priority, serves_countries as "serves_countries: Vec<Country>",
                active, version
            from inventory.warehouses "# + $tail
            $(, $arg)*
        )
    };
}

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<Warehouse>, sqlx::Error> {
    warehouses!(
        "where id = any($3) and ($1 or vendor_id is null or vendor_id = any($2))",
        scope.staff,
        &scope.vendors,
        ids
    )
    .fetch_all(db)
    .await
}

/// Warehouses of vendors.
pub async fn by_vendors(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    vendors: &[Uuid],
) -> Result<Vec<Warehouse>, sqlx::Error> {
    warehouses!(
        "where vendor_id = any($3) and ($1 or vendor_id = any($2)) order by priority, id",
        scope.staff,
        &scope.vendors,
        vendors
    )
    .fetch_all(db)
    .await
}

/// All the caller may see, or those of one vendor.
pub async fn list(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    vendor: Option<VendorId>,
) -> Result<Vec<Warehouse>, sqlx::Error> {
    warehouses!(
        "where ($1 or vendor_id is null or vendor_id = any($2)) and ($3::uuid is null or vendor_id = $3)
        order by vendor_id nulls first, priority, id limit 1000",
        scope.staff,
        &scope.vendors,
        vendor.map(|id| id.0)
    )
    .fetch_all(db)
    .await
}

pub async fn lock(db: &mut PgConnection, id: WarehouseId) -> Result<Option<Warehouse>, sqlx::Error> {
    warehouses!("where id = $1 for no key update", id.0)
        .fetch_optional(db)
        .await
}

pub async fn insert(db: &mut PgConnection, id: WarehouseId, new: &NewWarehouse) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into inventory.warehouses (id, vendor_id, code, name, address, priority, serves_countries)
        values ($1, $2, $3, $4, $5, $6, $7)",
        id.0,
        new.vendor.map(|id| id.0),
        new.code,
        new.name,
        Json(&new.address) as _,
        new.priority,
        &countries(new)
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn update(db: &mut PgConnection, id: WarehouseId, new: &NewWarehouse) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update inventory.warehouses set code = $2, name = $3, address = $4, priority = $5, serves_countries = $6,
            version = version + 1 where id = $1",
        id.0,
        new.code,
        new.name,
        Json(&new.address) as _,
        new.priority,
        &countries(new)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The vendor's warehouse of this code, made if it is missing.
pub async fn find_or_create(db: &mut PgConnection, new: &NewWarehouse) -> Result<WarehouseId, sqlx::Error> {
    sqlx::query!(
        "insert into inventory.warehouses (id, vendor_id, code, name, address, priority, serves_countries)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict on constraint warehouses_code do nothing",
        Uuid::now_v7(),
        new.vendor.map(|id| id.0),
        new.code,
        new.name,
        Json(&new.address) as _,
        new.priority,
        &countries(new)
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_scalar!(
        r#"select id as "id: WarehouseId" from inventory.warehouses
        where vendor_id is not distinct from $1 and code = $2"#,
        new.vendor.map(|id| id.0),
        new.code
    )
    .fetch_one(db)
    .await
}

fn countries(new: &NewWarehouse) -> Vec<String> {
    new.serves_countries
        .iter()
        .map(|c| c.as_str().to_owned())
        .collect()
}
