//! Unsubscribe tokens: `usr_….PROMOTION.<mac>`. They do one harmless thing and never expire, as mails do not.

use super::types::{NotificationCategory, name};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use platform::ids::UserId;
use sha2::Sha256;

fn mac(secret: &[u8], text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(b"unsubscribe:");
    mac.update(text.as_bytes());
    Some(mac)
}

/// `None` only for a key HMAC cannot use.
pub fn sign(secret: &[u8], user: UserId, category: NotificationCategory) -> Option<String> {
    let text = format!("{user}.{}", name(category));
    let tag = mac(secret, &text)?.finalize().into_bytes();
    Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag)))
}

pub fn verify(secret: &[u8], token: &str) -> Option<(UserId, NotificationCategory)> {
    let (text, tag) = token.rsplit_once('.')?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    // Compares in constant time.
    mac(secret, text)?.verify_slice(&tag).ok()?;
    let (user, category) = text.split_once('.')?;
    let category = serde_json::from_value(category.into()).ok()?;
    Some((UserId::parse(user)?, category))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_tokens_are_good() {
        let user = UserId::new();
        let token = sign(b"key", user, NotificationCategory::LowStock).unwrap();
        assert_eq!(
            verify(b"key", &token),
            Some((user, NotificationCategory::LowStock))
        );
        assert_eq!(verify(b"other", &token), None);
        assert_eq!(verify(b"key", &token.replace("LOW_STOCK", "VENDOR")), None);
        for bad in ["", ".", "..", "a.b.c"] {
            assert_eq!(verify(b"key", bad), None);
        }
    }
}
