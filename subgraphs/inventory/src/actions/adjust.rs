//! Corrections of stock by people: by so many pieces, or to so many pieces.

use super::{
    apply,
    authority::{self, at, conflict},
};
use crate::domain::{
    ledger::{Cause, Change, InventoryTxType},
    level::StockLevel,
};
use crate::store;
use platform::{
    Moment, Outcome, Tx, UserError, UserErrorCode, Viewer,
    address::text,
    idempotency::{self, Claimed},
    ids::{StockLevelId, VariantId, WarehouseId},
    service::Deps,
};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Levels one mutation may change.
const MAX_CHANGES: usize = 250;

/// What is to become of the pieces on hand.
#[derive(Clone, Copy, Debug, Serialize)]
pub enum Target {
    By(i32),
    To(i32),
}

/// One correction.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Correction {
    pub variant: VariantId,
    pub warehouse: WarehouseId,
    pub target: Target,
    /// Only if so many pieces are on hand now.
    pub from: Option<i32>,
}

/// Several corrections, all or none.
#[derive(Clone, Debug, Serialize)]
pub struct Corrections {
    pub lines: Vec<Correction>,
    pub reason: String,
    #[serde(skip)]
    pub operation: &'static str,
    /// Name of the list in the input, for errors.
    #[serde(skip)]
    pub list: &'static str,
    #[serde(skip)]
    pub key: String,
}

pub async fn correct(deps: &Deps, viewer: &Viewer, input: &Corrections) -> Outcome<Vec<StockLevelId>> {
    let reason = check(input)?;
    let variants: Vec<VariantId> = input.lines.iter().map(|line| line.variant).collect();
    authority::learn(deps, &variants).await?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let claim = match idempotency::claim(&mut tx, viewer, input.operation, &input.key, input).await? {
        Claimed::Replay(levels) => return Ok(levels),
        Claimed::Fresh(claim) => claim,
    };
    let pairs: Vec<_> = input
        .lines
        .iter()
        .map(|line| (line.variant, line.warehouse))
        .collect();
    authority::lock(&mut tx, viewer, &pairs).await?;
    let levels = levels(&mut tx, &pairs).await?;
    let changes = changes(input, &levels)?;
    let cause = Cause {
        kind: kind(input),
        ref_type: None,
        reason: Some(&reason),
        actor: &viewer.actor(),
    };
    let changed = apply(&mut tx, &changes, &cause, false).await?;
    claim.store(&mut tx, &changed).await?;
    tx.commit().await?;
    Ok(changed)
}

/// The levels of these pairs; missing ones are made, empty.
pub(super) async fn levels(
    tx: &mut Tx,
    pairs: &[(VariantId, WarehouseId)],
) -> Result<HashMap<(VariantId, WarehouseId), StockLevel>, sqlx::Error> {
    let pairs: Vec<(Uuid, Uuid)> = pairs.iter().map(|(v, w)| (v.0, w.0)).collect();
    store::levels::ensure(tx, &pairs).await?;
    let levels = store::levels::of_pairs(tx, &pairs).await?;
    Ok(levels
        .into_iter()
        .map(|level| ((level.variant_id, level.warehouse_id), level))
        .collect())
}

fn check(input: &Corrections) -> Result<String, UserError> {
    if !(1..=MAX_CHANGES).contains(&input.lines.len()) {
        return Err(UserError::invalid(
            &[input.list],
            &format!("1..{MAX_CHANGES} entries"),
        ));
    }
    let mut seen = HashSet::new();
    for (n, line) in input.lines.iter().enumerate() {
        if !seen.insert((line.variant, line.warehouse)) {
            let n = n.to_string();
            return Err(UserError::invalid(
                &[input.list, &n],
                "another variant or warehouse than before",
            ));
        }
    }
    text(input.reason.clone(), 500).ok_or_else(|| UserError::invalid(&["reason"], "1..500 characters"))
}

fn kind(input: &Corrections) -> InventoryTxType {
    match input.lines.first().map(|line| line.target) {
        Some(Target::To(_)) => InventoryTxType::Count,
        _ => InventoryTxType::Adjustment,
    }
}

fn changes(
    input: &Corrections,
    levels: &HashMap<(VariantId, WarehouseId), StockLevel>,
) -> Result<Vec<Change>, UserError> {
    let mut changes = Vec::with_capacity(input.lines.len());
    for (n, line) in input.lines.iter().enumerate() {
        let Some(level) = levels.get(&(line.variant, line.warehouse)) else {
            return Err(UserError::not_found(line.variant.to_string()));
        };
        let n = n.to_string();
        let delta = delta(line, level, &[input.list, &n])?;
        changes.push(Change {
            on_hand: delta,
            ..Change::of(line.variant, line.warehouse, None)
        });
    }
    Ok(changes)
}

/// By how much `level` changes; `path` is the correction's place in the input.
fn delta(line: &Correction, level: &StockLevel, path: &[&str]) -> Result<i32, UserError> {
    let field = |name| [path, &[name]].concat();
    if line.from.is_some_and(|from| from != level.on_hand) {
        let message = format!("{} pieces are on hand", level.on_hand);
        return Err(conflict(&field("changeFromQuantity"), message));
    }
    let (name, after) = match line.target {
        Target::By(delta) => ("delta", i64::from(level.on_hand) + i64::from(delta)),
        Target::To(on_hand) => ("onHand", i64::from(on_hand)),
    };
    let promised = level.reserved + level.allocated;
    let after = i32::try_from(after).ok().filter(|after| *after >= 0);
    match after {
        None => Err(UserError::invalid(
            &field(name),
            "such that 0..2147483647 pieces remain",
        )),
        Some(after) if after < promised => Err(at(
            UserErrorCode::InsufficientStock,
            &field(name),
            format!("{promised} pieces are reserved or allocated"),
        )),
        Some(after) => Ok(after - level.on_hand),
    }
}
