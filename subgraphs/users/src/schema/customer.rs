//! The shopping persona. Whoever holds one of these objects may see all of it: the check is where it is looked up.

use crate::{
    domain::vip::{CustomerType, VipTier},
    schema::{
        address::Address,
        load, load_many,
        loaders::{AccountOf, AddressesOf, AliasesOf, TransitionsOf, UserOf},
        loyalty::LoyaltyAccount,
        user::User,
        vip::VipMembership,
    },
};
use async_graphql::{ComplexObject, Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Currency, Error, Language,
    ids::{CategoryId, CustomerId},
    page::{Page, PageArgs},
};
use uuid::Uuid;

/// The shopping persona: guest, registered or VIP, with the same ID all its life. Visible to itself and to staff.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Customer {
    /// Opaque ID; never changes.
    pub id: CustomerId,
    /// Guest, registered or VIP.
    #[graphql(name = "type")]
    pub kind: CustomerType,
    /// Name to show.
    pub display_name: Option<String>,
    #[graphql(skip)]
    pub currency: Option<Currency>,
    #[graphql(skip)]
    pub locale: Option<Language>,
    #[graphql(skip)]
    pub marketing_opt_in: bool,
    #[graphql(skip)]
    pub favourites: Vec<Uuid>,
    #[graphql(skip)]
    pub tier: Option<VipTier>,
    #[graphql(skip)]
    pub vip_since: Option<DateTime<Utc>>,
    #[graphql(skip)]
    pub vip_renews_at: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Goes up with every change.
    pub version: i32,
}

#[ComplexObject]
impl Customer {
    /// The login; guests have none.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<User, Error>> {
        load(ctx, UserOf(self.id))
            .await
            .map(|row| row.map(User::own))
            .transpose()
    }

    /// Address for mails. Requires: SELF or STAFF.
    async fn email(&self, ctx: &Context<'_>) -> Option<Result<String, Error>> {
        load(ctx, UserOf(self.id))
            .await
            .map(|row| row.map(|row| row.email))
            .transpose()
    }

    /// The address book, oldest first.
    async fn addresses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last item seen.")] after: Option<String>,
    ) -> Result<Page<Address>, Error> {
        let args = PageArgs::<(DateTime<Utc>, Uuid)>::new(first, after.as_deref())?;
        let key = |row: &Address| (row.created_at, row.id.0);
        let mut rows: Vec<Address> = load_many(ctx, AddressesOf(self.id)).await?;
        rows.retain(|row| args.after.is_none_or(|after| key(row) > after));
        Ok(args.page(rows, key))
    }

    /// Where parcels go unless told otherwise.
    async fn default_shipping_address(&self, ctx: &Context<'_>) -> Option<Result<Address, Error>> {
        self.address(ctx, |row| row.is_default_shipping).await.transpose()
    }

    /// Where bills go unless told otherwise.
    async fn default_billing_address(&self, ctx: &Context<'_>) -> Option<Result<Address, Error>> {
        self.address(ctx, |row| row.is_default_billing).await.transpose()
    }

    /// Wishes for all visits.
    async fn preferences(&self) -> CustomerPreferences {
        CustomerPreferences {
            currency: self.currency,
            locale: self.locale.clone(),
            marketing_opt_in: self.marketing_opt_in,
            favourite_category_ids: self.favourites.iter().copied().map(CategoryId).collect(),
        }
    }

    /// The tier, if there is one.
    async fn vip(&self) -> Option<VipMembership> {
        VipMembership::of(self)
    }

    /// Points.
    async fn loyalty(&self, ctx: &Context<'_>) -> Result<LoyaltyAccount, Error> {
        let account = load(ctx, AccountOf(self.id)).await?;
        Ok(LoyaltyAccount::new(self.id, self.currency, account))
    }

    /// The way from guest to VIP, oldest step first.
    async fn transitions(&self, ctx: &Context<'_>) -> Result<Vec<CustomerTransition>, Error> {
        load_many(ctx, TransitionsOf(self.id)).await
    }

    /// Guests that became part of this customer at a login.
    async fn merged_ids(&self, ctx: &Context<'_>) -> Result<Vec<CustomerId>, Error> {
        load_many(ctx, AliasesOf(self.id)).await
    }
}

impl Customer {
    async fn address(
        &self,
        ctx: &Context<'_>,
        which: impl Fn(&Address) -> bool,
    ) -> Result<Option<Address>, Error> {
        let rows: Vec<Address> = load_many(ctx, AddressesOf(self.id)).await?;
        Ok(rows.into_iter().find(|row| which(row)))
    }
}

/// A step on a customer's way.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustomerTransition {
    #[graphql(skip)]
    pub customer_id: CustomerId,
    /// Type before.
    pub from: CustomerType,
    /// Type after.
    pub to: CustomerType,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Tier before, if any.
    pub tier_from: Option<VipTier>,
    /// Tier after, if any.
    pub tier_to: Option<VipTier>,
}

/// Wishes for all visits.
#[derive(SimpleObject)]
pub struct CustomerPreferences {
    /// Currency to show prices in.
    currency: Option<Currency>,
    /// Language to show texts in.
    locale: Option<Language>,
    /// Whether advertising is welcome.
    marketing_opt_in: bool,
    /// Categories that the customer likes, in the customer's order.
    favourite_category_ids: Vec<CategoryId>,
}
