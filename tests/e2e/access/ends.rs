//! The end of a session, however it comes: the refresh token is dead at once, the access token within a minute, in
//! the router's eyes and in every service's.

use super::{PASSWORD, Person, all, code, mail, mailed, secret, services, shop};
use crate::{accounts::operator, support::Shop};
use agora::client::Client;
use contracts::users::{KeyState, ListKeys, RetireKey, RotateKey};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a dead access token may still be good somewhere.
const MINUTE: Duration = Duration::from_secs(60);

async fn act(client: &Client, query: &str, variables: Value) {
    client
        .run(query, variables)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error:#}"));
}

async fn admin(shop: &Shop) -> Client {
    shop.anonymous().with_token(super::token(shop, "admin").await)
}

const BAN: &str = "mutation($id: ID!) { userSetActive(id: $id, active: false, reason: \"fraud\") { userErrors { code message } } }";
const PROMOTE: &str =
    "mutation($id: ID!) { roleAssign(userId: $id, role: STAFF) { userErrors { code message } } }";
const CHANGE: &str = "mutation($old: String!, $new: String!) {
    passwordChange(current: $old, newPassword: $new) { userErrors { code message } } }";
const RESET: &str = "mutation($token: String!, $new: String!) {
    passwordResetConfirm(token: $token, newPassword: $new) { userErrors { code message } } }";

/// Ends this person's sessions in one way.
async fn end(shop: &Shop, person: &Person, how: &str) {
    let me = || async { json!({ "id": person.id().await }) };
    match how {
        "logout" => {
            act(
                &person.client,
                "mutation { logout { userErrors { code } } }",
                json!({}),
            )
            .await
        }
        "everywhere" => {
            act(
                &person.client,
                "mutation { sessionsRevokeAll { userErrors { code } } }",
                json!({}),
            )
            .await
        }
        "ban" => act(&admin(shop).await, BAN, me().await).await,
        "role" => act(&admin(shop).await, PROMOTE, me().await).await,
        "password" => {
            // From another session: the one that changes it goes on.
            let done = super::login(&super::users(shop), &person.email, &person.password).await;
            let other = shop
                .anonymous()
                .with_token(done["tokens"]["accessToken"].as_str().unwrap());
            let new = secret(&format!("{PASSWORD}-new"));
            act(&other, CHANGE, json!({ "old": person.password, "new": new })).await;
        }
        "reset" => {
            let ask = "mutation($e: String!) { passwordResetRequest(email: $e) { userErrors { code } } }";
            act(&super::users(shop), ask, json!({ "e": person.email })).await;
            let token = mailed(&mail(shop, &person.email, "reset-password").await);
            act(
                &shop.anonymous(),
                RESET,
                json!({ "token": token, "new": secret("another-horse-battery-8") }),
            )
            .await;
        }
        "erasure" => {
            act(
                &person.client,
                "mutation { accountDeletionRequest { userErrors { code message } } }",
                json!({}),
            )
            .await;
            let token = mailed(&mail(shop, &person.email, "are to be deleted").await);
            let confirm = "mutation($token: String!) { accountDeletionConfirm(token: $token) { userErrors { code message } } }";
            act(&shop.anonymous(), confirm, json!({ "token": token })).await;
        }
        other => panic!("{other}"),
    }
}

/// Whether a refresh token still brings new ones.
async fn refreshes(shop: &Shop, token: &str) -> bool {
    let query = "mutation($t: String!) { tokenRefresh(refreshToken: $t) { tokens { accessToken refreshToken } userErrors { code } } }";
    let (_, body) = shop.anonymous().send(query, json!({ "t": token })).await.unwrap();
    for name in ["accessToken", "refreshToken"] {
        if let Some(token) = body["data"]["tokenRefresh"]["tokens"][name].as_str() {
            secret(token);
        }
    }
    code(&body["data"]["tokenRefresh"]) != "UNAUTHENTICATED"
}

/// The services that still take a token after a minute.
async fn takers(shop: &Shop, token: &str) -> Vec<usize> {
    let (began, services) = (Instant::now(), services(shop));
    let mut taking: Vec<usize> = (0..services.len()).collect();
    while began.elapsed() < MINUTE && !taking.is_empty() {
        let mut still = Vec::new();
        for number in taking {
            let service = services[number].with_token(token);
            if service.send("{ __typename }", json!({})).await.unwrap().0 != 401 {
                still.push(number);
            }
        }
        taking = still;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    taking
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_dead_everywhere_within_a_minute() {
    let shop = shop();
    let ways = [
        "logout",
        "everywhere",
        "password",
        "reset",
        "role",
        "ban",
        "erasure",
    ];
    let wrong = all(
        ways.map(async |how| {
            let person = Person::new(&shop, how).await;
            for service in services(&shop) {
                let (status, _) = service
                    .with_token(&person.access)
                    .send("{ __typename }", json!({}))
                    .await
                    .unwrap();
                assert_eq!(status, 200, "{how}: it was alive");
            }
            end(&shop, &person, how).await;
            // A new role is told by the next token; everything else ends the family.
            let refreshed = refreshes(&shop, &person.refresh).await;
            let mut wrong = Vec::new();
            if refreshed != (how == "role") {
                wrong.push(format!("{how}: refreshed is {refreshed}"));
            }
            let takers = takers(&shop, &person.access).await;
            if !takers.is_empty() {
                wrong.push(format!("{how}: services {takers:?} still take the access token"));
            }
            wrong
        }),
        8,
    )
    .await;
    assert!(wrong.concat().is_empty(), "{wrong:#?}");
}

/// A logout is heard of by everybody, whatever is lost meanwhile.
pub async fn a_logout_survives(shop: &Shop, loss: impl AsyncFnOnce()) {
    let person = Person::new(shop, "lost").await;
    end(shop, &person, "logout").await;
    loss().await;
    assert!(!refreshes(shop, &person.refresh).await);
    assert!(takers(shop, &person.access).await.is_empty());
}

/// A key that has leaked is retired: its tokens die, and new ones are good at once or after a moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_retired_key_s_tokens_die_everywhere_and_new_ones_are_good() {
    // A shop of its own: this ends everybody's tokens.
    let shop = super::quarters().shop();
    let users = operator(&shop);
    let old = users.call(&ListKeys {}).await.unwrap();
    let old = old
        .into_iter()
        .find(|key| key.state == KeyState::Signing)
        .unwrap();
    let before = Person::new(&shop, "before").await;
    users.call(&RotateKey {}).await.unwrap();
    users.call(&RetireKey { kid: old.kid.clone() }).await.unwrap();
    let dead = takers(&shop, &before.access);
    let good = async {
        let began = Instant::now();
        let done = super::login(&super::users(&shop), &before.email, &before.password).await;
        let token = done["tokens"]["accessToken"]
            .as_str()
            .unwrap_or_else(|| panic!("{done}"))
            .to_owned();
        let mut refused: Vec<usize> = (0..8).collect();
        while !refused.is_empty() && began.elapsed() < MINUTE {
            let mut still = Vec::new();
            for number in refused {
                let service = services(&shop)[number].with_token(&token);
                if service.send("{ __typename }", json!({})).await.unwrap().0 != 200 {
                    still.push(number);
                }
            }
            refused = still;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        refused
    };
    let (takers, refusers) = tokio::join!(dead, good);
    assert_eq!((takers, refusers), (vec![], vec![]));
}
