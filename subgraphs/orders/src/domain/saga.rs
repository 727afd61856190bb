//! The checkout as a machine: which step follows, what undoes it, when to try again. The driver only does what this
//! says.

mod plan;
#[cfg(test)]
mod tests;

pub use plan::{Plan, PlanLine, PlanVendor, Refusal};

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use platform::ids::{CartId, CustomerId, OrderId, SagaId, VendorId, VendorOrderId};
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
