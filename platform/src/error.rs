//! Two kinds of "no". A *user error* is an expected refusal: data in the payload, typed, with a code. An [`Error`]
//! is a bug, bad input or refused access: it goes to GraphQL's `errors` with `extensions.code`, and its message never
//! carries SQL or internals.

use crate::{ids, money::MoneyError};
use async_graphql::{Enum, ErrorExtensions, ID, Interface, SimpleObject};

/// Why a mutation was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, serde::Serialize, serde::Deserialize)]
pub enum UserErrorCode {
    /// A value breaks a rule; see `path` and `constraint`.
    Invalid,
    /// A value is missing.
    Required,
    /// There is no such object, or the caller may not know of it.
    NotFound,
    /// The caller's role does not allow this.
    Forbidden,
    /// The caller has to log in first.
    Unauthenticated,
    /// The state of the object, or of another one, does not allow this.
    Conflict,
    /// The object has changed since the caller read it.
    VersionConflict,
    /// The idempotency key was used with other input.
    IdempotencyKeyReused,
    /// The same request is still being worked on.
    InProgress,
    /// The state machine has no such transition.
    InvalidTransition,
    /// Too many requests; retry later.
    RateLimited,
    /// Something this needs does not answer now; retry later.
    Unavailable,
    /// Less is in stock than was asked for.
    InsufficientStock,
    /// The total differs from what the caller agreed to.
    PriceChanged,
    /// The quote is too old.
    QuoteExpired,
    /// The coupon cannot be used here.
    CouponRejected,
    /// The payment provider declined.
    PaymentDeclined,
    /// The payer has to confirm the payment.
    PaymentActionRequired,
    /// Amounts of different currencies cannot be combined.
    CurrencyMismatch,
    /// A limit would be exceeded.
    LimitExceeded,
}

macro_rules! user_error_types {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, SimpleObject)]
            #[graphql(shareable)]
            pub struct $name {
                /// Stable code to act on.
                pub code: UserErrorCode,
                /// English text for developers and logs.
                pub message: String,
                /// Where in the input the error lies.
                pub path: Option<Vec<String>>,
                $($(#[$field_doc])* pub $field: $type,)*
            }
        )*
    };
}

user_error_types! {
    /// An input value breaks a rule.
    ValidationError {
        /// The rule, in words such as `1..999`.
        constraint: Option<String>,
    }
    /// There is no such object, or it is not the caller's.
    NotFoundError {
        /// The ID that was asked for.
        id: Option<ID>,
    }
    /// The caller may not do this.
    ForbiddenError {
        /// The role that would be allowed to.
        required_role: Option<String>,
    }
    /// The object has changed since the caller read it.
    VersionConflictError {
        /// The version the caller expected.
        expected_version: Option<i32>,
        /// The version the object has.
        current_version: i32,
    }
    /// The idempotency key was reused, or its first request has not ended.
    IdempotencyError {
        /// Milliseconds after which a retry makes sense.
        retry_after_ms: Option<i32>,
    }
    /// The state machine has no such transition.
    InvalidTransitionError {
        /// The state the object is in.
        from: String,
        /// The state that was asked for.
        to: String,
        /// The states it may go to.
        allowed: Vec<String>,
    }
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
}

impl ValidationError {
    /// `constraint` is the rule in words, for example `1..999`.
    pub fn new(path: impl IntoIterator<Item = impl Into<String>>, constraint: &str) -> Self {
        let path: Vec<String> = path.into_iter().map(Into::into).collect();
        Self {
            code: UserErrorCode::Invalid,
            message: format!(
                "{} must be {constraint}",
                path.last().map_or("value", String::as_str)
            ),
            path: Some(path),
            constraint: Some(constraint.to_owned()),
        }
    }

    /// A refusal without a rule of its own, such as `CONFLICT` or `LIMIT_EXCEEDED`.
    pub fn refused(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            path: None,
            constraint: None,
        }
    }
}

impl UserError {
    /// An input value breaks `constraint`.
    pub fn invalid(path: &[&str], constraint: &str) -> Self {
        Self::ValidationError(ValidationError::new(path.iter().copied(), constraint))
    }

