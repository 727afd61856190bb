//! Carts, as their owners see them.

use crate::{
    domain::cart::{CartRow, CartStatus, LineRow, unit_price},
    schema::{
        load, load_many,
        loaders::{DeliveriesOfCart, Facts, FactsOfCart, LinesOfCart, QuoteById},
        problems::{self, CartProblem},
        quote::Quote,
        stubs::{Coupon, Customer, ProductVariant, Vendor},
    },
};
use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Currency, Error, Money, PostalAddress,
    ids::{CartId, CartLineId, ShippingMethodId, VariantId, VendorId},
};
use std::sync::Arc;

/// What somebody is about to buy. Visible to its owner and to staff.
#[derive(Clone, Debug)]
pub struct Cart(pub CartRow);

/// A variant in a cart.
#[derive(Clone, Debug)]
pub struct CartLine {
    pub currency: Currency,
    pub row: LineRow,
}

/// How a vendor's parcel travels.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct SelectedDelivery {
    /// The vendor.
    pub vendor: Option<Vendor>,
    /// The shipping method.
    pub method_id: ShippingMethodId,
    /// Its price when it was chosen; the quote tells the price now.
    pub rate: Money,
}

/// What shipping needs to know for its delivery options.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(inaccessible)]
pub struct ShippingBasis {
    /// Where to, if known.
    pub destination: Option<PostalAddress>,
    /// One per vendor.
    #[graphql(inaccessible)]
    pub parcels: Vec<ParcelBasis>,
}

/// One vendor's parcel.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(inaccessible)]
pub struct ParcelBasis {
    /// The vendor.
    pub vendor_id: VendorId,
    /// Grams.
    pub weight_grams: i32,
    /// Goods before discounts.
    pub subtotal: Money,
    /// What is in it.
    pub variant_ids: Vec<VariantId>,
}

impl Cart {
    async fn rows(&self, ctx: &Context<'_>) -> Result<Vec<LineRow>, Error> {
        load_many(ctx, LinesOfCart(self.0.id)).await
    }

    async fn facts(&self, ctx: &Context<'_>) -> Result<Arc<Facts>, Error> {
        Ok(load(ctx, FactsOfCart(self.0.id)).await?.unwrap_or_default())
    }

    async fn basis(&self, ctx: &Context<'_>) -> Result<ShippingBasis, Error> {
        let (lines, facts) = (self.rows(ctx).await?, self.facts(ctx).await?);
        let mut parcels: Vec<ParcelBasis> = Vec::new();
        for line in lines {
            let info = facts.variants.get(&line.variant_id);
            let price = info
                .and_then(|info| unit_price(&info.prices, line.quantity))
                .unwrap_or(line.unit_price);
            let grams = info
                .map_or(0, |info| info.weight_grams)
                .saturating_mul(line.quantity);
            let worth = Money::new(price, self.0.currency)
                .times(line.quantity.into())
                .map_err(Error::internal)?;
            match parcels
                .iter_mut()
                .find(|parcel| parcel.vendor_id == line.vendor_id)
            {
                Some(parcel) => {
                    parcel.weight_grams = parcel.weight_grams.saturating_add(grams);
                    parcel.subtotal = parcel.subtotal.plus(worth).map_err(Error::internal)?;
                    parcel.variant_ids.push(line.variant_id);
                }
                None => parcels.push(ParcelBasis {
                    vendor_id: line.vendor_id,
                    weight_grams: grams,
                    subtotal: worth,
                    variant_ids: vec![line.variant_id],
                }),
            }
        }
        Ok(ShippingBasis {
            destination: self.0.shipping_address.as_deref().cloned(),
            parcels,
        })
    }

    /// Everything that is wrong with it now.
    pub async fn find_problems(&self, ctx: &Context<'_>) -> Result<Vec<CartProblem>, Error> {
        let lines = self.rows(ctx).await?;
        if lines.is_empty() || self.0.status != CartStatus::Active {
            return Ok(Vec::new());
        }
        let deliveries = load_many(ctx, DeliveriesOfCart(self.0.id)).await?;
        Ok(problems::of_cart(
            &self.0,
            &lines,
            &deliveries,
            &*self.facts(ctx).await?,
        ))
    }
}

#[Object]
impl Cart {
    /// Opaque ID.
    pub async fn id(&self) -> CartId {
        self.0.id
    }

