//! The checkout as a machine: which step follows, what undoes it, when to try again. The driver only does what this
//! says.

use super::quote::Quote;
use async_graphql::Enum;
use chrono::{DateTime, Utc};
use contracts::{payments::Commission, products::VariantInfo};
use platform::{
    Currency, PostalAddress,
    ids::{
        CartId, CartLineId, CustomerId, OrderId, OrderLineId, QuoteId, SagaId, SavedPaymentMethodId,
        ShippingMethodId, VariantId, VendorId, VendorOrderId,
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far a checkout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SagaStatus {
    /// Goods, discounts and the order are being prepared.
    Running,
    /// The customer has to pay.
    AwaitingPayment,
    /// Paid; nothing can stop it any more but staff.
    Committing,
    /// Done.
    Completed,
    /// It is being undone.
    Compensating,
    /// It was undone.
    Compensated,
    /// A step keeps failing; it is tried again now and then.
    Stuck,
}

/// Where a saga comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SagaKind {
    Checkout,
    Import,
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A step; the name is the one in the journal and of the crash points.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Step { $($(#[$doc])* $name,)* }

        impl Step {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|step| step.name() == name)
            }
        }
    };
}

steps! {
    /// The cart cannot be changed any more; done together with the saga's row.
    LockCart = "lock_cart",
    Validate = "validate",
    Reserve = "reserve",
    Price = "price",
    HoldCoupons = "hold_coupons",
    HoldPoints = "hold_points",
    CreateOrder = "create_order",
    CreatePayment = "create_payment",
    AwaitPayment = "await_payment",
    Secure = "secure",
    /// The pivot: before it everything is undone on refusal, after it everything is carried through.
    Confirm = "confirm",
    Commit = "commit",
    RedeemCoupons = "redeem_coupons",
    RedeemPoints = "redeem_points",
    Capture = "capture",
    /// Vendors get their orders.
    Open = "open",
    /// Imports only: shipped and delivered elsewhere.
    Deliver = "deliver",
}

impl Step {
    /// Whether this saga has the step at all.
    pub fn applies(self, kind: SagaKind, plan: &Plan) -> bool {
        let paid = plan.quote.as_ref().is_none_or(|quote| quote.totals.total > 0);
        let coupons = plan.quote.as_ref().is_none_or(|quote| !quote.coupons.is_empty());
        let points = plan.quote.as_ref().is_none_or(|quote| quote.points > 0);
        let checkout = kind == SagaKind::Checkout;
        match self {
            // An import's order is written together with its saga.
            Self::LockCart | Self::Validate | Self::Price | Self::CreateOrder => checkout,
            Self::AwaitPayment => checkout && paid,
            Self::Deliver => !checkout,
            Self::HoldCoupons | Self::RedeemCoupons => coupons,
            Self::HoldPoints | Self::RedeemPoints => points,
            // `Capture` applies always: what is paid with points and discounts is divided, too.
            Self::CreatePayment => paid,
            _ => true,
        }
    }

    /// The step after this one, for this saga.
    pub fn next(self, kind: SagaKind, plan: &Plan) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|step| *step > self && step.applies(kind, plan))
    }

    /// The step to undo before its predecessors, this one included. Steps before the order are written down together
    /// with it: if somebody else drove the saga before, any of them may have been done.
    pub fn undo_from(self, resumed: bool) -> Self {
        let last = match self {
            step if resumed && step < Self::CreateOrder => Self::HoldPoints,
            step => step,
        };
        Self::ALL
            .iter()
            .rev()
            .copied()
            .find(|step| *step <= last && step.undoable())
            .unwrap_or(Self::LockCart)
    }

    /// The next step to undo.
    pub fn undo_next(self) -> Option<Self> {
        Self::ALL
            .iter()
            .rev()
            .copied()
            .find(|step| *step < self && step.undoable())
    }

    const fn undoable(self) -> bool {
        matches!(
            self,
            Self::LockCart
                | Self::Reserve
                | Self::HoldCoupons
                | Self::HoldPoints
                | Self::CreateOrder
                | Self::CreatePayment
        )
    }

    /// A refusal here can still undo everything.
    pub fn before_pivot(self) -> bool {
        self <= Self::Confirm
    }

    /// The status of a saga whose next step this is.
    pub fn status(self) -> SagaStatus {
        match self {
            Self::AwaitPayment => SagaStatus::AwaitingPayment,
            step if step < Self::AwaitPayment => SagaStatus::Running,
            _ => SagaStatus::Committing,
        }
    }
}

