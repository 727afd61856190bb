//! All SQL of the search backend in Postgres. Its statements are planned for the values at hand: a word that is in half
//! of the documents needs another plan than one that is in three.

pub mod facets;
pub mod filters;
pub mod hits;
pub mod index;
pub mod query;
pub mod queue;
pub mod suggest;
pub mod synonyms;

pub use query::Built;

/// The generation that is searched.
const ACTIVE: &str = "(select generation from products.search_generations where state = 'ACTIVE')";

/// The documents that are searched, as table `p`, and the begin of their condition.
const DOCUMENTS: &str = "products.search_documents p where p.generation = \
     (select generation from products.search_generations where state = 'ACTIVE')";
