//! Rules of a cart: its states, how many lines and pieces it takes, and how two carts become one.

use super::machine;
use chrono::{DateTime, Utc};
use platform::{
    Currency, PostalAddress,
    ids::{CartId, CartLineId, CouponId, CustomerId, QuoteId, ShippingMethodId, VariantId, VendorId},
};
use sqlx::types::Json;

pub const MAX_LINES: usize = 100;
pub const MAX_QUANTITY: i32 = 999;
pub const MAX_COUPONS: usize = 10;

machine! {
    /// State of a cart.
    CartStatus {
        /// Can be changed.
        Active = "ACTIVE" => [Locked, Merged, Abandoned],
        /// A checkout is under way.
        Locked = "LOCKED" => [Ordered, Active],
        /// It became an order.
        Ordered = "ORDERED" => [],
        /// Its lines went into another cart.
        Merged = "MERGED" => [],
        /// Nobody touched it for thirty days.
        Abandoned = "ABANDONED" => [Active, Expired],
        /// Given up for good.
        Expired = "EXPIRED" => [],
    }
}

/// A cart without its lines.
#[derive(Clone, Debug)]
pub struct CartRow {
    pub id: CartId,
    pub customer_id: CustomerId,
    pub status: CartStatus,
    pub currency: Currency,
    pub tier: Option<String>,
    pub coupon_codes: Vec<String>,
    pub coupon_ids: Vec<CouponId>,
    pub loyalty_points: i32,
    pub shipping_address: Option<Json<PostalAddress>>,
    pub billing_address: Option<Json<PostalAddress>>,
    pub quote_id: Option<QuoteId>,
    pub version: i32,
    pub expires_at: DateTime<Utc>,
}

/// A variant in a cart.
#[derive(Clone, Debug)]
pub struct LineRow {
    pub id: CartLineId,
    pub cart_id: CartId,
    pub variant_id: VariantId,
    pub vendor_id: VendorId,
    pub quantity: i32,
    pub unit_price: i64,
    pub unit_price_when_added: i64,
    pub note: Option<String>,
}

/// How a vendor's parcel travels.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryRow {
    pub cart_id: CartId,
    pub vendor_id: VendorId,
    pub method_id: ShippingMethodId,
    pub rate: i64,
}

/// Pieces after two lines of one variant became one.
pub fn merged_quantity(a: i32, b: i32) -> i32 {
    a.saturating_add(b).min(MAX_QUANTITY)
}

/// The price for one piece when `quantity` are bought.
pub fn unit_price(prices: &[contracts::products::QuantityPrice], quantity: i32) -> Option<i64> {
    prices
        .iter()
        .filter(|price| price.min_quantity <= quantity)
        .max_by_key(|price| price.min_quantity)
        .map(|price| price.amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::products::QuantityPrice;

    #[test]
    fn the_price_follows_the_quantity() {
        let prices = [
            QuantityPrice {
                min_quantity: 1,
                amount: 100,
            },
            QuantityPrice {
                min_quantity: 10,
                amount: 90,
            },
        ];
        let found: Vec<_> = [1, 9, 10, 999].iter().map(|q| unit_price(&prices, *q)).collect();
        assert_eq!(found, [Some(100), Some(100), Some(90), Some(90)]);
        assert_eq!(unit_price(&[], 1), None);
    }

    #[test]
    fn merging_is_capped() {
        assert_eq!((merged_quantity(2, 3), merged_quantity(600, 600)), (5, 999));
    }
}
