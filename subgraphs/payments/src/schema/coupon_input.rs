//! What people type in to make or edit a coupon.

use crate::{
    domain::coupon::{CouponKind, CouponRow, CouponScope, normal},
    error::{Outcome, refuse},
};
use async_graphql::{ID, InputObject};
use chrono::{DateTime, Utc};
use platform::{
    Currency, UserError, UserErrorCode,
    ids::{CategoryId, CouponId, ProductId, VendorId},
    money::MoneyInput,
};
use uuid::Uuid;

/// A coupon, as input. Amounts must be of one currency; the coupon then applies to orders in that currency only.
#[derive(InputObject)]
pub struct CouponInput {
    /// 1 to 64 letters, digits, `-` and `_`; case does not matter.
    pub code: String,
    /// What it gives.
    pub kind: CouponKind,
    /// Who pays for it.
    pub scope: CouponScope,
    /// The vendor that pays for a VENDOR coupon.
    pub vendor_id: Option<ID>,
    /// Hundredths of a percent, for PERCENT.
    pub percent_basis_points: Option<i32>,
    /// For FIXED.
    pub amount: Option<MoneyInput>,
    /// Pieces to buy, for BUY_X_GET_Y.
    pub buy_quantity: Option<i32>,
    /// Pieces that are then free, for BUY_X_GET_Y.
    pub get_quantity: Option<i32>,
    /// It never gives more than this.
    pub max_discount: Option<MoneyInput>,
    /// The order must be worth this much.
    pub min_subtotal: Option<MoneyInput>,
    /// From when on it can be used.
    pub starts_at: Option<DateTime<Utc>>,
    /// Until when it can be used.
    pub ends_at: Option<DateTime<Utc>>,
    /// How often it can be used in all.
    pub usage_limit: Option<i32>,
    /// How often one customer can use it.
    pub per_customer_limit: Option<i32>,
    /// It can be combined with others that can.
    #[graphql(default_with = "Some(false)")]
    pub stackable: Option<bool>,
    /// VIP tiers that may use it; empty: everybody.
    pub customer_tiers: Option<Vec<String>>,
    /// Categories it applies to; empty: all.
    pub category_ids: Option<Vec<ID>>,
    /// Products it applies to; empty: all.
    pub product_ids: Option<Vec<ID>>,
}

impl CouponInput {
    /// The coupon it describes, new.
    pub fn coupon(self) -> Outcome<CouponRow> {
        let invalid = |field: &str, rule: &str| refuse(UserError::invalid(&["input", field], rule));
        let code = normal(&self.code).ok_or_else(|| invalid("code", "1..64 letters, digits, - and _"))?;
        let currency = self.currency()?;
        let vendor_id = match self.vendor_id {
            None => None,
            Some(id) => Some(VendorId::parse(&id).ok_or_else(|| invalid("vendorId", "the ID of a vendor"))?),
        };
        let products = self.product_ids.unwrap_or_default();
        let products: Option<Vec<Uuid>> = products.iter().map(|id| Some(ProductId::parse(id)?.0)).collect();
        let categories = self.category_ids.unwrap_or_default();
        let categories: Option<Vec<Uuid>> = categories
            .iter()
            .map(|id| Some(CategoryId::parse(id)?.0))
            .collect();
        Ok(CouponRow {
            id: CouponId::new(),
            code,
            kind: self.kind,
            scope: self.scope,
            vendor_id,
            percent_basis_points: self.percent_basis_points,
            amount: self.amount.map(|money| money.amount.0),
            currency,
            buy_quantity: self.buy_quantity,
            get_quantity: self.get_quantity,
            max_discount: self.max_discount.map(|money| money.amount.0),
            min_subtotal: self.min_subtotal.map(|money| money.amount.0),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            usage_limit: self.usage_limit,
            per_customer_limit: self.per_customer_limit,
            used: 0,
            stackable: self.stackable.unwrap_or(false),
            customer_tiers: self
                .customer_tiers
                .unwrap_or_default()
                .iter()
                .map(|tier| tier.to_uppercase())
                .collect(),
            category_ids: categories.ok_or_else(|| invalid("categoryIds", "IDs of categories"))?,
            product_ids: products.ok_or_else(|| invalid("productIds", "IDs of products"))?,
            active: true,
            created_at: Utc::now(),
            version: 1,
        })
    }

    fn currency(&self) -> Outcome<Option<Currency>> {
        let given = [self.amount, self.max_discount, self.min_subtotal];
        let mut currencies = given.iter().flatten().map(|money| money.currency);
        let first = currencies.next();
        if currencies.all(|other| Some(other) == first) {
            return Ok(first);
        }
        let message = "the amounts of a coupon must be of one currency";
        Err(refuse(UserError::refused(
            UserErrorCode::CurrencyMismatch,
            message,
        )))
    }
}