/// Tries after which a step counts as stuck.
pub const STUCK_AFTER: i32 = 10;

/// Seconds until the next try: 1, 2, 4 … 60, and five minutes once it is stuck.
pub fn backoff_seconds(attempts: i32) -> i64 {
    if attempts >= STUCK_AFTER {
        300
    } else {
        (1_i64 << attempts.clamp(0, 6)).min(60)
    }
}

/// A line on its way from cart to order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanLine {
    pub cart_line: CartLineId,
    pub order_line: OrderLineId,
    pub variant: VariantId,
    pub vendor: VendorId,
    pub quantity: i32,
}

/// One vendor's part on its way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PlanVendor {
    pub vendor: VendorId,
    pub vendor_order: VendorOrderId,
    pub method: Option<ShippingMethodId>,
    /// The vendor's return window at the sale, in days; known after `validate`.
    #[serde(default)]
    pub return_days: Option<i32>,
}

/// What the saga knows. IDs of everything it creates are chosen at its start, so that every command can be repeated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub currency: Currency,
    pub tier: Option<String>,
    pub lines: Vec<PlanLine>,
    pub vendors: Vec<PlanVendor>,
    pub shipping_address: PostalAddress,
    pub billing_address: PostalAddress,
    pub coupons: Vec<String>,
    pub points: i32,
    pub quote_hash: String,
    pub quoted_total: i64,
    pub provider: String,
    pub saved_method: Option<SavedPaymentMethodId>,
    pub return_url: Option<String>,
    /// Tries to pay; 1 is the first.
    pub attempt: i32,
    /// Known after `validate`.
    pub variants: Vec<VariantInfo>,
    /// Known after `price`.
    pub quote: Option<Quote>,
    pub order_number: Option<String>,
    /// Known after `capture`.
    pub commissions: Vec<Commission>,
    /// Imports only: business time of the sale.
    pub placed_at: Option<DateTime<Utc>>,
    /// The order had expired when the money arrived.
    pub late: bool,
    /// The capture failed and the order waits for it.
    pub held: bool,
}

/// Why a checkout is undone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Refusal {
    InsufficientStock {
        variant: VariantId,
        available: i32,
        requested: i32,
    },
    PriceChanged {
        quote: QuoteId,
        previous: i64,
        new: i64,
    },
    CouponRejected {
        code: String,
        reason: String,
    },
    TooFewPoints {
        available: i32,
    },
    /// Something of the cart cannot be sold or sent.
    Unavailable {
        reason: String,
    },
    PaymentRefused {
        reason: String,
    },
    Expired,
    Canceled {
        reason: String,
    },
}

impl Refusal {
    /// For the order's history.
    pub fn reason(&self) -> String {
        match self {
            Self::InsufficientStock { .. } => "out of stock".to_owned(),
            Self::PriceChanged { .. } => "the price has changed".to_owned(),
            Self::CouponRejected { reason, .. } => format!("coupon rejected: {reason}"),
            Self::TooFewPoints { .. } => "too few loyalty points".to_owned(),
            Self::PaymentRefused { reason } | Self::Unavailable { reason } | Self::Canceled { reason } => {
                reason.clone()
            }
            Self::Expired => "not paid in time".to_owned(),
        }
    }
}

/// A saga's row.
#[derive(Clone, Debug)]
pub struct Saga {
    pub id: SagaId,
    pub kind: SagaKind,
    pub actor: String,
    pub customer_id: CustomerId,
    pub cart_id: Option<CartId>,
    pub order_id: OrderId,
    pub status: SagaStatus,
    pub step: String,
    pub plan: Plan,
    pub failure: Option<Refusal>,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub deadline: Option<DateTime<Utc>>,
}

