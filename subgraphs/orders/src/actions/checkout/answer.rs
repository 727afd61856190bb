//! How a checkout is told to the client.

use super::{Checkout, Invalid};
use crate::{
    actions::saga::payment_command,
    domain::saga::{Refusal, Saga, SagaStatus},
    error::{InsufficientStockError, Outcome, PriceChangedError, UserError},
    schema::{quote::Quote, stubs::ProductVariant},
    store,
};
use contracts::payments::{CreatePaymentReply, PaymentInfo};
use platform::{Deps, Money, UserErrorCode};

pub(super) async fn view(deps: &Deps, saga: &Saga, payment: Option<PaymentInfo>) -> Outcome<Checkout> {
    let exists = !store::orders::by_ids(deps.db.pool(), &[saga.order_id])
        .await?
        .is_empty();
    let payment = match (saga.status, payment, payment_command(saga)) {
        (SagaStatus::AwaitingPayment, None, Some(command)) => match deps.commands.call(&command).await? {
            CreatePaymentReply::Created(payment) => Some(payment),
            CreatePaymentReply::Refused { .. } => None,
        },
        (SagaStatus::AwaitingPayment, payment, _) => payment,
        _ => None,
    };
    let error = match (&saga.failure, saga.status) {
        (Some(refusal), _) => Some(refusal_error(deps, refusal).await?),
        (None, SagaStatus::Running) => Some(Invalid::in_progress(1000).into()),
        (None, SagaStatus::AwaitingPayment) if payment.is_none() => {
            let reason = saga
                .last_error
                .clone()
                .unwrap_or_else(|| "the payment could not be started".to_owned());
            Some(Invalid::refused(UserErrorCode::PaymentDeclined, reason).into())
        }
        _ => None,
    };
    Ok(Checkout {
        order: exists.then_some(saga.order_id),
        status: saga.status,
        payment,
        error,
    })
}

/// What a refusal looks like in a payload.
async fn refusal_error(deps: &Deps, refusal: &Refusal) -> Outcome<UserError> {
    let plain = |code| UserError::from(Invalid::refused(code, refusal.reason()));
    Ok(match refusal {
        Refusal::InsufficientStock {
            variant,
            available,
            requested,
        } => UserError::InsufficientStockError(InsufficientStockError {
            code: UserErrorCode::InsufficientStock,
            message: format!("only {available} of {requested} pieces are in stock"),
            path: None,
            variant: Some(ProductVariant { id: *variant }),
            available: *available,
            requested: *requested,
        }),
        Refusal::PriceChanged { quote, previous, new } => {
            let row = store::quotes::by_ids(deps.db.pool(), &[*quote]).await?.pop();
            let row =
                row.ok_or_else(|| platform::Error::internal(anyhow::anyhow!("the new quote is missing")))?;
            let currency = row.body.currency;
            UserError::PriceChangedError(PriceChangedError {
                code: UserErrorCode::PriceChanged,
                message: "the total has changed; agree to the new quote".to_owned(),
                path: None,
                quote: Quote(row.into()),
                previous_total: Money::new(*previous, currency),
                new_total: Money::new(*new, currency),
            })
        }
        Refusal::CouponRejected { code, reason } => UserError::coupon(code, reason),
        Refusal::TooFewPoints { available } => Invalid::refused(
            UserErrorCode::Conflict,
            format!("only {available} loyalty points are left"),
        )
        .into(),
        Refusal::PaymentRefused { .. } => plain(UserErrorCode::PaymentDeclined),
        Refusal::Unavailable { .. } => plain(UserErrorCode::Unavailable),
        Refusal::Expired | Refusal::Canceled { .. } => plain(UserErrorCode::Conflict),
    })
}
