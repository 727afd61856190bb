//! What orders know about people. Invoices keep their name and address for as long as the law wants.

use platform::privacy::{Document, Person, PersonalData};
use sqlx::PgConnection;

pub struct Privacy;

impl PersonalData for Privacy {
    async fn export(db: &mut PgConnection, person: &Person) -> sqlx::Result<Vec<Document>> {
        sqlx::query_as!(
            Document,
            r#"with mine as materialized (select * from orders.orders where customer_id = any($1)),
            my_carts as materialized (select * from orders.carts where customer_id = any($1)),
            my_refunds as materialized (
                select r.* from orders.refunds r join mine on mine.id = r.order_id)
            select 'orders' as "name!", coalesce(jsonb_agg(to_jsonb(o) order by o.placed_at), '[]') as "content!" from mine o
            union all select 'vendor_orders', coalesce(jsonb_agg(to_jsonb(v)), '[]')
            from orders.vendor_orders v join mine on mine.id = v.order_id
            union all select 'order_lines', coalesce(jsonb_agg(to_jsonb(l)), '[]')
            from orders.order_lines l join mine on mine.id = l.order_id
            union all select 'order_events', coalesce(jsonb_agg(to_jsonb(e) order by e.order_id, e.seq), '[]')
            from orders.order_events e join mine on mine.id = e.order_id
            union all select 'refunds', coalesce(jsonb_agg(to_jsonb(r)), '[]') from my_refunds r
            union all select 'refund_lines', coalesce(jsonb_agg(to_jsonb(l)), '[]')
            from orders.refund_lines l join my_refunds r on r.id = l.refund_id
            union all select 'carts', coalesce(jsonb_agg(to_jsonb(c)), '[]') from my_carts c
            union all select 'cart_lines', coalesce(jsonb_agg(to_jsonb(l)), '[]')
            from orders.cart_lines l join my_carts c on c.id = l.cart_id
            union all select 'cart_deliveries', coalesce(jsonb_agg(to_jsonb(d)), '[]')
            from orders.cart_deliveries d join my_carts c on c.id = d.cart_id
            union all select 'quotes', coalesce(jsonb_agg(to_jsonb(q)), '[]')
            from orders.quotes q join my_carts c on c.id = q.cart_id
            union all select 'checkouts', coalesce(jsonb_agg(to_jsonb(s) - 'request_hash'), '[]')
            from orders.sagas s where s.customer_id = any($1)"#,
            &person.customers()
        )
        .fetch_all(db)
        .await
    }

    /// A parcel under way needs its address, money under way its order.
    async fn waits_for(db: &mut PgConnection, person: &Person) -> sqlx::Result<Option<String>> {
        sqlx::query_scalar!(
            "select case
                when exists (select from orders.sagas
                    where customer_id = any($1) and status not in ('COMPLETED', 'COMPENSATED')) then 'a checkout is under way'
                when exists (select from orders.orders where customer_id = any($1)
                    and status not in ('DELIVERED', 'COMPLETED', 'CANCELED', 'EXPIRED')) then 'an order is open'
                when exists (select from orders.refunds r join orders.orders o on o.id = r.order_id
                    where o.customer_id = any($1) and r.status in ('REQUESTED', 'APPROVED', 'PROCESSING'))
                    then 'a refund is open'
                when exists (select from orders.tasks t join orders.orders o on o.id = t.order_id
                    where o.customer_id = any($1)) then 'an order is being settled'
            end",
            &person.customers()
        )
        .fetch_one(db)
        .await
    }

    async fn erase(db: &mut PgConnection, person: &Person) -> sqlx::Result<()> {
        let customers = person.customers();
        sqlx::query!(
            "delete from orders.guest_access where customer_id = any($1)",
            &customers
        )
        .execute(&mut *db)
        .await?;
        delete_carts(db, &customers).await?;
        strip_orders(db, &customers).await?;
        strip_checkouts(db, &customers).await
    }

    async fn purge(db: &mut PgConnection) -> sqlx::Result<()> {
        // 90 days after a cart has run out, nobody comes back to it.
        sqlx::query!(
            "with old as materialized (
                select id from orders.carts c where expires_at < orders.now() - interval '90 days'
                    and not exists (select from orders.sagas s
                        where s.cart_id = c.id and s.status not in ('COMPLETED', 'COMPENSATED'))
                order by id limit 1000 for update skip locked),
            lines as (delete from orders.cart_lines l using old where l.cart_id = old.id),
            deliveries as (delete from orders.cart_deliveries d using old where d.cart_id = old.id),
            quotes as (delete from orders.quotes q using old where q.cart_id = old.id)
            delete from orders.carts c using old where c.id = old.id"
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "delete from orders.quotes q where q.expires_at < orders.now() - interval '90 days'
                and not exists (select from orders.carts c where c.quote_id = q.id)"
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!("delete from orders.guest_access where ends_at < orders.now()")
            .execute(&mut *db)
            .await?;
        // The longest that the law of any country here keeps invoices.
        sqlx::query!(
            "update orders.orders o set billing_address = orders.country_only(billing_address)
            where o.placed_at < orders.now() - interval '10 years' and billing_address ->> 'full_name' <> ''
                and exists (select from orders.erased_people p where p.id = o.customer_id)"
        )
        .execute(db)
        .await?;
        Ok(())
    }
}

async fn delete_carts(db: &mut PgConnection, customers: &[uuid::Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "with mine as materialized (select id from orders.carts where customer_id = any($1) order by id for update),
        lines as (delete from orders.cart_lines l using mine where l.cart_id = mine.id),
        deliveries as (delete from orders.cart_deliveries d using mine where d.cart_id = mine.id),
        quotes as (delete from orders.quotes q using mine where q.cart_id = mine.id)
        delete from orders.carts c using mine where c.id = mine.id",
        customers
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was never paid needs no invoice. Of an invoice's address the telephone number goes, and of the parcel's all
/// but the country, which decides the tax.
async fn strip_orders(db: &mut PgConnection, customers: &[uuid::Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.orders set shipping_address = orders.country_only(shipping_address), cancel_reason = null,
            billing_address = case when status = 'EXPIRED' or (status = 'CANCELED' and refunded_total = 0)
                then orders.country_only(billing_address) else billing_address - 'phone' end
        where customer_id = any($1)",
        customers
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update orders.order_events e set note = null from orders.orders o
        where o.id = e.order_id and o.customer_id = any($1) and e.note is not null",
        customers
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update orders.refunds r set note = null from orders.orders o
        where o.id = r.order_id and o.customer_id = any($1) and r.note is not null",
        customers
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn strip_checkouts(db: &mut PgConnection, customers: &[uuid::Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.sagas set last_error = null, plan = plan || jsonb_build_object(
            'shipping_address', orders.country_only(plan -> 'shipping_address'),
            'billing_address', orders.country_only(plan -> 'billing_address'), 'return_url', null)
        where customer_id = any($1)",
        customers
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update orders.saga_steps t set error = null from orders.sagas s
        where s.id = t.saga_id and s.customer_id = any($1) and t.error is not null",
        customers
    )
    .execute(db)
    .await?;
    Ok(())
}
