//! Answers of mutations: the value, or why not.

use crate::{
    actions::session::{SignedIn, Tokens},
    schema::{
        address::Address,
        customer::Customer,
        load,
        loaders::{AnyCustomer, AnyUser, OwnAddress, VisibleVendor},
        node,
        user::User,
        vendor::Vendor,
    },
};
use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Error, Outcome, UserError,
    error::Split,
    ids::{AddressId, CustomerId, UserId, VendorId},
};

/// What a client keeps of a login.
#[derive(SimpleObject)]
pub struct AuthTokens {
    /// For the `Authorization: Bearer` header; good for ten minutes.
    access_token: String,
    /// For `tokenRefresh`; good once, for 30 days.
    refresh_token: String,
    /// When the access token ends.
    expires_at: DateTime<Utc>,
}

impl From<Tokens> for AuthTokens {
    fn from(tokens: Tokens) -> Self {
        let Tokens {
            access,
            refresh,
            expires_at,
        } = tokens;
        Self {
            access_token: access,
            refresh_token: refresh,
            expires_at,
        }
    }
}

/// A login, or why not.
#[derive(SimpleObject)]
pub struct AuthPayload {
    /// The login; guests have none.
    user: Option<User>,
    /// The shopping persona.
    customer: Option<Customer>,
    /// Absent where the caller still has to log in.
    tokens: Option<AuthTokens>,
    /// Whether the guest's cart went into the account's; null without a guest, or if the carts did not answer.
    merged_cart: Option<bool>,
    /// Why it was refused.
    user_errors: Vec<UserError>,
}

impl AuthPayload {
    pub async fn new(
        ctx: &Context<'_>,
        outcome: Outcome<impl Into<Option<SignedIn>>>,
    ) -> async_graphql::Result<Self> {
        let (signed_in, user_errors) = outcome.map(Into::into).split()?;
        let mut payload = Self {
            user: None,
            customer: None,
            tokens: None,
            merged_cart: None,
            user_errors,
        };
        if let Some(done) = signed_in.flatten() {
            if let Some(user) = done.user {
                payload.user = load(ctx, AnyUser(user)).await?.map(User::own);
            }
            payload.customer = load(ctx, AnyCustomer(done.customer)).await?;
            payload.tokens = done.tokens.map(AuthTokens::from);
            payload.merged_cart = done.merged_cart;
        }
        Ok(payload)
    }
}

/// Done, or why not.
#[derive(SimpleObject)]
pub struct AckPayload {
    /// Whether it was done.
    ok: bool,
    /// Why it was refused.
    user_errors: Vec<UserError>,
}

impl AckPayload {
    pub fn new(outcome: Outcome<()>) -> async_graphql::Result<Self> {
        let (done, user_errors) = outcome.split()?;
        Ok(Self {
            ok: done.is_some(),
            user_errors,
        })
    }

    pub fn yes_or_no(ok: bool) -> Self {
        Self {
            ok,
            user_errors: Vec::new(),
        }
    }
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $payload:ident { $field:ident: $type:ident of $id:ty } = |$ctx:ident, $key:ident| $load:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub struct $payload {
                /// The value as it is now; null if it was refused.
                $field: Option<$type>,
                /// Why it was refused.
                user_errors: Vec<UserError>,
            }

            impl $payload {
                pub async fn new($ctx: &Context<'_>, outcome: Outcome<$id>) -> Result<Self, Error> {
                    let (id, user_errors) = halves(outcome)?;
                    let $field = match id {
                        Some($key) => $load.await?,
                        None => None,
                    };
                    Ok(Self { $field, user_errors })
                }
            }
        )*
    };
}

pub fn halves<T>(outcome: Outcome<T>) -> Result<(Option<T>, Vec<UserError>), Error> {
    match outcome {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(platform::Fault::User(error)) => Ok((None, vec![error])),
        Err(platform::Fault::Failed(error)) => Err(error),
    }
}

impl UserPayload {
    /// With another way to read the login.
    pub async fn with<F: Future<Output = Result<Option<User>, Error>>>(
        outcome: Outcome<UserId>,
        read: impl FnOnce(UserId) -> F,
    ) -> Result<Self, Error> {
        let (id, user_errors) = halves(outcome)?;
        let user = match id {
            Some(id) => read(id).await?,
            None => None,
        };
        Ok(Self { user, user_errors })
    }
}

payloads! {
    /// A login, or why not.
    UserPayload { user: User of UserId } = |ctx, id| node::user(ctx, id);
    /// A customer, or why not.
    CustomerPayload { customer: Customer of CustomerId } = |ctx, id| node::customer(ctx, id);
    /// An address, or why not.
    AddressPayload { address: Address of AddressId } = |ctx, id| load(ctx, OwnAddress(id));
    /// A vendor, or why not.
    VendorPayload { vendor: Vendor of VendorId } = |ctx, id| load(ctx, VisibleVendor(id));
}