    /// A refusal that needs no data beside its code and message.
    pub fn refused(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self::ValidationError(ValidationError::refused(code, message))
    }

    /// No such object, or not the caller's: the two must look alike.
    pub fn not_found(id: impl Into<ID>) -> Self {
        let (code, message) = (UserErrorCode::NotFound, "not found".to_owned());
        Self::NotFoundError(NotFoundError {
            code,
            message,
            path: None,
            id: Some(id.into()),
        })
    }

    pub fn forbidden(required_role: &str) -> Self {
        let message = format!("requires {required_role}");
        let required_role = Some(required_role.to_owned());
        Self::ForbiddenError(ForbiddenError {
            code: UserErrorCode::Forbidden,
            message,
            path: None,
            required_role,
        })
    }

    pub fn unauthenticated() -> Self {
        let (code, message) = (
            UserErrorCode::Unauthenticated,
            "log in or create a guest session first".to_owned(),
        );
        Self::ForbiddenError(ForbiddenError {
            code,
            message,
            path: None,
            required_role: None,
        })
    }

    pub fn version_conflict(expected: i32, current: i32) -> Self {
        Self::VersionConflictError(VersionConflictError {
            code: UserErrorCode::VersionConflict,
            message: format!("expected version {expected}, but it is {current}"),
            path: Some(vec!["expectedVersion".to_owned()]),
            expected_version: Some(expected),
            current_version: current,
        })
    }

    pub fn key_reused() -> Self {
        Self::IdempotencyError(IdempotencyError {
            code: UserErrorCode::IdempotencyKeyReused,
            message: "the idempotency key was used with other input".to_owned(),
            path: Some(vec!["idempotencyKey".to_owned()]),
            retry_after_ms: None,
        })
    }

    pub fn in_progress(retry_after_ms: i32) -> Self {
        Self::IdempotencyError(IdempotencyError {
            code: UserErrorCode::InProgress,
            message: "the same request is still being worked on".to_owned(),
            path: None,
            retry_after_ms: Some(retry_after_ms),
        })
    }

    pub fn invalid_transition(
        from: impl ToString,
        to: impl ToString,
        allowed: impl IntoIterator<Item = impl ToString>,
    ) -> Self {
        let (from, to) = (from.to_string(), to.to_string());
        Self::InvalidTransitionError(InvalidTransitionError {
            code: UserErrorCode::InvalidTransition,
            message: format!("cannot go from {from} to {to}"),
            path: None,
            from,
            to,
            allowed: allowed.into_iter().map(|state| state.to_string()).collect(),
        })
    }
}

impl From<MoneyError> for UserError {
    fn from(error: MoneyError) -> Self {
        let code = match error {
            MoneyError::Overflow => UserErrorCode::LimitExceeded,
            MoneyError::CurrencyMismatch(..) => UserErrorCode::CurrencyMismatch,
        };
        Self::refused(code, error.to_string())
    }
}

/// What goes to GraphQL's `errors`. It has no `Display` on purpose: async-graphql turns whatever has one into an error
/// without a code.
#[derive(Clone, Debug)]
pub enum Error {
    /// No valid identity. `extensions.code` UNAUTHENTICATED.
    Unauthenticated,
    /// The caller's role does not allow this. FORBIDDEN.
    Forbidden(&'static str),
    /// An argument cannot be used. BAD_USER_INPUT.
    BadInput(String),
    /// A dependency does not answer. UNAVAILABLE.
    Unavailable(std::sync::Arc<anyhow::Error>),
    /// A bug or a broken database. INTERNAL; the cause is logged, never shown.
    Internal(std::sync::Arc<anyhow::Error>),
}

impl Error {
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::Internal(std::sync::Arc::new(cause.into()))
    }

    pub fn unavailable(cause: impl Into<anyhow::Error>) -> Self {
        Self::Unavailable(std::sync::Arc::new(cause.into()))
    }

