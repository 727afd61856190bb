//! Every way in which this service says no.

use crate::schema::{quote::Quote, stubs::ProductVariant};
use async_graphql::{Interface, SimpleObject};
use platform::{
    Fault, Money, UserErrorCode,
    error::{
        ForbiddenError, IdempotencyError, InvalidTransitionError, NotFoundError, ValidationError,
        VersionConflictError,
    },
};

/// Less is in stock than was asked for.
#[derive(Clone, Debug, SimpleObject)]
pub struct InsufficientStockError {
    /// INSUFFICIENT_STOCK.
    pub code: UserErrorCode,
    /// English text for developers and logs.
    pub message: String,
    /// Where in the input the error lies.
    pub path: Option<Vec<String>>,
    /// The variant that is short.
    pub variant: Option<ProductVariant>,
    /// Pieces that can be had.
    pub available: i32,
    /// Pieces that were asked for.
    pub requested: i32,
}

/// The total differs from what the customer agreed to; check out again with the new quote.
#[derive(Clone, Debug, SimpleObject)]
pub struct PriceChangedError {
    /// PRICE_CHANGED.
    pub code: UserErrorCode,
    /// English text for developers and logs.
    pub message: String,
    /// Where in the input the error lies.
    pub path: Option<Vec<String>>,
    /// What the cart costs now.
    pub quote: Quote,
    /// What the customer agreed to.
    pub previous_total: Money,
    /// What it would be.
    pub new_total: Money,
}

/// The coupon cannot be used here.
#[derive(Clone, Debug, SimpleObject)]
pub struct CouponRejectedError {
    /// COUPON_REJECTED.
    pub code: UserErrorCode,
    /// English text for developers and logs.
    pub message: String,
    /// Where in the input the error lies.
    pub path: Option<Vec<String>>,
    /// The code as it was entered.
    pub coupon_code: String,
    /// Why not.
    pub reason: String,
}

/// Why a mutation was refused; concrete types carry more.
#[derive(Clone, Debug, Interface)]
#[graphql(
    field(name = "code", ty = "&UserErrorCode", desc = "Stable code to act on."),
    field(
        name = "message",
        ty = "&String",
        desc = "English text for developers and logs."
    ),
    field(
        name = "path",
        ty = "&Option<Vec<String>>",
        desc = "Where in the input the error lies."
    )
)]
pub enum UserError {
    ValidationError(ValidationError),
    NotFoundError(NotFoundError),
    ForbiddenError(ForbiddenError),
    VersionConflictError(VersionConflictError),
    IdempotencyError(IdempotencyError),
    InvalidTransitionError(InvalidTransitionError),
    InsufficientStockError(InsufficientStockError),
    PriceChangedError(PriceChangedError),
    CouponRejectedError(CouponRejectedError),
}

impl From<platform::UserError> for UserError {
    fn from(error: platform::UserError) -> Self {
        use platform::UserError as P;
        match error {
            P::ValidationError(e) => Self::ValidationError(e),
            P::NotFoundError(e) => Self::NotFoundError(e),
            P::ForbiddenError(e) => Self::ForbiddenError(e),
            P::VersionConflictError(e) => Self::VersionConflictError(e),
            P::IdempotencyError(e) => Self::IdempotencyError(e),
            P::InvalidTransitionError(e) => Self::InvalidTransitionError(e),
        }
    }
}

impl UserError {
    pub fn coupon(code: &str, reason: &str) -> Self {
        Self::CouponRejectedError(CouponRejectedError {
            code: UserErrorCode::CouponRejected,
            message: format!("coupon rejected: {reason}"),
            path: None,
            coupon_code: code.to_owned(),
            reason: reason.to_owned(),
        })
    }
}

/// What an action returns.
pub type Outcome<T> = platform::Outcome<T, UserError>;

/// A refusal with a code and a message only.
pub fn refused(code: UserErrorCode, message: impl Into<String>) -> Fault<UserError> {
    Fault::User(platform::UserError::refused(code, message).into())
}

/// For callers that have no payload: commands and events.
pub fn infallible(fault: Fault<UserError>) -> platform::Error {
    match fault {
        Fault::Failed(error) => error,
        Fault::User(error) => platform::Error::BadInput(format!("{error:?}")),
    }
}
