//! Double-entry arithmetic: how a captured order is divided, and how a refund takes it back. Every set of lines that
//! leaves here balances.

use async_graphql::Enum;
use contracts::payments::VendorShare;
use platform::money::divide_half_even;

/// An account of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LedgerAccount {
    /// Captured, not yet divided.
    CustomerClearing,
    /// What payment providers owe us.
    PspReceivable,
    /// Earned by vendors, not yet payable.
    VendorPending,
    /// Payable to vendors.
    VendorAvailable,
    /// Paid to vendors.
    VendorPaid,
    /// The platform's commission.
    PlatformCommission,
    /// Discounts and goodwill that the platform bears.
    PlatformPromo,
    /// Tax to hand on.
    TaxPayable,
    /// Fees of payment providers.
    PspFees,
    /// Owed to customers as loyalty points.
    LoyaltyLiability,
    /// Remainders that belong to nobody.
    Rounding,
}

impl LedgerAccount {
    pub fn name(self) -> &'static str {
        match self {
            Self::CustomerClearing => "CUSTOMER_CLEARING",
            Self::PspReceivable => "PSP_RECEIVABLE",
            Self::VendorPending => "VENDOR_PENDING",
            Self::VendorAvailable => "VENDOR_AVAILABLE",
            Self::VendorPaid => "VENDOR_PAID",
            Self::PlatformCommission => "PLATFORM_COMMISSION",
            Self::PlatformPromo => "PLATFORM_PROMO",
            Self::TaxPayable => "TAX_PAYABLE",
            Self::PspFees => "PSP_FEES",
            Self::LoyaltyLiability => "LOYALTY_LIABILITY",
            Self::Rounding => "ROUNDING",
        }
    }
}

/// One side of a booking: positive is credit, negative is debit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub account: LedgerAccount,
    pub credit: i64,
}

impl Line {
    pub fn credit(account: LedgerAccount, amount: i64) -> Self {
        Self {
            account,
            credit: amount,
        }
    }

    pub fn debit(account: LedgerAccount, amount: i64) -> Self {
        Self {
            account,
            credit: -amount,
        }
    }
}

/// Commission on one vendor's share: the platform's rate on what the vendor charges for goods.
pub fn commission(share: &VendorShare, basis_points: i32) -> i64 {
    let base = (share.subtotal - share.vendor_discount).max(0);
    let exact = i128::from(base) * i128::from(basis_points);
    i64::try_from(divide_half_even(exact, 10_000))
        .unwrap_or(base)
        .clamp(0, base)
}

/// What a vendor earns of its share.
pub fn vendor_net(share: &VendorShare, commission: i64) -> i64 {
    share.subtotal - share.vendor_discount - commission + share.shipping
}

/// How the customer's money for one share is divided. The credits sum to `share.total`.
pub fn components(share: &VendorShare, commission: i64) -> Vec<Line> {
    let mut lines = vec![
        Line::credit(LedgerAccount::VendorPending, vendor_net(share, commission)),
        Line::credit(LedgerAccount::PlatformCommission, commission),
        Line::credit(LedgerAccount::TaxPayable, share.tax),
        Line::debit(LedgerAccount::PlatformPromo, share.platform_discount),
        Line::debit(LedgerAccount::LoyaltyLiability, share.loyalty),
    ];
    // Zero unless the order's own arithmetic is off; the ledger balances even then.
    let rest = share.total - lines.iter().map(|line| line.credit).sum::<i64>();
    lines.push(Line::credit(LedgerAccount::Rounding, rest));
    lines
}

/// What of each component has gone back once `refunded` of `total` has, by largest remainder. What exceeds the total
/// is goodwill, borne by the platform.
pub fn taken_back(components: &[Line], total: i64, refunded: i64) -> Vec<Line> {
    let regular = refunded.clamp(0, total.max(0));
    let parts = proportion(components, total, regular);
    let mut lines: Vec<Line> = components
        .iter()
        .zip(parts)
        .map(|(line, part)| Line::credit(line.account, part))
        .collect();
    add(&mut lines, LedgerAccount::PlatformPromo, refunded - regular);
    lines
}

