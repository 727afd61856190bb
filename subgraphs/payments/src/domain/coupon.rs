//! Coupons: what makes one valid, who may use it, and why not.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use contracts::payments::{CouponRule, Discount};
use platform::{
    Currency,
    error::ValidationError,
    ids::{CategoryId, CouponId, ProductId, VendorId},
};
use uuid::Uuid;

/// What a coupon gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CouponKind {
    /// A share of the price.
    Percent,
    /// An amount of money.
    Fixed,
    /// No shipping fee.
    FreeShipping,
    /// Free pieces when enough are bought.
    BuyXGetY,
}

/// Who pays for a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CouponScope {
    /// The platform; it applies to all vendors' lines.
    Platform,
    /// One vendor; it applies to that vendor's lines only.
    Vendor,
}

/// A coupon as it is stored. Amounts are minor units of `currency`.
#[derive(Clone, Debug)]
pub struct CouponRow {
    pub id: CouponId,
    pub code: String,
    pub kind: CouponKind,
    pub scope: CouponScope,
    pub vendor_id: Option<VendorId>,
    pub percent_basis_points: Option<i32>,
    pub amount: Option<i64>,
    pub currency: Option<Currency>,
    pub buy_quantity: Option<i32>,
    pub get_quantity: Option<i32>,
    pub max_discount: Option<i64>,
    pub min_subtotal: Option<i64>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub usage_limit: Option<i32>,
    pub per_customer_limit: Option<i32>,
    pub used: i32,
    pub stackable: bool,
    pub customer_tiers: Vec<String>,
    pub category_ids: Vec<Uuid>,
    pub product_ids: Vec<Uuid>,
    pub active: bool,
    pub created_at: DateTime<Utc>,
    pub version: i32,
}

/// Upper case without surrounding space: twins are one code. `None` if it cannot be a code.
pub fn normal(code: &str) -> Option<String> {
    let code = code.trim().to_uppercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!code.is_empty() && code.len() <= 64 && code.chars().all(plain)).then_some(code)
}

