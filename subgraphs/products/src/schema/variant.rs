//! Relations and prices of a variant.

use super::loaders::{MediaOf, PricesOf, reader};
use crate::domain::{
    media::Media,
    price::{self, Price},
    product::Product,
    variant::{PriceTier, Variant, VariantOption},
};
use async_graphql::{ComplexObject, Context, ID, Result};
use platform::{Currency, Error, Money, viewer::viewer};
use std::sync::Arc;

impl Variant {
    async fn prices(&self, ctx: &Context<'_>) -> Result<Arc<Vec<Price>>, Error> {
        Ok(reader(ctx).load_one(PricesOf(self.id)).await?.unwrap_or_default())
    }
}

#[ComplexObject]
impl Variant {
    /// Opaque and unique.
    pub async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// What it is a variant of.
    async fn product(&self, ctx: &Context<'_>) -> Result<Product> {
        let product = reader(ctx).load_one(self.product_id).await?;
        // Hidden between the two reads.
        Ok(product.ok_or_else(|| Error::BadInput("the product is not available any more".to_owned()))?)
    }

    /// Pictures and videos: those of its product.
    async fn media(&self, ctx: &Context<'_>) -> Result<Vec<Media>> {
        let media = reader(ctx).load_one(MediaOf(self.product_id)).await?;
        Ok(media.unwrap_or_default())
    }

    /// What it is chosen by, in the vendor's order.
    async fn options(&self) -> &Vec<VariantOption> {
        &self.options.0
    }

    /// Price of one piece for the caller: by currency, quantity and tier. Null if not sold in the currency.
    async fn price(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ISO 4217; the product's own currency if absent.")] currency: Option<Currency>,
        #[graphql(default_with = "Some(1)", desc = "Pieces bought together, 1 or more.")] quantity: Option<
            i32,
        >,
    ) -> Option<Result<Money, Error>> {
        let (currency, quantity) = (currency.unwrap_or(self.currency), quantity.unwrap_or(1));
        if quantity < 1 {
            return Some(Err(Error::BadInput("quantity must be 1 or more".to_owned())));
        }
        let prices = match self.prices(ctx).await {
            Ok(prices) => prices,
            Err(error) => return Some(Err(error)),
        };
        let ladder = price::ladder(&prices, currency, viewer(ctx).tier.as_deref());
        price::at(&ladder, quantity).map(|amount| Ok(Money::new(amount, currency)))
    }

    /// Price of one piece before a reduction, if it is reduced.
    async fn compare_at_price(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ISO 4217; the product's own currency if absent.")] currency: Option<Currency>,
    ) -> Option<Result<Money, Error>> {
        let currency = currency.unwrap_or(self.currency);
        let prices = match self.prices(ctx).await {
            Ok(prices) => prices,
            Err(error) => return Some(Err(error)),
        };
        let before = prices
            .iter()
            .filter(|price| price.currency == currency)
            .find_map(|price| price.compare_at);
        before.map(|amount| Ok(Money::new(amount, currency)))
    }

    /// The price list by quantity: everybody's and that of the caller's tier; the vendor and staff see all tiers.
    async fn price_tiers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ISO 4217; the product's own currency if absent.")] currency: Option<Currency>,
    ) -> Result<Vec<PriceTier>> {
        let (currency, viewer) = (currency.unwrap_or(self.currency), viewer(ctx));
        let seen = |price: &&Price| {
            price.customer_tier.is_empty()
                || viewer.tier.as_deref() == Some(price.customer_tier.as_str())
                || viewer.manages(self.vendor_id)
        };
        let prices = self.prices(ctx).await?;
        let tier = |price: &Price| PriceTier {
            min_quantity: price.min_quantity,
            price: Money::new(price.amount, currency),
            customer_tier: (!price.customer_tier.is_empty()).then(|| price.customer_tier.clone()),
        };
        Ok(prices
            .iter()
            .filter(|price| price.currency == currency)
            .filter(seen)
            .map(tier)
            .collect())
    }
}
