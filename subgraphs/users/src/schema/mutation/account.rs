//! Registration, login, sessions, passwords.

use crate::{
    actions::{account, password, registration, session},
    app, once,
    schema::{
        load,
        loaders::AnyUser,
        payloads::{AckPayload, AuthPayload, UserPayload},
        user::User,
    },
};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use contracts::orders::MergeStrategy;
use platform::{Error, Language, client::client, viewer::viewer};

/// What becomes of a guest's cart when the guest logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CartMergeStrategy {
    /// Quantities are summed and capped.
    Merge,
    /// The guest's cart replaces the account's.
    KeepGuest,
    /// The guest's cart is given up.
    KeepAccount,
}

impl From<CartMergeStrategy> for MergeStrategy {
    fn from(strategy: CartMergeStrategy) -> Self {
        match strategy {
            CartMergeStrategy::Merge => Self::Merge,
            CartMergeStrategy::KeepGuest => Self::KeepGuest,
            CartMergeStrategy::KeepAccount => Self::KeepAccount,
        }
    }
}

/// What a newcomer says.
#[derive(InputObject)]
pub struct RegisterInput {
    /// Address for login and mails; unique, whatever the capitals.
    email: String,
    /// 8 to 128 characters.
    password: String,
    /// Name to show, 1 to 100 characters.
    display_name: Option<String>,
    /// Language of mails; English unless told.
    locale: Option<Language>,
    /// Access token of the guest whose customer becomes the account's.
    guest_token: Option<String>,
    /// Whether advertising is welcome.
    #[graphql(default_with = "Some(false)")]
    marketing_opt_in: Option<bool>,
}

#[derive(Default)]
pub struct AccountMutation;

/// Registration, login, sessions, passwords.
#[Object]
impl AccountMutation {
    /// Begins to shop without an account.
    async fn guest_session_create(&self, ctx: &Context<'_>) -> Result<AuthPayload> {
        AuthPayload::new(ctx, session::guest(app(ctx), &client(ctx)).await).await
    }

