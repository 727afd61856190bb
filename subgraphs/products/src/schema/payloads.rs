//! What mutations answer: the object as it is now, or why nothing happened.

use super::loaders::{Reader, reader};
use crate::{
    actions::media::Ticket,
    domain::{
        bulk::{export::CatalogExport, job::CatalogImport},
        catalog::{Attribute, Brand, Category},
        product::Product,
        review::Review,
        variant::Variant,
        wishlist::Wishlist,
    },
};
use async_graphql::{Context, ID, Result, SimpleObject, dataloader::Loader};
use chrono::{DateTime, Utc};
use platform::{
    Error, Outcome, UserError,
    error::Split,
    ids::{
        AttributeId, BrandId, CatalogExportId, CatalogImportId, CategoryId, ProductId, ReviewId, VariantId,
        WishlistId,
    },
};
use std::hash::Hash;

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $(#[$field_doc:meta])* $field:ident: $type:ty, by $id:ty })*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            pub struct $name {
                $(#[$field_doc])*
                pub $field: Option<$type>,
                /// Why nothing happened; empty if it did.
                pub user_errors: Vec<UserError>,
            }

            impl $name {
                /// Reads the object of an outcome, as the viewer may see it.
                pub async fn of(ctx: &Context<'_>, outcome: Outcome<$id>) -> Result<Self> {
                    let (id, user_errors) = outcome.split()?;
                    Ok(Self { $field: load(ctx, id).await?, user_errors })
                }
            }
        )*
    };
}

async fn load<K, V>(ctx: &Context<'_>, key: Option<K>) -> Result<Option<V>, Error>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    V: Send + Sync + Clone + 'static,
    Reader: Loader<K, Value = V, Error = Error>,
{
    match key {
        Some(key) => reader(ctx).load_one(key).await,
        None => Ok(None),
    }
}

payloads! {
    /// The outcome of a change of a product.
    ProductPayload {
        /// The product as it is now.
        product: Product, by ProductId
    }
    /// The outcome of a change of a variant.
    VariantPayload {
        /// The variant as it is now.
        variant: Variant, by VariantId
    }
    /// The outcome of a change of a category.
    CategoryPayload {
        /// The category as it is now.
        category: Category, by CategoryId
    }
    /// The outcome of a change of a brand.
    BrandPayload {
        /// The brand as it is now.
        brand: Brand, by BrandId
    }
    /// The outcome of a change of an attribute.
    AttributePayload {
        /// The attribute as it is now.
        attribute: Attribute, by AttributeId
    }
    /// The outcome of a change of a review.
    ReviewPayload {
        /// The review as it is now.
        review: Review, by ReviewId
    }
    /// The outcome of a change of a wishlist.
    WishlistPayload {
        /// The wishlist as it is now.
        wishlist: Wishlist, by WishlistId
    }
    /// The outcome of making or ending an import.
    CatalogImportPayload {
        /// The import as it is now.
        catalog_import: CatalogImport, by CatalogImportId
    }
    /// The outcome of asking for an export.
    CatalogExportPayload {
        /// The export as it is now.
        catalog_export: CatalogExport, by CatalogExportId
    }
}

/// A slot for an upload.
#[derive(SimpleObject)]
pub struct UploadPayload {
    /// Where to PUT the file, once, without a login.
    pub upload_url: Option<String>,
    /// What `mediaAttach` wants when the file is there.
    pub media_id: Option<ID>,
    /// When the URL stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why nothing happened; empty if it did.
    pub user_errors: Vec<UserError>,
}

impl UploadPayload {
    pub fn new(ticket: Option<Ticket>, user_errors: Vec<UserError>) -> Self {
        let (url, media, expires_at) = match ticket {
            Some(ticket) => (Some(ticket.url), Some(ticket.media), Some(ticket.expires_at)),
            None => (None, None, None),
        };
        Self {
            upload_url: url,
            media_id: media.map(|id| ID(id.to_string())),
            expires_at,
            user_errors,
        }
    }
}
