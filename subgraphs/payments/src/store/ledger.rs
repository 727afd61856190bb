//! The ledger: append-only, balanced by the database itself.

use crate::domain::ledger::{LedgerAccount, Line};
use chrono::{DateTime, Utc};
use platform::{
    Currency,
    ids::{LedgerEntryId, OrderId, PaymentId, VendorId, VendorOrderId, uuids},
};
use sqlx::PgExecutor;
use uuid::Uuid;

/// What a transaction is booked for.
pub struct Booking<'a> {
    pub kind: &'static str,
    pub order: OrderId,
    pub payment: Option<PaymentId>,
    pub currency: Currency,
    pub ref_type: &'static str,
    pub ref_id: &'a str,
}

/// A line and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct OwnedLine {
    pub line: Line,
    pub owner: Option<(VendorId, VendorOrderId)>,
}

impl From<Line> for OwnedLine {
    fn from(line: Line) -> Self {
        Self { line, owner: None }
    }
}

/// Books a transaction. False if it is booked already, or has no lines.
pub async fn book(
    db: &mut sqlx::PgConnection,
    booking: &Booking<'_>,
    lines: &[OwnedLine],
) -> sqlx::Result<bool> {
    let lines: Vec<&OwnedLine> = lines.iter().filter(|owned| owned.line.credit != 0).collect();
    if lines.is_empty() {
        return Ok(false);
    }
    let id = Uuid::now_v7();
    let inserted = sqlx::query!(
        "insert into payments.ledger_transactions (id, kind, order_id, payment_id, currency, ref_type, ref_id)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (kind, ref_type, ref_id) do nothing",
        id,
        booking.kind,
        booking.order.0,
        booking.payment.map(|payment| payment.0),
        booking.currency.as_str(),
        booking.ref_type,
        booking.ref_id,
    )
    .execute(&mut *db)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    let ids: Vec<Uuid> = lines.iter().map(|_| LedgerEntryId::new().0).collect();
    let accounts: Vec<String> = lines
        .iter()
        .map(|owned| owned.line.account.name().to_owned())
        .collect();
    let vendors: Vec<Option<Uuid>> = lines
        .iter()
        .map(|owned| owned.owner.map(|owner| owner.0.0))
        .collect();
    let orders: Vec<Option<Uuid>> = lines
        .iter()
        .map(|owned| owned.owner.map(|owner| owner.1.0))
        .collect();
    let debits: Vec<i64> = lines.iter().map(|owned| (-owned.line.credit).max(0)).collect();
    let credits: Vec<i64> = lines.iter().map(|owned| owned.line.credit.max(0)).collect();
    sqlx::query!(
        "insert into payments.ledger_entries
            (id, transaction_id, account, order_id, vendor_id, vendor_order_id, currency, debit, credit)
        select l.id, $1, l.account, $2, l.vendor, l.vendor_order, $3, l.debit, l.credit
        from unnest($4::uuid[], $5::text[], $6::uuid[], $7::uuid[], $8::bigint[], $9::bigint[])
            as l(id, account, vendor, vendor_order, debit, credit)",
        id,
        booking.order.0,
        booking.currency.as_str(),
        &ids,
        &accounts,
        &vendors as &[Option<Uuid>],
        &orders as &[Option<Uuid>],
        &debits,
        &credits,
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// What was taken back of each vendor order's accrual by refunds so far, as credits of the accrual.
pub async fn taken_back(db: impl PgExecutor<'_>, order: OrderId) -> sqlx::Result<Vec<(VendorOrderId, Line)>> {
    let rows = sqlx::query!(
        r#"select e.vendor_order_id as "vendor_order!: VendorOrderId", e.account as "account: LedgerAccount",
            (sum(e.debit) - sum(e.credit))::bigint as "taken!"
        from payments.ledger_entries e join payments.ledger_transactions t on t.id = e.transaction_id
        where e.order_id = $1 and t.kind <> 'ACCRUAL' and e.vendor_order_id is not null
        group by e.vendor_order_id, e.account order by e.vendor_order_id, e.account"#,
        order.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.vendor_order, Line::credit(row.account, row.taken)))
        .collect())
}

