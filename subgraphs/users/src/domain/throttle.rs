//! How long an account must rest after failed logins. At most ten tries in the first minute, then fewer and fewer.

/// Tries that cost nothing.
pub const FREE: i32 = 8;
const FIRST_DELAY: i64 = 15;
const LONGEST_DELAY: i64 = 3600;

/// Seconds between the last try and the next one, after `failures` tries without a success.
pub fn delay(failures: i32) -> i64 {
    match failures - FREE {
        over if over < 0 => 0,
        over if over > 16 => LONGEST_DELAY,
        over => (FIRST_DELAY << over).min(LONGEST_DELAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_an_hour() {
        let delays: Vec<_> = [0, 7, 8, 9, 10, 15, 16, 1000].map(delay).into();
        assert_eq!(delays, [0, 0, 15, 30, 60, 1920, 3600, 3600]);
    }
}
