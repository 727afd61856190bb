//! Wishlists.

use super::variant::Variant;
use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform::ids::{CustomerId, VariantId, WishlistId};

/// Lists a customer may have.
pub const MAX_LISTS: i64 = 50;
/// Items a list may have.
pub const MAX_ITEMS: i64 = 200;

/// Variants that a customer wants to remember or to show to others.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Wishlist {
    #[graphql(skip)]
    pub id: WishlistId,
    #[graphql(skip)]
    pub customer_id: CustomerId,
    /// Name of the list.
    pub name: String,
    /// Whoever has the share token may see it.
    pub is_public: bool,
    #[graphql(skip)]
    pub share_token: Option<String>,
}

/// One remembered variant.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct WishlistItem {
    #[graphql(skip)]
    pub wishlist_id: WishlistId,
    #[graphql(skip)]
    pub variant_id: VariantId,
    /// Filled in when the list is shown.
    #[graphql(skip)]
    pub variant: Option<Variant>,
    /// When it was added.
    pub added_at: DateTime<Utc>,
    /// The customer wants to hear when it is in stock again; false for those it is shown to.
    pub notify_back_in_stock: bool,
    /// The customer wants to hear when it costs less; false for those it is shown to.
    pub notify_price_drop: bool,
}
