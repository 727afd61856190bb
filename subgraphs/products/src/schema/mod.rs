//! The GraphQL face of the catalogue.

use crate::domain::{
    bulk::{export::CatalogExport, job::CatalogImport},
    catalog::{Brand, Category},
    product::Product,
    review::Review,
    variant::Variant,
    wishlist::Wishlist,
};
use async_graphql::{ID, Interface};

pub mod brand;
pub mod catalog_export;
pub mod catalog_import;
pub mod category;
pub mod loaders;
pub mod media;
pub mod mutation;
pub mod mutation_bulk;
pub mod mutation_catalog;
pub mod mutation_customer;
pub mod mutation_media;
pub mod mutation_variant;
pub mod payloads;
pub mod product;
pub mod products;
pub mod query;
pub mod review;
pub mod search;
pub mod stubs;
pub mod subscription;
pub mod variant;
pub mod wishlist;

/// Anything with an ID of its own.
#[expect(clippy::large_enum_variant, reason = "never stored, only named in the schema")]
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque and unique."))]
pub enum Node {
    Product(Product),
    ProductVariant(Variant),
    Category(Category),
    Brand(Brand),
    Review(Review),
    Wishlist(Wishlist),
    CatalogImport(CatalogImport),
    CatalogExport(CatalogExport),
}
