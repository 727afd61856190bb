//! `checkoutComplete` and `checkoutResume`: start or find the saga, drive it as far as it goes, say what came of it.

mod answer;
mod plan;
mod resume;

pub use resume::resume;

use crate::{
    Settings,
    actions::{
        on_behalf,
        saga::{self, Driver},
        tasks::{self, Task},
    },
    domain::{
        cart::CartStatus,
        saga::{Owner, Saga, SagaKind, SagaStatus, Step},
    },
    error::{Outcome, UserError, refused},
    store,
};
use answer::view;
use async_graphql::ID;
use chrono::{Duration, Utc};
use contracts::payments::PaymentInfo;
use platform::{
    Deps, Moment, UserErrorCode, Viewer,
    error::{check_version, parse_id},
    ids::{CartId, OrderId, QuoteId, SagaId},
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
    let plan = plan::of_cart(&row, &lines, &deliveries, &quote, input)?;
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
