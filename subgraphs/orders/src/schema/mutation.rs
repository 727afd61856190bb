//! Changes of carts, and the checkout.

use crate::{
    Settings,
    actions::{
        carts::{self, Addition},
        checkout::{self, Agreement},
    },
    schema::{
        deps,
        inputs::{CartLineInput, CheckoutInput, DeliverySelectionInput},
        mutation_orders::OrderMutation,
        payloads::{self, CartPayload, CheckoutPayload},
        problems,
    },
};
use async_graphql::{Context, ID, MergedObject, Object, Result};
use platform::{AddressInput, Currency, error::Split, viewer::viewer};

/// The root of changes.
#[derive(MergedObject, Default)]
pub struct Mutation(CartMutation, OrderMutation);

/// Carts.
#[derive(Default)]
pub struct CartMutation;

#[Object]
impl CartMutation {
    /// The viewer's cart in use, made if there is none. Errors: UNAUTHENTICATED, CURRENCY_MISMATCH.
    async fn cart_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Currency of a new cart; GBP unless told.")] currency: Option<Currency>,
    ) -> Result<CartPayload> {
        payloads::cart(ctx, carts::create(deps(ctx), viewer(ctx), currency).await).await
    }

    /// Adds pieces; lines of one variant become one. Errors: NOT_FOUND, INVALID, LIMIT_EXCEEDED, UNAVAILABLE, CONFLICT, VERSION_CONFLICT.
    async fn cart_lines_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: ID,
        #[graphql(desc = "What to add, 1 to 100 lines.")] lines: Vec<CartLineInput>,
        #[graphql(desc = "Refuse if the cart has changed.")] expected_version: Option<i32>,
    ) -> Result<CartPayload> {
        let lines = lines
            .into_iter()
            .map(|line| Addition {
                variant: line.variant_id,
                quantity: line.quantity,
                note: line.note,
            })
            .collect();
        payloads::cart(
            ctx,
            carts::add(deps(ctx), viewer(ctx), &cart_id, lines, expected_version).await,
        )
        .await
    }

    /// Sets the pieces of a line. Errors: NOT_FOUND, INVALID, CONFLICT, VERSION_CONFLICT.
    async fn cart_line_set_quantity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: ID,
        #[graphql(desc = "The line.")] line_id: ID,
        #[graphql(desc = "Pieces, 1 to 999.")] quantity: i32,
        #[graphql(desc = "The cart's version.")] expected_version: i32,
    ) -> Result<CartPayload> {
        payloads::cart(
            ctx,
            carts::set_quantity(
                deps(ctx),
                viewer(ctx),
                &cart_id,
                &line_id,
                quantity,
                expected_version,
            )
            .await,
        )
        .await
    }

    /// Takes lines out. Errors: NOT_FOUND, CONFLICT, VERSION_CONFLICT.
    async fn cart_lines_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: ID,
        #[graphql(desc = "The lines.")] line_ids: Vec<ID>,
        #[graphql(desc = "The cart's version.")] expected_version: i32,
    ) -> Result<CartPayload> {
        payloads::cart(
            ctx,
            carts::remove(deps(ctx), viewer(ctx), &cart_id, &line_ids, expected_version).await,
        )
        .await
    }

    /// Sets the addresses that are given; a new destination undoes the choice of deliveries. Errors: NOT_FOUND, INVALID, CONFLICT, VERSION_CONFLICT.
    async fn cart_addresses_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: ID,
        #[graphql(desc = "Where it goes.")] shipping: Option<AddressInput>,
        #[graphql(desc = "Who pays.")] billing: Option<AddressInput>,
        #[graphql(desc = "The cart's version.")] expected_version: i32,
    ) -> Result<CartPayload> {
        payloads::cart(
            ctx,
            carts::set_addresses(
                deps(ctx),
                viewer(ctx),
                &cart_id,
                shipping,
                billing,
                expected_version,
            )
            .await,
        )
        .await
    }

    /// Chooses deliveries by vendor. Errors: NOT_FOUND, REQUIRED, INVALID, CONFLICT, VERSION_CONFLICT.
    async fn cart_delivery_select(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: ID,
        #[graphql(desc = "One per vendor.")] selections: Vec<DeliverySelectionInput>,
        #[graphql(desc = "The cart's version.")] expected_version: i32,
    ) -> Result<CartPayload> {
        let selections: Vec<_> = selections
            .into_iter()
            .map(|s| (s.vendor_id, s.method_id))
            .collect();
        payloads::cart(
            ctx,
            carts::select_deliveries(deps(ctx), viewer(ctx), &cart_id, &selections, expected_version).await,
        )
        .await
    }

    /// Adds a coupon. Errors: COUPON_REJECTED, NOT_FOUND, LIMIT_EXCEEDED, CONFLICT, VERSION_CONFLICT.
    async fn cart_coupon_apply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: ID,
        #[graphql(desc = "The coupon's code.")] code: String,
        #[graphql(desc = "The cart's version.")] expected_version: i32,
    ) -> Result<CartPayload> {
        payloads::cart(
            ctx,
            carts::apply_coupon(deps(ctx), viewer(ctx), &cart_id, &code, expected_version).await,
        )
        .await
    }

    /// Takes a coupon out. Errors: NOT_FOUND, CONFLICT, VERSION_CONFLICT.
    async fn cart_coupon_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: ID,
        #[graphql(desc = "The coupon's code.")] code: String,
        #[graphql(desc = "The cart's version.")] expected_version: i32,
    ) -> Result<CartPayload> {
        payloads::cart(
            ctx,
            carts::remove_coupon(deps(ctx), viewer(ctx), &cart_id, &code, expected_version).await,
        )
        .await
    }

    /// How many loyalty points to pay with; a point is one minor unit, at most the goods. Errors: NOT_FOUND, INVALID, CONFLICT, VERSION_CONFLICT.
    async fn cart_loyalty_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: ID,
        #[graphql(desc = "Points, 0 or more.")] points: i32,
        #[graphql(desc = "The cart's version.")] expected_version: i32,
    ) -> Result<CartPayload> {
        payloads::cart(
            ctx,
            carts::set_points(deps(ctx), viewer(ctx), &cart_id, points, expected_version).await,
        )
        .await
    }

    /// Prices the cart; the quote is good for fifteen minutes. Errors: NOT_FOUND, REQUIRED, CONFLICT.
    async fn cart_quote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: ID,
    ) -> Result<CartPayload> {
        let (done, user_errors) = carts::quote(deps(ctx), viewer(ctx), &cart_id).await.split()?;
        let Some((id, priced)) = done else {
            return Ok(CartPayload {
                cart: None,
                user_errors,
                warnings: Vec::new(),
            });
        };
        let mut payload = payloads::cart(ctx, Ok(id)).await?;
        payload.warnings.extend(problems::of_quote(&priced));
        Ok(payload)
    }

    /// Takes everything out. Errors: NOT_FOUND, CONFLICT.
    async fn cart_clear(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: ID,
    ) -> Result<CartPayload> {
        payloads::cart(ctx, carts::clear(deps(ctx), viewer(ctx), &cart_id).await).await
    }

    /// Places the order. Errors: INVALID, INSUFFICIENT_STOCK, PRICE_CHANGED with the new quote, QUOTE_EXPIRED, COUPON_REJECTED,
    /// PAYMENT_DECLINED, UNAVAILABLE, REQUIRED, NOT_FOUND, VERSION_CONFLICT, IDEMPOTENCY_KEY_REUSED, IN_PROGRESS.
    async fn checkout_complete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the customer agrees to.")] input: CheckoutInput,
    ) -> Result<CheckoutPayload> {
        let agreement = Agreement {
            cart: input.cart_id,
            expected_version: input.expected_cart_version,
            quote: input.quote_id,
            quote_hash: input.quote_hash,
            provider: input.provider,
            saved_method: input.saved_payment_method_id,
            return_url: input.return_url,
            email: input.email,
            key: input.idempotency_key.to_string(),
        };
        let settings = ctx.data_unchecked::<Settings>();
        payloads::checkout(
            ctx,
            checkout::complete(deps(ctx), settings, viewer(ctx), &agreement).await,
        )
        .await
    }

    /// Pays again after a failed payment; an open payment is handed out again. Errors: NOT_FOUND, INVALID_TRANSITION,
    /// PAYMENT_DECLINED, IDEMPOTENCY_KEY_REUSED, IN_PROGRESS.
    async fn checkout_resume(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order.")] order_id: ID,
        #[graphql(desc = "Another provider.")] provider: Option<String>,
        #[graphql(desc = "Same key, same payment.")] idempotency_key: ID,
    ) -> Result<CheckoutPayload> {
        let settings = ctx.data_unchecked::<Settings>();
        payloads::checkout(
            ctx,
            checkout::resume(
                deps(ctx),
                settings,
                viewer(ctx),
                &order_id,
                provider,
                &idempotency_key,
            )
            .await,
        )
        .await
    }
}
