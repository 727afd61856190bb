//! What was a guest's and is an account's now.

use platform::ids::{CustomerId, OrderId, SagaId, uuids};
use sqlx::{PgConnection, PgExecutor};

/// Everything of the guest but its active cart, which is merged. Repeating it changes nothing.
/// Returns its orders.
pub async fn adopt(
    db: &mut PgConnection,
    guest: CustomerId,
    customer: CustomerId,
) -> sqlx::Result<Vec<OrderId>> {
    sqlx::query!(
        "insert into orders.customer_aliases (alias_id, customer_id) values ($1, $2) on conflict do nothing",
        guest.0,
        customer.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update orders.sagas set customer_id = $2
         where customer_id = $1 and status not in ('COMPLETED', 'COMPENSATED')",
        guest.0,
        customer.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("delete from orders.guest_access where customer_id = $1", guest.0)
        .execute(&mut *db)
        .await?;
    // A cart in a checkout: if that is undone, its lines come back to the account.
    sqlx::query!(
        "update orders.carts set customer_id = $2 where customer_id = $1 and status = 'LOCKED'",
        guest.0,
        customer.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_scalar!(
        r#"update orders.orders set customer_id = $2, version = version + 1 where customer_id = $1
           returning id as "id: OrderId""#,
        guest.0,
        customer.0
    )
    .fetch_all(db)
    .await
}

/// The account that has taken over the guest who began this checkout, while it was under way. The saga must be locked.
pub async fn taken_over(db: &mut PgConnection, saga: SagaId) -> sqlx::Result<Option<CustomerId>> {
    sqlx::query_scalar!(
        r#"select s.customer_id as "customer_id: CustomerId" from orders.sagas s where s.id = $1 and exists (
            select from orders.customer_aliases a where a.customer_id = s.customer_id and a.at >= s.created_at)"#,
        saga.0
    )
    .fetch_optional(db)
    .await
}

/// These orders are the customer's from now on. Returns those that were not.
pub async fn claim(
    db: &mut PgConnection,
    customer: CustomerId,
    orders: &[OrderId],
) -> sqlx::Result<Vec<OrderId>> {
    sqlx::query!(
        "delete from orders.guest_access where order_id = any($1)",
        &uuids(orders)
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_scalar!(
        r#"update orders.orders set customer_id = $1, version = version + 1
           where id = any($2) and customer_id <> $1 returning id as "id: OrderId""#,
        customer.0,
        &uuids(orders)
    )
    .fetch_all(db)
    .await
}

/// From now on a link may show this order; it ends by itself. Not for a guest who is part of an account already.
pub async fn open(db: impl PgExecutor<'_>, order: OrderId, guest: CustomerId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into orders.guest_access (order_id, customer_id)
         select $1, $2 where not exists (select from orders.customer_aliases where alias_id = $2) on conflict do nothing",
        order.0,
        guest.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The order with this ID or number, if a link may show it.
pub async fn open_to_link(
    db: impl PgExecutor<'_>,
    id: Option<OrderId>,
    number: Option<&str>,
) -> sqlx::Result<Option<OrderId>> {
    sqlx::query_scalar!(
        r#"select o.id as "id: OrderId" from orders.orders o join orders.guest_access g on g.order_id = o.id
           where (o.id = $1 or ($1 is null and o.number = $2)) and g.ends_at > orders.now()"#,
        id.map(|id| id.0),
        number
    )
    .fetch_optional(db)
    .await
}

/// Those of `orders` that links may show.
pub async fn open_of(db: impl PgExecutor<'_>, orders: &[OrderId]) -> sqlx::Result<Vec<OrderId>> {
    sqlx::query_scalar!(
        r#"select order_id as "id: OrderId" from orders.guest_access
           where order_id = any($1) and ends_at > orders.now()"#,
        &uuids(orders)
    )
    .fetch_all(db)
    .await
}
