//! Relations of a wishlist.

use super::loaders::{ItemsOf, reader};
use crate::domain::{
    variant::Variant,
    wishlist::{Wishlist, WishlistItem},
};
use async_graphql::{ComplexObject, Context, ID, Result};
use platform::{Error, viewer::viewer};

#[ComplexObject]
impl Wishlist {
    /// Opaque and unique.
    pub async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// What others need to see the list, while it is public; for its owner and staff only.
    async fn share_token(&self, ctx: &Context<'_>) -> Option<&String> {
        self.share_token
            .as_ref()
            .filter(|_| viewer(ctx).acts_for(self.customer_id))
    }

    /// What is on it and still on sale, newest first.
    async fn items(&self, ctx: &Context<'_>) -> Result<Vec<WishlistItem>> {
        let reader = reader(ctx);
        let own = viewer(ctx).acts_for(self.customer_id);
        let items = reader.load_one(ItemsOf(self.id)).await?.unwrap_or_default();
        let known = reader.load_many(items.iter().map(|item| item.variant_id)).await?;
        let shown = |mut item: WishlistItem| {
            item.variant = Some(known.get(&item.variant_id)?.clone());
            item.notify_back_in_stock &= own;
            item.notify_price_drop &= own;
            Some(item)
        };
        Ok(items.into_iter().filter_map(shown).collect())
    }
}

#[ComplexObject]
impl WishlistItem {
    /// What the customer wants.
    async fn variant(&self) -> Result<Variant> {
        let missing = || Error::internal(std::io::Error::other("an item without its variant"));
        Ok(self.variant.clone().ok_or_else(missing)?)
    }
}
