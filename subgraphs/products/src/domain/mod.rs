//! Types and rules of the catalogue. No database, no I/O.

pub mod bulk;
pub mod catalog;
pub mod details;
pub mod filter;
pub mod input;
pub mod media;
pub mod picture;
pub mod price;
pub mod product;
pub mod prose;
pub mod review;
pub mod revision;
pub mod rules;
pub mod search;
pub mod status;
pub mod synonyms;
pub mod variant;
pub mod wishlist;
