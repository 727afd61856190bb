//! What a basket costs. Integers only: discounts, points and tax are settled per line, and every total is a sum of
//! lines, so that nothing is lost or made by rounding.
//!
//! Per line: gross - discounts - points = base; tax of the base, rounded half to even once. Where a country's prices
//! contain the tax, it is shown and the line costs its base; elsewhere it is added. Shipping is not taxed.

mod reckon;

pub use reckon::quote;

use contracts::{payments::CouponRule, products::QuantityPrice};
use platform::{
    Currency,
    ids::{CartLineId, CategoryId, CouponId, ProductId, ShippingMethodId, VariantId, VendorId},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Tax of one country and category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaxRate {
    /// Millionths.
    pub micros: i32,
    /// Prices contain it.
    pub included: bool,
}

/// A line to be priced.
#[derive(Clone, Debug)]
pub struct Item {
    pub line: CartLineId,
    pub variant: VariantId,
    pub product: ProductId,
    pub vendor: VendorId,
    pub categories: Vec<CategoryId>,
    pub quantity: i32,
    pub prices: Vec<QuantityPrice>,
    pub tax: TaxRate,
}

/// Everything a quote depends on.
#[derive(Clone, Debug)]
pub struct Basket {
    pub currency: Currency,
    pub items: Vec<Item>,
    pub coupons: Vec<CouponRule>,
    pub points: i32,
    pub shipping: Vec<Shipping>,
}

/// A vendor's chosen delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipping {
    pub vendor: VendorId,
    pub method: Option<ShippingMethodId>,
    pub amount: i64,
}

/// The answer, and the terms of an order made from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub currency: Currency,
    pub lines: Vec<QuotedLine>,
    pub vendors: Vec<QuotedVendor>,
    pub coupons: Vec<QuotedCoupon>,
    pub points: i32,
    pub totals: Sums,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedLine {
    pub line: CartLineId,
    pub variant: VariantId,
    pub vendor: VendorId,
    pub quantity: i32,
    pub unit_price: i64,
    pub gross: i64,
    pub platform_discount: i64,
    pub vendor_discount: i64,
    pub loyalty: i64,
    pub tax: i64,
    pub tax_included: bool,
    /// What the customer pays for the line.
    pub total: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedVendor {
    pub vendor: VendorId,
    pub method: Option<ShippingMethodId>,
    pub sums: Sums,
    pub platform_discount: i64,
    pub vendor_discount: i64,
    pub tax_included: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedCoupon {
    pub coupon: CouponId,
    pub amount: i64,
}

/// Minor units. `total` = subtotal - discount - loyalty + shipping + tax that is not in the prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub subtotal: i64,
    pub discount: i64,
    pub loyalty: i64,
    pub shipping: i64,
    pub tax: i64,
    pub total: i64,
}

/// A coupon that does not count, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    pub code: String,
    pub reason: &'static str,
}

impl Quote {
    /// Same content, same hash; IDs and times of the quote itself are no part of it.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(serde_json::to_vec(self).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests;
