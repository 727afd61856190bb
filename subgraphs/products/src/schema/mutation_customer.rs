//! Mutations by customers: reviews and wishlists.

use super::payloads::{ReviewPayload, WishlistPayload};
use crate::{
    actions::{
        reviews,
        wishlists::{self, Item},
    },
    domain::review::Text,
};
use async_graphql::{Context, ID, Object, Result};
use platform::{Deps, error::parse_id, viewer::viewer};

#[derive(Default)]
pub struct CustomerMutation;

#[Object]
impl CustomerMutation {
    /// Writes a review, which is public once staff has published it. Registered customers; one for each product.
    async fn review_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] product_id: ID,
        #[graphql(desc = "1 (worst) to 5 (best).")] rating: i32,
        #[graphql(desc = "Headline, at most 200 characters.")] title: Option<String>,
        #[graphql(desc = "Text, at most 10,000 characters.")] body: Option<String>,
    ) -> Result<ReviewPayload> {
        let create = async {
            let text = Text { rating, title, body };
            reviews::create(
                ctx.data_unchecked::<Deps>(),
                viewer(ctx),
                parse_id(&product_id)?,
                text,
            )
            .await
        };
        ReviewPayload::of(ctx, create.await).await
    }

    /// Changes one's own review, which is public again once staff has published it again.
    async fn review_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the review.")] id: ID,
        #[graphql(desc = "1 (worst) to 5 (best).")] rating: i32,
        #[graphql(desc = "Headline, at most 200 characters.")] title: Option<String>,
        #[graphql(desc = "Text, at most 10,000 characters.")] body: Option<String>,
        #[graphql(desc = "`version` as it was read.")] expected_version: i32,
    ) -> Result<ReviewPayload> {
        let update = async {
            let (deps, text) = (ctx.data_unchecked::<Deps>(), Text { rating, title, body });
            reviews::update(deps, viewer(ctx), parse_id(&id)?, text, expected_version).await
        };
        ReviewPayload::of(ctx, update.await).await
    }

    /// Answers a published review. By members of the product's vendor.
    async fn review_reply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the review.")] id: ID,
        #[graphql(desc = "1 to 5,000 characters; replaces an earlier answer.")] body: String,
    ) -> Result<ReviewPayload> {
        let reply =
            async { reviews::reply(ctx.data_unchecked::<Deps>(), viewer(ctx), parse_id(&id)?, body).await };
        ReviewPayload::of(ctx, reply.await).await
    }

    /// Votes for a review of somebody else; a second vote changes nothing. Registered customers.
    async fn review_mark_helpful(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the review.")] id: ID,
    ) -> Result<ReviewPayload> {
        let vote =
            async { reviews::mark_helpful(ctx.data_unchecked::<Deps>(), viewer(ctx), parse_id(&id)?).await };
        ReviewPayload::of(ctx, vote.await).await
    }

    /// Makes a wishlist, at most 50. Guests may have some too.
    async fn wishlist_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1 to 100 characters.")] name: String,
    ) -> Result<WishlistPayload> {
        WishlistPayload::of(
            ctx,
            wishlists::create(ctx.data_unchecked::<Deps>(), viewer(ctx), name).await,
        )
        .await
    }

    /// Puts a variant on a wishlist, or changes what is wished to hear of it.
    async fn wishlist_item_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the list; the first one if absent, made if need be.")] wishlist_id: Option<
            ID,
        >,
        #[graphql(desc = "ID of the variant.")] variant_id: ID,
        #[graphql(
            default_with = "Some(false)",
            desc = "Tell the customer, in the app and by mail, when it is in stock again."
        )]
        notify_back_in_stock: Option<bool>,
        #[graphql(
            default_with = "Some(false)",
            desc = "Tell the customer, in the app and by mail, when it costs less."
        )]
        notify_price_drop: Option<bool>,
    ) -> Result<WishlistPayload> {
        let add = async {
            let list = wishlist_id.as_ref().map(parse_id).transpose()?;
            let item = Item {
                variant: parse_id(&variant_id)?,
                notify_back_in_stock: notify_back_in_stock.unwrap_or(false),
                notify_price_drop: notify_price_drop.unwrap_or(false),
            };
            wishlists::add(ctx.data_unchecked::<Deps>(), viewer(ctx), list, item).await
        };
        WishlistPayload::of(ctx, add.await).await
    }

    /// Takes a variant off a wishlist.
    async fn wishlist_item_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the list.")] wishlist_id: ID,
        #[graphql(desc = "ID of the variant.")] variant_id: ID,
    ) -> Result<WishlistPayload> {
        let remove = async {
            let (list, variant) = (parse_id(&wishlist_id)?, parse_id(&variant_id)?);
            wishlists::remove(ctx.data_unchecked::<Deps>(), viewer(ctx), list, variant).await
        };
        WishlistPayload::of(ctx, remove.await).await
    }

    /// Shows a wishlist to whoever has its `shareToken`, or to nobody. Each new sharing has a new token.
    async fn wishlist_share(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the list.")] wishlist_id: ID,
        #[graphql(desc = "Whether it is to be shown.")] is_public: bool,
    ) -> Result<WishlistPayload> {
        let share = async {
            wishlists::share(
                ctx.data_unchecked::<Deps>(),
                viewer(ctx),
                parse_id(&wishlist_id)?,
                is_public,
            )
            .await
        };
        WishlistPayload::of(ctx, share.await).await
    }
}
