//! Money is an integer number of minor units and a currency. Nothing here or near it is a float.

use crate::scalars::MinorUnits;
use async_graphql::{
    InputObject, InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value,
};
use std::fmt;

/// ISO 4217 alphabetic code, upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// Currencies whose minor unit is not a hundredth (ISO 4217, "minor unit" column).
const EXPONENTS: &[(&str, u32)] = &[
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("ISK", 0),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("PYG", 0),
    ("RWF", 0),
    ("UGX", 0),
    ("UYI", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
    ("BHD", 3),
    ("IQD", 3),
    ("JOD", 3),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("TND", 3),
    ("CLF", 4),
    ("UYW", 4),
];

/// See [`Currency::is_tender`].
const TENDER: &str = "\
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL \
    BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD \
    EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR \
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR \
    LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO \
    NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG \
    SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD \
    TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG \
    ZWL";

impl Currency {
    pub const GBP: Self = Self(*b"GBP");
    pub const EUR: Self = Self(*b"EUR");
    pub const USD: Self = Self(*b"USD");

    /// `None` unless the text is three upper-case ASCII letters.
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Whether people can pay with it somewhere: a currency of a country (ISO 4217), not a code for gold, funds or tests.
    pub fn is_tender(&self) -> bool {
        TENDER.split(' ').any(|code| code == self.as_str())
    }

    /// Digits after the decimal point: 2 for GBP, 0 for JPY, 3 for KWD.
    pub fn exponent(&self) -> u32 {
        EXPONENTS
            .iter()
            .find(|(code, _)| *code == self.as_str())
            .map_or(2, |(_, digits)| *digits)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Currency {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not an ISO 4217 currency code")
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.as_str().to_owned()
    }
}

/// ISO 4217 currency code, three upper-case letters.
#[Scalar(
    name = "CurrencyCode",
    specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html"
)]
impl ScalarType for Currency {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                Self::parse(text).ok_or_else(|| InputValueError::custom("not an ISO 4217 currency code"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }
    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

crate::scalars::text_column!(Currency);

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, SimpleObject, serde::Serialize, serde::Deserialize)]
#[graphql(shareable)]
pub struct Money {
    /// Amount in the currency's minor unit (pence, cents; yen has none).
    #[graphql(name = "amount")]
    #[serde(rename = "amount")]
    minor: MinorUnits,
    /// ISO 4217 code.
    pub currency: Currency,
}

/// An amount of money, as input.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct MoneyInput {
    /// Amount in the currency's minor unit.
    pub amount: MinorUnits,
    /// ISO 4217 code.
    pub currency: Currency,
}

impl From<MoneyInput> for Money {
    fn from(input: MoneyInput) -> Self {
        Self {
            minor: input.amount,
            currency: input.currency,
        }
    }
}

/// Why an operation on money has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("the amount is out of range")]
    Overflow,
    #[error("the currencies differ: {0} and {1}")]
    CurrencyMismatch(Currency, Currency),
}

impl Money {
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self {
            minor: MinorUnits(amount),
            currency,
        }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Minor units.
    pub const fn amount(self) -> i64 {
        self.minor.0
    }

    pub const fn is_zero(self) -> bool {
        self.minor.0 == 0
    }

    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with(self.amount().checked_add(other.amount()))
    }

    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with(self.amount().checked_sub(other.amount()))
    }

    pub fn times(self, quantity: i64) -> Result<Self, MoneyError> {
        self.with(self.amount().checked_mul(quantity))
    }

    /// The share of this amount given in basis points (1/100 of a percent), rounded half to even.
    pub fn basis_points(self, points: i64) -> Result<Self, MoneyError> {
        let rounded = divide_half_even(i128::from(self.amount()) * i128::from(points), 10_000);
        self.with(i64::try_from(rounded).ok())
    }

    /// Sums amounts of one currency.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    /// Splits the amount in proportion to `weights` by largest remainder, ties to the earlier position: the parts
    /// always sum to the whole. Without any positive weight the first part takes everything.
    pub fn split(self, weights: &[i64]) -> Vec<Self> {
        split(self.amount(), weights)
            .into_iter()
            .map(|part| Self::new(part, self.currency))
            .collect()
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }

    fn with(self, amount: Option<i64>) -> Result<Self, MoneyError> {
        let amount = amount
            .filter(|a| a.unsigned_abs() <= MinorUnits::MAX.unsigned_abs())
            .ok_or(MoneyError::Overflow)?;
        Ok(Self::new(amount, self.currency))
    }
}

