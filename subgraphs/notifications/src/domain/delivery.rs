//! How often a delivery is tried, and what is kept of an error.

use std::time::Duration;

/// Tries after which a delivery is given up.
pub const MAX_ATTEMPTS: i32 = 8;
/// A worker that dies holds its deliveries for this long.
pub const LEASE: Duration = Duration::from_secs(120);

/// Waiting time after a failed try: 5 s, 20 s, 80 s, … at most an hour.
pub fn backoff(attempts: i32) -> Duration {
    let exponent = u32::try_from(attempts.clamp(1, 8) - 1).unwrap_or(0);
    Duration::from_secs((5 * 4_u64.pow(exponent)).min(3600))
}

/// What may be stored of an error: no addresses, no line breaks, 300 characters.
pub fn error_text(cause: &str) -> String {
    let words = cause.split_whitespace();
    let masked = words.map(|word| if word.contains('@') { "<address>" } else { word });
    masked.collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_but_not_forever() {
        let waits: Vec<u64> = (0..=9).map(|n| backoff(n).as_secs()).collect();
        assert_eq!(waits, [5, 5, 20, 80, 320, 1280, 3600, 3600, 3600, 3600]);
    }

    #[test]
    fn errors_lose_addresses() {
        assert_eq!(
            error_text("550 <ann@example.org>:\r\n no such user"),
            "550 <address> no such user"
        );
    }
}
