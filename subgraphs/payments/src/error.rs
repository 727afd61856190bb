//! The ways in which this service says no, beyond those of all services.

use async_graphql::{Interface, SimpleObject};
use platform::{
    UserErrorCode,
    error::{
        self, Fault, ForbiddenError, IdempotencyError, InvalidTransitionError, NotFoundError,
        ValidationError, VersionConflictError,
    },
};

/// The payment provider said no.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct PaymentDeclinedError {
    /// Stable code to act on.
    pub code: UserErrorCode,
    /// English text for developers and logs.
    pub message: String,
    /// Where in the input the error lies.
    pub path: Option<Vec<String>>,
    /// The provider's reason, such as `insufficient_funds`.
    pub decline_code: Option<String>,
    /// The same request may succeed later.
    pub retryable: bool,
}

/// Why a mutation was refused; concrete types carry more.
#[derive(Clone, Debug, PartialEq, Interface)]
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
    PaymentDeclinedError(PaymentDeclinedError),
}

impl From<error::UserError> for UserError {
    fn from(error: error::UserError) -> Self {
        match error {
            error::UserError::ValidationError(e) => Self::ValidationError(e),
            error::UserError::NotFoundError(e) => Self::NotFoundError(e),
            error::UserError::ForbiddenError(e) => Self::ForbiddenError(e),
            error::UserError::VersionConflictError(e) => Self::VersionConflictError(e),
            error::UserError::IdempotencyError(e) => Self::IdempotencyError(e),
            error::UserError::InvalidTransitionError(e) => Self::InvalidTransitionError(e),
        }
    }
}

/// What an action of this service returns.
pub type Outcome<T> = Result<T, Fault<UserError>>;

/// A refusal of this service as a fault.
pub fn refuse(error: error::UserError) -> Fault<UserError> {
    Fault::User(error.into())
}

/// The provider's no.
pub fn declined(reason: &str, retryable: bool) -> Fault<UserError> {
    Fault::User(UserError::PaymentDeclinedError(PaymentDeclinedError {
        code: UserErrorCode::PaymentDeclined,
        message: format!("the payment provider refused: {reason}"),
        path: None,
        decline_code: Some(reason.to_owned()),
        retryable,
    }))
}
