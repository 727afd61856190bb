//! Vendors' shares of captured orders, and the rates of commission.

use chrono::{DateTime, Utc};
use contracts::payments::VendorShare;
use platform::{
    Currency,
    ids::{CommissionRuleId, OrderId, VendorId, VendorOrderId, uuids},
};
use sqlx::PgExecutor;
use std::collections::HashMap;

/// A share with its commission, frozen.
#[derive(Clone, Debug)]
pub struct FrozenShare {
    pub share: VendorShare,
    pub commission: i64,
    pub vendor_net: i64,
}

/// Freezes a share; an earlier one stays as it is.
pub async fn insert(
    db: impl PgExecutor<'_>,
    order: OrderId,
    currency: Currency,
    frozen: &FrozenShare,
) -> sqlx::Result<()> {
    let share = &frozen.share;
    sqlx::query!(
        "insert into payments.order_shares (vendor_order_id, order_id, vendor_id, currency, subtotal,
            platform_discount, vendor_discount, loyalty, shipping, tax, total, commission, vendor_net)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing",
        share.vendor_order.0,
        order.0,
        share.vendor.0,
        currency.as_str(),
        share.subtotal,
        share.platform_discount,
        share.vendor_discount,
        share.loyalty,
        share.shipping,
        share.tax,
        share.total,
        frozen.commission,
        frozen.vendor_net,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// By vendor order, so that splits are repeatable.
pub async fn of_order(db: impl PgExecutor<'_>, order: OrderId) -> sqlx::Result<Vec<FrozenShare>> {
    let rows = sqlx::query!(
        r#"select vendor_order_id as "vendor_order: VendorOrderId", vendor_id as "vendor: VendorId", subtotal,
            platform_discount, vendor_discount, loyalty, shipping, tax, total, commission, vendor_net
        from payments.order_shares where order_id = $1 order by vendor_order_id"#,
        order.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| FrozenShare {
            share: VendorShare {
                vendor_order: row.vendor_order,
                vendor: row.vendor,
                subtotal: row.subtotal,
                platform_discount: row.platform_discount,
                vendor_discount: row.vendor_discount,
                loyalty: row.loyalty,
                shipping: row.shipping,
                tax: row.tax,
                total: row.total,
            },
            commission: row.commission,
            vendor_net: row.vendor_net,
        })
        .collect())
}

/// Those of an order's shares that cost the customer nothing, with their currency.
pub async fn unpaid(
    db: impl PgExecutor<'_>,
    order: OrderId,
    vendor_orders: &[VendorOrderId],
) -> sqlx::Result<Vec<(VendorOrderId, Currency)>> {
    let rows = sqlx::query!(
        r#"select vendor_order_id as "vendor_order: VendorOrderId", currency as "currency: Currency"
        from payments.order_shares where order_id = $1 and vendor_order_id = any($2) and total = 0
        order by vendor_order_id"#,
        order.0,
        &uuids(vendor_orders)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.vendor_order, row.currency))
        .collect())
}

/// A rate of commission.
#[derive(Clone, Debug)]
pub struct RuleRow {
    pub id: CommissionRuleId,
    pub vendor_id: Option<VendorId>,
    pub basis_points: i32,
    pub effective_from: DateTime<Utc>,
}

/// The rate for each vendor at the transaction's moment: its own rule, else the platform's.
pub async fn rates(db: impl PgExecutor<'_>, vendors: &[VendorId]) -> sqlx::Result<HashMap<VendorId, i32>> {
    let rows = sqlx::query!(
        r#"select v.id as "vendor!: VendorId", r.basis_points as "basis_points!"
        from unnest($1::uuid[]) as v(id)
        cross join lateral (
            select basis_points from payments.commission_rules
            where (vendor_id = v.id or vendor_id is null) and effective_from <= payments.now()
            order by vendor_id is null, effective_from desc, created_at desc limit 1
        ) r"#,
        &uuids(vendors)
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.vendor, row.basis_points))
        .collect())
}

/// Makes `basis_points` the platform's rate from now on, or from the beginning while nothing has been booked.
pub async fn set_platform_rate(db: impl PgExecutor<'_>, basis_points: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into payments.commission_rules (id, vendor_id, basis_points, effective_from)
        select $1, null, $2,
            case when exists (select from payments.order_shares) then pg_catalog.now()
                else '1970-01-01T00:00:00Z'::timestamptz end
        where $2 is distinct from (
            select basis_points from payments.commission_rules where vendor_id is null
            order by effective_from desc, created_at desc limit 1)",
        CommissionRuleId::new().0,
        basis_points,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The rules that apply or will apply to these vendors, the platform's included, newest first.
pub async fn rules(db: impl PgExecutor<'_>, vendors: &[VendorId]) -> sqlx::Result<Vec<RuleRow>> {
    sqlx::query_as!(
        RuleRow,
        r#"select id as "id: CommissionRuleId", vendor_id as "vendor_id: VendorId", basis_points, effective_from
        from payments.commission_rules where vendor_id is null or vendor_id = any($1)
        order by effective_from desc, created_at desc, id"#,
        &uuids(vendors)
    )
    .fetch_all(db)
    .await
}
