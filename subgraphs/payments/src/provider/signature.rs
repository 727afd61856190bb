//! The `Stripe-Signature` header (docs.stripe.com/webhooks: verify manually): HMAC-SHA256 over the time and the raw body.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Seconds that a signature may be old or early.
const TOLERANCE: u64 = 300;

/// Whether `header` signs `body` with one of `secrets` (two during a rotation) at about `now` (seconds since 1970).
pub fn verify(header: &str, body: &[u8], secrets: &[String], now: i64) -> bool {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => time = value.parse::<i64>().ok().map(|at| (at, value)),
            Some(("v1", value)) => signatures.extend(hex::decode(value).ok()),
            _ => {}
        }
    }
    let Some((at, text)) = time else { return false };
    if now.abs_diff(at) > TOLERANCE {
        return false;
    }
    secrets.iter().filter(|secret| !secret.is_empty()).any(|secret| {
        signatures
            .iter()
            .any(|signature| signs(secret, text, body, signature))
    })
}

/// Compares in constant time.
fn signs(secret: &str, time: &str, body: &[u8], signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // From an independent implementation of HMAC-SHA256.
    const GOOD: &str = "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn check(header: &str, body: &[u8], secret: &str, now: i64) -> bool {
        verify(header, body, &["whsec_old".into(), secret.into()], now)
    }

    #[test]
    fn good_ones_pass_within_the_tolerance() {
        assert!(check(GOOD, BODY, "whsec_test", 1_700_000_000));
        assert!(check(GOOD, BODY, "whsec_test", 1_700_000_300));
        let rolled = GOOD.replace(",v1", ",v0=00,v1=00ff,v1");
        assert!(check(&rolled, BODY, "whsec_test", 1_700_000_000));
    }

    #[test]
    fn everything_else_is_refused() {
        assert!(!check(GOOD, BODY, "whsec_test", 1_700_000_301));
        assert!(!check(GOOD, BODY, "whsec_test", 1_699_999_699));
        assert!(!check(GOOD, br#"{"id":"evt_2"}"#, "whsec_test", 1_700_000_000));
        assert!(!check(GOOD, BODY, "whsec_other", 1_700_000_000));
        let later = GOOD.replace("t=1700000000", "t=1700000001");
        assert!(!check(&later, BODY, "whsec_test", 1_700_000_000));
        for header in [
            "",
            "t=,v1=",
            "v1=00",
            "t=1700000000",
            "t=x,v1=zz",
            "t=1700000000,v1=",
        ] {
            assert!(!check(header, BODY, "whsec_test", 1_700_000_000), "{header}");
        }
        assert!(!verify(GOOD, BODY, &[], 1_700_000_000));
        assert!(!verify(GOOD, BODY, &[String::new()], 1_700_000_000));
    }
}
