//! Coupons and their uses. Whoever holds a coupon may see what it gives; how often it is used is for those who manage it.

use super::{
    load, load_many,
    loaders::{RedemptionsOf, Slice},
    order::Order,
    stubs::{Customer, Vendor},
};
use crate::{
    domain::{
        coupon::{CouponKind, CouponRow, CouponScope},
        status::RedemptionStatus,
    },
    store::redemptions::RedemptionRow,
};
use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use platform::{
    Error, Money, Viewer,
    ids::{CategoryId, ProductId},
    page::{Page, PageArgs},
    viewer::viewer,
};
use uuid::Uuid;

impl CouponRow {
    fn money(&self, amount: Option<i64>) -> Option<Money> {
        Some(Money::new(amount?, self.currency?))
    }

    /// Numbers about its use are for staff and the vendor that pays.
    fn require_manager(&self, viewer: &Viewer) -> Result<(), Error> {
        match self.vendor_id {
            Some(vendor) => viewer.require_manages(vendor),
            None => viewer.require_staff(),
        }
    }
}

/// Something that makes an order cheaper.
#[Object(name = "Coupon")]
impl CouponRow {
    /// Opaque ID.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// What customers type in; upper case.
    async fn code(&self) -> &str {
        &self.code
    }

    /// What it gives.
    async fn kind(&self) -> CouponKind {
        self.kind
    }

    /// Who pays for it.
    async fn scope(&self) -> CouponScope {
        self.scope
    }

    /// The vendor that pays for it.
    async fn vendor(&self) -> Option<Vendor> {
        self.vendor_id.map(|id| Vendor { id })
    }

    /// Hundredths of a percent, of a PERCENT coupon.
    async fn percent_basis_points(&self) -> Option<i32> {
        self.percent_basis_points
    }

    /// The amount of a FIXED coupon.
    async fn amount(&self) -> Option<Money> {
        self.money(self.amount)
    }

    /// Pieces to buy, of a BUY_X_GET_Y coupon.
    async fn buy_quantity(&self) -> Option<i32> {
        self.buy_quantity
    }

    /// Pieces that are then free.
    async fn get_quantity(&self) -> Option<i32> {
        self.get_quantity
    }

    /// It never gives more than this.
    async fn max_discount(&self) -> Option<Money> {
        self.money(self.max_discount)
    }

    /// The order must be worth this much.
    async fn min_subtotal(&self) -> Option<Money> {
        self.money(self.min_subtotal)
    }

    /// From when on it can be used.
    async fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.starts_at
    }

    /// Until when it can be used.
    async fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.ends_at
    }

    /// How often it can be used in all. Requires: STAFF or VENDOR.
    async fn usage_limit(&self, ctx: &Context<'_>) -> Option<Result<i32, Error>> {
        match self.require_manager(viewer(ctx)) {
            Ok(()) => self.usage_limit.map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// How often one customer can use it.
    async fn per_customer_limit(&self) -> Option<i32> {
        self.per_customer_limit
    }

    /// How often it is used or held. Requires: STAFF or VENDOR.
    async fn used_count(&self, ctx: &Context<'_>) -> Option<Result<i32, Error>> {
        Some(self.require_manager(viewer(ctx)).map(|()| self.used))
    }

    /// It can be combined with others that can.
    async fn stackable(&self) -> bool {
        self.stackable
    }

    /// VIP tiers that may use it; empty: everybody.
    async fn customer_tiers(&self) -> &[String] {
        &self.customer_tiers
    }

    /// Categories it applies to; empty: all.
    async fn category_ids(&self) -> Vec<CategoryId> {
        self.category_ids.iter().copied().map(CategoryId).collect()
    }

    /// Products it applies to; empty: all.
    async fn product_ids(&self) -> Vec<ProductId> {
        self.product_ids.iter().copied().map(ProductId).collect()
    }

    /// It has not been switched off.
    async fn active(&self) -> bool {
        self.active
    }

    /// Its uses, newest first. Requires: STAFF or VENDOR.
    async fn redemptions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last one of the page before.")] after: Option<String>,
    ) -> Option<Result<Page<RedemptionRow>, Error>> {
        Some(self.uses(ctx, first, after).await)
    }

    /// Goes up with every edit.
    async fn version(&self) -> i32 {
        self.version
    }
}

impl CouponRow {
    async fn uses(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<RedemptionRow>, Error> {
        self.require_manager(viewer(ctx))?;
        let args = PageArgs::<(DateTime<Utc>, Uuid)>::new(first, after.as_deref())?;
        let slice = Slice {
            after: args.after,
            limit: args.limit(),
        };
        let rows = load_many(ctx, RedemptionsOf(self.id, slice)).await?;
        Ok(args.page(rows, |row: &RedemptionRow| (row.created_at, row.id.0)))
    }
}

/// One use of a coupon by an order.
#[Object(name = "CouponRedemption")]
impl RedemptionRow {
    /// Opaque ID.
    pub async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// The coupon.
    async fn coupon(&self, ctx: &Context<'_>) -> Result<CouponRow, Error> {
        let coupon = load(ctx, self.coupon_id).await?;
        coupon.ok_or_else(|| Error::internal(std::io::Error::other("a redemption without its coupon")))
    }

    /// The order that uses it.
    async fn order(&self) -> Option<Order> {
        Some(Order::stub(self.order_id))
    }

    /// Whose order it is.
    async fn customer(&self) -> Option<Customer> {
        Some(Customer { id: self.customer_id })
    }

    /// Where it stands.
    async fn status(&self) -> RedemptionStatus {
        self.status
    }

    /// What it gave.
    async fn discount(&self) -> Money {
        Money::new(self.discount, self.currency)
    }

    /// When it was held.
    async fn at(&self) -> DateTime<Utc> {
        self.created_at
    }
}
