//! The life of a vendor.

use crate::{
    actions::{
        members,
        vendor::{self, VendorInput},
    },
    app,
    domain::vendor::Verb,
    once,
    schema::payloads::VendorPayload,
};
use async_graphql::{Context, ID, Object, Result};
use platform::{Error, client::client, viewer::viewer};

#[derive(Default)]
pub struct VendorMutation;

/// The life of a vendor.
#[Object]
impl VendorMutation {
    /// Begins an application; the caller owns the vendor. Errors: INVALID, UNAUTHENTICATED, LIMIT_EXCEEDED; CONFLICT,
    /// if the slug is taken.
    async fn vendor_apply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The vendor.")] input: VendorInput,
    ) -> Result<VendorPayload> {
        let done = vendor::apply(app(ctx), viewer(ctx), input).await;
        Ok(VendorPayload::new(ctx, done).await?)
    }

    /// Changes what a vendor says about itself; a rejected one becomes a draft again. Errors: INVALID, UNAUTHENTICATED,
    /// NOT_FOUND, VERSION_CONFLICT; CONFLICT, if the slug is taken or the vendor cannot be changed now.
    async fn vendor_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor of the caller.")] id: ID,
        #[graphql(desc = "The vendor.")] input: VendorInput,
        #[graphql(desc = "`Vendor.version` as the caller knows it.")] expected_version: i32,
    ) -> Result<VendorPayload> {
        let done = vendor::update(app(ctx), viewer(ctx), &id, input, expected_version).await;
        Ok(VendorPayload::new(ctx, done).await?)
    }

    /// Hands an application in. Errors: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION.
    async fn vendor_submit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor of the caller.")] id: ID,
    ) -> Result<VendorPayload> {
        let done = vendor::by_member(app(ctx), viewer(ctx), &id, Verb::Submit).await;
        Ok(VendorPayload::new(ctx, done).await?)
    }

    /// Begins the review. Requires: STAFF. Errors: NOT_FOUND, INVALID_TRANSITION.
    async fn vendor_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor.")] id: ID,
    ) -> Option<Result<VendorPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        let done = vendor::by_staff(app(ctx), viewer(ctx), &id, Verb::Review, None, "reason").await;
        Some(VendorPayload::new(ctx, done).await)
    }

    /// Lets a reviewed vendor sell. Requires: STAFF. Errors: NOT_FOUND, INVALID_TRANSITION, INVALID.
    async fn vendor_approve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor.")] id: ID,
        #[graphql(desc = "In words, 1 to 1,000 characters.")] note: Option<String>,
    ) -> Option<Result<VendorPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        let done = vendor::by_staff(app(ctx), viewer(ctx), &id, Verb::Approve, note, "note").await;
        Some(VendorPayload::new(ctx, done).await)
    }

    /// Asks the applicant for changes. Requires: STAFF. Errors: NOT_FOUND, INVALID_TRANSITION, INVALID.
    async fn vendor_request_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor.")] id: ID,
        #[graphql(desc = "In words for the applicant, 1 to 1,000 characters.")] note: String,
    ) -> Option<Result<VendorPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        let done = vendor::by_staff(
            app(ctx),
            viewer(ctx),
            &id,
            Verb::RequestChanges,
            Some(note),
            "note",
        )
        .await;
        Some(VendorPayload::new(ctx, done).await)
    }

    /// Refuses a reviewed vendor. Requires: STAFF. Errors: NOT_FOUND, INVALID_TRANSITION, INVALID.
    async fn vendor_reject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor.")] id: ID,
        #[graphql(desc = "In words for the applicant, 1 to 1,000 characters.")] reason: String,
    ) -> Option<Result<VendorPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        let done = vendor::by_staff(app(ctx), viewer(ctx), &id, Verb::Reject, Some(reason), "reason").await;
        Some(VendorPayload::new(ctx, done).await)
    }

    /// Stops a vendor from selling. Requires: STAFF. Errors: NOT_FOUND, INVALID_TRANSITION, INVALID.
    async fn vendor_suspend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor.")] id: ID,
        #[graphql(desc = "In words for the applicant, 1 to 1,000 characters.")] reason: String,
    ) -> Option<Result<VendorPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        let done = vendor::by_staff(app(ctx), viewer(ctx), &id, Verb::Suspend, Some(reason), "reason").await;
        Some(VendorPayload::new(ctx, done).await)
    }

    /// Lets a suspended vendor sell again. Requires: STAFF. Errors: NOT_FOUND, INVALID_TRANSITION.
    async fn vendor_reinstate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor.")] id: ID,
    ) -> Option<Result<VendorPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        let done = vendor::by_staff(app(ctx), viewer(ctx), &id, Verb::Reinstate, None, "reason").await;
        Some(VendorPayload::new(ctx, done).await)
    }

    /// Ends a vendor for good. Errors: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, INVALID_TRANSITION; CONFLICT, while it
    /// has orders to fulfil.
    async fn vendor_close(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor of the caller.")] id: ID,
    ) -> Result<VendorPayload> {
        let done = vendor::close(app(ctx), viewer(ctx), &id).await;
        Ok(VendorPayload::new(ctx, done).await?)
    }

    /// Asks by mail whoever has this address to become a member: with `vendorInvitationAccept`, or by making an account
    /// with it. The answer does not tell whether there is one. The last invitation of an address counts; a member gets
    /// the role at once. Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, CONFLICT, LIMIT_EXCEEDED, RATE_LIMITED.
    async fn vendor_member_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor of the caller.")] vendor_id: ID,
        #[graphql(desc = "Address of the member to be.")] email: String,
        #[graphql(desc = "OWNER, MANAGER or CLERK.")] role: String,
    ) -> Result<VendorPayload> {
        once(ctx)?;
        let (app, client) = (app(ctx), client(ctx));
        let done = members::invite(app, &client, viewer(ctx), &vendor_id, &email, &role).await;
        Ok(VendorPayload::new(ctx, done).await?)
    }

    /// Makes the caller a member of a vendor that has invited their address, which they must have verified; the vendor is
    /// null until the next access token. Errors: UNAUTHENTICATED; NOT_FOUND without an invitation.
    async fn vendor_invitation_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The vendor of the mail.")] vendor_id: ID,
    ) -> Result<VendorPayload> {
        let done = members::accept(app(ctx), viewer(ctx), &vendor_id).await;
        Ok(VendorPayload::new(ctx, done).await?)
    }

    /// Removes a member; members may remove themselves. Errors: UNAUTHENTICATED, NOT_FOUND, FORBIDDEN; CONFLICT for the
    /// last owner.
    async fn vendor_member_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A vendor of the caller.")] vendor_id: ID,
        #[graphql(desc = "A member.")] user_id: ID,
    ) -> Result<VendorPayload> {
        let done = members::remove(app(ctx), viewer(ctx), &vendor_id, &user_id).await;
        Ok(VendorPayload::new(ctx, done).await?)
    }
}