/// The lines of a booked transaction.
pub async fn lines(
    db: impl PgExecutor<'_>,
    kind: &str,
    ref_type: &str,
    ref_id: &str,
) -> sqlx::Result<Vec<OwnedLine>> {
    let rows = sqlx::query!(
        r#"select e.account as "account: LedgerAccount", e.vendor_id as "vendor: VendorId",
            e.vendor_order_id as "vendor_order: VendorOrderId", e.debit, e.credit
        from payments.ledger_entries e join payments.ledger_transactions t on t.id = e.transaction_id
        where t.kind = $1 and t.ref_type = $2 and t.ref_id = $3 order by e.id"#,
        kind,
        ref_type,
        ref_id
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| OwnedLine {
            line: Line::credit(row.account, row.credit - row.debit),
            owner: row.vendor.zip(row.vendor_order),
        })
        .collect())
}

/// One side of a booking, for reading.
#[derive(Clone, Debug)]
pub struct EntryRow {
    pub id: LedgerEntryId,
    pub account: LedgerAccount,
    pub order_id: OrderId,
    pub vendor_order_id: Option<VendorOrderId>,
    pub currency: Currency,
    pub debit: i64,
    pub credit: i64,
    pub ref_type: String,
    pub ref_id: String,
    pub created_at: DateTime<Utc>,
}

/// Entries of vendor orders; `vendors` limits them to those of these vendors, `None` does not.
pub async fn of_vendor_orders(
    db: impl PgExecutor<'_>,
    ids: &[VendorOrderId],
    vendors: Option<&[VendorId]>,
) -> sqlx::Result<Vec<EntryRow>> {
    sqlx::query_as!(
        EntryRow,
        r#"select e.id as "id: LedgerEntryId", e.account as "account: LedgerAccount", e.order_id as "order_id: OrderId",
            e.vendor_order_id as "vendor_order_id: VendorOrderId", e.currency as "currency: Currency", e.debit,
            e.credit, t.ref_type, t.ref_id, e.created_at
        from payments.ledger_entries e join payments.ledger_transactions t on t.id = e.transaction_id
        where e.vendor_order_id = any($1) and ($2::uuid[] is null or e.vendor_id = any($2)) order by e.id"#,
        &uuids(ids),
        vendors.map(|vendors| uuids(vendors)) as Option<Vec<Uuid>>,
    )
    .fetch_all(db)
    .await
}

/// What a vendor has earned and been paid, in one currency.
#[derive(Clone, Debug)]
pub struct BalanceRow {
    pub vendor_id: VendorId,
    pub currency: Currency,
    pub pending: i64,
    pub available: i64,
    pub paid: i64,
}

pub async fn balances(db: impl PgExecutor<'_>, vendors: &[VendorId]) -> sqlx::Result<Vec<BalanceRow>> {
    sqlx::query_as!(
        BalanceRow,
        r#"select vendor_id as "vendor_id!: VendorId", currency as "currency: Currency",
            coalesce(sum(credit - debit) filter (where account = 'VENDOR_PENDING'), 0)::bigint as "pending!",
            coalesce(sum(credit - debit) filter (where account = 'VENDOR_AVAILABLE'), 0)::bigint as "available!",
            coalesce(sum(credit - debit) filter (where account = 'VENDOR_PAID'), 0)::bigint as "paid!"
        from payments.ledger_entries
        where vendor_id = any($1) and account in ('VENDOR_PENDING', 'VENDOR_AVAILABLE', 'VENDOR_PAID')
        group by vendor_id, currency order by currency"#,
        &uuids(vendors)
    )
    .fetch_all(db)
    .await
}

/// Debits and credits of every account in a currency.
pub async fn trial_balance(
    db: impl PgExecutor<'_>,
    currency: Currency,
) -> sqlx::Result<Vec<(LedgerAccount, i64, i64, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"select account as "account: LedgerAccount", sum(debit)::bigint as "debit!", sum(credit)::bigint as "credit!",
            max(created_at) as "at!"
        from payments.ledger_entries where currency = $1 group by account order by account"#,
        currency.as_str()
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.account, row.debit, row.credit, row.at))
        .collect())
}
