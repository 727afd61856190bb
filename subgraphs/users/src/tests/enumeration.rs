//! Whether an address has an account shows neither in an answer nor in the work or the time until it.

use super::{LOGIN, REGISTER, Rig, mailbox::Mailbox};
use platform::{
    Viewer,
    telemetry::{self, LogFormat, RequestTrace},
};
use serde_json::{Value, json};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

const RESET: &str =
    "mutation($e: String!) { passwordResetRequest(email: $e) { ok userErrors { code message } } }";
const RESEND: &str =
    "mutation($e: String!) { activationEmailResend(email: $e) { ok userErrors { code message } } }";
/// An account, one that waits for its mailbox, one that is locked, and none.
const WHO: [&str; 4] = ["known", "waiting", "locked", "unknown"];

async fn world() -> (Rig, Mailbox) {
    telemetry::init(LogFormat::Text, "off", true, None);
    let (rig, mails) = Rig::with_mails(true).await;
    for who in &WHO[..3] {
        let email = format!("{who}@shop.example");
        rig.register(&email, None).await;
        let token = mails.token(&email).await;
        if *who != "waiting" {
            let query = "mutation($t: String!) { userActivate(token: $t) { userErrors { code } } }";
            rig.get(&Viewer::anonymous(), query, json!({ "t": token })).await;
        }
    }
    rig.sql("update users.users set active = false where email like 'locked%'")
        .await;
    (rig, mails)
}

/// Everything that can be asked about an address without being logged in.
fn questions(email: &str) -> [(&'static str, Value); 4] {
    let register = json!({"input": {"email": email, "password": "guess guess"}});
    [
        (LOGIN, json!({"email": email, "password": "guess guess"})),
        (REGISTER, register),
        (RESET, json!({"e": email})),
        (RESEND, json!({"e": email})),
    ]
}

/// The answer, and the statements and hashes until then.
async fn work(rig: &Rig, query: &str, variables: Value) -> (String, u64, usize) {
    let before = rig.app.auth.hashed.load(Ordering::Relaxed);
    let asked = async {
        let answer = rig.ask(&Viewer::anonymous(), query, variables).await;
        (answer.to_string(), telemetry::statements())
    };
    let (answer, statements) = RequestTrace::from_header(None).scope(asked).await;
    (
        answer,
        statements,
        rig.app.auth.hashed.load(Ordering::Relaxed) - before,
    )
}

#[tokio::test]
async fn the_answer_and_the_work_are_the_same() {
    let (rig, _mails) = world().await;
    for question in 0..4 {
        let mut seen = Vec::new();
        for who in WHO {
            // What goes on after the last answer has ended.
            tokio::time::sleep(Duration::from_millis(300)).await;
            rig.sql("delete from users.login_attempts").await;
            let (query, variables) = questions(&format!("{who}@shop.example"))[question].clone();
            seen.push(work(&rig, query, variables).await);
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
        let (_, statements, hashes) = &seen[0];
        assert!(*statements > 0, "statements are counted");
        assert_eq!(*hashes, usize::from(question < 2), "a password is hashed once");
    }
}

#[tokio::test]
async fn the_time_is_the_same() {
    let (rig, _mails) = world().await;
    let mut times = vec![[Vec::new(), Vec::new()]; 4];
    for _ in 0..40 {
        for (question, times) in times.iter_mut().enumerate() {
            for (who, name) in ["known", "unknown"].into_iter().enumerate() {
                rig.sql("delete from users.login_attempts").await;
                let (query, variables) = questions(&format!("{name}@shop.example"))[question].clone();
                let begun = Instant::now();
                rig.ask(&Viewer::anonymous(), query, variables).await;
                times[who].push(begun.elapsed());
                // What goes on after the answer must not slow the next one.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    for (question, both) in times.into_iter().enumerate() {
        let [known, unknown] = both.map(|mut times| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64() * 1000.0
        });
        // Other programs run beside this one. A hash that is made for one of them only would be 20 ms and more.
        let tolerance = 5.0 + known.max(unknown) * 0.3;
        assert!(
            (known - unknown).abs() < tolerance,
            "question {question}: {known} ms, {unknown} ms"
        );
    }
}
