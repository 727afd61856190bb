//! What people may do to a payment by hand.

use super::{
    cancel,
    capture::{self, Taken},
    record::Source,
    refund, sync,
};
use crate::{
    App,
    domain::{
        fold::Fact,
        status::{PaymentRefundStatus, PaymentStatus},
    },
    error::{Outcome, declined, refuse},
    provider::PaymentProvider,
    store::{
        payments::{self, Payment},
        refunds::{self, PaymentRefundRow},
    },
};
use platform::{
    Moment, UserError, Viewer,
    error::parse_id,
    idempotency::{self, Claimed},
    ids::{OrderId, PaymentId, PaymentRefundId},
};

async fn own(app: &App, viewer: &Viewer, id: &async_graphql::ID) -> Outcome<Payment> {
    let found = payments::by_id(app.deps.db.pool(), parse_id::<PaymentId>(id)?).await?;
    found
        .filter(|payment| payment.visible_to(viewer))
        .ok_or_else(|| refuse(UserError::not_found(id.clone())))
}

/// Claims the key together with a check of the state; true if this is the first use.
async fn first_use(
    app: &App,
    viewer: &Viewer,
    operation: &'static str,
    key: &str,
    payment: &Payment,
    amount: Option<i64>,
    check: impl Fn(&Payment) -> Result<(), UserError>,
) -> Outcome<bool> {
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let input = (payment.id, amount);
    match idempotency::claim::<PaymentId, crate::error::UserError>(&mut tx, viewer, operation, key, &input)
        .await?
    {
        Claimed::Replay(_) => Ok(false),
        Claimed::Fresh(claim) => {
            let payment = payments::lock(&mut *tx, payment.id).await?;
            check(&payment)?;
            claim.store(&mut tx, &payment.id).await?;
            tx.commit().await?;
            Ok(true)
        }
    }
}

fn step(payment: &Payment, to: PaymentStatus, from: &[PaymentStatus]) -> Result<(), UserError> {
    if payment.status == to || from.contains(&payment.status) {
        return Ok(());
    }
    Err(UserError::invalid_transition(
        payment.status.name(),
        to.name(),
        payment.status.allowed(),
    ))
}

/// Captures an authorized payment, in full or in part. A replay does what the first request could not finish.
pub async fn capture(
    app: &App,
    viewer: &Viewer,
    id: &async_graphql::ID,
    amount: Option<i64>,
    key: &str,
) -> Outcome<Payment> {
    let payment = own(app, viewer, id).await?;
    if amount.is_some_and(|amount| amount < 1 || amount > payment.amount) {
        return Err(UserError::invalid(&["amount"], "positive and at most what is authorized").into());
    }
    let allowed = |p: &Payment| step(p, PaymentStatus::Captured, &[PaymentStatus::Authorized]);
    first_use(app, viewer, "paymentCapture", key, &payment, amount, allowed).await?;
    match capture::take(app, payment, amount).await? {
        Taken::Captured(payment) => Ok(*payment),
        Taken::Pending => Err(declined("the provider has not answered yet", true)),
        Taken::Refused(reason) => Err(declined(&reason, false)),
    }
}

/// Cancels a payment of which nothing was captured.
pub async fn void(app: &App, viewer: &Viewer, id: &async_graphql::ID, key: &str) -> Outcome<Payment> {
    let payment = own(app, viewer, id).await?;
    let from = [
        PaymentStatus::Created,
        PaymentStatus::RequiresAction,
        PaymentStatus::Authorized,
        PaymentStatus::Failed,
    ];
    let allowed = |p: &Payment| step(p, PaymentStatus::Voided, &from);
    first_use(app, viewer, "paymentVoid", key, &payment, None, allowed).await?;
    Ok(cancel::close(app, payment.id, Fact::Voided, Source::Staff).await?)
}

/// Asks the provider for the truth. The payer may do it, and staff.
pub async fn sync(app: &App, viewer: &Viewer, id: &async_graphql::ID) -> Outcome<Payment> {
    let payment = own(app, viewer, id).await?;
    let source = if viewer.is_staff() {
        Source::Staff
    } else {
        Source::Api
    };
    Ok(sync::sync(app, payment, source).await?)
}

/// The money of a manual payment has arrived.
pub async fn mark_paid(
    app: &App,
    viewer: &Viewer,
    order: &async_graphql::ID,
    reference: &str,
    key: &str,
) -> Outcome<Payment> {
    let not_found = || refuse(UserError::not_found(order.clone()));
    let order_id = parse_id::<OrderId>(order)?;
    let Some(reference) = platform::address::text(reference.to_owned(), 200) else {
        return Err(UserError::invalid(&["reference"], "1..200 characters").into());
    };
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let input = (order_id, &reference);
    let claim = match idempotency::claim(&mut tx, viewer, "paymentMarkPaid", key, &input).await? {
        Claimed::Replay(id) => return payments::by_id(&mut *tx, id).await?.ok_or_else(not_found),
        Claimed::Fresh(claim) => claim,
    };
    let all = payments::of_orders(&mut *tx, &[order_id]).await?;
    let manual = all
        .into_iter()
        .rev()
        .find(|payment| payment.provider == PaymentProvider::Manual);
    let Some(found) = manual else {
        return Err(not_found());
    };
    let mut payment = payments::lock(&mut *tx, found.id).await?;
    step(&payment, PaymentStatus::Captured, &[PaymentStatus::Created])?;
    if payment.captured == 0 {
        capture::mark_paid(&mut tx, &mut payment, &reference).await?;
    }
    claim.store(&mut tx, &payment.id).await?;
    tx.commit().await?;
    Ok(payment)
}

/// Tries a failed refund again.
pub async fn retry_refund(
    app: &App,
    viewer: &Viewer,
    id: &async_graphql::ID,
    key: &str,
) -> Outcome<PaymentRefundRow> {
    let not_found = || refuse(UserError::not_found(id.clone()));
    let refund = parse_id::<PaymentRefundId>(id)?;
    let row = refunds::by_id(app.deps.db.pool(), refund)
        .await?
        .ok_or_else(not_found)?;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let claim =
        match idempotency::claim::<PaymentRefundId, _>(&mut tx, viewer, "paymentRefundRetry", key, &refund)
            .await?
        {
            Claimed::Replay(id) => return refunds::by_id(&mut *tx, id).await?.ok_or_else(not_found),
            Claimed::Fresh(claim) => claim,
        };
    let mut payment = payments::lock(&mut *tx, row.payment_id).await?;
    let row = refunds::by_id(&mut *tx, refund).await?.ok_or_else(not_found)?;
    let row = match row.status {
        PaymentRefundStatus::Pending => row,
        PaymentRefundStatus::Failed => match refund::again(&mut tx, &payment, row).await? {
            Some(row) => row,
            None => {
                return Err(UserError::refused(
                    platform::UserErrorCode::LimitExceeded,
                    "more than was captured",
                )
                .into());
            }
        },
        status => {
            return Err(UserError::invalid_transition(status.name(), "PENDING", status.allowed()).into());
        }
    };
    claim.store(&mut tx, &row.id).await?;
    Ok(refund::finish(app, tx, &mut payment, row).await?)
}
