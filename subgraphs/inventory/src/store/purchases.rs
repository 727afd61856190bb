//! Purchase orders. Who may see the warehouse's vendor's things may see them; the platform's are for staff.

use crate::domain::purchase::{PurchaseOrder, PurchaseOrderLine, PurchaseOrderStatus};
use crate::store::Scope;
use platform::{
    Currency, Date,
    ids::{PurchaseOrderId, SupplierId, VariantId, WarehouseId},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

macro_rules! purchases {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            PurchaseOrder,
            r#"select po.id as "id: PurchaseOrderId", po.supplier_id as "supplier_id: SupplierId",
                po.warehouse_id as "warehouse_id: WarehouseId", po.status as "status: PurchaseOrderStatus",
                po.expected_at as "expected_at: Date", po.currency as "currency: Currency", po.total, po.version
            from inventory.purchase_orders po join inventory.suppliers s on s.id = po.supplier_id "# + $tail
            $(, $arg)*
        )
    };
}

pub async fn by_ids(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<PurchaseOrder>, sqlx::Error> {
    purchases!(
        "where po.id = any($3) and ($1 or s.vendor_id = any($2))",
        scope.staff,
        &scope.vendors,
        ids
    )
    .fetch_all(db)
    .await
}

/// The newest hundred of each supplier.
pub async fn by_suppliers(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    suppliers: &[Uuid],
) -> Result<Vec<PurchaseOrder>, sqlx::Error> {
    purchases!(
        "where po.id in (
            select p.id from unnest($3::uuid[]) as asked(id) cross join lateral (
                select id from inventory.purchase_orders where supplier_id = asked.id
                order by created_at desc limit 100) p)
            and ($1 or s.vendor_id = any($2))
        order by po.created_at desc, po.id desc",
        scope.staff,
        &scope.vendors,
        suppliers
    )
    .fetch_all(db)
    .await
}

pub async fn lock(
    db: &mut PgConnection,
    scope: &Scope,
    id: PurchaseOrderId,
) -> Result<Option<PurchaseOrder>, sqlx::Error> {
    purchases!(
        "where po.id = $3 and ($1 or s.vendor_id = any($2)) for update of po",
        scope.staff,
        &scope.vendors,
        id.0
    )
    .fetch_optional(db)
    .await
}

/// Inserts a sent order with its lines; `lead_time_days` from today it should arrive.
pub async fn insert(
    db: &mut PgConnection,
    order: &PurchaseOrder,
    lead_time_days: Option<i32>,
    lines: &[(VariantId, i32, i64)],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into inventory.purchase_orders (id, supplier_id, warehouse_id, status, currency, total, expected_at)
        values ($1, $2, $3, $4, $5, $6, (inventory.now() at time zone 'UTC')::date + $7::int)",
        order.id.0,
        order.supplier_id.0,
        order.warehouse_id.0,
        order.status.as_str(),
        order.currency.as_str(),
        order.total,
        lead_time_days
    )
    .execute(&mut *db)
    .await?;
    let variants: Vec<Uuid> = lines.iter().map(|(variant, ..)| variant.0).collect();
    let quantities: Vec<i32> = lines.iter().map(|(_, quantity, _)| *quantity).collect();
    let costs: Vec<i64> = lines.iter().map(|(.., cost)| *cost).collect();
    sqlx::query!(
        "insert into inventory.purchase_order_lines (purchase_order_id, variant_id, quantity, unit_cost, position)
        select $1, * from unnest($2::uuid[], $3::int[], $4::bigint[]) with ordinality",
        order.id.0,
        &variants,
        &quantities,
        &costs
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Books arrived pieces of a line; `false` if the order has no such line or not so many pieces are missing.
pub async fn receive(
    db: &mut PgConnection,
    id: PurchaseOrderId,
    variant: VariantId,
    quantity: i32,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update inventory.purchase_order_lines l set received_quantity = l.received_quantity + $3
        where l.purchase_order_id = $1 and l.variant_id = $2 and l.quantity - l.received_quantity >= $3",
        id.0,
        variant.0,
        quantity
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Pieces that have not arrived.
pub async fn missing(db: &mut PgConnection, id: PurchaseOrderId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(quantity - received_quantity), 0) as "n!"
        from inventory.purchase_order_lines where purchase_order_id = $1"#,
        id.0
    )
    .fetch_one(db)
    .await
}

pub async fn set_status(
    db: &mut PgConnection,
    id: PurchaseOrderId,
    status: PurchaseOrderStatus,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update inventory.purchase_orders set status = $2, version = version + 1 where id = $1",
        id.0,
        status.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lines of orders that the caller has been allowed to see.
pub async fn lines(
    db: impl PgExecutor<'_>,
    orders: &[Uuid],
) -> Result<Vec<(PurchaseOrderId, PurchaseOrderLine)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select l.purchase_order_id as "order: PurchaseOrderId", l.variant_id as "variant_id: VariantId", l.quantity,
            l.received_quantity, l.unit_cost, po.currency as "currency: Currency"
        from inventory.purchase_order_lines l join inventory.purchase_orders po on po.id = l.purchase_order_id
        where l.purchase_order_id = any($1) order by l.purchase_order_id, l.position"#,
        orders
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let line = PurchaseOrderLine {
                variant_id: row.variant_id,
                quantity: row.quantity,
                received_quantity: row.received_quantity,
                unit_cost: row.unit_cost,
                currency: row.currency,
            };
            (row.order, line)
        })
        .collect())
}
