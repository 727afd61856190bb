//! Settles discounts, points and tax line by line.

use super::{Basket, Item, Quote, QuotedCoupon, QuotedLine, QuotedVendor, Shipping, Sums, Unused};
use crate::domain::cart::unit_price;
use contracts::payments::{CouponRule, Discount};
use platform::{Currency, Money, UserError, ids::VendorId, money::divide_half_even};
use std::collections::BTreeMap;

/// Prices the basket.
pub fn quote(basket: &Basket) -> Result<(Quote, Vec<Unused>), UserError> {
    let mut work = Work::new(basket)?;
    let mut unused = Vec::new();
    let mut used: Vec<&CouponRule> = Vec::new();
    let mut coupons = Vec::new();
    for rule in &basket.coupons {
        let alone = used.is_empty() || (rule.stackable && used.iter().all(|other| other.stackable));
        let amount = if alone {
            work.apply(rule)
        } else {
            Err("cannot be combined with the other coupons")
        };
        match amount {
            Ok(amount) => {
                used.push(rule);
                coupons.push(QuotedCoupon {
                    coupon: rule.id,
                    amount,
                });
            }
            Err(reason) => unused.push(Unused {
                code: rule.code.clone(),
                reason,
            }),
        }
    }
    let points = work.redeem(basket.points);
    work.tax(basket);
    let (lines, shipping) = (work.lines, work.shipping);
    let vendors = vendor_parts(&lines, &shipping)?;
    let totals = vendors
        .iter()
        .try_fold(Sums::default(), |sum, part| sum.plus(part.sums))?;
    Ok((
        Quote {
            currency: basket.currency,
            lines,
            vendors,
            coupons,
            points,
            totals,
        },
        unused,
    ))
}

impl Sums {
    fn plus(self, other: Self) -> Result<Self, UserError> {
        let add = |a: i64, b: i64| checked(i128::from(a) + i128::from(b));
        Ok(Self {
            subtotal: add(self.subtotal, other.subtotal)?,
            discount: add(self.discount, other.discount)?,
            loyalty: add(self.loyalty, other.loyalty)?,
            shipping: add(self.shipping, other.shipping)?,
            tax: add(self.tax, other.tax)?,
            total: add(self.total, other.total)?,
        })
    }
}

fn checked(amount: i128) -> Result<i64, UserError> {
    i64::try_from(amount)
        .ok()
        .filter(|amount| *amount <= platform::MinorUnits::MAX)
        .ok_or_else(|| platform::money::MoneyError::Overflow.into())
}

/// The quote while it is being worked out.
struct Work<'a> {
    items: &'a [Item],
    currency: Currency,
    lines: Vec<QuotedLine>,
    shipping: Vec<Shipping>,
}

impl<'a> Work<'a> {
    fn new(basket: &'a Basket) -> Result<Self, UserError> {
        let lines: Result<Vec<_>, UserError> = basket
            .items
            .iter()
            .map(|item| {
                let unit_price = unit_price(&item.prices, item.quantity).ok_or_else(|| {
                    UserError::refused(
                        platform::UserErrorCode::Conflict,
                        "an item has no price in this currency",
                    )
                })?;
                let gross = checked(i128::from(unit_price) * i128::from(item.quantity))?;
                Ok(QuotedLine {
                    line: item.line,
                    variant: item.variant,
                    vendor: item.vendor,
                    quantity: item.quantity,
                    unit_price,
                    gross,
                    platform_discount: 0,
                    vendor_discount: 0,
                    loyalty: 0,
                    tax: 0,
                    tax_included: false,
                    total: gross,
                })
            })
            .collect();
        let lines = lines?;
        checked(lines.iter().map(|line| i128::from(line.gross)).sum())?;
        let mut shipping = basket.shipping.clone();
        for line in &lines {
            if !shipping.iter().any(|part| part.vendor == line.vendor) {
                shipping.push(Shipping {
                    vendor: line.vendor,
                    method: None,
                    amount: 0,
                });
            }
        }
        Ok(Self {
            items: &basket.items,
            currency: basket.currency,
            lines,
            shipping,
        })
    }

