//! Opaque, prefixed, time-ordered IDs. `ord_` + 32 hex digits of a UUIDv7: sortable in an index, readable in a
//! log, and impossible to mistake for the ID of something else.

use async_graphql::{
    ContextSelectionSet, ID, OutputType, Positioned, ServerResult, Value, registry::Registry,
};
use std::{borrow::Cow, fmt, str::FromStr};
use uuid::Uuid;

/// A text that is not an ID of the expected kind. Callers answer "not found", never "malformed": an ID is opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an ID of this kind")]
pub struct NotAnId;

/// Splits `prefix_hex` and checks both halves.
fn parse(text: &str, prefix: &str) -> Result<Uuid, NotAnId> {
    let hex = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(NotAnId)?;
    let canonical = hex.len() == 32
        && hex
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if canonical {
        Uuid::try_parse(hex).map_err(|_| NotAnId)
    } else {
        Err(NotAnId)
    }
}

/// The raw UUIDs of typed IDs, for `= any($1)`.
pub fn uuids<'a, I: Copy + Into<Uuid> + 'a>(ids: impl IntoIterator<Item = &'a I>) -> Vec<Uuid> {
    ids.into_iter().map(|id| (*id).into()).collect()
}

macro_rules! ids {
    ($($name:ident $prefix:literal;)*) => {
        $(
            #[doc = concat!("ID of the form `", $prefix, "_…`.")]
            #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
            #[sqlx(transparent)]
            pub struct $name(pub Uuid);

            impl $name {
                /// What every ID of this kind starts with, without the underscore.
                pub const PREFIX: &'static str = $prefix;

                /// A new ID, greater than all earlier ones of this process.
                #[expect(clippy::new_without_default, reason = "a default that differs each time would surprise")]
                pub fn new() -> Self {
                    Self(Uuid::now_v7())
                }

                /// `None` if the text is not an ID of this kind; treat it like an ID that does not exist.
                pub fn parse(text: &str) -> Option<Self> {
                    text.parse().ok()
                }
            }

            impl FromStr for $name {
                type Err = NotAnId;
                fn from_str(text: &str) -> Result<Self, NotAnId> {
                    parse(text, Self::PREFIX).map(Self)
                }
            }

            impl From<$name> for Uuid {
                fn from(id: $name) -> Uuid {
                    id.0
                }
            }

            impl From<Uuid> for $name {
                fn from(id: Uuid) -> Self {
                    Self(id)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}_{}", Self::PREFIX, self.0.simple())
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(self, f)
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                    s.collect_str(self)
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                    let text = Cow::<'de, str>::deserialize(d)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }

            /// Shown to clients as GraphQL's own `ID`. Arguments stay `ID` and are parsed in the resolver, because
            /// one unparsable key would null a whole `_entities` batch.
            impl OutputType for $name {
                fn type_name() -> Cow<'static, str> {
                    <ID as OutputType>::type_name()
                }
                fn create_type_info(registry: &mut Registry) -> String {
                    <ID as OutputType>::create_type_info(registry)
                }
                async fn resolve(
                    &self,
                    _: &ContextSelectionSet<'_>,
                    _: &Positioned<async_graphql::parser::types::Field>,
                ) -> ServerResult<Value> {
                    Ok(Value::String(self.to_string()))
                }
            }
        )*

        /// Every prefix with the name of its GraphQL type.
        pub const PREFIXES: &[(&str, &str)] = &[$(($prefix, stringify!($name)),)*];
    };
}

ids! {
    UserId "usr";
    SessionId "ses";
    AccountExportId "exp";
    CustomerId "cus";
    VendorId "ven";
    AddressId "adr";
    VipBenefitId "ben";
    LoyaltyTransactionId "loy";
    ProductId "prd";
    VariantId "var";
    CategoryId "cat";
    BrandId "brd";
    AttributeId "att";
    MediaId "med";
    RevisionId "rev";
    ReviewId "rvw";
    WishlistId "wsh";
    CatalogImportId "imp";
    CatalogExportId "cxp";
    CartId "crt";
    CartLineId "cln";
    QuoteId "quo";
    OrderId "ord";
    VendorOrderId "vor";
    OrderLineId "oln";
    OrderEventId "oev";
    RefundId "rfd";
    SagaId "sag";
    PaymentId "pay";
    PaymentEventId "pev";
    PaymentRefundId "prf";
    SavedPaymentMethodId "spm";
    CouponId "cpn";
    CouponRedemptionId "crd";
    VendorPayoutId "pyo";
    CommissionRuleId "com";
    LedgerEntryId "led";
    DisputeId "dsp";
    ShippingMethodId "shm";
    ShippingZoneId "shz";
    ShipmentId "shp";
    ShipmentEventId "sev";
    ReturnRequestId "ret";
    WarehouseId "whs";
    SupplierId "sup";
    StockLevelId "stk";
    ReservationId "rsv";
    InventoryTransactionId "itx";
    LowStockAlertId "lsa";
    PurchaseOrderId "pur";
    NotificationId "ntf";
    DeliveryId "dlv";
    NotificationTemplateId "tpl";
    SystemAnnouncementId "ann";
    PushDeviceId "pdv";
    TopicSubscriptionId "tps";
    DashboardId "dsh";
    WidgetId "wdg";
    ReportId "rpt";
    ReportRunId "run";
    EventRecordId "evt";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_order() {
        let (a, b) = (OrderId::new(), OrderId::new());
        assert!(a < b);
        assert_eq!(OrderId::parse(&a.to_string()), Some(a));
    }

    #[test]
    fn refuses_anything_else() {
        let id = OrderId::new().to_string();
        for text in [
            "",
            "ord_",
            "ord",
            &id.replace("ord", "crt"),
            &id.to_uppercase(),
            &format!("{id}0"),
            "ord_../../x",
        ] {
            assert_eq!(OrderId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn prefixes_are_unique() {
        let set: std::collections::BTreeSet<_> = PREFIXES.iter().map(|(prefix, _)| prefix).collect();
        assert_eq!(set.len(), PREFIXES.len());
    }
}
