//! Search, behind one trait. Postgres is the backend; another one implements [`SearchBackend`] and is returned by
//! [`backend`]. Nothing else knows which one it is.
//!
//! A backend keeps one document for each product on sale and finds products by it; what a product is like then comes
//! from the catalogue, with the catalogue's rules of who may see it. The [`indexer`] tells the backend which products
//! changed. See `docs/search.md` for what an adapter for OpenSearch has to do.

use crate::domain::filter::{ProductSort, ProductWhere};
use futures::future::BoxFuture;
use platform::{Deps, Error, ids::ProductId};
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

pub mod indexer;
pub mod postgres;

/// The answer of a backend.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Place of a product in a result: its sort key, then its ID.
pub type Place = (i64, Uuid);

/// The backend of this installation.
pub fn backend(deps: &Deps) -> Arc<dyn SearchBackend> {
    Arc::new(postgres::PostgresSearch::new(deps.db.clone()))
}

/// A text as the backend looks for it, so that rows, counts and facets agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Understood {
    /// The query in the backend's own language.
    pub query: String,
    /// Looks at names only, word by word: the text has nothing but words that are not indexed otherwise.
    pub by_name: bool,
    /// Looks for other words than those that were typed.
    pub corrected: bool,
    /// What fulfils this query too comes first.
    pub preferred: Option<String>,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// No text finds everything.
    pub text: Option<Understood>,
    pub filter: ProductWhere,
    /// The category of the filter and those below it.
    pub categories: Vec<Uuid>,
    pub sort: ProductSort,
}

/// A product that was found.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Hit {
    pub id: ProductId,
    /// Key of the order in which it stands; greater keys are earlier, but for `PRICE_ASC`.
    pub sort_key: i64,
}

/// Counts of one facet: values, most frequent first.
#[derive(Debug, PartialEq, Eq)]
pub struct FacetCounts {
    pub code: String,
    pub label: String,
    pub values: Vec<(String, i64)>,
}

/// State of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexStatus {
    /// Language whose stems are compared.
    pub language: String,
    pub documents: i64,
    /// Changes that wait for the indexer.
    pub queued: i64,
    /// Documents that a rebuild has written so far.
    pub rebuilding: Option<i64>,
}

/// Finds products on sale, and keeps what it finds them by.
pub trait SearchBackend: Send + Sync {
    /// Decides how a text is looked for. Any text is fine.
    fn understand<'a>(&'a self, text: &'a str) -> Answer<'a, Understood>;

    /// Up to `limit` hits behind the place `after`, in order.
    fn search<'a>(&'a self, ask: &'a Ask, after: Option<Place>, limit: i64) -> Answer<'a, Vec<Hit>>;

    /// How many hits there are, counting up to `max`.
    fn count<'a>(&'a self, ask: &'a Ask, max: i64) -> Answer<'a, i64>;

    /// Counts over the whole result, in the order of `codes`. A facet counts under all filters but its own.
    fn facets<'a>(&'a self, ask: &'a Ask, codes: &'a [String]) -> Answer<'a, Vec<FacetCounts>>;

    /// Names in which a word begins as the text ends.
    fn suggest<'a>(&'a self, text: &'a str, limit: i64) -> Answer<'a, Vec<String>>;

    /// Makes the documents of these products what the catalogue says now; also those of an index that is being
    /// rebuilt. Calls do not overlap. Doing it twice changes nothing.
    fn update<'a>(&'a self, products: &'a [Uuid]) -> Answer<'a, ()>;

    /// Asks for a new index beside the one that is searched; false if one is being built already. `language` names
    /// the language of its stems, or leaves it.
    fn rebuild<'a>(&'a self, language: Option<&'a str>) -> Answer<'a, bool>;

    /// Does the next piece of a rebuild, wherever the last process left it, and at the end puts the new index in the
    /// place of the old one. Calls do not overlap with each other or with [`update`](Self::update). Returns whether
    /// there is more to do.
    fn rebuild_step(&self) -> Answer<'_, bool>;

    /// What the index is like.
    fn status(&self) -> Answer<'_, IndexStatus>;
}
