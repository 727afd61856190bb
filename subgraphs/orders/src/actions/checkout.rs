//! `checkoutComplete` and `checkoutResume`: start or find the saga, drive it as far as it goes, say what came of it.

use crate::{
    Settings,
    actions::{
        on_behalf,
        saga::{self, Driver, payment_command},
        tasks::{self, Task},
    },
    domain::{
        cart::CartStatus,
        order::OrderStatus,
        saga::{Owner, Plan, PlanLine, PlanVendor, Refusal, Saga, SagaKind, SagaStatus, Step},
    },
    error::{InsufficientStockError, Outcome, PriceChangedError, UserError, refused},
    schema::{quote::Quote, stubs::ProductVariant},
    store,
};
use async_graphql::ID;
use chrono::{Duration, Utc};
use contracts::payments::{CreatePaymentReply, PaymentInfo, PaymentState, SyncPayment};
use platform::{
    Deps, Moment, Money, UserErrorCode, Viewer,
    error::{check_version, parse_id},
    ids::{CartId, OrderId, OrderLineId, QuoteId, SagaId, SavedPaymentMethodId, VendorOrderId},
};
use sha2::{Digest, Sha256};
use tracing::Instrument;
use uuid::Uuid;

type Invalid = platform::UserError;

/// What the customer agrees to.
#[derive(Clone, Debug)]
pub struct Agreement {
    pub cart: ID,
    pub expected_version: i32,
    pub quote: ID,
    pub quote_hash: String,
    pub provider: String,
    pub saved_method: Option<ID>,
    pub return_url: Option<String>,
    /// Where a guest wants mails about the order.
    pub email: Option<String>,
    pub key: String,
}

/// How far the checkout came.
#[derive(Debug)]
pub struct Checkout {
    /// Present once the order exists.
    pub order: Option<OrderId>,
    pub status: SagaStatus,
    pub payment: Option<PaymentInfo>,
    pub error: Option<UserError>,
}

