//! Guessing passwords: few tries for an account and for an address, two hashes at once, and nobody else notices.

use super::{Person, all, code, login, mail, mailed, quarters, users};
use crate::support::Shop;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use uuid::Uuid;

/// One guesser at a time: how long others wait is measured.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Answers of one kind.
fn count(codes: &[String], code: &str) -> usize {
    codes.iter().filter(|said| *said == code).count()
}

/// What comes of wrong passwords for these accounts. Nobody gets in; a busy machine may also not answer in time.
async fn tries(shop: &Shop, emails: Vec<String>) -> Vec<String> {
    let router = shop.anonymous();
    let tries = emails.iter().map(async |email| {
        let said = login(&router, email, "guess guess").await;
        assert!(said["tokens"].is_null(), "{said}");
        code(&said).to_owned()
    });
    let codes = all(tries, 8).await;
    let known = ["UNAUTHENTICATED", "RATE_LIMITED", ""];
    assert!(
        codes.iter().all(|code| known.contains(&code.as_str())),
        "{codes:?}"
    );
    codes
}

/// Also for the thousandth alias there is one try.
#[tokio::test(flavor = "multi_thread")]
async fn an_operation_has_one_try() {
    let shop = super::shop();
    let fields = [
        "login(email: \"a@b.co\", password: \"guess guess\") { userErrors { code } }",
        "userRegister(input: {email: \"a@b.co\", password: \"x\"}) { userErrors { code } }",
        "passwordResetRequest(email: \"a@b.co\") { userErrors { code } }",
        "activationEmailResend(email: \"a@b.co\") { userErrors { code } }",
        "passwordResetConfirm(token: \"x\", newPassword: \"x\") { userErrors { code } }",
        "passwordChange(current: \"x\", newPassword: \"x\") { userErrors { code } }",
    ];
    for first in fields {
        for second in fields {
            let query = format!("mutation {{ a: {first} b: {second} }}");
            for place in [shop.anonymous(), users(&shop)] {
                let (_, body) = place.send(&query, json!({})).await.unwrap();
                let refused = body["errors"].as_array().into_iter().flatten();
                let refused = refused
                    .filter(|error| error["extensions"]["code"] == "BAD_USER_INPUT")
                    .count();
                assert!(refused >= 1, "{query}: {body}");
            }
        }
    }
    let many: String = (0..100)
        .map(|number| format!("a{number}: {} ", fields[0]))
        .collect();
    for place in [shop.anonymous(), users(&shop)] {
        let (_, body) = place
            .send(&format!("mutation {{ {many} }}"), json!({}))
            .await
            .unwrap();
        assert!(body["data"].is_null() && !body["errors"].is_null(), "{body}");
    }
}

/// In one test, because what an address has tried counts for all of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_guesser_gets_few_tries_and_the_victim_gets_in() {
    let (_alone, shop) = (ALONE.lock().await, quarters().shop());
    let victim = Person::new(&shop, "victim").await;
    // An account: ten a minute. The first minute is not over yet.
    let began = Instant::now();
    let on_one = tries(&shop, vec![victim.email.clone(); 150]).await;
    let verified = count(&on_one, "UNAUTHENTICATED");
    assert!(
        (1..=10).contains(&verified) || began.elapsed() > Duration::from_secs(60),
        "{verified}"
    );
    assert!(count(&on_one, "RATE_LIMITED") > 0, "{on_one:?}");
    // Neither the right password nor another way in helps.
    let users = users(&shop);
    assert_eq!(
        code(&login(&users, &victim.email, &victim.password).await),
        "RATE_LIMITED"
    );

    // An address: thirty a minute, whomever it tries.
    let emails = (0..150)
        .map(|_| format!("{}@agora.example", Uuid::now_v7().simple()))
        .collect();
    let on_many = tries(&shop, emails).await;
    let verified = verified + count(&on_many, "UNAUTHENTICATED");
    assert!(
        verified <= 30 || began.elapsed() > Duration::from_secs(60),
        "{verified}"
    );
    assert!(count(&on_many, "RATE_LIMITED") > 0, "{on_many:?}");

    // The victim's mailbox is still theirs, and the brake on mails is another one.
    let ask = "mutation($e: String!) { passwordResetRequest(email: $e) { ok userErrors { code message } } }";
    shop.anonymous()
        .run(ask, json!({ "e": victim.email }))
        .await
        .unwrap();
    let token = mailed(&mail(&shop, &victim.email, "reset-password").await);
    let reset = "mutation($token: String!, $new: String!) { passwordResetConfirm(token: $token, newPassword: $new) { userErrors { code message } } }";
    let new = "another-horse-battery-8";
    shop.anonymous()
        .run(reset, json!({ "token": token, "new": new }))
        .await
        .unwrap();
    let back = login(&users, &victim.email, new).await;
    assert!(back["tokens"].is_object(), "and gets in at once: {back}");

    // Mails are counted, too.
    let router = shop.anonymous();
    let asks = (0..60).map(async |_| {
        let email = format!("{}@agora.example", Uuid::now_v7().simple());
        let (_, body) = router.send(ask, json!({ "e": email })).await.unwrap();
        let said = &body["data"]["passwordResetRequest"];
        if said["ok"] == true {
            "SENT".to_owned()
        } else {
            code(said).to_owned()
        }
    });
    let asked = all(asks, 8).await;
    assert!(
        count(&asked, "SENT") <= 30 && count(&asked, "RATE_LIMITED") > 0,
        "{asked:?}"
    );
}

/// The most memory a process has used, in MiB, where that is known.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_logins_at_once_hash_two_at_once() {
    let (_alone, up) = (ALONE.lock().await, quarters());
    let shop = up.shop();
    let router = shop.anonymous();
    let page = async || {
        let began = Instant::now();
        router
            .run("{ products(first: 5) { nodes { id name } } }", json!({}))
            .await
            .unwrap();
        began.elapsed()
    };
    let median = async || {
        let mut times = Vec::new();
        for _ in 0..20 {
            times.push(page().await);
        }
        times.sort();
        times[10]
    };
    let quiet = median().await;
    let before = peak(up.pid());
    // Everybody another account, and no address that could be counted.
    let users = users(&shop);
    let logins = (0..200).map(async |_| {
        let email = format!("{}@agora.example", Uuid::now_v7().simple());
        code(&login(&users, &email, "guess guess").await).to_owned()
    });
    let (codes, busy) = tokio::join!(all(logins, 200), median());
    // Whoever waits too long is told so; nobody is let in, and nothing breaks.
    let refused = count(&codes, "UNAUTHENTICATED");
    assert!(refused > 0, "{codes:?}");
    if let (Some(before), Some(after)) = (before, peak(up.pid())) {
        // Each hash takes 19 MiB: all at once would take almost four gigabytes.
        assert!(after - before < 400, "{} MiB more", after - before);
    }
    assert!(
        busy < quiet * 3 + Duration::from_millis(500),
        "{quiet:?} alone, {busy:?} beside the logins"
    );
    // What cannot be a password is not worth a hash, nor a try.
    let huge = "x".repeat(1_000_000);
    for _ in 0..15 {
        assert_eq!(
            code(&login(&users, "huge@agora.example", &huge).await),
            "UNAUTHENTICATED"
        );
    }
}
