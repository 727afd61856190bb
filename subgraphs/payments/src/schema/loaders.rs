//! One statement per relation and request, with the viewer's rights in it.

use crate::{
    domain::coupon::CouponRow,
    store::{
        attempts::{self, AttemptRow},
        coupons,
        events::{self, EventRow},
        payments::{self, Payment},
        redemptions::{self, RedemptionRow},
        refunds::{self, PaymentRefundRow},
    },
};
use async_graphql::dataloader::Loader;
use chrono::{DateTime, Utc};
use platform::{
    Db, Error, Viewer,
    ids::{CouponId, CouponRedemptionId, OrderId, PaymentId, PaymentRefundId, RefundId},
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Reads for one viewer.
#[derive(Clone)]
pub struct Reader {
    pub db: Db,
    pub viewer: Viewer,
}

pub(super) fn grouped<K: std::hash::Hash + Eq, V>(
    rows: impl IntoIterator<Item = (K, V)>,
) -> HashMap<K, Vec<V>> {
    let mut map: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        map.entry(key).or_default().push(value);
    }
    map
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident($id:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub $id);
    };
}

pub(super) use key;

impl Loader<PaymentId> for Reader {
    type Value = Payment;
    type Error = Error;
    async fn load(&self, keys: &[PaymentId]) -> Result<HashMap<PaymentId, Payment>, Error> {
        let rows = payments::by_ids(self.db.pool(), keys).await?;
        Ok(rows
            .into_iter()
            .filter(|row| row.visible_to(&self.viewer))
            .map(|row| (row.id, row))
            .collect())
    }
}

key! {
    /// Payments of an order, whoever paid; the resolver looks at the viewer.
    PaymentsOf(OrderId)
}

impl Loader<PaymentsOf> for Reader {
    type Value = Vec<Payment>;
    type Error = Error;
    async fn load(&self, keys: &[PaymentsOf]) -> Result<HashMap<PaymentsOf, Vec<Payment>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = payments::of_orders(self.db.pool(), &ids).await?;
        Ok(grouped(
            rows.into_iter().map(|row| (PaymentsOf(row.order_id), row)),
        ))
    }
}

key! {
    /// What was heard of a payment; for staff.
    EventsOf(PaymentId)
}

impl Loader<EventsOf> for Reader {
    type Value = Vec<EventRow>;
    type Error = Error;
    async fn load(&self, keys: &[EventsOf]) -> Result<HashMap<EventsOf, Vec<EventRow>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = events::of_payments(self.db.pool(), &ids).await?;
        Ok(grouped(
            rows.into_iter().map(|row| (EventsOf(row.payment_id), row)),
        ))
    }
}

key! {
    /// Calls made for a payment; for staff.
    AttemptsOf(PaymentId)
}

impl Loader<AttemptsOf> for Reader {
    type Value = Vec<AttemptRow>;
    type Error = Error;
    async fn load(&self, keys: &[AttemptsOf]) -> Result<HashMap<AttemptsOf, Vec<AttemptRow>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = attempts::of_payments(self.db.pool(), &ids).await?;
        Ok(grouped(
            rows.into_iter().map(|row| (AttemptsOf(row.payment_id), row)),
        ))
    }
}

key! {
    /// Refunds of a payment that the viewer may see.
    RefundsOf(PaymentId)
}

impl Loader<RefundsOf> for Reader {
    type Value = Vec<PaymentRefundRow>;
    type Error = Error;
    async fn load(&self, keys: &[RefundsOf]) -> Result<HashMap<RefundsOf, Vec<PaymentRefundRow>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = refunds::of_payments(self.db.pool(), &ids).await?;
        Ok(grouped(
            rows.into_iter().map(|row| (RefundsOf(row.payment_id), row)),
        ))
    }
}

impl Reader {
    /// Only refunds of payments that the viewer may see.
    async fn own(&self, rows: Vec<PaymentRefundRow>) -> Result<Vec<PaymentRefundRow>, Error> {
        if self.viewer.is_staff() || rows.is_empty() {
            return Ok(rows);
        }
        let ids: Vec<_> = rows.iter().map(|row| row.payment_id).collect();
        let paid = payments::by_ids(self.db.pool(), &ids).await?;
        let own: HashSet<_> = paid
            .iter()
            .filter(|p| p.visible_to(&self.viewer))
            .map(|p| p.id)
            .collect();
        Ok(rows
            .into_iter()
            .filter(|row| own.contains(&row.payment_id))
            .collect())
    }
}

impl Loader<PaymentRefundId> for Reader {
    type Value = PaymentRefundRow;
    type Error = Error;
    async fn load(
        &self,
        keys: &[PaymentRefundId],
    ) -> Result<HashMap<PaymentRefundId, PaymentRefundRow>, Error> {
        let rows = self.own(refunds::by_ids(self.db.pool(), keys).await?).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

key! {
    /// The movements of money of a refund.
    MovementsOf(RefundId)
}

impl Loader<MovementsOf> for Reader {
    type Value = Vec<PaymentRefundRow>;
    type Error = Error;
    async fn load(&self, keys: &[MovementsOf]) -> Result<HashMap<MovementsOf, Vec<PaymentRefundRow>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.own(refunds::of_refunds(self.db.pool(), &ids).await?).await?;
        Ok(grouped(
            rows.into_iter()
                .filter_map(|row| Some((MovementsOf(row.refund_id?), row))),
        ))
    }
}

impl Loader<CouponId> for Reader {
    type Value = CouponRow;
    type Error = Error;
    async fn load(&self, keys: &[CouponId]) -> Result<HashMap<CouponId, CouponRow>, Error> {
        let rows = coupons::visible(self.db.pool(), keys, &self.viewer).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

impl Loader<CouponRedemptionId> for Reader {
    type Value = RedemptionRow;
    type Error = Error;
    async fn load(
        &self,
        keys: &[CouponRedemptionId],
    ) -> Result<HashMap<CouponRedemptionId, RedemptionRow>, Error> {
        let rows = redemptions::by_ids(self.db.pool(), keys).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.coupon_id).collect();
        let managed = coupons::visible(self.db.pool(), &ids, &self.viewer).await?;
        let managed: HashSet<_> = managed
            .iter()
            .filter(|coupon| coupon.vendor_id.is_some_and(|vendor| self.viewer.manages(vendor)))
            .map(|coupon| coupon.id)
            .collect();
        let seen =
            |row: &RedemptionRow| self.viewer.acts_for(row.customer_id) || managed.contains(&row.coupon_id);
        Ok(rows.into_iter().filter(seen).map(|row| (row.id, row)).collect())
    }
}

/// A page of the uses of a coupon; for those who manage it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RedemptionsOf(pub CouponId, pub Slice);

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Slice {
    pub after: Option<(DateTime<Utc>, Uuid)>,
    pub limit: i64,
}

impl Loader<RedemptionsOf> for Reader {
    type Value = Vec<RedemptionRow>;
    type Error = Error;
    async fn load(
        &self,
        keys: &[RedemptionsOf],
    ) -> Result<HashMap<RedemptionsOf, Vec<RedemptionRow>>, Error> {
        let mut found = HashMap::new();
        for (slice, ids) in grouped(keys.iter().map(|key| (key.1.clone(), key.0))) {
            let rows = redemptions::pages(self.db.pool(), &ids, slice.after, slice.limit).await?;
            let rows = rows
                .into_iter()
                .map(|row| (RedemptionsOf(row.coupon_id, slice.clone()), row));
            found.extend(grouped(rows));
        }
        Ok(found)
    }
}
