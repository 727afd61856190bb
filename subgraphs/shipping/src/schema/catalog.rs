//! `ShippingZone`, `ShippingMethod`, `ShippingRate`.

use super::{
    loader,
    loaders::{MethodById, MethodsIn, RatesOf, ZoneById},
    stubs::Vendor,
};
use crate::domain::{
    catalog::{ShippingMethod, ShippingZone},
    rate::RateKind,
};
use crate::store::methods::RateRow;
use async_graphql::{ComplexObject, Context, Object};
use platform::{Error, Money};

#[ComplexObject]
impl ShippingZone {
    /// Active methods with a rate for it.
    async fn methods(&self, ctx: &Context<'_>) -> Result<Vec<ShippingMethod>, Error> {
        let loader = loader(ctx);
        let ids = loader.load_one(MethodsIn(self.id)).await?.unwrap_or_default();
        let mut methods = loader.load_many(ids.iter().map(|id| MethodById(*id))).await?;
        let mut methods: Vec<_> = ids
            .into_iter()
            .filter_map(|id| methods.remove(&MethodById(id)))
            .collect();
        methods.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(methods)
    }
}

#[ComplexObject]
impl ShippingMethod {
    /// Whose method it is; absent if every vendor offers it.
    async fn vendor(&self) -> Option<Vendor> {
        self.vendor_id.map(|id| Vendor { id })
    }

    /// Its prices. For a destination, the rates of the most exact zone decide; of these, the first that takes the
    /// weight.
    async fn rates(&self, ctx: &Context<'_>) -> Result<Vec<ShippingRate>, Error> {
        let rates = loader(ctx).load_one(RatesOf(self.id)).await?.unwrap_or_default();
        Ok(rates.into_iter().map(ShippingRate).collect())
    }
}

/// The price of a method in a zone.
pub struct ShippingRate(RateRow);

impl ShippingRate {
    fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.0.currency)
    }
}

#[Object]
impl ShippingRate {
    /// Where it holds.
    async fn zone(&self, ctx: &Context<'_>) -> Result<ShippingZone, Error> {
        let zone = loader(ctx).load_one(ZoneById(self.0.zone_id)).await?;
        zone.ok_or_else(|| Error::internal(sqlx::Error::RowNotFound))
    }

    /// How the price is made.
    async fn kind(&self) -> RateKind {
        self.0.kind
    }

    /// The price, before what `kind` adds or takes away. Its currency is the rate's.
    async fn base(&self) -> Money {
        self.money(self.0.base)
    }

    /// Added for each started kilogram.
    async fn per_kg(&self) -> Option<Money> {
        self.0.per_kg.map(|amount| self.money(amount))
    }

    /// Value of the goods from which delivery is free.
    async fn free_over(&self) -> Option<Money> {
        self.0.free_over.map(|amount| self.money(amount))
    }

    /// Grams a parcel must have at least.
    async fn min_weight_grams(&self) -> Option<i32> {
        self.0.min_weight_grams
    }

    /// Grams a parcel may have at most.
    async fn max_weight_grams(&self) -> Option<i32> {
        self.0.max_weight_grams
    }
}
