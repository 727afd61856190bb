//! A rate as it is written in the configuration.

use std::num::NonZeroU32;
use std::str::FromStr;

use governor::Quota;
use serde::Deserialize;

/// `"100:200"`: 100 per second, 200 at once. `"100"`: a burst of twice the rate. `"0"`: no limit.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(try_from = "String")]
pub struct Rate {
    per_second: u32,
    burst: u32,
}

impl Rate {
    pub fn quota(self) -> Option<Quota> {
        let per_second = NonZeroU32::new(self.per_second)?;
        let burst = NonZeroU32::new(self.burst).unwrap_or(per_second);
        Some(Quota::per_second(per_second).allow_burst(burst))
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| {
            digits
                .trim()
                .parse::<u32>()
                .map_err(|_| format!("rate {text:?}: expected RATE or RATE:BURST, as in \"100:200\""))
        };
        let per_second = number(text.split(':').next().unwrap_or_default())?;
        let burst = match text.split_once(':') {
            Some((_, burst)) => number(burst)?,
            None => per_second.saturating_mul(2),
        };
        Ok(Self { per_second, burst })
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads() {
        assert_eq!(
            "100:200".parse(),
            Ok(Rate {
                per_second: 100,
                burst: 200
            })
        );
        assert_eq!(
            "100".parse(),
            Ok(Rate {
                per_second: 100,
                burst: 200
            })
        );
        assert!("0".parse::<Rate>().unwrap().quota().is_none());
        for bad in ["", "many", "1:", "1:2:3", "-1"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }
}