impl CouponRow {
    /// Why a customer cannot use it now. `own_uses` are the customer's held and redeemed ones.
    pub fn refusal(
        &self,
        now: DateTime<Utc>,
        currency: Currency,
        tier: Option<&str>,
        own_uses: i64,
    ) -> Option<&'static str> {
        let tiers = &self.customer_tiers;
        match () {
            () if !self.active => Some("INACTIVE"),
            () if self.starts_at.is_some_and(|at| now < at) => Some("NOT_STARTED"),
            () if self.ends_at.is_some_and(|at| now >= at) => Some("EXPIRED"),
            () if self.usage_limit.is_some_and(|limit| self.used >= limit) => Some("LIMIT_REACHED"),
            () if self
                .per_customer_limit
                .is_some_and(|limit| own_uses >= i64::from(limit)) =>
            {
                Some("CUSTOMER_LIMIT_REACHED")
            }
            () if !tiers.is_empty() && !tier.is_some_and(|tier| tiers.iter().any(|t| t == tier)) => {
                Some("TIER_REQUIRED")
            }
            () if self.currency.is_some_and(|own| own != currency) => Some("CURRENCY_MISMATCH"),
            () => None,
        }
    }

    /// The rule that a checkout applies.
    pub fn rule(&self) -> Option<CouponRule> {
        let discount = match self.kind {
            CouponKind::Percent => Discount::Percent {
                basis_points: self.percent_basis_points?,
            },
            CouponKind::Fixed => Discount::Fixed { amount: self.amount? },
            CouponKind::FreeShipping => Discount::FreeShipping,
            CouponKind::BuyXGetY => Discount::BuyXGetY {
                buy: self.buy_quantity?,
                get: self.get_quantity?,
            },
        };
        Some(CouponRule {
            id: self.id,
            code: self.code.clone(),
            discount,
            vendor: self.vendor_id,
            min_subtotal: self.min_subtotal,
            max_discount: self.max_discount,
            products: self.product_ids.iter().copied().map(ProductId).collect(),
            categories: self.category_ids.iter().copied().map(CategoryId).collect(),
            stackable: self.stackable,
        })
    }

    /// Checks what a person has typed in.
    pub fn validate(&self) -> Result<(), ValidationError> {
        let bad = |field: &str, rule: &str| Err(ValidationError::new(["input", field], rule));
        let between = |value: Option<i32>, most: i32| value.is_none_or(|n| (1..=most).contains(&n));
        let positive = |value: Option<i64>| value.is_none_or(|n| n > 0);
        // What another kind would need may be given too, but it has to make sense.
        let given = |kind: CouponKind, value: bool| self.kind != kind || value;
        if !between(self.percent_basis_points, 10_000)
            || !given(CouponKind::Percent, self.percent_basis_points.is_some())
        {
            return bad("percentBasisPoints", "1..10000");
        }
        if !positive(self.amount) || !given(CouponKind::Fixed, self.amount.is_some()) {
            return bad("amount", "given and positive for a FIXED coupon");
        }
        if !between(self.buy_quantity, 999) || !given(CouponKind::BuyXGetY, self.buy_quantity.is_some()) {
            return bad("buyQuantity", "1..999");
        }
        if !between(self.get_quantity, 999) || !given(CouponKind::BuyXGetY, self.get_quantity.is_some()) {
            return bad("getQuantity", "1..999");
        }
        if !positive(self.max_discount) {
            return bad("maxDiscount", "positive");
        }
        if self.min_subtotal.is_some_and(|least| least < 0) {
            return bad("minSubtotal", "zero or more");
        }
        if self.usage_limit.is_some_and(|limit| limit < 1) {
            return bad("usageLimit", "at least 1");
        }
        if self.per_customer_limit.is_some_and(|limit| limit < 1) {
            return bad("perCustomerLimit", "at least 1");
        }
        if let (Some(from), Some(to)) = (self.starts_at, self.ends_at)
            && from >= to
        {
            return bad("endsAt", "after startsAt");
        }
        if self.category_ids.len() + self.product_ids.len() > 500 || self.customer_tiers.len() > 20 {
            return bad("productIds", "at most 500 products and categories and 20 tiers");
        }
        match (self.scope, self.vendor_id) {
            (CouponScope::Vendor, None) => bad("vendorId", "given for a VENDOR coupon"),
            (CouponScope::Platform, Some(_)) => bad("vendorId", "absent for a PLATFORM coupon"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn coupon() -> CouponRow {
        CouponRow {
            id: CouponId::new(),
            code: "TEN".into(),
            kind: CouponKind::Percent,
            scope: CouponScope::Platform,
            vendor_id: None,
            percent_basis_points: Some(1_000),
            amount: None,
            currency: None,
            buy_quantity: None,
            get_quantity: None,
            max_discount: None,
            min_subtotal: None,
            starts_at: None,
            ends_at: None,
            usage_limit: None,
            per_customer_limit: None,
            used: 0,
            stackable: false,
            customer_tiers: vec![],
            category_ids: vec![],
            product_ids: vec![],
            active: true,
            created_at: Utc::now(),
            version: 1,
        }
    }

    #[test]
    fn reasons() {
        let now = Utc::now();
        let hour = chrono::TimeDelta::hours(1);
        let why = |edit: &dyn Fn(&mut CouponRow)| {
            let mut coupon = coupon();
            edit(&mut coupon);
            coupon.refusal(now, Currency::GBP, Some("GOLD"), 1)
        };
        assert_eq!(why(&|_| {}), None);
        assert_eq!(why(&|c| c.active = false), Some("INACTIVE"));
        assert_eq!(why(&|c| c.starts_at = Some(now + hour)), Some("NOT_STARTED"));
        assert_eq!(why(&|c| c.ends_at = Some(now)), Some("EXPIRED"));
        assert_eq!(
            why(&|c| (c.used, c.usage_limit) = (3, Some(3))),
            Some("LIMIT_REACHED")
        );
        assert_eq!(
            why(&|c| c.per_customer_limit = Some(1)),
            Some("CUSTOMER_LIMIT_REACHED")
        );
        assert_eq!(why(&|c| c.per_customer_limit = Some(2)), None);
        assert_eq!(
            why(&|c| c.customer_tiers = vec!["SILVER".into()]),
            Some("TIER_REQUIRED")
        );
        assert_eq!(why(&|c| c.customer_tiers = vec!["GOLD".into()]), None);
        assert_eq!(
            why(&|c| c.currency = Some(Currency::EUR)),
            Some("CURRENCY_MISMATCH")
        );
    }

    #[test]
    fn codes_and_input() {
        assert_eq!(normal(" summer-10 "), Some("SUMMER-10".into()));
        for bad in ["", "ÄB", "a b", "a\u{200b}b", &"x".repeat(65)] {
            assert_eq!(normal(bad), None, "{bad}");
        }
        assert!(coupon().validate().is_ok());
        assert!(
            CouponRow {
                percent_basis_points: Some(10_001),
                ..coupon()
            }
            .validate()
            .is_err()
        );
        assert!(
            CouponRow {
                kind: CouponKind::Fixed,
                ..coupon()
            }
            .validate()
            .is_err()
        );
        assert!(
            CouponRow {
                scope: CouponScope::Vendor,
                ..coupon()
            }
            .validate()
            .is_err()
        );
    }
}
