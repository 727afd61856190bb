//! Identifiers shaped like Stripe's: a prefix and random base62.

use rand::distr::{Alphanumeric, SampleString};

/// `pi_` + 24 characters, and so on. 142 random bits: unguessable, hence usable in a 3-D Secure address.
pub fn id(prefix: &str) -> String {
    format!("{prefix}_{}", random(24))
}

/// The secret a browser proves itself with (Stripe API reference: `PaymentIntent.client_secret`).
pub fn client_secret(id: &str) -> String {
    format!("{id}_secret_{}", random(25))
}

pub fn request_id() -> String {
    format!("req_{}", random(14))
}

fn random(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_stripes_shape() {
        let id = id("pi");
        assert_eq!(id.len(), 27);
        assert!(id[3..].chars().all(|c| c.is_ascii_alphanumeric()));
        assert!(client_secret(&id).starts_with(&format!("{id}_secret_")));
    }
}
