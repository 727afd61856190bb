//! The postal address that orders, shipments and address books share. In a schema it is a value: copied, never shared.

mod countries;
mod postal;

use crate::{error::ValidationError, scalars::Country};
use async_graphql::{InputObject, SimpleObject};
use serde::{Deserialize, Serialize};

/// A postal address. A copy: later edits of an address book do not change it.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject, Serialize, Deserialize)]
#[graphql(shareable)]
pub struct PostalAddress {
    /// Name of the recipient.
    pub full_name: String,
    /// Company, if any.
    pub company: Option<String>,
    /// Street and number.
    pub line1: String,
    /// Flat, building, floor.
    pub line2: Option<String>,
    /// Town or city.
    pub city: String,
    /// State, province or county.
    pub region: Option<String>,
    /// Postal code, as written in its country.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Country,
    /// Telephone number in E.164 form.
    pub phone: Option<String>,
}

/// A postal address, as input.
#[derive(Clone, Debug, InputObject)]
pub struct AddressInput {
    /// Name of the recipient, 1 to 200 characters.
    pub full_name: String,
    /// Company, if any.
    pub company: Option<String>,
    /// Street and number, 1 to 200 characters.
    pub line1: String,
    /// Flat, building, floor.
    pub line2: Option<String>,
    /// Town or city, 1 to 100 characters.
    pub city: String,
    /// State, province or county; required where addresses are incomplete without, such as in the US.
    pub region: Option<String>,
    /// Postal code, checked against the forms of its country; required where there is one for every address.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Country,
    /// Telephone number in E.164 form, for example +442071838750.
    pub phone: Option<String>,
}

impl AddressInput {
    /// Checks lengths and forms, and what the country asks for. `path` is where the input stands in the operation, for the errors.
    pub fn validate(self, path: &[&str]) -> Result<PostalAddress, ValidationError> {
        let at = |field: &str| {
            path.iter()
                .copied()
                .chain([field])
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        if !countries::is_assigned(&self.country) {
            return Err(ValidationError::new(at("country"), "a country of ISO 3166-1"));
        }
        let address = PostalAddress {
            full_name: text(self.full_name, 200)
                .ok_or_else(|| ValidationError::new(at("fullName"), "1..200 characters"))?,
            company: optional(self.company, 200)
                .map_err(|()| ValidationError::new(at("company"), "at most 200 characters"))?,
            line1: text(self.line1, 200)
                .ok_or_else(|| ValidationError::new(at("line1"), "1..200 characters"))?,
            line2: optional(self.line2, 200)
                .map_err(|()| ValidationError::new(at("line2"), "at most 200 characters"))?,
            city: text(self.city, 100)
                .ok_or_else(|| ValidationError::new(at("city"), "1..100 characters"))?,
            region: optional(self.region, 100)
                .map_err(|()| ValidationError::new(at("region"), "at most 100 characters"))?,
            postal_code: optional(self.postal_code, 20)
                .map_err(|()| ValidationError::new(at("postalCode"), "at most 20 characters"))?,
            country: self.country,
            phone: match self.phone.filter(|p| !p.is_empty()) {
                Some(phone) if !e164(&phone) => return Err(ValidationError::new(at("phone"), "E.164")),
                phone => phone,
            },
        };
        postal::apply(address, at)
    }
}

/// Trimmed text of 1 to `max` characters without control characters; `None` if it is anything else.
pub fn text(value: String, max: usize) -> Option<String> {
    let trimmed = value.trim();
    let fits =
        !trimmed.is_empty() && trimmed.chars().count() <= max && !trimmed.chars().any(char::is_control);
    fits.then(|| trimmed.to_owned())
}

fn optional(value: Option<String>, max: usize) -> Result<Option<String>, ()> {
    match value.filter(|v| !v.trim().is_empty()) {
        None => Ok(None),
        Some(value) => text(value, max).map(Some).ok_or(()),
    }
}

/// ITU-T E.164: a plus sign and 7 to 15 digits, the first one not zero.
fn e164(phone: &str) -> bool {
    let Some(digits) = phone.strip_prefix('+') else {
        return false;
    };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Longest email address (RFC 5321 §4.5.3.1.3, without the angle brackets).
const EMAIL_MAX: usize = 254;

/// Trims and checks an email address. Whether it exists, only a mail can tell, so this stays simple.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let label = |label: &str| {
        !label.is_empty() && !label.starts_with('-') && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let valid = text.len() <= EMAIL_MAX
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        && text.rsplit_once('@').is_some_and(|(local, domain)| {
            (1..=64).contains(&local.len()) && domain.contains('.') && domain.split('.').all(label)
        });
    valid.then(|| text.to_owned())
}
