//! The GraphQL face of the service.

pub mod coupon;
pub mod coupon_input;
pub mod ledger;
pub mod loaders;
pub mod mutation;
pub mod order;
pub mod payment;
pub mod query;
pub mod refund;
pub mod stubs;
pub mod subscription;
pub mod vendor_loaders;

use crate::{
    App,
    domain::coupon::CouponRow,
    store::{payments::Payment, redemptions::RedemptionRow, refunds::PaymentRefundRow},
};
use async_graphql::{Context, ID, Interface, dataloader::Loader};
use loaders::Reader;
use platform::{Error, loader::Batch};
use std::hash::Hash;

/// Something with an ID of its own that can be fetched again by it.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque ID."))]
pub enum Node {
    Payment(Payment),
    PaymentRefund(PaymentRefundRow),
    Coupon(CouponRow),
    CouponRedemption(RedemptionRow),
}

pub(crate) fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_unchecked::<App>()
}

/// Loads one value in this request's batch.
pub(crate) async fn load<K, V>(ctx: &Context<'_>, key: K) -> Result<Option<V>, Error>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    V: Send + Sync + Clone + 'static,
    Reader: Loader<K, Value = V, Error = Error>,
{
    ctx.data_unchecked::<Batch<Reader>>().load_one(key).await
}

/// Loads a list in this request's batch.
pub(crate) async fn load_many<K, V>(ctx: &Context<'_>, key: K) -> Result<Vec<V>, Error>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    V: Send + Sync + Clone + 'static,
    Reader: Loader<K, Value = Vec<V>, Error = Error>,
{
    load(ctx, key).await.map(Option::unwrap_or_default)
}
