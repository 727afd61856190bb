//! Ordering from suppliers, and what arrives.

use super::{adjust::levels, apply, authority};
use crate::domain::{
    ledger::{Cause, Change, InventoryTxType},
    purchase::{PurchaseOrder, PurchaseOrderStatus},
};
use crate::store::{self, Scope};
use platform::{
    Currency, Moment, Money, Outcome, Tx, UserError, UserErrorCode, Viewer,
    idempotency::{self, Claimed},
    ids::{PurchaseOrderId, SupplierId, VariantId, WarehouseId},
    service::Deps,
};
use serde::Serialize;
use std::collections::BTreeSet;

const MAX_LINES: usize = 250;
const MAX_QUANTITY: i32 = 1_000_000;

/// A line of a new purchase order.
#[derive(Clone, Debug, Serialize)]
pub struct NewLine {
    pub variant: VariantId,
    pub quantity: i32,
    /// Minor units for one piece.
    pub unit_cost: i64,
    pub currency: Currency,
}

/// A new purchase order.
#[derive(Clone, Debug, Serialize)]
pub struct NewPurchase {
    pub supplier: SupplierId,
    pub warehouse: WarehouseId,
    pub lines: Vec<NewLine>,
    #[serde(skip)]
    pub key: String,
}

pub async fn create(deps: &Deps, viewer: &Viewer, input: &NewPurchase) -> Outcome<PurchaseOrder> {
    check(&input.lines)?;
    let variants: Vec<VariantId> = input.lines.iter().map(|line| line.variant).collect();
    authority::learn(deps, &variants).await?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let claim = match idempotency::claim(&mut tx, viewer, "purchaseOrderCreate", &input.key, input).await? {
        Claimed::Replay(id) => return load(&mut tx, viewer, id).await,
        Claimed::Fresh(claim) => claim,
    };
    let supplier = store::suppliers::lock(&mut tx, &Scope::from(viewer), input.supplier)
        .await?
        .ok_or_else(|| UserError::not_found(input.supplier.to_string()))?;
    let pairs: Vec<_> = variants
        .iter()
        .map(|variant| (*variant, input.warehouse))
        .collect();
    let known = authority::lock(&mut tx, viewer, &pairs).await?;
    if known
        .values()
        .any(|v| supplier.vendor_id.is_some_and(|vendor| vendor != v.vendor))
    {
        return Err(authority::conflict(&["lines"], "the supplier delivers to another vendor").into());
    }
    let id = PurchaseOrderId::new();
    let order = PurchaseOrder {
        id,
        supplier_id: input.supplier,
        warehouse_id: input.warehouse,
        status: PurchaseOrderStatus::Ordered,
        expected_at: None,
        currency: supplier.currency,
        total: total(supplier.currency, &input.lines)?.amount(),
        version: 1,
    };
    let lines: Vec<_> = input
        .lines
        .iter()
        .map(|l| (l.variant, l.quantity, l.unit_cost))
        .collect();
    store::purchases::insert(&mut tx, &order, supplier.lead_time_days, &lines).await?;
    let saved = load(&mut tx, viewer, id).await?;
    claim.store(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(saved)
}

fn check(lines: &[NewLine]) -> Result<(), UserError> {
    if !(1..=MAX_LINES).contains(&lines.len()) {
        return Err(UserError::invalid(&["lines"], &format!("1..{MAX_LINES} entries")));
    }
    let mut seen = BTreeSet::new();
    for (n, line) in lines.iter().enumerate() {
        let n = n.to_string();
        if !seen.insert(line.variant) {
            return Err(UserError::invalid(&["lines", &n, "variantId"], "named once"));
        }
        if !(1..=MAX_QUANTITY).contains(&line.quantity) {
            return Err(UserError::invalid(&["lines", &n, "quantity"], "1..1000000"));
        }
        if line.unit_cost < 0 {
            return Err(UserError::invalid(&["lines", &n, "unitCost"], "not negative"));
        }
    }
    Ok(())
}

/// The sum of the lines, which must be in the supplier's currency.
fn total(currency: Currency, lines: &[NewLine]) -> Outcome<Money> {
    let mut total = Money::zero(currency);
    for line in lines {
        let cost = Money::new(line.unit_cost, line.currency).times(i64::from(line.quantity))?;
        total = total.plus(cost)?;
    }
    Ok(total)
}

async fn load(tx: &mut Tx, viewer: &Viewer, id: PurchaseOrderId) -> Outcome<PurchaseOrder> {
    let found = store::purchases::by_ids(&mut **tx, &Scope::from(viewer), &[id.0]).await?;
    found
        .into_iter()
        .next()
        .ok_or_else(|| UserError::not_found(id.to_string()).into())
}

/// Pieces that have arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Arrival {
    pub order: PurchaseOrderId,
    pub variant: VariantId,
    pub quantity: i32,
    #[serde(skip)]
    pub key: String,
}

