//! How long an account or an address must rest after tries that failed: a second, then twice as long each time.

/// How tries are counted.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Tries that cost nothing.
    free: i32,
    /// Seconds of rest after which one try is forgotten.
    forgets: i64,
}

/// At most ten tries in the first minute, 24 a day for whoever never rests.
pub const ACCOUNT: Rule = Rule {
    free: 5,
    forgets: 3600,
};
/// At most thirty in the first minute: many people may share an address.
pub const ADDRESS: Rule = Rule {
    free: 25,
    forgets: 600,
};
const LONGEST: i64 = 3600;

impl Rule {
    /// Tries that still count after `rested` seconds.
    pub fn remembered(self, tries: i32, rested: i64) -> i32 {
        let forgotten = i32::try_from(rested.max(0) / self.forgets).unwrap_or(i32::MAX);
        tries.saturating_sub(forgotten).max(0)
    }

    /// Seconds still to wait, after `tries` of which the last was `rested` seconds ago.
    pub fn wait(self, tries: i32, rested: i64) -> i64 {
        (delay(self.remembered(tries, rested) - self.free) - rested.max(0)).max(0)
    }
}

fn delay(over: i32) -> i64 {
    match over {
        over if over < 0 => 0,
        over if over >= 12 => LONGEST,
        over => 1 << over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_an_hour() {
        let waits = [0, 4, 5, 6, 7, 15, 16, 17, 1000].map(|tries| ACCOUNT.wait(tries, 0));
        assert_eq!(waits, [0, 0, 1, 2, 4, 1024, 2048, 3600, 3600]);
        assert_eq!(ACCOUNT.wait(10, 31), 1);
        assert_eq!(ACCOUNT.wait(10, 32), 0);
    }

    #[test]
    fn rest_is_rewarded() {
        assert_eq!(ACCOUNT.remembered(7, 3599), 7);
        assert_eq!(ACCOUNT.remembered(7, 2 * 3600), 5);
        assert_eq!(ACCOUNT.remembered(7, 86_400), 0);
        assert_eq!(ADDRESS.remembered(30, 1200), 28);
    }

    /// Tries as often as it may, for so many seconds.
    fn tries_within(rule: Rule, seconds: i64) -> i32 {
        let (mut now, mut last, mut tries, mut made) = (0, 0, 0, 0);
        while now < seconds {
            match rule.wait(tries, now - last) {
                0 => {
                    tries = rule.remembered(tries, now - last) + 1;
                    (last, made) = (now, made + 1);
                }
                wait => now += wait,
            }
        }
        made
    }

    #[test]
    fn the_limits_of_a_minute_and_a_day_hold() {
        assert_eq!(tries_within(ACCOUNT, 60), 10);
        assert_eq!(tries_within(ADDRESS, 60), 30);
        assert!(tries_within(ACCOUNT, 86_400) < 60);
    }
}