/// Written for people, with the currency's own number of decimals: `GBP 12.50`, `JPY 900`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.exponent();
        let unit = 10_u64.pow(digits);
        let (sign, amount) = (
            if self.amount() < 0 { "-" } else { "" },
            self.amount().unsigned_abs(),
        );
        if digits == 0 {
            return write!(f, "{} {sign}{amount}", self.currency);
        }
        write!(
            f,
            "{} {sign}{}.{:0width$}",
            self.currency,
            amount / unit,
            amount % unit,
            width = digits as usize
        )
    }
}

/// Integer division rounding half to even. `divisor` must be positive.
pub fn divide_half_even(value: i128, divisor: i128) -> i128 {
    let (quotient, remainder) = (value.div_euclid(divisor), value.rem_euclid(divisor));
    match (remainder * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient.rem_euclid(2),
    }
}

fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|w| i128::from((*w).max(0))).sum();
    if weights.is_empty() {
        return Vec::new();
    }
    if sum == 0 {
        let mut parts = vec![0; weights.len()];
        parts[0] = total;
        return parts;
    }
    let sign = total.signum();
    let whole = i128::from(total.unsigned_abs());
    let shares: Vec<(i128, i128)> = weights
        .iter()
        .map(|w| whole * i128::from((*w).max(0)))
        .map(|product| (product / sum, product % sum))
        .collect();
    let mut rest = whole - shares.iter().map(|(share, _)| share).sum::<i128>();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(shares[*i].1), *i));
    let mut parts: Vec<i128> = shares.iter().map(|(share, _)| *share).collect();
    for i in order {
        if rest == 0 {
            break;
        }
        parts[i] += 1;
        rest -= 1;
    }
    // Each part is at most |total|, so it fits.
    parts
        .into_iter()
        .map(|part| sign * i64::try_from(part).unwrap_or(i64::MAX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn display_follows_the_exponent() {
        let jpy = Currency::parse("JPY").unwrap();
        let kwd = Currency::parse("KWD").unwrap();
        assert_eq!(Money::new(1250, Currency::GBP).to_string(), "GBP 12.50");
        assert_eq!(Money::new(-5, Currency::GBP).to_string(), "GBP -0.05");
        assert_eq!(Money::new(900, jpy).to_string(), "JPY 900");
        assert_eq!(Money::new(1001, kwd).to_string(), "KWD 1.001");
    }

    #[test]
    fn half_even() {
        let halves = [(5, 0), (15, 2), (25, 2), (-5, 0), (-15, -2), (26, 3), (24, 2)];
        for (value, expected) in halves {
            assert_eq!(divide_half_even(value, 10), expected, "{value}/10");
        }
    }

    #[test]
    fn mismatch_and_overflow_are_errors() {
        let gbp = Money::new(1, Currency::GBP);
        assert!(matches!(
            gbp.plus(Money::new(1, Currency::EUR)),
            Err(MoneyError::CurrencyMismatch(..))
        ));
        assert_eq!(
            Money::new(MinorUnits::MAX, Currency::GBP).plus(gbp),
            Err(MoneyError::Overflow)
        );
    }

    proptest! {
        #[test]
        fn split_sums_to_the_whole(total in -1_000_000_000_i64..1_000_000_000, weights in prop::collection::vec(0_i64..1_000_000, 1..40)) {
            let parts = split(total, &weights);
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            prop_assert!(parts.iter().all(|part| part.signum() * total.signum() >= 0));
        }
    }
}
