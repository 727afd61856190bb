//! `node`: this service knows the prefix of every ID, its own objects, and where the others live.

use crate::schema::{
    address::Address,
    customer::Customer,
    load,
    loaders::{AccountOfGuest, AnyCustomer, AnyUser, Benefit, OwnAddress, OwnTransaction, VisibleVendor},
    loyalty::LoyaltyTransaction,
    user::User,
    vendor::Vendor,
    vip::VipBenefit,
};
use async_graphql::{Context, ID, Interface, SimpleObject};
use platform::{
    Error,
    ids::{self, AddressId, CustomerId, LoyaltyTransactionId, UserId, VendorId, VipBenefitId},
    viewer::viewer,
};

/// Types of other services, of which only the ID is known here.
macro_rules! nodes {
    ($($name:ident $id:ident $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[derive(Clone, Copy, Debug, SimpleObject)]
            #[graphql(unresolvable = "id")]
            pub struct $name {
                /// Opaque ID.
                pub id: ids::$id,
            }
        )*

        /// Anything that has an ID of its own.
        #[derive(Interface)]
        #[graphql(field(name = "id", ty = "ID", desc = "Opaque ID."))]
        pub enum Node {
            User(User),
            Customer(Customer),
            Vendor(Vendor),
            Address(Address),
            LoyaltyTransaction(LoyaltyTransaction),
            VipBenefit(VipBenefit),
            $($name($name),)*
        }

        /// The stub for an ID of another service; whether it exists, only that service knows.
        fn foreign(id: &str) -> Option<Node> {
            $(if let Some(id) = ids::$id::parse(id) {
                return Some(Node::$name($name { id }));
            })*
            None
        }
    };
}

nodes! {
    Order OrderId "An order; see the orders service.";
    Product ProductId "A product; see the products service.";
    ProductVariant VariantId "A variant of a product; see the products service.";
    Category CategoryId "A category; see the products service.";
    Brand BrandId "A brand; see the products service.";
    Review ReviewId "A review; see the products service.";
    Wishlist WishlistId "A wishlist; see the products service.";
    Cart CartId "A cart; see the orders service.";
    CartLine CartLineId "A line of a cart; see the orders service.";
    VendorOrder VendorOrderId "A vendor's part of an order; see the orders service.";
    OrderLine OrderLineId "A line of an order; see the orders service.";
    Refund RefundId "A refund; see the orders service.";
    Payment PaymentId "A payment; see the payments service.";
    PaymentRefund PaymentRefundId "Money going back; see the payments service.";
    SavedPaymentMethod SavedPaymentMethodId "A saved payment method; see the payments service.";
    Coupon CouponId "A coupon; see the payments service.";
    CouponRedemption CouponRedemptionId "A use of a coupon; see the payments service.";
    VendorPayout VendorPayoutId "Money to a vendor; see the payments service.";
    Dispute DisputeId "A dispute; see the payments service.";
    ShippingMethod ShippingMethodId "A shipping method; see the shipping service.";
    ShippingZone ShippingZoneId "A shipping zone; see the shipping service.";
    Shipment ShipmentId "A shipment; see the shipping service.";
    ReturnRequest ReturnRequestId "A return; see the shipping service.";
    Warehouse WarehouseId "A warehouse; see the inventory service.";
    Supplier SupplierId "A supplier; see the inventory service.";
    StockLevel StockLevelId "Stock of a variant in a warehouse; see the inventory service.";
    Reservation ReservationId "Stock set aside; see the inventory service.";
    InventoryTransaction InventoryTransactionId "A movement of stock; see the inventory service.";
    LowStockAlert LowStockAlertId "A warning about low stock; see the inventory service.";
    PurchaseOrder PurchaseOrderId "An order to a supplier; see the inventory service.";
    Notification NotificationId "A notification; see the notifications service.";
    Delivery DeliveryId "A message on its way; see the notifications service.";
    NotificationTemplate NotificationTemplateId "A template; see the notifications service.";
    SystemAnnouncement SystemAnnouncementId "An announcement; see the notifications service.";
    TopicSubscription TopicSubscriptionId "A subscription to a topic; see the notifications service.";
    Dashboard DashboardId "A dashboard; see the analytics service.";
    Report ReportId "A report; see the analytics service.";
    ReportRun ReportRunId "A run of a report; see the analytics service.";
    EventRecord EventRecordId "A recorded event; see the analytics service.";
}

/// A login, for its owner and for staff.
pub async fn user(ctx: &Context<'_>, id: UserId) -> Result<Option<User>, Error> {
    let viewer = viewer(ctx);
    if !viewer.is_staff() && viewer.user != Some(id) {
        return Ok(None);
    }
    Ok(load(ctx, AnyUser(id)).await?.map(User::own))
}

/// A customer, for itself and for staff. The ID of a guest who has logged in still leads to the account.
pub async fn customer(ctx: &Context<'_>, id: CustomerId) -> Result<Option<Customer>, Error> {
    if !viewer(ctx).acts_for(id) {
        let account = load(ctx, AccountOfGuest(id)).await?;
        return match account.filter(|account| viewer(ctx).acts_for(*account)) {
            Some(account) => load(ctx, AnyCustomer(account)).await,
            None => Ok(None),
        };
    }
    load(ctx, AnyCustomer(id)).await
}

/// The object with this ID, if the viewer may see it.
pub async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Node>, Error> {
    Ok(if let Some(id) = UserId::parse(id) {
        user(ctx, id).await?.map(Node::User)
    } else if let Some(id) = CustomerId::parse(id) {
        customer(ctx, id).await?.map(Node::Customer)
    } else if let Some(id) = VendorId::parse(id) {
        load(ctx, VisibleVendor(id)).await?.map(Node::Vendor)
    } else if let Some(id) = AddressId::parse(id) {
        load(ctx, OwnAddress(id)).await?.map(Node::Address)
    } else if let Some(id) = LoyaltyTransactionId::parse(id) {
        load(ctx, OwnTransaction(id)).await?.map(Node::LoyaltyTransaction)
    } else if let Some(id) = VipBenefitId::parse(id) {
        load(ctx, Benefit(id)).await?.map(Node::VipBenefit)
    } else {
        foreign(id)
    })
}