pub async fn receive(deps: &Deps, viewer: &Viewer, input: &Arrival) -> Outcome<PurchaseOrder> {
    if input.quantity < 1 {
        return Err(UserError::invalid(&["quantity"], "at least 1").into());
    }
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let claim = match idempotency::claim(&mut tx, viewer, "purchaseOrderReceive", &input.key, input).await? {
        Claimed::Replay(id) => return load(&mut tx, viewer, id).await,
        Claimed::Fresh(claim) => claim,
    };
    let order = lock(&mut tx, viewer, input.order).await?;
    go(&order, PurchaseOrderStatus::PartiallyReceived)?;
    let pair = (input.variant, order.warehouse_id);
    authority::lock(&mut tx, viewer, &[pair]).await?;
    if !store::purchases::receive(&mut tx, order.id, input.variant, input.quantity).await? {
        let message = "not so many pieces of this variant are missing";
        return Err(authority::at(UserErrorCode::Conflict, &["quantity"], message).into());
    }
    levels(&mut tx, &[pair]).await?;
    let change = Change {
        on_hand: input.quantity,
        ..Change::of(input.variant, order.warehouse_id, Some(order.id.to_string()))
    };
    let cause = Cause {
        kind: InventoryTxType::Receipt,
        ref_type: Some("PURCHASE_ORDER"),
        reason: None,
        actor: &viewer.actor(),
    };
    apply(&mut tx, &[change], &cause, false).await?;
    let status = match store::purchases::missing(&mut tx, order.id).await? {
        0 => PurchaseOrderStatus::Received,
        _ => PurchaseOrderStatus::PartiallyReceived,
    };
    store::purchases::set_status(&mut tx, order.id, status).await?;
    let saved = load(&mut tx, viewer, order.id).await?;
    claim.store(&mut tx, &order.id).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Nothing more will arrive; what has arrived stays.
pub async fn cancel(deps: &Deps, viewer: &Viewer, id: PurchaseOrderId) -> Outcome<PurchaseOrder> {
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let order = lock(&mut tx, viewer, id).await?;
    if order.status == PurchaseOrderStatus::Canceled {
        return Ok(order);
    }
    go(&order, PurchaseOrderStatus::Canceled)?;
    store::purchases::set_status(&mut tx, id, PurchaseOrderStatus::Canceled).await?;
    let saved = load(&mut tx, viewer, id).await?;
    tx.commit().await?;
    Ok(saved)
}

async fn lock(tx: &mut Tx, viewer: &Viewer, id: PurchaseOrderId) -> Outcome<PurchaseOrder> {
    store::purchases::lock(tx, &Scope::from(viewer), id)
        .await?
        .ok_or_else(|| UserError::not_found(id.to_string()).into())
}

fn go(order: &PurchaseOrder, to: PurchaseOrderStatus) -> Result<(), UserError> {
    match order.status.may_become(to) {
        true => Ok(()),
        false => Err(UserError::invalid_transition(
            order.status,
            to,
            order.status.next(),
        )),
    }
}
