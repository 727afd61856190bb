//! Paying again, after a payment failed.

use super::{Checkout, Invalid, again, answer::view};
use crate::{
    Settings,
    actions::saga,
    domain::{
        order::OrderStatus,
        saga::{SagaStatus, Step},
    },
    error::{Outcome, UserError},
    store,
};
use async_graphql::ID;
use chrono::{Duration, Utc};
use contracts::payments::{PaymentState, SyncPayment};
use platform::{
    Deps, Moment, Viewer,
    error::parse_id,
    ids::{OrderId, SagaId},
};

/// Another try to pay an order whose payment failed; an open payment is handed out again.
pub async fn resume(
    deps: &Deps,
    settings: &Settings,
    viewer: &Viewer,
    order: &ID,
    provider: Option<String>,
    key: &str,
) -> Outcome<Checkout> {
    let id: OrderId = parse_id(order)?;
    if key.is_empty() || key.len() > 255 {
        return Err(Invalid::invalid(&["idempotencyKey"], "1..255 characters").into());
    }
    let row = store::orders::by_ids(deps.db.pool(), &[id])
        .await?
        .pop()
        .filter(|row| viewer.acts_for(row.customer_id))
        .ok_or_else(|| Invalid::not_found(id))?;
    if row.status != OrderStatus::PendingPayment {
        return Err(
            Invalid::invalid_transition(row.status, OrderStatus::Confirmed, row.status.next()).into(),
        );
    }
    let failed = deps
        .commands
        .call(&SyncPayment { order: id })
        .await?
        .is_none_or(|payment| {
            matches!(
                payment.status,
                PaymentState::Failed | PaymentState::Expired | PaymentState::Voided
            )
        });
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let input = (id, provider.as_deref());
    let claim =
        platform::idempotency::claim::<SagaId, UserError>(&mut tx, viewer, "checkoutResume", key, &input)
            .await?;
    let mut saga = store::sagas::lock_of_order(&mut tx, id)
        .await?
        .ok_or_else(|| Invalid::not_found(id))?;
    let fresh = match claim {
        platform::idempotency::Claimed::Fresh(claim) => Some(claim),
        platform::idempotency::Claimed::Replay(_) => None,
    };
    if let (Some(claim), true, SagaStatus::AwaitingPayment) = (fresh, failed, saga.status) {
        saga.plan.attempt += 1;
        if let Some(provider) = provider {
            saga.plan.provider = provider.to_lowercase();
            saga.plan.saved_method = None;
        }
        Step::CreatePayment.name().clone_into(&mut saga.step);
        saga.status = SagaStatus::Running;
        saga.deadline = Some(Utc::now() + Duration::seconds(settings.payment_deadline_seconds));
        store::sagas::redirect(&mut tx, &saga).await?;
        claim.store(&mut tx, &saga.id).await?;
        tx.commit().await?;
        let driven = saga::run(deps, settings, saga.id).await?;
        return match driven {
            Some((saga, payment)) => view(deps, &saga, payment).await,
            None => again(deps, settings, saga.id, true).await,
        };
    }
    tx.rollback().await?;
    view(deps, &saga, None).await
}
