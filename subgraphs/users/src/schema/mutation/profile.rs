//! What people do with their own data.

use crate::{
    actions::{address, profile},
    app,
    schema::{
        address::AddressKind,
        payloads::{AckPayload, AddressPayload, CustomerPayload, UserPayload},
    },
};
use async_graphql::{Context, ID, Object, Result};
use platform::{AddressInput, Currency, Language, viewer::viewer};

#[derive(Default)]
pub struct ProfileMutation;

/// What people do with their own data.
#[Object]
impl ProfileMutation {
    /// Changes name and language; what is absent stays. Errors: INVALID, UNAUTHENTICATED, VERSION_CONFLICT.
    async fn user_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name to show, 1 to 100 characters.")] display_name: Option<String>,
        #[graphql(desc = "Language of mails.")] locale: Option<Language>,
        #[graphql(desc = "`User.version` as the caller knows it.")] expected_version: i32,
    ) -> Result<UserPayload> {
        let done = profile::update(app(ctx), viewer(ctx), display_name, locale, expected_version).await;
        Ok(UserPayload::new(ctx, done).await?)
    }

    /// Adds an address, 50 at most; the first of its kind becomes the default. Errors: INVALID, UNAUTHENTICATED,
    /// LIMIT_EXCEEDED.
    async fn address_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address.")] input: AddressInput,
        #[graphql(desc = "What it is good for.")] kind: AddressKind,
        #[graphql(desc = "The owner's own name for it, at most 50 characters.")] label: Option<String>,
    ) -> Result<AddressPayload> {
        let done = address::create(app(ctx), viewer(ctx), input, kind, label).await;
        Ok(AddressPayload::new(ctx, done).await?)
    }

    /// Replaces an address; orders keep their copies. Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, VERSION_CONFLICT.
    async fn address_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One of the caller's addresses.")] id: ID,
        #[graphql(desc = "The address.")] input: AddressInput,
        #[graphql(desc = "`Address.version` as the caller knows it.")] expected_version: i32,
    ) -> Result<AddressPayload> {
        let done = address::update(app(ctx), viewer(ctx), &id, input, expected_version).await;
        Ok(AddressPayload::new(ctx, done).await?)
    }

    /// Removes an address; orders keep their copies. Errors: UNAUTHENTICATED, NOT_FOUND.
    async fn address_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One of the caller's addresses.")] id: ID,
    ) -> Result<AckPayload> {
        AckPayload::new(address::delete(app(ctx), viewer(ctx), &id).await)
    }

    /// Makes an address the default for parcels, for bills or for both. Errors: INVALID, if it is not good for that;
    /// UNAUTHENTICATED, NOT_FOUND.
    async fn address_set_default(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One of the caller's addresses.")] id: ID,
        #[graphql(desc = "For what.")] kind: AddressKind,
    ) -> Result<AddressPayload> {
        let done = address::set_default(app(ctx), viewer(ctx), &id, kind).await;
        Ok(AddressPayload::new(ctx, done).await?)
    }

    /// Changes the caller's wishes; what is absent stays. Errors: INVALID, NOT_FOUND, UNAUTHENTICATED.
    async fn customer_preferences_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Currency to show prices in.")] currency: Option<Currency>,
        #[graphql(desc = "Language to show texts in.")] locale: Option<Language>,
        #[graphql(desc = "Whether advertising is welcome.")] marketing_opt_in: Option<bool>,
        #[graphql(desc = "Categories that the customer likes, 50 at most; replaces the list.")]
        favourite_category_ids: Option<Vec<ID>>,
    ) -> Result<CustomerPayload> {
        let wishes = profile::Wishes {
            currency,
            locale,
            marketing: marketing_opt_in,
            favourites: favourite_category_ids,
        };
        let done = profile::set_preferences(app(ctx), viewer(ctx), wishes).await;
        Ok(CustomerPayload::new(ctx, done).await?)
    }
}
