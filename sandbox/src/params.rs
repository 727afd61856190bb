//! Form-encoded parameters with Stripe's bracket notation, kept flat: `metadata[order_id]` is one key.

use crate::error::{ApiError, ApiResult};
use std::collections::BTreeMap;

pub type Metadata = BTreeMap<String, String>;

#[derive(Debug, Default, Clone)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Parses a form body or a query string. `expand[]` and the `key` of a browser are not parameters of the call.
    pub fn parse(encoded: &[u8]) -> ApiResult<Self> {
        let text =
            std::str::from_utf8(encoded).map_err(|_| ApiError::invalid("", "The body is not UTF-8."))?;
        let mut fields = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if root(&name) != "expand" {
                fields.insert(name, value);
            }
        }
        Ok(Self(fields))
    }

    /// Takes the API key that Stripe.js sends as a form field.
    pub fn take_key(&mut self) -> Option<String> {
        self.0.remove("key")
    }

    /// Stripe refuses parameters it does not know (`parameter_unknown`), which is how typing errors are found.
    pub fn only(&self, known: &[&str]) -> ApiResult<()> {
        match self.0.keys().find(|name| !known.contains(&root(name))) {
            Some(name) => Err(
                ApiError::invalid(name, format!("Received unknown parameter: {name}"))
                    .code("parameter_unknown"),
            ),
            None => Ok(()),
        }
    }

    /// An empty value means "not set", as in Stripe.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.keys().any(|key| root(key) == name)
    }

    pub fn required(&self, name: &str) -> ApiResult<&str> {
        self.text(name).ok_or_else(|| {
            ApiError::invalid(name, format!("Missing required param: {name}.")).code("parameter_missing")
        })
    }

    pub fn integer(&self, name: &str) -> ApiResult<Option<i64>> {
        let parse = |text: &str| {
            text.parse().map_err(|_| {
                ApiError::invalid(name, format!("Invalid integer: {text}")).code("parameter_invalid_integer")
            })
        };
        self.text(name).map(parse).transpose()
    }

    pub fn flag(&self, name: &str) -> ApiResult<bool> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(ApiError::invalid(name, format!("Invalid boolean: {other}"))),
        }
    }

    pub fn one_of<'a>(&'a self, name: &str, allowed: &[&str]) -> ApiResult<Option<&'a str>> {
        match self.text(name) {
            Some(value) if !allowed.contains(&value) => {
                let allowed = allowed.join(", ");
                Err(ApiError::invalid(
                    name,
                    format!("Invalid {name}: must be one of {allowed}"),
                ))
            }
            value => Ok(value),
        }
    }

    /// Limits as in the Stripe API reference: 50 keys, 40 characters a key, 500 characters a value.
    pub fn metadata(&self) -> ApiResult<Metadata> {
        let mut metadata = Metadata::new();
        for (name, value) in &self.0 {
            let Some(key) = name
                .strip_prefix("metadata[")
                .and_then(|rest| rest.strip_suffix(']'))
            else {
                continue;
            };
            if key.chars().count() > 40 || value.chars().count() > 500 {
                return Err(ApiError::invalid(
                    name,
                    "Metadata keys have up to 40 characters, values up to 500.",
                ));
            }
            metadata.insert(key.to_owned(), value.clone());
        }
        match metadata.len() {
            0..=50 => Ok(metadata),
            _ => Err(ApiError::invalid("metadata", "Metadata has up to 50 keys.")),
        }
    }

    /// What the request says, in one spelling: equal requests have equal canonical forms.
    pub fn canonical(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// Stripe merges metadata key by key; an empty value removes its key.
pub fn merge(metadata: &mut Metadata, changes: Metadata) {
    for (key, value) in changes {
        match value.is_empty() {
            true => metadata.remove(&key),
            false => metadata.insert(key, value),
        };
    }
}

fn root(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

fn decode(text: &str) -> ApiResult<String> {
    let refuse = || ApiError::invalid("", "The body is not form-encoded.");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                match (digit(), digit()) {
                    (Some(high), Some(low)) => (high * 16 + low) as u8,
                    _ => return Err(refuse()),
                }
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_keys_stay_flat_and_are_decoded() {
        let params = Params::parse(b"amount=12&metadata%5Border_id%5D=a+b%26c&expand[]=charges").unwrap();
        assert_eq!(params.integer("amount").unwrap(), Some(12));
        assert_eq!(params.metadata().unwrap()["order_id"], "a b&c");
        assert!(params.only(&["amount", "metadata"]).is_ok());
        assert!(params.only(&["amount"]).is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Params::parse(b"a=%zz").is_err());
        assert!(Params::parse(b"a=%ff").is_err());
        let params = Params::parse(b"n=1.5&b=yes").unwrap();
        assert!(params.integer("n").is_err());
        assert!(params.flag("b").is_err());
        assert!(params.required("missing").is_err());
    }

    #[test]
    fn an_empty_value_removes_its_metadata_key() {
        let mut metadata = Metadata::from([("a".into(), "1".into()), ("b".into(), "2".into())]);
        merge(
            &mut metadata,
            Metadata::from([("a".into(), String::new()), ("c".into(), "3".into())]),
        );
        assert_eq!(
            metadata.keys().map(String::as_str).collect::<Vec<_>>(),
            ["b", "c"]
        );
    }
}
