//! API keys (Stripe API reference: Authentication): Bearer, Basic with the key as user name, or for browsers the
//! form field `key`.

use crate::error::{ApiError, ApiResult};
use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use subtle::ConstantTimeEq as _;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Secret,
    Publishable,
}

pub fn access(given: Option<&str>, secret_key: &str, publishable_key: &str) -> ApiResult<Access> {
    match given {
        None => Err(ApiError::unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using \
             Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        )),
        Some(key) if same(key, secret_key) => Ok(Access::Secret),
        Some(key) if same(key, publishable_key) => Ok(Access::Publishable),
        Some(key) => Err(ApiError::unauthorized(format!(
            "Invalid API Key provided: {}",
            mask(key)
        ))),
    }
}

/// The key in the `Authorization` header.
pub fn from_header(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(rest.trim()).ok()?).ok()?;
    decoded.split(':').next().map(str::to_owned)
}

pub fn secret_key_required() -> ApiError {
    ApiError::unauthorized(
        "This API call cannot be made with a publishable API key. Please use a secret API key.",
    )
    .code("secret_key_required")
}

/// Equality that takes the same time wherever the difference is. An empty key opens nothing.
pub fn same(given: &str, expected: &str) -> bool {
    !expected.is_empty() && bool::from(given.as_bytes().ct_eq(expected.as_bytes()))
}

/// The kind of key and its last four characters, so that a wrong key can be told apart but not learned.
fn mask(key: &str) -> String {
    let kind: String = ["sk_test_", "pk_test_", "sk_live_", "pk_live_"]
        .into_iter()
        .find(|prefix| key.starts_with(prefix))
        .unwrap_or_default()
        .to_owned();
    let tail: Vec<char> = key.chars().rev().take(4).collect();
    match key.chars().count() > 16 {
        true => format!("{kind}********{}", tail.into_iter().rev().collect::<String>()),
        false => format!("{kind}********"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_carry_the_key() {
        let mut headers = HeaderMap::new();
        assert_eq!(from_header(&headers), None);
        headers.insert(AUTHORIZATION, "Bearer sk_test_1".parse().unwrap());
        assert_eq!(from_header(&headers).as_deref(), Some("sk_test_1"));
        headers.insert(AUTHORIZATION, "Basic c2tfdGVzdF8xOg==".parse().unwrap());
        assert_eq!(from_header(&headers).as_deref(), Some("sk_test_1"));
    }

    #[test]
    fn keys_open_what_they_should() {
        let open = |key| access(key, "sk_test_1", "pk_test_1");
        assert_eq!(open(Some("sk_test_1")).unwrap(), Access::Secret);
        assert_eq!(open(Some("pk_test_1")).unwrap(), Access::Publishable);
        assert_eq!(open(Some("sk_test_2")).unwrap_err().status(), 401);
        assert_eq!(open(None).unwrap_err().status(), 401);
        assert!(access(Some(""), "", "").is_err());
    }
}
