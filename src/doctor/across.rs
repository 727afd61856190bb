//! Invariants between services. No query crosses a database, so IDs and amounts are read and compared here.

use super::Pools;
use anyhow::Result;
use sqlx::PgPool;
use std::collections::HashMap;
use uuid::Uuid;

type Amounts = HashMap<Uuid, i64>;

/// Name of each invariant and the rows that break it.
pub(super) async fn run(pools: &Pools) -> Result<Vec<(&'static str, Vec<String>)>> {
    let orders = &pools["orders"];
    let sold = amounts(orders, CONFIRMED).await?;
    let analysed = amounts(&pools["analytics"], "select order_id, total from analytics.sales").await?;
    let captured = amounts(
        &pools["payments"],
        "select order_id, sum(captured)::bigint from payments.payments where captured > 0 group by 1",
    )
    .await?;
    let charged = amounts(orders, CHARGED).await?;
    let committed = amounts(
        &pools["inventory"],
        "select order_id, sum(quantity)::bigint from inventory.allocations group by 1",
    )
    .await?;
    let ordered = amounts(orders, ORDERED).await?;
    let given_back = amounts(
        orders,
        "select order_id, sum(total)::bigint from orders.refunds where status = 'SUCCEEDED' group by 1",
    )
    .await?;
    let refunded = amounts(
        &pools["payments"],
        "select order_id, sum(refunded)::bigint from payments.payments where refunded > 0 group by 1",
    )
    .await?;
    Ok(vec![
        (
            "analytics has every sale once, at its total",
            different(&sold, &analysed),
        ),
        (
            "captured money is the total of paid orders",
            different(&charged, &captured),
        ),
        (
            "allocated pieces are the ordered ones",
            different(&ordered, &committed),
        ),
        (
            "refunded money is what was decided",
            different(&given_back, &refunded),
        ),
    ])
}

/// Orders that have ever been confirmed.
const CONFIRMED: &str = "select o.id, o.total from orders.orders o where exists (
    select from orders.order_events e where e.order_id = o.id and e.vendor_order_id is null and e.to_state = 'CONFIRMED')";

/// Of these, the ones with something to pay, whose checkout has ended.
const CHARGED: &str = "select o.id, o.total from orders.orders o join orders.sagas s on s.order_id = o.id
    where s.status = 'COMPLETED' and o.total > 0 and exists (
        select from orders.order_events e where e.order_id = o.id and e.vendor_order_id is null and e.to_state = 'CONFIRMED')";

/// Pieces of orders whose checkout has ended.
const ORDERED: &str = "select l.order_id, sum(l.quantity)::bigint from orders.order_lines l
    join orders.sagas s on s.order_id = l.order_id
    where s.status = 'COMPLETED' and exists (
        select from orders.order_events e where e.order_id = l.order_id and e.vendor_order_id is null and e.to_state = 'CONFIRMED')
    group by 1";

async fn amounts(pool: &PgPool, sql: &'static str) -> Result<Amounts> {
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(sql).fetch_all(pool).await?;
    Ok(rows.into_iter().collect())
}

fn different(left: &Amounts, right: &Amounts) -> Vec<String> {
    let mut rows: Vec<String> = left
        .iter()
        .filter(|(id, amount)| right.get(id) != Some(amount))
        .map(|(id, amount)| format!("{id}: {amount} here, {:?} there", right.get(id)))
        .collect();
    rows.extend(
        right
            .iter()
            .filter(|(id, _)| !left.contains_key(id))
            .map(|(id, amount)| format!("{id}: {amount} there only")),
    );
    rows.sort();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_found_on_both_sides() {
        let (a, b, c) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let left = Amounts::from([(a, 1), (b, 2)]);
        assert!(different(&left, &left).is_empty());
        assert_eq!(different(&left, &Amounts::from([(a, 9), (c, 3)])).len(), 3);
    }
}
