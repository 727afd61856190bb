//! How long an answer takes tells nothing.

use super::{Rig, code};
use std::time::{Duration, Instant};

const SAMPLES: usize = 15;

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// An account that there is not costs the same hash. Without it, the answer would come a hundred times sooner.
#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_known_one() {
    let rig = Rig::new().await;
    for number in 0..SAMPLES {
        rig.register(&format!("known{number}@shop.example"), None).await;
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..SAMPLES {
        for (name, times) in [("known", &mut known), ("unknown", &mut unknown)] {
            let email = format!("{name}{number}@shop.example");
            let began = Instant::now();
            assert_eq!(code(&rig.login(&email, "wrong wrong").await), "UNAUTHENTICATED");
            times.push(began.elapsed());
        }
    }
    let ratio = median(known) / median(unknown);
    assert!((0.6..1.6).contains(&ratio), "{ratio}");
}
