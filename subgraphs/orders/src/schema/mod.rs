//! The GraphQL schema: one file per type of this service.

pub mod cart;
pub mod inputs;
pub mod loaders;
pub mod mutation;
pub mod mutation_orders;
pub mod order;
pub mod order_line;
pub mod payloads;
pub mod problems;
pub mod query;
pub mod quote;
pub mod refund;
pub mod saga;
pub mod stubs;
pub mod subscription;
pub mod vendor_order;

use crate::Settings;
use async_graphql::{Context, ID, Interface, Schema, dataloader::Loader};
use cart::{Cart, CartLine};
use loaders::Reader;
use mutation::Mutation;
use order::Order;
use order_line::OrderLine;
use platform::{Deps, Error, loader::Batch};
use query::Query;
use refund::Refund;
use std::hash::Hash;
use subscription::Subscription;
use vendor_order::VendorOrder;

pub fn schema(deps: Deps, settings: Settings) -> Schema<Query, Mutation, Subscription> {
    platform::service::schema(Query, Mutation::default(), Subscription)
        .register_output_type::<Node>()
        .register_output_type::<crate::error::UserError>()
        .data(deps)
        .data(settings)
        .finish()
}

/// Anything that has an ID of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque ID."))]
pub enum Node {
    Cart(Cart),
    CartLine(CartLine),
    Order(Order),
    VendorOrder(VendorOrder),
    OrderLine(OrderLine),
    Refund(Refund),
}

/// Loads one value together with the others that this request is waiting for.
pub(crate) async fn load<K>(ctx: &Context<'_>, key: K) -> Result<Option<<Reader as Loader<K>>::Value>, Error>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Reader: Loader<K, Error = Error>,
{
    ctx.data_unchecked::<Batch<Reader>>().load_one(key).await
}

/// The same for lists: no rows are an empty list.
pub(crate) async fn load_many<K, V>(ctx: &Context<'_>, key: K) -> Result<Vec<V>, Error>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Reader: Loader<K, Value = Vec<V>, Error = Error>,
{
    Ok(load(ctx, key).await?.unwrap_or_default())
}

pub(crate) fn deps<'a>(ctx: &Context<'a>) -> &'a Deps {
    ctx.data_unchecked::<Deps>()
}

/// A reference whose row must exist.
pub(crate) fn present<T>(value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| Error::internal(anyhow::anyhow!("a referenced row is missing")))
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn the_committed_sdl_is_current() {
        let url = "postgres://nobody@127.0.0.1:1/none";
        let pool = sqlx::postgres::PgPoolOptions::new().connect_lazy(url).unwrap();
        let db = platform::Db::from_pool(pool, crate::NAME, Default::default());
        let test = platform::testing::TestDb {
            db,
            url: url.to_owned(),
        };
        let schema = super::schema(test.deps(crate::NAME).unwrap(), crate::Settings::default());
        let sdl = platform::service::sdl(&schema);
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
        #[expect(clippy::disallowed_methods, reason = "a test has no launcher")]
        if std::env::var("UPDATE_SDL").is_ok() {
            std::fs::write(file, &sdl).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(file).unwrap_or_default(),
            sdl,
            "run with UPDATE_SDL=1"
        );
    }
}