    /// What a client may read.
    pub fn message(&self) -> String {
        match self {
            Self::Unauthenticated => "authentication required".to_owned(),
            Self::Forbidden(role) => format!("requires {role}"),
            Self::BadInput(message) => message.clone(),
            Self::Unavailable(_) => "temporarily unavailable".to_owned(),
            Self::Internal(_) => "internal error".to_owned(),
        }
    }

    /// The message and, for logs, its cause.
    pub fn describe(&self) -> String {
        match self {
            Self::Internal(cause) | Self::Unavailable(cause) => format!("{}: {cause:#}", self.message()),
            error => error.message(),
        }
    }

    /// Stable text for `extensions.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::BadInput(_) => "BAD_USER_INPUT",
            Self::Unavailable(_) => "UNAVAILABLE",
            Self::Internal(_) => "INTERNAL",
        }
    }
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        if let Error::Internal(cause) | Error::Unavailable(cause) = &error {
            tracing::error!(
                code = error.code(),
                cause = format!("{cause:#}"),
                "request failed"
            );
        }
        async_graphql::Error::new(error.message()).extend_with(|_, e| {
            e.set("code", error.code());
            if let Some(trace) = crate::telemetry::trace_id() {
                e.set("traceId", trace);
            }
        })
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => Self::unavailable(error),
            error if unstorable(&error) => Self::BadInput("text must not contain NUL".to_owned()),
            error => Self::internal(error),
        }
    }
}

/// Postgres keeps every character but NUL, as text (22021) and inside JSON (22P05).
fn unstorable(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("22021" | "22P05"))
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::internal(error)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

impl From<crate::commands::CommandError> for Error {
    fn from(error: crate::commands::CommandError) -> Self {
        Self::unavailable(error)
    }
}

/// The way an action fails: refused with data for the payload, or failed for good.
#[derive(Debug, Clone)]
pub enum Fault<E = UserError> {
    User(E),
    Failed(Error),
}

/// What an action returns. `E` is a service's own user error where it has more of them than [`UserError`].
pub type Outcome<T, E = UserError> = Result<T, Fault<E>>;

macro_rules! fault_from {
    ($($failed:ty),* ; $($user:ty),*) => {
        $(impl<E> From<$failed> for Fault<E> {
            fn from(error: $failed) -> Self {
                Self::Failed(error.into())
            }
        })*
        $(impl<E: From<UserError>> From<$user> for Fault<E> {
            fn from(error: $user) -> Self {
                Self::User(UserError::from(error).into())
            }
        })*
    };
}

fault_from!(Error, sqlx::Error, anyhow::Error, serde_json::Error, crate::commands::CommandError; UserError, ValidationError, MoneyError);

/// Splits an outcome into the two halves of a payload.
pub trait Split<T, E> {
    /// The value or the user errors; a failure goes to GraphQL's `errors`.
    fn split(self) -> async_graphql::Result<(Option<T>, Vec<E>)>;
}

impl<T, E> Split<T, E> for Outcome<T, E> {
    fn split(self) -> async_graphql::Result<(Option<T>, Vec<E>)> {
        match self {
            Ok(value) => Ok((Some(value), Vec::new())),
            Err(Fault::User(error)) => Ok((None, vec![error])),
            Err(Fault::Failed(error)) => Err(error.into()),
        }
    }
}

/// Turns the violation of a named constraint into a user error; every other database error stays what it is.
pub fn on_constraint<E>(error: sqlx::Error, name: &str, user: impl FnOnce() -> E) -> Fault<E> {
    match error.as_database_error().and_then(|e| e.constraint()) {
        Some(constraint) if constraint == name => Fault::User(user()),
        _ => Fault::Failed(error.into()),
    }
}

/// Parses an ID argument of a mutation; a malformed one is "not found".
pub fn parse_id<I: std::str::FromStr<Err = ids::NotAnId>>(id: &ID) -> Result<I, UserError> {
    id.parse().map_err(|_| UserError::not_found(id.clone()))
}

/// Checks `expectedVersion`.
pub fn check_version(expected: i32, current: i32) -> Result<(), UserError> {
    if expected == current {
        Ok(())
    } else {
        Err(UserError::version_conflict(expected, current))
    }
}