    /// Asks for an account. The payload is empty whether or not the address has one already: its mailbox is told, and
    /// `userActivate` with the secret of that mail makes the account and logs in; a guest keeps its customer. Where the
    /// shop does not verify mailboxes first, the account is made at once, and CONFLICT says that the address cannot be
    /// used or the guest has an account already. Errors: INVALID, RATE_LIMITED.
    async fn user_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The newcomer.")] input: RegisterInput,
    ) -> Result<AuthPayload> {
        once(ctx)?;
        let newcomer = registration::Registration {
            email: input.email,
            password: input.password,
            display_name: input.display_name,
            locale: input.locale.unwrap_or_default(),
            guest_token: input.guest_token,
            marketing: input.marketing_opt_in.unwrap_or(false),
        };
        AuthPayload::new(
            ctx,
            registration::register(app(ctx), &client(ctx), newcomer).await,
        )
        .await
    }

    /// Shows that the mailbox is the caller's: the account that was asked for is made, with the guest of its
    /// registration if that is still a guest, and its owner is logged in. A secret is good once, for a day. Errors:
    /// INVALID.
    async fn user_activate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The secret of the mail.")] token: String,
    ) -> Result<AuthPayload> {
        AuthPayload::new(ctx, registration::activate(app(ctx), &client(ctx), &token).await).await
    }

    /// Sends the activation mail again, once a minute at most. The answer does not tell whether somebody waits for it.
    /// Errors: INVALID, RATE_LIMITED.
    async fn activation_email_resend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Address of the account.")] email: String,
    ) -> Result<AckPayload> {
        once(ctx)?;
        AckPayload::new(registration::resend(app(ctx), &client(ctx), &email).await)
    }

    /// Logs in. Errors: UNAUTHENTICATED, whatever of the two is wrong; RATE_LIMITED after too many tries; INVALID
    /// for a bad guest token.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Address of the account.")] email: String,
        #[graphql(desc = "Its password.")] password: String,
        #[graphql(desc = "Access token of the guest whose cart comes along.")] guest_token: Option<String>,
        #[graphql(
            default_with = "Some(CartMergeStrategy::Merge)",
            desc = "What becomes of the guest's cart."
        )]
        cart_merge: Option<CartMergeStrategy>,
    ) -> Result<AuthPayload> {
        once(ctx)?;
        let guest = guest_token.as_deref();
        let strategy = cart_merge.unwrap_or(CartMergeStrategy::Merge).into();
        let outcome = session::login(app(ctx), &client(ctx), &email, &password, guest, strategy).await;
        AuthPayload::new(ctx, outcome).await
    }

    /// New tokens for a refresh token, which is good once; one that comes again after ten seconds ends the session.
    /// Errors: UNAUTHENTICATED.
    async fn token_refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The last refresh token.")] refresh_token: String,
    ) -> Result<AuthPayload> {
        AuthPayload::new(
            ctx,
            session::refresh(app(ctx), &client(ctx), &refresh_token).await,
        )
        .await
    }

    /// Whether an access token is good and its session has not ended.
    async fn token_verify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An access token.")] token: String,
    ) -> Result<AckPayload> {
        Ok(AckPayload::yes_or_no(session::verify(app(ctx), &token).await?))
    }

    /// Ends the caller's session. Errors: UNAUTHENTICATED.
    async fn logout(&self, ctx: &Context<'_>) -> Result<AckPayload> {
        AckPayload::new(session::logout(app(ctx), viewer(ctx)).await)
    }

    /// Ends one of the caller's sessions. Errors: UNAUTHENTICATED, NOT_FOUND.
    async fn session_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One of `User.sessions`.")] id: ID,
    ) -> Result<AckPayload> {
        AckPayload::new(session::revoke(app(ctx), viewer(ctx), &id).await)
    }

    /// Ends all of the caller's sessions, this one too. Errors: UNAUTHENTICATED.
    async fn sessions_revoke_all(&self, ctx: &Context<'_>) -> Result<AckPayload> {
        AckPayload::new(session::revoke_all(app(ctx), viewer(ctx)).await)
    }

    /// Sends a mail with which a lost password can be replaced, once a minute at most. The answer does not tell
    /// whether there is an account. Errors: INVALID, RATE_LIMITED.
    async fn password_reset_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Address of the account.")] email: String,
    ) -> Result<AckPayload> {
        once(ctx)?;
        AckPayload::new(password::request_reset(app(ctx), &client(ctx), &email).await)
    }

    /// Sets a new password and ends all sessions. Errors: INVALID.
    async fn password_reset_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The secret of the mail.")] token: String,
        #[graphql(desc = "8 to 128 characters.")] new_password: String,
    ) -> Result<AckPayload> {
        once(ctx)?;
        AckPayload::new(password::confirm_reset(app(ctx), &token, &new_password).await)
    }

    /// Sets a new password and ends all other sessions. Errors: INVALID, UNAUTHENTICATED, RATE_LIMITED.
    async fn password_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password so far.")] current: String,
        #[graphql(desc = "8 to 128 characters.")] new_password: String,
    ) -> Result<AckPayload> {
        once(ctx)?;
        let outcome = password::change(app(ctx), &client(ctx), viewer(ctx), &current, &new_password).await;
        AckPayload::new(outcome)
    }

    /// Sends a mail to a new address, which counts once that mail is answered. Errors: INVALID, UNAUTHENTICATED,
    /// RATE_LIMITED.
    async fn email_change_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new address.")] new_email: String,
        #[graphql(desc = "The caller's password.")] password: String,
    ) -> Result<AckPayload> {
        once(ctx)?;
        let (app, client) = (app(ctx), client(ctx));
        AckPayload::new(account::request_email_change(app, &client, viewer(ctx), &new_email, &password).await)
    }

    /// Puts the new address in place of the old one. Errors: INVALID; CONFLICT, if somebody else has it by now.
    async fn email_change_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The secret of the mail.")] token: String,
    ) -> Result<UserPayload> {
        // Whoever has the secret has both the login and the mailbox.
        let own = |id| async move { Ok::<_, Error>(load(ctx, AnyUser(id)).await?.map(User::own)) };
        Ok(UserPayload::with(account::confirm_email_change(app(ctx), &token).await, own).await?)
    }
}
