//! Address books.

use crate::schema::address::{Address, AddressKind};
use platform::{
    PostalAddress,
    ids::{AddressId, CustomerId, uuids},
};
use sqlx::{PgConnection, PgExecutor, types::Json};

/// Addresses of these customers, and addresses with these IDs; oldest first.
pub async fn rows(
    db: impl PgExecutor<'_>,
    ids: &[AddressId],
    customers: &[CustomerId],
) -> Result<Vec<Address>, sqlx::Error> {
    sqlx::query_as!(
        Address,
        r#"select id as "id: AddressId", customer_id as "customer_id: CustomerId", label, kind as "kind: AddressKind",
            address as "postal: Json<PostalAddress>", is_default_shipping, is_default_billing, created_at, version
        from users.addresses where id = any($1) or customer_id = any($2) order by created_at, id"#,
        &uuids(ids),
        &uuids(customers)
    )
    .fetch_all(db)
    .await
}

/// Orders the changes of one address book. False if there is no such customer.
pub async fn lock_book(db: &mut PgConnection, customer: CustomerId) -> Result<bool, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select 1 from users.customers where id = $1 for no key update",
        customer.0
    )
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

pub async fn insert(db: &mut PgConnection, new: &Address) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users.addresses (id, customer_id, label, kind, address, is_default_shipping, is_default_billing)
        values ($1, $2, $3, $4, $5, $6, $7)",
        new.id.0,
        new.customer_id.0,
        new.label,
        new.kind as _,
        Json(&new.postal.0) as _,
        new.is_default_shipping,
        new.is_default_billing
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn update(db: &mut PgConnection, id: AddressId, postal: &PostalAddress) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.addresses set address = $2, version = version + 1 where id = $1",
        id.0,
        Json(postal) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// True if the customer had such an address.
pub async fn delete(
    db: impl PgExecutor<'_>,
    id: AddressId,
    customer: CustomerId,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "delete from users.addresses where id = $1 and customer_id = $2",
        id.0,
        customer.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes one address the default; the others stop being it. The book must be locked.
pub async fn set_default(
    db: &mut PgConnection,
    customer: CustomerId,
    id: AddressId,
    shipping: bool,
    billing: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.addresses set is_default_shipping = is_default_shipping and not $3,
            is_default_billing = is_default_billing and not $4, version = version + 1
        where customer_id = $1 and id <> $2 and ((is_default_shipping and $3) or (is_default_billing and $4))",
        customer.0,
        id.0,
        shipping,
        billing
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update users.addresses set is_default_shipping = is_default_shipping or $2,
            is_default_billing = is_default_billing or $3, version = version + 1 where id = $1",
        id.0,
        shipping,
        billing
    )
    .execute(db)
    .await?;
    Ok(())
}
