//! What staff and admins do to people.

use crate::{
    actions::{admin, loyalty, tiers, vip},
    app,
    domain::vip::VipTier,
    schema::{
        payloads::{CustomerPayload, UserPayload},
        tier::VipTierPayload,
    },
};
use async_graphql::{Context, ID, Object, Result};
use platform::{Error, Money, Role, money::MoneyInput, viewer::viewer};

#[derive(Default)]
pub struct AdminMutation;

/// What staff and admins do to people.
#[Object]
impl AdminMutation {
    /// Locks or unlocks a login; locked, all its sessions end. Requires: STAFF. An admin can only be locked by an
    /// admin, and never the last one. Errors: INVALID, NOT_FOUND, FORBIDDEN, CONFLICT.
    async fn user_set_active(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A login.")] id: ID,
        #[graphql(desc = "Whether it may log in.")] active: bool,
        #[graphql(desc = "Why, for the record; 1 to 500 characters.")] reason: String,
    ) -> Option<Result<UserPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        let done = admin::set_active(app(ctx), viewer(ctx), &id, active, reason).await;
        Some(UserPayload::new(ctx, done).await)
    }

    /// Gives STAFF or ADMIN and ends the access tokens, so that the next one has the role. Requires: ADMIN. Errors: INVALID, NOT_FOUND.
    async fn role_assign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A login.")] user_id: ID,
        #[graphql(desc = "STAFF or ADMIN.")] role: Role,
    ) -> Option<Result<UserPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_admin() {
            return Some(Err(refused));
        }
        let done = admin::assign(app(ctx), viewer(ctx), &user_id, role).await;
        Some(UserPayload::new(ctx, done).await)
    }

    /// Takes STAFF or ADMIN away and ends the sessions. Requires: ADMIN. Errors: INVALID, NOT_FOUND; CONFLICT for the
    /// last admin.
    async fn role_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A login.")] user_id: ID,
        #[graphql(desc = "STAFF or ADMIN.")] role: Role,
    ) -> Option<Result<UserPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_admin() {
            return Some(Err(refused));
        }
        let done = admin::revoke(app(ctx), viewer(ctx), &user_id, role).await;
        Some(UserPayload::new(ctx, done).await)
    }

    /// Gives a tier by hand, for a year. Requires: STAFF. Errors: INVALID, NOT_FOUND; CONFLICT for a guest.
    async fn vip_enroll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A customer.")] customer_id: ID,
        #[graphql(desc = "The tier.")] tier: VipTier,
        #[graphql(desc = "Why, for the record; 1 to 500 characters.")] reason: String,
    ) -> Option<Result<CustomerPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        let done = vip::enroll(app(ctx), viewer(ctx), &customer_id, tier, reason).await;
        Some(CustomerPayload::new(ctx, done).await)
    }

    /// Gives the tier that the spend of the membership year earns; before the renewal date never a lower one.
    /// Requires: STAFF. Errors: NOT_FOUND; CONFLICT for a guest.
    async fn vip_tier_recompute(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A customer.")] customer_id: ID,
    ) -> Option<Result<CustomerPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        let done = vip::recompute_tier(app(ctx), viewer(ctx), &customer_id).await;
        Some(CustomerPayload::new(ctx, done).await)
    }

    /// Puts new thresholds in place of those of a tier. They count from the next sale, `vipTierRecompute` or renewal on;
    /// nobody loses a tier before the year is over. Requires: ADMIN. Errors: INVALID, also where the tiers would not be
    /// in order in some currency.
    async fn vip_tier_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tier.")] tier: VipTier,
        #[graphql(
            desc = "Spend within a membership year, for each currency in which the tier can be earned."
        )]
        thresholds: Vec<MoneyInput>,
    ) -> Option<Result<VipTierPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_admin() {
            return Some(Err(refused));
        }
        let thresholds: Vec<Money> = thresholds.into_iter().map(Money::from).collect();
        let done = tiers::update(app(ctx), viewer(ctx), tier, &thresholds).await;
        Some(VipTierPayload::new(ctx, done).await)
    }

    /// Adds points or takes available ones. Requires: STAFF. Errors: INVALID, NOT_FOUND, LIMIT_EXCEEDED,
    /// IDEMPOTENCY_KEY_REUSED.
    async fn loyalty_adjust(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A customer.")] customer_id: ID,
        #[graphql(desc = "Change of the available points, up to a million either way.")] points: i32,
        #[graphql(desc = "Why, for the record; 1 to 500 characters.")] reason: String,
        #[graphql(desc = "Makes a repetition harmless; 1 to 255 characters.")] idempotency_key: ID,
    ) -> Option<Result<CustomerPayload, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        let done = loyalty::adjust(
            app(ctx),
            viewer(ctx),
            &customer_id,
            points,
            reason,
            &idempotency_key,
        )
        .await;
        Some(CustomerPayload::new(ctx, done).await)
    }
}
