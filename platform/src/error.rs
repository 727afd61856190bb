//! Two kinds of "no". A *user error* is an expected refusal: data in the payload, typed, with a code. An [`Error`]
//! is a bug, bad input or refused access: it goes to GraphQL's `errors` with `extensions.code`, and its message never
//! carries SQL or internals.

mod user;

pub use user::*;

use crate::money::MoneyError;
use async_graphql::ErrorExtensions;

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
            error if unstorable(&error) => {
                Self::BadInput("a value cannot be stored: NUL, or a moment too far away".to_owned())
            }
            error => Self::internal(error),
        }
    }
}

/// Postgres keeps every character but NUL, as text (22021) and inside JSON (22P05), and moments from 4713 BC (22008).
fn unstorable(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("22021" | "22P05" | "22008"))
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
