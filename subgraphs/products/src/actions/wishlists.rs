//! A customer's wishlists.

use super::NOW;
use crate::{
    domain::wishlist::{MAX_ITEMS, MAX_LISTS, Wishlist},
    store::{self, Scope},
};
use platform::{
    Deps, Error, Outcome, Tx, UserError, UserErrorCode, Viewer,
    address::text,
    ids::{CustomerId, VariantId, WishlistId},
};

/// Begins a transaction in which nobody else changes the customer's lists.
async fn begin(deps: &Deps, viewer: &Viewer) -> Outcome<(Tx, CustomerId)> {
    let customer = viewer.require_customer()?;
    let mut tx = deps.db.begin(NOW).await?;
    store::wishlists::lock_customer(&mut tx, customer).await?;
    Ok((tx, customer))
}

pub async fn create(deps: &Deps, viewer: &Viewer, name: String) -> Outcome<WishlistId> {
    let name = text(name, 100).ok_or_else(|| UserError::invalid(&["name"], "1..100 characters"))?;
    let (mut tx, customer) = begin(deps, viewer).await?;
    let id = insert(&mut tx, customer, &name).await?;
    tx.commit().await?;
    Ok(id)
}

async fn insert(tx: &mut Tx, customer: CustomerId, name: &str) -> Outcome<WishlistId> {
    if store::wishlists::first(tx, customer).await?.1 >= MAX_LISTS {
        return Err(UserError::refused(UserErrorCode::LimitExceeded, "at most 50 wishlists").into());
    }
    let id = WishlistId::new();
    store::wishlists::insert(tx, id, customer, name).await?;
    Ok(id)
}

async fn owned(tx: &mut Tx, id: WishlistId, customer: CustomerId) -> Outcome<Wishlist> {
    let list = store::wishlists::owned(tx, id, customer).await?;
    list.ok_or_else(|| UserError::not_found(id.to_string()).into())
}

/// An item to be added.
pub struct Item {
    pub variant: VariantId,
    pub notify_back_in_stock: bool,
    pub notify_price_drop: bool,
}

/// Adds a variant to a list; without a list, to the customer's first one, which is made if need be.
pub async fn add(deps: &Deps, viewer: &Viewer, list: Option<WishlistId>, item: Item) -> Outcome<WishlistId> {
    let (mut tx, customer) = begin(deps, viewer).await?;
    let list = match list {
        Some(id) => owned(&mut tx, id, customer).await?.id,
        None => match store::wishlists::first(&mut tx, customer).await?.0 {
            Some(id) => id,
            None => insert(&mut tx, customer, "Wishlist").await?,
        },
    };
    if store::variants::by_ids(&mut *tx, &Scope::from(viewer), &[item.variant.0])
        .await?
        .is_empty()
    {
        return Err(UserError::not_found(item.variant.to_string()).into());
    }
    let (stock, price) = (item.notify_back_in_stock, item.notify_price_drop);
    if store::wishlists::add(&mut tx, list, item.variant, stock, price).await? > MAX_ITEMS {
        return Err(
            UserError::refused(UserErrorCode::LimitExceeded, "at most 200 items in a wishlist").into(),
        );
    }
    tx.commit().await?;
    Ok(list)
}

pub async fn remove(
    deps: &Deps,
    viewer: &Viewer,
    list: WishlistId,
    variant: VariantId,
) -> Outcome<WishlistId> {
    let (mut tx, customer) = begin(deps, viewer).await?;
    let list = owned(&mut tx, list, customer).await?;
    store::wishlists::remove(&mut tx, list.id, variant).await?;
    tx.commit().await?;
    Ok(list.id)
}

/// Shows a list to whoever has its token, or to nobody. Sharing again after that gives another token.
pub async fn share(deps: &Deps, viewer: &Viewer, list: WishlistId, is_public: bool) -> Outcome<WishlistId> {
    let (mut tx, customer) = begin(deps, viewer).await?;
    let list = owned(&mut tx, list, customer).await?;
    if list.is_public != is_public {
        let token = if is_public { Some(token()?) } else { None };
        store::wishlists::share(&mut tx, list.id, is_public, token.as_deref()).await?;
        tx.commit().await?;
    }
    Ok(list.id)
}

/// Too long to be guessed.
fn token() -> Result<String, Error> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal(anyhow::anyhow!("no randomness: {error}")))?;
    Ok(hex::encode(bytes))
}
