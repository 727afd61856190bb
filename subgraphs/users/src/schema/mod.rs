//! The GraphQL schema: one file per type of this service.

pub mod address;
pub mod customer;
pub mod export;
pub mod lists;
pub mod loaders;
pub mod loyalty;
pub mod mutation;
pub mod node;
pub mod payloads;
pub mod query;
pub mod tier;
pub mod user;
pub mod vendor;
pub mod vip;

use async_graphql::{Context, dataloader::Loader};
use loaders::Reader;
use platform::{Error, loader::Batch};
use std::hash::Hash;

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
