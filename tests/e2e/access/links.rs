//! Mailed links: once, for half an hour, for one account and purpose, to the shop's own address. And what is secret
//! stands in no log.

use super::{PASSWORD, Person, SECRETS, code, login, mail, mailed, secret, shop, users};
use crate::support::Shop;
use agora::client::Client;
use serde_json::{Value, json};
use std::time::Duration;

const ASK: &str =
    "mutation($e: String!) { passwordResetRequest(email: $e) { ok userErrors { code message } } }";
const RESET: &str = "mutation($token: String!, $new: String!) {
    passwordResetConfirm(token: $token, newPassword: $new) { ok userErrors { code message } } }";

async fn payload(client: &Client, query: &str, variables: Value) -> Value {
    let (_, mut body) = client.send(query, variables).await.unwrap();
    let data = body["data"]
        .as_object_mut()
        .unwrap_or_else(|| panic!("no data for {query}"));
    data.values_mut().next().unwrap().take()
}

/// Asks for a reset as somebody who wants the link to lead elsewhere.
async fn poisoned(shop: &Shop, email: &str) -> String {
    let request = reqwest::Client::new()
        .post(shop.url())
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example;proto=https")
        .header("origin", "http://127.0.0.1:3000")
        .header("referer", "https://evil.example/")
        .header("host", "evil.example")
        .json(&json!({ "query": ASK, "variables": { "e": email } }));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["passwordResetRequest"]["ok"], true, "{answer}");
    mail(shop, email, "reset-password").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_is_good_once_for_one_account_and_purpose() {
    let shop = shop();
    let (ann, bob) = (Person::new(&shop, "ann").await, Person::new(&shop, "bob").await);
    let mail = poisoned(&shop, &ann.email).await;
    assert!(!mail.contains("evil"), "{mail}");
    let token = mailed(&mail);
    assert!(mail.contains(&format!("/reset-password?token={token}")), "{mail}");
    // Nor is it good for anything else.
    for query in [
        "mutation($token: String!) { userActivate(token: $token) { userErrors { code } } }",
        "mutation($token: String!) { emailChangeConfirm(token: $token) { userErrors { code } } }",
        "mutation($token: String!) { accountDeletionConfirm(token: $token) { userErrors { code } } }",
        "mutation($token: String!) { tokenRefresh(refreshToken: $token) { userErrors { code } } }",
    ] {
        let done = payload(&shop.anonymous(), query, json!({ "token": token })).await;
        assert_ne!(code(&done), "", "{query}");
    }
    assert_eq!(
        shop.anonymous()
            .with_token(&token)
            .send("{ __typename }", json!({}))
            .await
            .unwrap()
            .0,
        401
    );
    let weak = payload(
        &shop.anonymous(),
        RESET,
        json!({ "token": token, "new": "short" }),
    )
    .await;
    assert_eq!(code(&weak), "INVALID", "a bad password does not use it up");
    // Of many at once, one.
    let new = secret("another-horse-battery-8");
    let variables = json!({ "token": token, "new": new });
    let tries = (0..8).map(async |_| payload(&users(&shop), RESET, variables.clone()).await);
    let done = super::all(tries, 8).await;
    let good = done.iter().filter(|payload| payload["ok"] == true).count();
    assert_eq!(good, 1, "{done:?}");
    assert_eq!(
        code(&payload(&shop.anonymous(), RESET, variables).await),
        "INVALID"
    );
    let users = users(&shop);
    assert_eq!(code(&login(&users, &ann.email, &new).await), "");
    assert_eq!(
        code(&login(&users, &ann.email, &ann.password).await),
        "UNAUTHENTICATED"
    );
    assert_eq!(
        code(&login(&users, &bob.email, &bob.password).await),
        "",
        "bob's is his"
    );
}

/// Everything that has to do with secrets, also when it goes wrong, and then a look into all logs.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_logged() {
    let shop = shop();
    let person = Person::new(&shop, "logged").await;
    let wrong = secret(&format!("{PASSWORD}-wrong"));
    login(&users(&shop), &person.email, &wrong).await;
    login(&shop.anonymous(), &person.email, &person.password).await;
    // Written into the operation; in one that is not valid; in one that is refused.
    let [inline, invalid, twice] =
        ["inline", "invalid", "twice"].map(|name| secret(&format!("secret-{name}-words")));
    let email = &person.email;
    for query in [
        format!(
            "mutation {{ login(email: \"{email}\", password: \"{inline}\") {{ userErrors {{ code }} }} }}"
        ),
        format!("mutation {{ login(email: \"{email}\", password: \"{invalid}\") {{ nothing }} }}"),
        format!("mutation {{ login(email: 7, password: \"{invalid}\" {{ userErrors }} }}"),
        format!(
            "mutation {{ a: login(email: \"{email}\", password: \"{twice}\") {{ userErrors {{ code }} }}
            b: login(email: \"{email}\", password: \"{twice}\") {{ userErrors {{ code }} }} }}"
        ),
    ] {
        shop.anonymous().send(&query, json!({})).await.unwrap();
        users(&shop).send(&query, json!({})).await.unwrap();
    }
    let refresh = "mutation($t: String!) { tokenRefresh(refreshToken: $t) { tokens { accessToken refreshToken } userErrors { code } } }";
    let fresh = payload(&shop.anonymous(), refresh, json!({ "t": person.refresh })).await;
    secret(fresh["tokens"]["accessToken"].as_str().unwrap());
    secret(fresh["tokens"]["refreshToken"].as_str().unwrap());
    let verify = "mutation($t: String!) { tokenVerify(token: $t) { valid } }";
    shop.anonymous()
        .send(verify, json!({ "t": person.access }))
        .await
        .unwrap();
    payload(&shop.anonymous(), ASK, json!({ "e": person.email })).await;
    let token = mailed(&mail(&shop, &person.email, "reset-password").await);
    payload(&shop.anonymous(), RESET, json!({ "token": token, "new": "x" })).await;
    mailed(&mail(&shop, &person.email, "activate").await);
    // Lines are written a moment later.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let secrets = agora::state::DataDir::open(&shop.data)
        .unwrap()
        .secrets()
        .unwrap();
    let mut all = SECRETS.lock().unwrap().clone();
    all.extend([
        secrets.service_key,
        secrets.stripe_secret_key,
        secrets.stripe_webhook_secret,
    ]);
    all.push(secrets.signing_key_pem.lines().nth(1).unwrap().to_owned());
    let logs = ["logs/agora.log", "logs/router.log", "postgres/server.log"].map(|name| {
        let path = shop.data.join(name);
        (
            name,
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        )
    });
    assert!(logs[0].1.contains("DEBUG"), "the log says all it can");
    for (name, log) in &logs {
        let said: Vec<_> = all
            .iter()
            .filter(|secret| log.contains(secret.as_str()))
            .collect();
        let line = said
            .first()
            .and_then(|secret| log.lines().find(|line| line.contains(secret.as_str())));
        assert!(
            said.is_empty(),
            "{name} says {} secrets, for example {line:?}",
            said.len()
        );
    }
}