    /// State; only an ACTIVE cart can be changed.
    async fn status(&self) -> CartStatus {
        self.0.status
    }

    /// Whose it is.
    async fn customer(&self) -> Option<Customer> {
        Some(Customer {
            id: self.0.customer_id,
        })
    }

    /// Currency of all its amounts.
    async fn currency(&self) -> Currency {
        self.0.currency
    }

    /// Its lines, at most 100, oldest first.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<CartLine>, Error> {
        Ok(self
            .rows(ctx)
            .await?
            .into_iter()
            .map(|row| CartLine {
                currency: self.0.currency,
                row,
            })
            .collect())
    }

    /// How many lines it has.
    async fn line_count(&self, ctx: &Context<'_>) -> Result<i32, Error> {
        Ok(i32::try_from(self.rows(ctx).await?.len()).unwrap_or(i32::MAX))
    }

    /// Coupons that were applied; the quote tells what they give.
    async fn coupons(&self) -> Vec<Option<Coupon>> {
        self.0
            .coupon_ids
            .iter()
            .map(|id| Some(Coupon { id: *id }))
            .collect()
    }

    /// Loyalty points to pay with, one minor unit each, at most the goods.
    async fn loyalty_points_to_redeem(&self) -> i32 {
        self.0.loyalty_points
    }

    /// Where it goes.
    async fn shipping_address(&self) -> Option<&PostalAddress> {
        self.0.shipping_address.as_deref()
    }

    /// Who pays; the shipping address unless set.
    async fn billing_address(&self) -> Option<&PostalAddress> {
        self.0.billing_address.as_deref()
    }

    /// The chosen delivery of each vendor.
    async fn selected_deliveries(&self, ctx: &Context<'_>) -> Result<Vec<SelectedDelivery>, Error> {
        let rows = load_many(ctx, DeliveriesOfCart(self.0.id)).await?;
        Ok(rows
            .into_iter()
            .map(|row| SelectedDelivery {
                vendor: Some(Vendor { id: row.vendor_id }),
                method_id: row.method_id,
                rate: Money::new(row.rate, self.0.currency),
            })
            .collect())
    }

    /// Destination and parcels, for the shipping service.
    #[graphql(inaccessible)]
    async fn shipping_basis(&self, ctx: &Context<'_>) -> Option<Result<ShippingBasis, Error>> {
        Some(self.basis(ctx).await)
    }

    /// The last quote, while it is good and the cart unchanged; make one with `cartQuote`.
    async fn quote(&self, ctx: &Context<'_>) -> Option<Result<Quote, Error>> {
        let id = self.0.quote_id?;
        load(ctx, QuoteById(id))
            .await
            .map(|row| row.map(|row| Quote(row.into())))
            .transpose()
    }

    /// What stands between the cart and its checkout.
    async fn problems(&self, ctx: &Context<'_>) -> Result<Vec<CartProblem>, Error> {
        self.find_problems(ctx).await
    }

    /// When it is put away, unless it is changed before.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// Goes up with every change.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

#[Object]
impl CartLine {
    /// Opaque ID.
    pub async fn id(&self) -> CartLineId {
        self.row.id
    }

    /// What is bought.
    async fn variant(&self) -> Option<ProductVariant> {
        Some(ProductVariant {
            id: self.row.variant_id,
        })
    }

    /// Who sells it.
    async fn vendor(&self) -> Option<Vendor> {
        Some(Vendor {
            id: self.row.vendor_id,
        })
    }

    /// Pieces, 1 to 999.
    async fn quantity(&self) -> i32 {
        self.row.quantity
    }

    /// Price for one piece now, for this quantity; where the products service does not answer, the last known.
    async fn unit_price(&self, ctx: &Context<'_>) -> Money {
        let facts = load(ctx, FactsOfCart(self.row.cart_id)).await.ok().flatten();
        let now = facts
            .as_ref()
            .and_then(|facts| facts.variants.get(&self.row.variant_id))
            .and_then(|info| unit_price(&info.prices, self.row.quantity));
        Money::new(now.unwrap_or(self.row.unit_price), self.currency)
    }

    /// Price for one piece when it was added.
    async fn unit_price_when_added(&self) -> Money {
        Money::new(self.row.unit_price_when_added, self.currency)
    }

    /// The customer's note.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }
}
