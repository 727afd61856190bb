//! The GraphQL side.

mod cart;
mod catalog;
pub mod loaders;
mod mutation;
mod payloads;
mod query;
mod shipment;
mod stubs;
mod subscription;

use crate::domain::{
    catalog::{ShippingMethod, ShippingZone},
    shipment::Shipment,
};
use async_graphql::{Context, ID, Interface, Schema};
use loaders::Reader;
use platform::{Deps, Error, loader::Batch};

pub use mutation::Mutation;
pub use query::Query;
pub use subscription::Subscription;

/// A nullable field that may fail without taking its parent along.
type Nullable<T> = Option<Result<T, Error>>;

/// An object with a globally unique ID.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Globally unique ID."))]
pub enum Node {
    ShippingMethod(ShippingMethod),
    ShippingZone(ShippingZone),
    Shipment(Shipment),
}

/// The executable schema.
pub fn schema(deps: Deps) -> Schema<Query, Mutation, Subscription> {
    platform::service::schema(Query, Mutation, Subscription)
        .register_output_type::<Node>()
        .data(deps)
        .finish()
}

/// The loader of this request.
fn loader<'a>(ctx: &Context<'a>) -> &'a Batch<Reader> {
    ctx.data_unchecked::<Batch<Reader>>()
}

fn deps<'a>(ctx: &Context<'a>) -> &'a Deps {
    ctx.data_unchecked::<Deps>()
}
