//! The verbs of the service. Order of locks in all of them: idempotency key, the order's reservation, purchase order,
//! variants in key order, stock levels.

use crate::domain::ledger::{Cause, Change, InventoryTxType};
use crate::store::{self, variants::VariantState};
use contracts::events::{LowStockRaised, StockReturned, StockStateChanged};
use platform::{Error, Fault, Tx, UserError, ids::StockLevelId};
use std::{future::Future, time::Duration};
use uuid::Uuid;

pub mod adjust;
pub mod alert;
pub mod authority;
pub mod deliver;
pub mod expire;
pub mod import;
pub mod purchase;
pub mod release;
pub mod reserve;
pub mod supplier;
pub mod thresholds;
pub mod transfer;
pub mod warehouse;

/// An outcome that another try may change.
pub trait Transient {
    fn is_transient(&self) -> bool;
}

impl Transient for Error {
    /// Postgres chose this transaction as the victim of a deadlock or of a serialization failure.
    fn is_transient(&self) -> bool {
        let Error::Internal(cause) = self else {
            return false;
        };
        cause
            .downcast_ref::<sqlx::Error>()
            .and_then(|error| error.as_database_error()?.code())
            .is_some_and(|code| code == "40001" || code == "40P01")
    }
}

impl<E> Transient for Fault<E> {
    fn is_transient(&self) -> bool {
        matches!(self, Fault::Failed(error) if error.is_transient())
    }
}

/// Runs a whole transaction, three more times at most while Postgres picks it as a victim.
pub async fn retry<T, E, F, Fut>(mut attempt: F) -> Result<T, E>
where
    E: Transient,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    for round in 1..=3_u64 {
        match attempt().await {
            Err(error) if error.is_transient() => {
                // The random part of an ID keeps two victims from meeting again.
                let jitter = u64::from(Uuid::now_v7().as_bytes()[15]) % 16;
                tokio::time::sleep(Duration::from_millis(5 * round + jitter)).await;
            }
            result => return result,
        }
    }
    attempt().await
}

/// Moves counters and writes the ledger, then tells whoever has to know.
pub async fn apply(
    tx: &mut Tx,
    changes: &[Change],
    cause: &Cause<'_>,
    guarded: bool,
) -> Result<Vec<StockLevelId>, sqlx::Error> {
    let levels = store::ledger::apply(tx, changes, cause, guarded).await?;
    // From reserved to allocated to gone: what can be ordered stays the same.
    if !matches!(cause.kind, InventoryTxType::Allocate | InventoryTxType::Ship) {
        let variants: Vec<Uuid> = changes.iter().map(|c| c.variant).collect();
        settle(tx, &variants).await?;
    }
    Ok(levels)
}

/// Raises and ends alerts and tells new stock states, after stock or its thresholds changed.
pub async fn settle(tx: &mut Tx, variants: &[Uuid]) -> Result<(), sqlx::Error> {
    for alert in store::alerts::review(tx, variants).await? {
        tx.hint("alert", alert.id);
        tx.emit(&LowStockRaised {
            alert: alert.id,
            vendor: alert.vendor_id,
            variant: alert.variant_id,
            warehouse: alert.warehouse_id,
            available: alert.available,
            threshold: alert.threshold,
        })
        .await?;
    }
    let moved = store::variants::restate(tx, variants).await?;
    let state = |variant: &VariantState| StockStateChanged {
        variant: variant.id,
        product: variant.product,
        vendor: variant.vendor,
        state: variant.state.as_str().to_owned(),
    };
    let back = |variant: &VariantState| StockReturned {
        variant: variant.id,
        product: variant.product,
        vendor: variant.vendor,
    };
    for variant in &moved {
        tx.hint("variant", variant.id);
    }
    tx.emit_all(&moved.iter().map(state).collect::<Vec<_>>()).await?;
    let returned = moved.iter().filter(|variant| variant.returned);
    tx.emit_all(&returned.map(back).collect::<Vec<_>>()).await?;
    Ok(())
}

/// What a command answers where a client would get a user error: the caller is a service and has made a mistake.
pub fn refused(fault: Fault<UserError>) -> Error {
    match fault {
        Fault::Failed(error) => error,
        Fault::User(UserError::ValidationError(error)) => Error::BadInput(error.message),
        Fault::User(UserError::IdempotencyError(error)) => Error::BadInput(error.message),
        Fault::User(_) => Error::BadInput("refused".to_owned()),
    }
}
