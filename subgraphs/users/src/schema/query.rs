//! What can be asked.

use crate::{
    actions, app,
    domain::vip::VipTier,
    schema::{
        address::Address,
        customer::Customer,
        export::AccountExport,
        lists::{self, CustomerWhere, UserWhere, VendorWhere},
        load, load_many,
        loaders::{Benefit, Benefits, OwnAddress, OwnTransaction, VisibleVendor, eyes},
        loyalty::LoyaltyTransaction,
        node::{self, Node},
        tier::{VipTierRule, rules},
        user::User,
        vendor::Vendor,
        vip::VipBenefit,
    },
    store,
};
use async_graphql::{Context, ID, Object, OneofObject};
use platform::{
    Error,
    ids::{AddressId, CustomerId, LoyaltyTransactionId, UserId, VendorId, VipBenefitId},
    page::CountedPage,
    viewer::viewer,
};

/// Names one vendor. Give exactly one of the two.
#[derive(OneofObject)]
pub enum VendorBy {
    /// Its ID.
    Id(ID),
    /// Its name in URLs.
    Slug(String),
}

/// The root of all reads.
pub struct Query;

/// The root of all reads.
#[Object]
impl Query {
    /// The object with this ID, of whatever type; null if there is none that the caller may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of anything.")] id: ID,
    ) -> Option<Result<Node, Error>> {
        node::find(ctx, &id).await.transpose()
    }

    /// The objects with these IDs, in this order; null for each that the caller may not see. At most 100.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "IDs of anything.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, Error> {
        if ids.len() > 100 {
            return Err(Error::BadInput("ids must be at most 100".to_owned()));
        }
        async_graphql::futures_util::future::try_join_all(ids.iter().map(|id| node::find(ctx, id))).await
    }

    /// The caller's login; null for guests and strangers.
    async fn me(&self, ctx: &Context<'_>) -> Option<Result<User, Error>> {
        node::user(ctx, viewer(ctx).user?).await.transpose()
    }

    /// The caller's shopping persona, guests included.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Result<Customer, Error>> {
        node::customer(ctx, viewer(ctx).customer?).await.transpose()
    }

    /// A login. Requires: STAFF.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of a login.")] id: ID,
    ) -> Option<Result<User, Error>> {
        if let Err(refused) = viewer(ctx).require_staff() {
            return Some(Err(refused));
        }
        node::user(ctx, UserId::parse(&id)?).await.transpose()
    }

    /// Logins, newest first. Requires: STAFF.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last item seen.")] after: Option<String>,
        #[graphql(name = "where", desc = "Which logins.")] filter: Option<UserWhere>,
    ) -> Option<Result<CountedPage<User>, Error>> {
        Some(lists::users(ctx, first, after, filter.unwrap_or_default()).await)
    }

    /// A customer; null unless it is the caller or the caller is staff.
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of a customer.")] id: ID,
    ) -> Option<Result<Customer, Error>> {
        node::customer(ctx, CustomerId::parse(&id)?).await.transpose()
    }

    /// Customers, newest first. Requires: STAFF.
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last item seen.")] after: Option<String>,
        #[graphql(name = "where", desc = "Which customers.")] filter: Option<CustomerWhere>,
    ) -> Option<Result<CountedPage<Customer>, Error>> {
        Some(lists::customers(ctx, first, after, filter.unwrap_or_default()).await)
    }

    /// A vendor; null unless it is approved, or the caller is a member or staff.
    async fn vendor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which vendor; exactly one field.")] by: VendorBy,
    ) -> Option<Result<Vendor, Error>> {
        match by {
            VendorBy::Id(id) => load(ctx, VisibleVendor(VendorId::parse(&id)?)).await.transpose(),
            VendorBy::Slug(slug) => {
                let rows =
                    store::vendors::rows(app(ctx).deps.db.pool(), eyes(viewer(ctx)), &[], Some(&slug)).await;
                rows.map(|rows| rows.into_iter().next())
                    .map_err(Error::from)
                    .transpose()
            }
        }
    }

    /// Vendors, newest first: approved ones, and all that the caller may see.
    async fn vendors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last item seen.")] after: Option<String>,
        #[graphql(name = "where", desc = "Which vendors.")] filter: Option<VendorWhere>,
    ) -> Result<CountedPage<Vendor>, Error> {
        lists::vendors(ctx, first, after, filter.unwrap_or_default()).await
    }

    /// What tiers take, lowest tier first.
    async fn vip_tiers(&self, ctx: &Context<'_>) -> Result<Vec<VipTierRule>, Error> {
        rules(ctx).await
    }

    /// What tiers bring, lowest tier first.
    async fn vip_benefits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what this tier adds.")] tier: Option<VipTier>,
    ) -> Result<Vec<VipBenefit>, Error> {
        let all: Vec<VipBenefit> = load_many(ctx, Benefits(())).await?;
        Ok(all
            .into_iter()
            .filter(|benefit| tier.is_none_or(|tier| benefit.tier == tier))
            .collect())
    }

    /// Copies of everything that is known about the caller, newest first, 20 at most; null for guests and strangers.
    async fn account_exports(&self, ctx: &Context<'_>) -> Option<Result<Vec<AccountExport>, Error>> {
        let rows = actions::export::list(app(ctx), viewer(ctx).user?).await;
        Some(rows.map(|rows| rows.into_iter().map(AccountExport).collect()))
    }

    /// For the router: a login, for its owner and for staff.
    #[graphql(entity)]
    async fn user_entity(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>, Error> {
        let Some(id) = UserId::parse(&id) else {
            return Ok(None);
        };
        node::user(ctx, id).await
    }

    /// For the router: a customer, for itself and for staff.
    #[graphql(entity)]
    async fn customer_entity(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Customer>, Error> {
        let Some(id) = CustomerId::parse(&id) else {
            return Ok(None);
        };
        node::customer(ctx, id).await
    }

    /// For the router: a vendor that the caller may see.
    #[graphql(entity)]
    async fn vendor_entity(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Vendor>, Error> {
        let Some(id) = VendorId::parse(&id) else {
            return Ok(None);
        };
        load(ctx, VisibleVendor(id)).await
    }

    /// For the router: an address of the caller.
    #[graphql(entity)]
    async fn address_entity(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Address>, Error> {
        let Some(id) = AddressId::parse(&id) else {
            return Ok(None);
        };
        load(ctx, OwnAddress(id)).await
    }

    /// For the router: a ledger line of the caller.
    #[graphql(entity)]
    async fn transaction_entity(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<LoyaltyTransaction>, Error> {
        let Some(id) = LoyaltyTransactionId::parse(&id) else {
            return Ok(None);
        };
        load(ctx, OwnTransaction(id)).await
    }

    /// For the router: a benefit.
    #[graphql(entity)]
    async fn benefit_entity(&self, ctx: &Context<'_>, id: ID) -> Result<Option<VipBenefit>, Error> {
        let Some(id) = VipBenefitId::parse(&id) else {
            return Ok(None);
        };
        load(ctx, Benefit(id)).await
    }
}
