//! The payment and what staff sees of its history. Whoever holds a payment may see it: the check is where it is
//! looked up.

use super::{
    load_many,
    loaders::{AttemptsOf, EventsOf, RefundsOf},
    order::Order,
};
use crate::{
    domain::status::PaymentStatus,
    provider::PaymentProvider,
    store::{attempts::AttemptRow, events::EventRow, payments::Payment, refunds::PaymentRefundRow},
};
use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{Currency, Error, Money, viewer::viewer};

/// One attempt to pay for an order. Visible to the payer and to staff.
#[Object]
impl Payment {
    /// Opaque ID.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// The order it pays for.
    async fn order(&self) -> Option<Order> {
        Some(Order::stub(self.order_id))
    }

    /// Who moves the money.
    async fn provider(&self) -> PaymentProvider {
        self.provider
    }

    /// The provider's own ID. Requires: STAFF.
    async fn provider_ref(&self, ctx: &Context<'_>) -> Option<Result<String, Error>> {
        match viewer(ctx).require_staff() {
            Ok(()) => self.provider_ref.clone().map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// Where it stands; a fold over everything heard of it.
    async fn status(&self) -> PaymentStatus {
        self.status
    }

    /// What is to be paid.
    async fn amount(&self) -> Money {
        self.money(self.amount)
    }

    /// What the provider has promised so far.
    async fn authorized(&self) -> Money {
        self.money(self.authorized)
    }

    /// What was taken so far.
    async fn captured(&self) -> Money {
        self.money(self.captured)
    }

    /// What has gone back so far.
    async fn refunded(&self) -> Money {
        self.money(self.refunded)
    }

    /// What it was paid with, once known.
    async fn method(&self) -> Option<PaymentMethodSummary> {
        self.method_brand.as_ref()?;
        Some(PaymentMethodSummary {
            brand: self.method_brand.clone(),
            last4: self.method_last4.clone(),
            exp_month: self.method_exp_month,
            exp_year: self.method_exp_year,
            wallet: self.method_wallet.clone(),
        })
    }

    /// What the payer has to do; only the payer sees it, and only while it can be done.
    async fn next_action(&self, ctx: &Context<'_>) -> Option<PaymentNextAction> {
        let payer = viewer(ctx).customer == Some(self.customer_id);
        let waiting = matches!(
            self.status,
            PaymentStatus::Created | PaymentStatus::RequiresAction | PaymentStatus::Failed
        );
        if !payer || !waiting || self.client_secret.is_none() {
            return None;
        }
        Some(PaymentNextAction {
            client_secret: self.client_secret.clone(),
            redirect_url: self.redirect_url.clone(),
            expires_at: self.expires_at,
        })
    }

    /// Calls made to the provider, oldest first. Requires: STAFF.
    async fn attempts(&self, ctx: &Context<'_>) -> Option<Result<Vec<PaymentAttempt>, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        let rows = load_many(ctx, AttemptsOf(self.id)).await;
        Some(rows.map(|rows| rows.into_iter().map(PaymentAttempt::from).collect()))
    }

    /// Everything heard of it, in the order it came. Requires: STAFF.
    async fn events(&self, ctx: &Context<'_>) -> Option<Result<Vec<EventRow>, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        Some(load_many(ctx, EventsOf(self.id)).await)
    }

    /// Money that went back or is on its way, oldest first.
    async fn refunds(&self, ctx: &Context<'_>) -> Result<Vec<PaymentRefundRow>, Error> {
        load_many(ctx, RefundsOf(self.id)).await
    }

    /// When the promised money lapses unless it is captured.
    async fn authorization_expires_at(&self) -> Option<DateTime<Utc>> {
        self.authorization_expires_at
    }

    /// When it was begun.
    async fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }

    /// Goes up with every change.
    async fn version(&self) -> i32 {
        self.version
    }
}

/// What the payer has to do now.
#[derive(SimpleObject)]
pub struct PaymentNextAction {
    /// Secret with which the storefront confirms the payment at the provider.
    pub client_secret: Option<String>,
    /// Page of the bank or provider to send the payer to.
    pub redirect_url: Option<String>,
    /// When the payment is given up.
    pub expires_at: DateTime<Utc>,
}

/// What may be shown of a card or wallet.
#[derive(SimpleObject)]
pub struct PaymentMethodSummary {
    /// Card brand such as `visa`.
    pub brand: Option<String>,
    /// Last four digits.
    pub last4: Option<String>,
    /// Month in which it expires, 1 to 12.
    pub exp_month: Option<i32>,
    /// Year in which it expires.
    pub exp_year: Option<i32>,
    /// Wallet such as `apple_pay`.
    pub wallet: Option<String>,
}

/// A call made to the provider.
#[derive(SimpleObject)]
pub struct PaymentAttempt {
    /// Position, from 1.
    pub number: i32,
    /// The payment's status when the outcome was known, or else when the call began.
    pub status: PaymentStatus,
    /// Why it failed.
    pub error_code: Option<String>,
    /// The provider's words.
    pub error_message: Option<String>,
    /// When it was made.
    pub at: DateTime<Utc>,
}

impl From<AttemptRow> for PaymentAttempt {
    fn from(row: AttemptRow) -> Self {
        Self {
            number: row.number,
            status: row.status,
            error_code: row.error_code,
            error_message: row.error_message,
            at: row.started_at,
        }
    }
}

/// Something heard of a payment.
#[Object(name = "PaymentEvent")]
impl EventRow {
    /// Opaque ID.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// The provider's name for it, or ours.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.kind
    }

    /// WEBHOOK, API, STAFF, IMPORT or SYSTEM.
    async fn source(&self) -> &str {
        &self.source
    }

    /// The provider's ID of its event.
    async fn provider_event_id(&self) -> Option<&str> {
        self.provider_event_id.as_deref()
    }

    /// The amount it speaks of.
    async fn amount(&self) -> Option<Money> {
        Some(Money::new(self.amount?, Currency::parse(&self.currency)?))
    }

    /// When the provider says it happened.
    async fn provider_created_at(&self) -> Option<DateTime<Utc>> {
        self.provider_created_at
    }

    /// When we heard of it.
    async fn received_at(&self) -> DateTime<Utc> {
        self.received_at
    }

    /// It told something new.
    async fn applied(&self) -> bool {
        self.applied
    }

    /// Why it changed nothing.
    async fn ignored_reason(&self) -> Option<&str> {
        self.ignored_reason.as_deref()
    }
}
