//! Forms of emails, passwords, slugs and names.

use platform::{UserError, error::ValidationError};

/// Longest password; more would only cost time to hash.
const PASSWORD_MAX: usize = 128;
const PASSWORD_MIN: usize = 8;

/// Trims and checks an address.
pub fn email(text: &str, path: &[&str]) -> Result<String, UserError> {
    platform::address::email(text).ok_or_else(|| UserError::invalid(path, "an email address"))
}

/// Length only: rules about digits and capitals make passwords worse.
pub fn password(text: &str, path: &[&str]) -> Result<(), UserError> {
    let length = text.chars().count();
    match (PASSWORD_MIN..=PASSWORD_MAX).contains(&length) {
        true => Ok(()),
        false => Err(UserError::invalid(path, "8..128 characters")),
    }
}

/// Whether a text could be anybody's password: longer ones are not worth hashing.
pub fn plausible(password: &str) -> bool {
    password.chars().count() <= PASSWORD_MAX
}

/// A slug of 3 to 64 lower-case letters, digits and single dashes.
pub fn slug(text: &str, path: &[&str]) -> Result<String, UserError> {
    let valid = (3..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && text.split('-').all(|part| !part.is_empty());
    let rule = "3..64 lower-case letters, digits and single dashes";
    valid
        .then(|| text.to_owned())
        .ok_or_else(|| UserError::invalid(path, rule))
}

/// Required text of 1 to `max` characters.
pub fn text(value: String, max: usize, path: &[&str]) -> Result<String, UserError> {
    platform::address::text(value, max)
        .ok_or_else(|| UserError::invalid(path, &format!("1..{max} characters")))
}

/// Optional text; blank is absent.
pub fn optional(value: Option<String>, max: usize, path: &[&str]) -> Result<Option<String>, ValidationError> {
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
        return Ok(None);
    };
    platform::address::text(value, max)
        .map(Some)
        .ok_or_else(|| ValidationError::new(path.iter().copied(), &format!("at most {max} characters")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails() {
        for good in ["a@b.co", " Ann.Lee+tag@mail.example.org ", "ü@exämple.com"] {
            assert!(email(good, &["email"]).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "@b.co",
            "a b@c.de",
            "a@b..co",
            "a@-b.co",
            "a@b.co\n<x>",
        ] {
            assert!(email(bad, &["email"]).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_and_slugs() {
        assert!(password("12345678", &[]).is_ok());
        assert!(password("1234567", &[]).is_err());
        assert!(password(&"x".repeat(129), &[]).is_err());
        assert!(slug("north-star-7", &[]).is_ok());
        for bad in ["ab", "North", "a--b", "-ab", "ab-", "a_b"] {
            assert!(slug(bad, &[]).is_err(), "{bad}");
        }
    }
}
