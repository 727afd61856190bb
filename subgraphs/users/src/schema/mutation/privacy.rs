//! What people do about everything that is known of them.

use crate::{
    actions::{erasure, export},
    app,
    schema::{export::AccountExportPayload, payloads::AckPayload},
};
use async_graphql::{Context, ID, Object, Result};
use platform::viewer::viewer;

#[derive(Default)]
pub struct PrivacyMutation;

/// What people do about everything that is known of them.
#[Object]
impl PrivacyMutation {
    /// Asks for a copy of everything that is known about the caller; a mail says when it is ready. A copy that is under
    /// way or less than an hour old is the answer. Errors: UNAUTHENTICATED; NOT_FOUND, if the caller may not ask.
    async fn account_export_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Somebody else's login, who then gets the copy. Staff only; it is recorded.")]
        user_id: Option<ID>,
    ) -> Result<AccountExportPayload> {
        let done = export::request(app(ctx), viewer(ctx), user_id.as_ref()).await;
        AccountExportPayload::new(ctx, done).await
    }

    /// Sends a mail with which the caller's account can be deleted, good for 30 minutes, once a minute at most. Errors:
    /// UNAUTHENTICATED; CONFLICT for the only owner of an open vendor and the only admin.
    async fn account_deletion_request(&self, ctx: &Context<'_>) -> Result<AckPayload> {
        AckPayload::new(erasure::request(app(ctx), viewer(ctx)).await)
    }

    /// Deletes the account: it is closed at once, and its data is erased as soon as no order, payment or parcel is open
    /// any more. It cannot be undone. Errors: INVALID; CONFLICT as for the request.
    async fn account_deletion_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The secret of the mail.")] token: String,
    ) -> Result<AckPayload> {
        AckPayload::new(erasure::confirm(app(ctx), &token).await)
    }
}