    /// Takes a coupon's discount off; returns its amount.
    fn apply(&mut self, rule: &CouponRule) -> Result<i64, &'static str> {
        let eligible: Vec<usize> = (0..self.items.len())
            .filter(|i| applies(rule, &self.items[*i]))
            .collect();
        let gross: i64 = eligible.iter().map(|i| self.lines[*i].gross).sum();
        if eligible.is_empty() {
            return Err("applies to nothing in the cart");
        }
        if rule.min_subtotal.is_some_and(|min| gross < min) {
            return Err("the goods it applies to cost too little");
        }
        let left: Vec<i64> = eligible.iter().map(|i| self.lines[*i].total).collect();
        let most: i64 = left.iter().sum();
        let cap = rule.max_discount.unwrap_or(i64::MAX).max(0);
        let parts = match rule.discount {
            Discount::Percent { basis_points } => {
                let part = divide_half_even(
                    i128::from(most) * i128::from(basis_points.clamp(0, 10_000)),
                    10_000,
                );
                self.split(i64::try_from(part).unwrap_or(most).min(cap), &left)
            }
            Discount::Fixed { amount } => self.split(amount.clamp(0, most).min(cap), &left),
            Discount::BuyXGetY { buy, get } => {
                let free: Vec<i64> = eligible.iter().map(|i| free(&self.lines[*i], buy, get)).collect();
                let sum: i64 = free.iter().sum();
                if sum == 0 {
                    return Err("too few pieces");
                }
                if sum > cap { self.split(cap, &free) } else { free }
            }
            Discount::FreeShipping => return Ok(self.free_shipping(&eligible, cap)),
        };
        for (i, part) in eligible.iter().zip(&parts) {
            let line = &mut self.lines[*i];
            line.total -= part;
            *(if rule.vendor.is_some() {
                &mut line.vendor_discount
            } else {
                &mut line.platform_discount
            }) += part;
        }
        Ok(parts.iter().sum())
    }

    fn free_shipping(&mut self, eligible: &[usize], mut cap: i64) -> i64 {
        let mut amount = 0;
        for part in &mut self.shipping {
            if eligible.iter().any(|i| self.items[*i].vendor == part.vendor) {
                let off = part.amount.min(cap);
                part.amount -= off;
                cap -= off;
                amount += off;
            }
        }
        amount
    }

    /// Pays with points, at most the goods; returns how many.
    fn redeem(&mut self, points: i32) -> i32 {
        let left: Vec<i64> = self.lines.iter().map(|line| line.total).collect();
        let used = i64::from(points.max(0)).min(left.iter().sum());
        for (line, part) in self
            .lines
            .iter_mut()
            .zip(Money::new(used, self.currency).split(&left))
        {
            line.loyalty = part.amount();
            line.total -= part.amount();
        }
        i32::try_from(used).unwrap_or(points)
    }

    fn tax(&mut self, basket: &Basket) {
        for (line, item) in self.lines.iter_mut().zip(&basket.items) {
            let (base, micros) = (i128::from(line.total), i128::from(item.tax.micros.max(0)));
            let divisor = if item.tax.included {
                1_000_000 + micros
            } else {
                1_000_000
            };
            line.tax = i64::try_from(divide_half_even(base * micros, divisor)).unwrap_or(0);
            line.tax_included = item.tax.included;
            if !item.tax.included {
                line.total = line.total.saturating_add(line.tax);
            }
        }
    }

    fn split(&self, amount: i64, weights: &[i64]) -> Vec<i64> {
        Money::new(amount, self.currency)
            .split(weights)
            .into_iter()
            .map(Money::amount)
            .collect()
    }
}

fn applies(rule: &CouponRule, item: &Item) -> bool {
    let everything = rule.products.is_empty() && rule.categories.is_empty();
    rule.vendor.is_none_or(|vendor| vendor == item.vendor)
        && (everything
            || rule.products.contains(&item.product)
            || item
                .categories
                .iter()
                .any(|category| rule.categories.contains(category)))
}

fn free(line: &QuotedLine, buy: i32, get: i32) -> i64 {
    match i64::from(buy) + i64::from(get) {
        group if group > 0 && get > 0 => {
            let pieces = i64::from(line.quantity) / group * i64::from(get);
            (pieces * line.unit_price).min(line.total)
        }
        _ => 0,
    }
}

/// The parts of a quote by vendor, in the order of their first lines.
fn vendor_parts(lines: &[QuotedLine], shipping: &[Shipping]) -> Result<Vec<QuotedVendor>, UserError> {
    let mut order: BTreeMap<VendorId, usize> = BTreeMap::new();
    let mut parts: Vec<QuotedVendor> = Vec::new();
    for line in lines {
        let at = *order.entry(line.vendor).or_insert_with(|| {
            let chosen = shipping.iter().find(|part| part.vendor == line.vendor);
            let amount = chosen.map_or(0, |part| part.amount);
            parts.push(QuotedVendor {
                vendor: line.vendor,
                method: chosen.and_then(|part| part.method),
                sums: Sums {
                    shipping: amount,
                    total: amount,
                    ..Sums::default()
                },
                platform_discount: 0,
                vendor_discount: 0,
                tax_included: 0,
            });
            parts.len() - 1
        });
        let part = &mut parts[at];
        part.sums = part.sums.plus(Sums {
            subtotal: line.gross,
            discount: line.platform_discount + line.vendor_discount,
            loyalty: line.loyalty,
            shipping: 0,
            tax: line.tax,
            total: line.total,
        })?;
        part.platform_discount += line.platform_discount;
        part.vendor_discount += line.vendor_discount;
        part.tax_included += if line.tax_included { line.tax } else { 0 };
    }
    Ok(parts)
}
