//! Mutations of variants.

use super::payloads::VariantPayload;
use crate::{
    actions::variants::{self, Tiers},
    domain::input::{VariantInput, amounts},
};
use async_graphql::{Context, ID, Object, Result};
use platform::{Currency, Deps, MinorUnits, error::parse_id, money::MoneyInput, viewer::viewer};

#[derive(Default)]
pub struct VariantMutation;

#[Object]
impl VariantMutation {
    /// Adds a variant to a product; it is on sale when the product is. Errors: CONFLICT (SKU in use),
    /// CURRENCY_MISMATCH (no price in the product's own currency).
    async fn variant_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] product_id: ID,
        #[graphql(desc = "The variant.")] input: VariantInput,
    ) -> Result<VariantPayload> {
        let create = async {
            variants::create(
                ctx.data_unchecked::<Deps>(),
                viewer(ctx),
                parse_id(&product_id)?,
                input,
            )
            .await
        };
        VariantPayload::of(ctx, create.await).await
    }

    /// Replaces a variant's data and its prices of one piece.
    async fn variant_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the variant.")] id: ID,
        #[graphql(desc = "All of its data.")] input: VariantInput,
        #[graphql(desc = "`version` as it was read.")] expected_version: i32,
    ) -> Result<VariantPayload> {
        let update = async {
            variants::update(
                ctx.data_unchecked::<Deps>(),
                viewer(ctx),
                parse_id(&id)?,
                input,
                expected_version,
            )
            .await
        };
        VariantPayload::of(ctx, update.await).await
    }

    /// Stops the sale of a variant.
    async fn variant_deactivate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the variant.")] id: ID,
    ) -> Result<VariantPayload> {
        let deactivate =
            async { variants::deactivate(ctx.data_unchecked::<Deps>(), viewer(ctx), parse_id(&id)?).await };
        VariantPayload::of(ctx, deactivate.await).await
    }

    /// Sets everybody's price of one piece in one currency.
    async fn variant_price_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the variant.")] id: ID,
        #[graphql(desc = "Price of one piece.")] price: MoneyInput,
        #[graphql(desc = "Price before a reduction, above the price; none if absent.")] compare_at: Option<
            MoneyInput,
        >,
        #[graphql(desc = "`version` as it was read.")] expected_version: i32,
    ) -> Result<VariantPayload> {
        let set = async {
            let prices = (price.into(), compare_at.map(Into::into));
            variants::set_price(
                ctx.data_unchecked::<Deps>(),
                viewer(ctx),
                parse_id(&id)?,
                prices,
                expected_version,
            )
            .await
        };
        VariantPayload::of(ctx, set.await).await
    }

    /// Replaces the prices by quantity in one currency. Everybody's begin with quantity 1.
    async fn variant_price_tiers_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the variant.")] id: ID,
        #[graphql(desc = "ISO 4217 code.")] currency: Currency,
        #[graphql(desc = "Least quantities, ascending, 1 to 999; at most 20.")] min_quantities: Vec<i32>,
        #[graphql(desc = "Price of one piece for each quantity, minor units.")] amounts: Vec<MinorUnits>,
        #[graphql(desc = "Tier of customers these prices are for; everybody if absent.")]
        customer_tier: Option<String>,
    ) -> Result<VariantPayload> {
        let amounts = self::amounts(&amounts);
        let list = Tiers {
            currency,
            customer_tier,
            quantities: &min_quantities,
            amounts: &amounts,
        };
        let set = async {
            variants::set_tiers(ctx.data_unchecked::<Deps>(), viewer(ctx), parse_id(&id)?, list).await
        };
        VariantPayload::of(ctx, set.await).await
    }
}
