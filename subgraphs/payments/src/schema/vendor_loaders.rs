//! What vendors earned and give, and what customers may use, one statement each.

use super::loaders::{Reader, grouped, key};
use crate::{
    domain::coupon::CouponRow,
    store::{
        coupons,
        ledger::{self, BalanceRow, EntryRow},
        redemptions,
        shares::{self, RuleRow},
    },
};
use async_graphql::dataloader::Loader;
use platform::{
    Error,
    ids::{CustomerId, VendorId, VendorOrderId},
};
use std::collections::HashMap;

key! {
    /// Ledger entries of a vendor order that the viewer may see.
    EntriesOf(VendorOrderId)
}

impl Loader<EntriesOf> for Reader {
    type Value = Vec<EntryRow>;
    type Error = Error;
    async fn load(&self, keys: &[EntriesOf]) -> Result<HashMap<EntriesOf, Vec<EntryRow>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let vendors = (!self.viewer.is_staff()).then_some(self.viewer.vendors.as_slice());
        let rows = ledger::of_vendor_orders(self.db.pool(), &ids, vendors).await?;
        Ok(grouped(
            rows.into_iter()
                .filter_map(|row| Some((EntriesOf(row.vendor_order_id?), row))),
        ))
    }
}

key! {
    /// A vendor's balances.
    BalancesOf(VendorId)
}

impl Loader<BalancesOf> for Reader {
    type Value = Vec<BalanceRow>;
    type Error = Error;
    async fn load(&self, keys: &[BalancesOf]) -> Result<HashMap<BalancesOf, Vec<BalanceRow>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = ledger::balances(self.db.pool(), &ids).await?;
        Ok(grouped(
            rows.into_iter().map(|row| (BalancesOf(row.vendor_id), row)),
        ))
    }
}

key! {
    /// A vendor's own coupons.
    CouponsOf(VendorId)
}

impl Loader<CouponsOf> for Reader {
    type Value = Vec<CouponRow>;
    type Error = Error;
    async fn load(&self, keys: &[CouponsOf]) -> Result<HashMap<CouponsOf, Vec<CouponRow>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = coupons::of_vendors(self.db.pool(), &ids).await?;
        Ok(grouped(
            rows.into_iter()
                .filter_map(|row| Some((CouponsOf(row.vendor_id?), row))),
        ))
    }
}

key! {
    /// The rates that apply to a vendor, the platform's included.
    RulesOf(VendorId)
}

impl Loader<RulesOf> for Reader {
    type Value = Vec<RuleRow>;
    type Error = Error;
    async fn load(&self, keys: &[RulesOf]) -> Result<HashMap<RulesOf, Vec<RuleRow>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = shares::rules(self.db.pool(), &ids).await?;
        let own = |vendor: VendorId| -> Vec<RuleRow> {
            rows.iter()
                .filter(|row| row.vendor_id.is_none_or(|of| of == vendor))
                .cloned()
                .collect()
        };
        Ok(keys.iter().map(|key| (*key, own(key.0))).collect())
    }
}

key! {
    /// Coupons a customer could use now.
    AvailableTo(CustomerId)
}

impl Loader<AvailableTo> for Reader {
    type Value = Vec<CouponRow>;
    type Error = Error;
    async fn load(&self, keys: &[AvailableTo]) -> Result<HashMap<AvailableTo, Vec<CouponRow>>, Error> {
        let customers: Vec<_> = keys.iter().map(|key| key.0).collect();
        let open = coupons::open(self.db.pool(), self.viewer.tier.as_deref()).await?;
        let ids: Vec<_> = open.iter().map(|coupon| coupon.id).collect();
        let uses = redemptions::uses(self.db.pool(), &customers, &ids).await?;
        let left = |customer: CustomerId, coupon: &CouponRow| {
            let used = uses.get(&(customer, coupon.id)).copied().unwrap_or(0);
            coupon
                .per_customer_limit
                .is_none_or(|limit| used < i64::from(limit))
        };
        let own = |customer| {
            open.iter()
                .filter(|coupon| left(customer, coupon))
                .cloned()
                .collect()
        };
        Ok(keys.iter().map(|key| (*key, own(key.0))).collect())
    }
}