fn proportion(components: &[Line], total: i64, part: i64) -> Vec<i64> {
    if total <= 0 {
        return vec![0; components.len()];
    }
    let (whole, part) = (i128::from(total), i128::from(part));
    let exact: Vec<i128> = components
        .iter()
        .map(|line| i128::from(line.credit) * part)
        .collect();
    let mut parts: Vec<i128> = exact.iter().map(|value| value.div_euclid(whole)).collect();
    let mut rest = part - parts.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    order.sort_by_key(|index| (std::cmp::Reverse(exact[*index].rem_euclid(whole)), *index));
    for index in order {
        if rest == 0 {
            break;
        }
        parts[index] += 1;
        rest -= 1;
    }
    parts
        .into_iter()
        .map(|part| i64::try_from(part).unwrap_or_default())
        .collect()
}

/// The bookings of one more refund: what must have gone back in all, less what has already.
pub fn refund_lines(components: &[Line], total: i64, already: &[Line], amount: i64) -> Vec<Line> {
    let before: i64 = already.iter().map(|line| line.credit).sum();
    let mut lines = taken_back(components, total, before + amount);
    for line in already {
        add(&mut lines, line.account, -line.credit);
    }
    // Going back is the opposite of accruing.
    lines
        .iter()
        .map(|line| Line::debit(line.account, line.credit))
        .filter(|line| line.credit != 0)
        .collect()
}

fn add(lines: &mut Vec<Line>, account: LedgerAccount, credit: i64) {
    match lines.iter_mut().find(|line| line.account == account) {
        Some(line) => line.credit += credit,
        None => lines.push(Line::credit(account, credit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::ids::{VendorId, VendorOrderId};
    use proptest::prelude::*;

    fn share(
        subtotal: i64,
        vendor_discount: i64,
        platform_discount: i64,
        loyalty: i64,
        shipping: i64,
        tax: i64,
    ) -> VendorShare {
        VendorShare {
            vendor_order: VendorOrderId::new(),
            vendor: VendorId::new(),
            subtotal,
            platform_discount,
            vendor_discount,
            loyalty,
            shipping,
            tax,
            total: subtotal - vendor_discount - platform_discount - loyalty + shipping + tax,
        }
    }

    #[test]
    fn a_share_is_divided() {
        let share = share(10_000, 1_000, 500, 200, 400, 1_740);
        let commission = commission(&share, 1_000);
        assert_eq!((commission, vendor_net(&share, commission)), (900, 8_500));
        let lines = components(&share, commission);
        assert_eq!(lines.iter().map(|line| line.credit).sum::<i64>(), share.total);
        assert_eq!(lines.last(), Some(&Line::credit(LedgerAccount::Rounding, 0)));
    }

    #[test]
    fn goodwill_is_borne_by_the_platform() {
        let share = share(1_000, 0, 0, 0, 0, 0);
        let all = components(&share, 100);
        let lines = refund_lines(&all, 1_000, &[], 1_200);
        assert!(lines.contains(&Line::debit(LedgerAccount::PlatformPromo, 200)));
        assert_eq!(lines.iter().map(|line| line.credit).sum::<i64>(), -1_200);
    }

    proptest! {
        /// Refunds in any sizes take back exactly what was accrued: account by account, never a cent more or less.
        #[test]
        fn refunds_take_back_what_was_accrued(
            subtotal in 1_i64..1_000_000, cuts in prop::array::uniform3(0_i64..250), shipping in 0_i64..5_000,
            tax in 0_i64..200_000, points in 0_i32..=10_000, sizes in prop::collection::vec(1_i64..1_000, 1..8),
        ) {
            let part = |permille: i64| subtotal * permille / 1_000;
            let share = share(subtotal, part(cuts[0]), part(cuts[1]), part(cuts[2]), shipping, tax);
            prop_assume!(share.total > 0);
            let commission = commission(&share, points);
            let all = components(&share, commission);
            prop_assert_eq!(all.iter().map(|line| line.credit).sum::<i64>(), share.total);
            prop_assert!(vendor_net(&share, commission) >= 0);

            let whole: i64 = sizes.iter().sum();
            let mut taken: Vec<Line> = Vec::new();
            let mut left = share.total;
            for (index, size) in sizes.iter().enumerate() {
                let last = index + 1 == sizes.len();
                let amount = if last { left } else { share.total * size / whole };
                let lines = refund_lines(&all, share.total, &taken, amount);
                prop_assert_eq!(lines.iter().map(|line| line.credit).sum::<i64>(), -amount);
                for line in lines {
                    add(&mut taken, line.account, -line.credit);
                }
                left -= amount;
            }
            for line in &all {
                let back: i64 = taken.iter().filter(|t| t.account == line.account).map(|t| t.credit).sum();
                prop_assert_eq!(back, line.credit, "{:?}", line.account);
            }
        }
    }
}