impl Saga {
    /// An unknown name can only be that of a newer version; it is left to it.
    pub fn step(&self) -> Option<Step> {
        Step::parse(&self.step)
    }

    pub fn vendor_order(&self, vendor: VendorId) -> Option<VendorOrderId> {
        self.part(vendor).map(|part| part.vendor_order)
    }

    pub fn part(&self, vendor: VendorId) -> Option<PlanVendor> {
        self.plan
            .vendors
            .iter()
            .find(|part| part.vendor == vendor)
            .copied()
    }
}

/// Who drives a saga: one process at a time, known by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner(pub Uuid);

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(plan: &Plan, kind: SagaKind, mut step: Step) -> Vec<&'static str> {
        let mut names = vec![step.name()];
        while let Some(next) = step.next(kind, plan) {
            names.push(next.name());
            step = next;
        }
        names
    }

    fn plan() -> Plan {
        let address: PostalAddress = serde_json::from_value(serde_json::json!({
            "full_name": "A", "line1": "B", "city": "C", "country": "GB",
            "company": null, "line2": null, "region": null, "postal_code": null, "phone": null
        }))
        .unwrap();
        Plan {
            currency: Currency::GBP,
            tier: None,
            lines: vec![],
            vendors: vec![],
            shipping_address: address.clone(),
            billing_address: address,
            coupons: vec![],
            points: 0,
            quote_hash: String::new(),
            quoted_total: 0,
            provider: "manual".to_owned(),
            saved_method: None,
            return_url: None,
            attempt: 1,
            variants: vec![],
            quote: Some(Quote {
                currency: Currency::GBP,
                lines: vec![],
                vendors: vec![],
                coupons: vec![],
                points: 0,
                totals: super::super::quote::Sums {
                    total: 5,
                    ..Default::default()
                },
            }),
            order_number: None,
            commissions: vec![],
            placed_at: None,
            late: false,
            held: false,
        }
    }

    #[test]
    fn the_ways_of_a_checkout_a_gift_and_an_import() {
        let paid = plan();
        assert_eq!(
            walk(&paid, SagaKind::Checkout, Step::LockCart),
            [
                "lock_cart",
                "validate",
                "reserve",
                "price",
                "create_order",
                "create_payment",
                "await_payment",
                "secure",
                "confirm",
                "commit",
                "capture",
                "open"
            ]
        );
        assert_eq!(
            walk(&paid, SagaKind::Import, Step::Reserve),
            [
                "reserve",
                "create_payment",
                "secure",
                "confirm",
                "commit",
                "capture",
                "open",
                "deliver"
            ]
        );
        let mut free = plan();
        free.quote.as_mut().unwrap().totals.total = 0;
        free.quote.as_mut().unwrap().points = 5;
        assert_eq!(
            walk(&free, SagaKind::Checkout, Step::Price),
            [
                "price",
                "hold_points",
                "create_order",
                "secure",
                "confirm",
                "commit",
                "redeem_points",
                "capture",
                "open"
            ]
        );
    }

    #[test]
    fn undoing_goes_backwards_to_the_cart() {
        let mut names = vec![];
        let mut at = Some(Step::Secure.undo_from(true));
        while let Some(step) = at {
            names.push(step.name());
            at = step.undo_next();
        }
        assert_eq!(
            names,
            [
                "create_payment",
                "create_order",
                "hold_points",
                "hold_coupons",
                "reserve",
                "lock_cart"
            ]
        );
        assert_eq!(Step::Reserve.undo_from(false), Step::Reserve);
        assert_eq!(Step::Validate.undo_from(false), Step::LockCart);
        assert_eq!(Step::Validate.undo_from(true), Step::HoldPoints);
    }

    #[test]
    fn patience_grows() {
        assert_eq!([0, 1, 5, 9, 10].map(backoff_seconds), [1, 2, 32, 60, 300]);
    }
}