/// Starts the checkout, or finds the one with this key.
pub async fn complete(
    deps: &Deps,
    settings: &Settings,
    viewer: &Viewer,
    input: &Agreement,
) -> Outcome<Checkout> {
    viewer.require_customer()?;
    if input.key.is_empty() || input.key.len() > 255 {
        return Err(Invalid::invalid(&["input", "idempotencyKey"], "1..255 characters").into());
    }
    let fields = (
        input.cart.as_str(),
        input.expected_version,
        input.quote.as_str(),
        &input.quote_hash,
        &input.provider,
        input.saved_method.as_deref(),
        &input.return_url,
    );
    let mut request = serde_json::to_vec(&fields)?;
    request.extend(input.email.iter().flat_map(|email| email.bytes()));
    let hash = Sha256::digest(request).to_vec();
    let email = match &input.email {
        Some(text) => Some(
            platform::address::email(text)
                .ok_or_else(|| Invalid::invalid(&["input", "email"], "an email address"))?,
        ),
        None => None,
    };
    if let Some((id, known)) = store::sagas::by_key(deps.db.pool(), &viewer.actor(), &input.key).await? {
        return again(deps, settings, id, known == hash).await;
    }
    let cart: CartId = parse_id(&input.cart)?;
    let quote: QuoteId = parse_id(&input.quote)?;
    let quote = store::quotes::by_ids(deps.db.pool(), &[quote])
        .await?
        .pop()
        .filter(|row| row.cart_id == cart)
        .ok_or_else(|| Invalid::not_found(input.quote.clone()))?;
    let owner = Owner(Uuid::now_v7());
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let row = store::carts::lock(&mut tx, cart)
        .await?
        .filter(|row| viewer.acts_for(row.customer_id))
        .ok_or_else(|| Invalid::not_found(cart))?;
    // A request with the same key may have come in between; it held the cart's lock.
    if let Some((id, known)) = store::sagas::by_key(&mut *tx, &viewer.actor(), &input.key).await? {
        tx.rollback().await?;
        return again(deps, settings, id, known == hash).await;
    }
    if let Some(live) = store::sagas::live_of_cart(&mut *tx, cart).await? {
        let exists = !store::orders::by_ids(&mut *tx, &[live.order_id])
            .await?
            .is_empty();
        return Ok(Checkout {
            order: exists.then_some(live.order_id),
            status: live.status,
            payment: None,
            error: Some(Invalid::in_progress(1000).into()),
        });
    }
    if row.status != CartStatus::Active {
        return Err(Invalid::invalid_transition(row.status, CartStatus::Locked, row.status.next()).into());
    }
    check_version(input.expected_version, row.version)?;
    if quote.expired {
        return Err(refused(
            UserErrorCode::QuoteExpired,
            "the quote is too old; ask for a new one",
        ));
    }
    let lines = store::carts::lines(&mut *tx, &[cart]).await?;
    let deliveries = store::carts::deliveries(&mut *tx, &[cart]).await?;
    if lines.is_empty() {
        return Err(refused(UserErrorCode::Required, "the cart is empty"));
    }
    let shipping = row
        .shipping_address
        .as_deref()
        .cloned()
        .ok_or_else(|| refused(UserErrorCode::Required, "set the shipping address first"))?;
    let mut vendors: Vec<PlanVendor> = Vec::new();
    for line in &lines {
        if !vendors.iter().any(|part| part.vendor == line.vendor_id) {
            let chosen = deliveries
                .iter()
                .find(|delivery| delivery.vendor_id == line.vendor_id)
                .ok_or_else(|| refused(UserErrorCode::Required, "choose a delivery for every vendor"))?;
            vendors.push(PlanVendor {
                vendor: line.vendor_id,
                vendor_order: VendorOrderId::new(),
                method: Some(chosen.method_id),
                return_days: None,
            });
        }
    }
    let plan = Plan {
        currency: row.currency,
        tier: row.tier.clone(),
        lines: lines
            .iter()
            .map(|line| PlanLine {
                cart_line: line.id,
                order_line: OrderLineId::new(),
                variant: line.variant_id,
                vendor: line.vendor_id,
                quantity: line.quantity,
            })
            .collect(),
        vendors,
        billing_address: row
            .billing_address
            .as_deref()
            .cloned()
            .unwrap_or_else(|| shipping.clone()),
        shipping_address: shipping,
        coupons: row.coupon_codes.clone(),
        points: row.loyalty_points,
        quote_hash: input.quote_hash.clone(),
        quoted_total: quote.body.totals.total,
        provider: input.provider.to_lowercase(),
        saved_method: input
            .saved_method
            .as_ref()
            .map(parse_id::<SavedPaymentMethodId>)
            .transpose()?,
        return_url: input.return_url.clone(),
        attempt: 1,
        variants: Vec::new(),
        quote: None,
        order_number: None,
        commissions: Vec::new(),
        placed_at: None,
        late: false,
        held: false,
    };
    let saga = Saga {
        id: SagaId::new(),
        kind: SagaKind::Checkout,
        actor: viewer.actor(),
        customer_id: row.customer_id,
        cart_id: Some(cart),
        order_id: OrderId::new(),
        status: SagaStatus::Running,
        step: Step::Validate.name().to_owned(),
        plan,
        failure: None,
        attempts: 0,
        last_error: None,
        deadline: Some(Utc::now() + Duration::seconds(settings.payment_deadline_seconds)),
    };
    if !store::sagas::insert(&mut tx, &saga, &input.key, &hash, owner).await? {
        return Err(Invalid::in_progress(1000).into());
    }
    if viewer.user.is_none() {
        store::guests::open(&mut *tx, saga.order_id, saga.customer_id).await?;
    }
    if let Some(email) = email.filter(|_| viewer.user.is_none()) {
        let (order, customer) = (saga.order_id, saga.customer_id);
        tasks::later(
            &mut tx,
            order,
            &Task::GuestContact {
                order,
                customer,
                email,
            },
        )
        .await?;
    }
    on_behalf::audit(&mut tx, viewer, row.customer_id, "cart.checkout", cart).await?;
    store::carts::set_status(&mut tx, cart, CartStatus::Locked).await?;
    let locked = store::sagas::StepRow {
        saga_id: saga.id,
        name: Step::LockCart.name().to_owned(),
        state: "DONE".to_owned(),
        started_at: Utc::now(),
        finished_at: Utc::now(),
        error: None,
    };
    store::sagas::journal(&mut tx, &[locked]).await?;
    tx.commit().await?;
    crate::actions::crash::point(settings, "saga.lock_cart.recorded");
    // In a task of its own: a client that hangs up does not stop the checkout half-way.
    let (driver_deps, driver_settings) = (deps.clone(), settings.clone());
    let (answer, driven) = tokio::sync::oneshot::channel();
    let drive = async move {
        // Nobody listens any more if the client has hung up.
        let _ = answer.send(
            Driver::new(&driver_deps, &driver_settings, owner)
                .drive(saga)
                .await,
        );
    };
    tokio::spawn(platform::telemetry::same_request(drive).in_current_span());
    let (saga, payment) = driven.await.map_err(platform::Error::internal)??;
    view(deps, &saga, payment).await
}

/// The same key again: the same order, once nobody works on it any more.
async fn again(deps: &Deps, settings: &Settings, id: SagaId, same: bool) -> Outcome<Checkout> {
    if !same {
        return Err(Invalid::key_reused().into());
    }
    for _ in 0..60 {
        if !store::sagas::is_driven(deps.db.pool(), id).await? {
            let driven = saga::run(deps, settings, id).await?;
            let (saga, payment) = match driven {
                Some((saga, payment)) => (Some(saga), payment),
                None => (store::sagas::by_id(deps.db.pool(), id).await?, None),
            };
            let saga = saga.ok_or_else(|| Invalid::not_found(id))?;
            return view(deps, &saga, payment).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Err(Invalid::in_progress(1000).into())
}

async fn view(deps: &Deps, saga: &Saga, payment: Option<PaymentInfo>) -> Outcome<Checkout> {
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
