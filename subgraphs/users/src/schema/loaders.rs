//! Batched reads. Keys that anybody may name carry the permission check; keys that only follow from an object
//! somebody may see do not.

use crate::{
    domain::vip::Threshold,
    schema::{
        address::Address,
        customer::{Customer, CustomerTransition},
        loyalty::LoyaltyTransaction,
        vendor::{Vendor, VendorMember, VendorStatusChange},
        vip::VipBenefit,
    },
    store::{
        self, group,
        loyalty::{Account, Slice},
        members,
        sessions::SessionRow,
        users::UserRow,
        vendors::Eyes,
    },
};
use async_graphql::dataloader::Loader;
use platform::{
    Db, Error, Viewer,
    ids::{AddressId, CustomerId, LoyaltyTransactionId, UserId, VendorId, VipBenefitId},
};
use sqlx::PgPool;
use std::collections::HashMap;

/// Reads for one viewer.
pub struct Reader {
    pub db: Db,
    pub viewer: Viewer,
}

impl Reader {
    fn pool(&self) -> &PgPool {
        self.db.pool()
    }

    fn eyes(&self) -> Eyes {
        eyes(&self.viewer)
    }
}

/// How `viewer` looks at vendors.
pub fn eyes(viewer: &Viewer) -> Eyes {
    Eyes {
        all: viewer.is_staff(),
        user: viewer.user,
    }
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($of:ty) => $value:ty, |$reader:ident, $ids:ident| $load:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct $name(pub $of);

            impl Loader<$name> for Reader {
                type Value = $value;
                type Error = Error;
                async fn load(&self, keys: &[$name]) -> Result<HashMap<$name, $value>, Error> {
                    let $reader = self;
                    let $ids: Vec<$of> = keys.iter().map(|key| key.0).collect();
                    let rows = $load;
                    Ok(rows.into_iter().map(|(id, value)| ($name(id), value)).collect())
                }
            }
        )*
    };
}

keys! {
    /// A login, for whoever may see it already.
    AnyUser(UserId) => UserRow, |r, ids|
        store::users::rows(r.pool(), &ids, &[]).await?.into_iter().map(|row| (row.id, row));
    /// The login of a customer.
    UserOf(CustomerId) => UserRow, |r, ids|
        store::users::rows(r.pool(), &[], &ids).await?.into_iter().map(|row| (row.customer_id, row));
    /// A customer, for whoever may see it already.
    AnyCustomer(CustomerId) => Customer, |r, ids|
        store::customers::rows(r.pool(), &ids).await?.into_iter().map(|row| (row.id, row));
    TransitionsOf(CustomerId) => Vec<CustomerTransition>, |r, ids|
        group(store::customers::transitions(r.pool(), &ids).await?, |row| row.customer_id);
    AliasesOf(CustomerId) => Vec<CustomerId>, |r, ids|
        group(store::aliases::aliases(r.pool(), &ids).await?, |row| row.0)
            .into_iter().map(|(id, rows)| (id, rows.into_iter().map(|row| row.1).collect::<Vec<_>>()));
    /// The account that a guest has become part of.
    AccountOfGuest(CustomerId) => CustomerId, |r, ids|
        store::aliases::accounts_of(r.pool(), &ids).await?;
    AddressesOf(CustomerId) => Vec<Address>, |r, ids|
        group(store::addresses::rows(r.pool(), &[], &ids).await?, |row| row.customer_id);
    /// An address of the viewer, or any for staff.
    OwnAddress(AddressId) => Address, |r, ids|
        store::addresses::rows(r.pool(), &ids, &[]).await?.into_iter()
            .filter(|row| r.viewer.acts_for(row.customer_id)).map(|row| (row.id, row));
    AccountOf(CustomerId) => Account, |r, ids|
        store::loyalty::accounts(r.pool(), &ids).await?.into_iter().map(|row| (row.customer_id, row));
    /// A ledger line of the viewer, or any for staff.
    OwnTransaction(LoyaltyTransactionId) => LoyaltyTransaction, |r, ids|
        store::loyalty::transactions(r.pool(), &ids, r.viewer.is_staff(), r.viewer.customer).await?.into_iter()
            .map(|row| (row.id, row));
    /// Spend of the last membership year by currency, most first.
    SpendOf(CustomerId) => Vec<(String, i64)>, |r, ids|
        group(store::loyalty_orders::spend_now(r.pool(), &ids).await?, |row| row.0)
            .into_iter().map(|(id, rows)| (id, rows.into_iter().map(|row| (row.1, row.2)).collect::<Vec<_>>()));
    Benefit(VipBenefitId) => VipBenefit, |r, ids|
        store::vip::benefits_by_id(r.pool(), &ids).await?.into_iter().map(|row| (row.id, row));
    /// All thresholds, in one read.
    Thresholds(()) => Vec<Threshold>, |r, _ids| [((), store::vip::thresholds(r.pool()).await?)];
    /// All active benefits, in one read.
    Benefits(()) => Vec<VipBenefit>, |r, _ids| [((), store::vip::benefits(r.pool()).await?)];
    SessionsOf(UserId) => Vec<SessionRow>, |r, ids|
        group(store::sessions::of_users(r.pool(), &ids).await?, |row| row.user_id);
    MembershipsOf(UserId) => Vec<VendorMember>, |r, ids|
        group(members::rows(r.pool(), &[], &ids).await?, |row| row.user_id);
    MembersOf(VendorId) => Vec<VendorMember>, |r, ids|
        group(members::rows(r.pool(), &ids, &[]).await?, |row| row.vendor_id);
    HistoryOf(VendorId) => Vec<VendorStatusChange>, |r, ids|
        group(store::vendors::history(r.pool(), &ids).await?, |row| row.vendor_id);
    /// A vendor that the viewer may see.
    VisibleVendor(VendorId) => Vendor, |r, ids|
        store::vendors::rows(r.pool(), r.eyes(), &ids, None).await?.into_iter().map(|row| (row.id, row));
    /// The vendor of a membership that the viewer may see.
    AnyVendor(VendorId) => Vendor, |r, ids|
        store::vendors::rows(r.pool(), Eyes::ALL, &ids, None).await?.into_iter().map(|row| (row.id, row));
}

impl Loader<Slice> for Reader {
    type Value = Vec<LoyaltyTransaction>;
    type Error = Error;
    async fn load(&self, keys: &[Slice]) -> Result<HashMap<Slice, Self::Value>, Error> {
        let mut pages: HashMap<Slice, Self::Value> = HashMap::new();
        for (position, row) in store::loyalty::slices(self.pool(), keys).await? {
            if let Some(key) = keys.get(position) {
                pages.entry(*key).or_default().push(row);
            }
        }
        Ok(pages)
    }
}
