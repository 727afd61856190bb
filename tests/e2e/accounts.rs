//! Sessions, dead tokens and new keys, through the router and in every service.

use crate::support::{
    QUIET, Shop, shared,
    stream::{Transport, subscribe},
};
use agora::{client::Client, seed, seed::PASSWORD};
use contracts::users::{CreateUser, CreateUserReply, KeyState, ListKeys, RotateKey};
use platform::{Commands, Role, token::ServiceKey};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Asks the users service as the operator's command line does.
fn operator(shop: &Shop) -> Commands {
    let data = agora::state::DataDir::open(&shop.data).unwrap();
    let key = ServiceKey::new(data.secrets().unwrap().service_key);
    let url = format!("http://127.0.0.1:{}", shop.port + 1);
    Commands::new("agora", key, Arc::new([("users".to_owned(), url)].into())).unwrap()
}

#[tokio::test]
async fn a_logout_is_heard_by_every_service() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let email = format!("staff-{}@agora.example", Uuid::now_v7().simple());
    let new = || CreateUser {
        email: email.clone(),
        password: PASSWORD.to_owned(),
        display_name: "Sam".to_owned(),
        roles: vec![Role::Staff],
    };
    let users = operator(&shop);
    assert!(matches!(
        users.call(&new()).await.unwrap(),
        CreateUserReply::Created { .. }
    ));
    assert!(matches!(
        users.call(&new()).await.unwrap(),
        CreateUserReply::Exists
    ));

    let query = "mutation($email: String!, $password: String!) {
        login(email: $email, password: $password) { tokens { accessToken } userErrors { message } } }";
    let variables = json!({ "email": email, "password": PASSWORD });
    let done = shop.anonymous().run(query, variables).await.unwrap();
    let token = done["login"]["tokens"]["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let client = shop.anonymous().with_token(&token);
    let me = client
        .run("{ me { roles sessions { ip current } } }", json!({}))
        .await
        .unwrap();
    assert_eq!(
        me["me"]["sessions"],
        json!([{ "ip": "127.0.0.1", "current": true }])
    );
    assert_eq!(me["me"]["roles"], json!(["CUSTOMER", "STAFF"]));

    client
        .run("mutation { logout { ok userErrors { message } } }", json!({}))
        .await
        .unwrap();
    for offset in 1..=8 {
        let url = format!("http://127.0.0.1:{}/graphql", shop.port + offset);
        let direct = Client::new(url).unwrap().with_token(&token);
        let mut status = 0;
        for _ in 0..60 {
            status = direct.send("{ __typename }", json!({})).await.unwrap().0;
            if status == 401 {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(status, 401, "service {offset}");
    }
}

#[tokio::test]
async fn a_new_key_breaks_no_token() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let (users, [(_, email), ..]) = (operator(&shop), seed::LOGINS);
    let before = shop.anonymous().login(email, PASSWORD).await.unwrap();
    let next = users.call(&RotateKey {}).await.unwrap();
    assert_eq!(next.state, KeyState::Next);
    let state = async || {
        let keys = users.call(&ListKeys {}).await.unwrap();
        keys.into_iter().find(|key| key.kid == next.kid).unwrap().state
    };
    // From the announcement until after the first signature, old and new tokens are good everywhere.
    for _ in 0..100 {
        let after = shop.anonymous().login(email, PASSWORD).await.unwrap();
        for client in [&before, &after] {
            client.run("{ me { id } cart { id } }", json!({})).await.unwrap();
        }
        if state().await == KeyState::Signing {
            let after = shop.anonymous().login(email, PASSWORD).await.unwrap();
            for client in [&before, &after] {
                client.run("{ me { id } cart { id } }", json!({})).await.unwrap();
            }
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("the new key never signed");
}

#[tokio::test]
async fn a_subscription_says_that_its_token_has_ended() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let admin = shop.login("admin").await;
    let query = "subscription { notificationReceived(afterSeq: 0) { seq } }";
    let transports = [Transport::WebSocket, Transport::Sse, Transport::Multipart];
    let mut open = Vec::new();
    for (n, transport) in transports.into_iter().cycle().take(6).enumerate() {
        let email = format!("sub-{}@agora.example", Uuid::now_v7().simple());
        let input = json!({ "email": email, "password": PASSWORD, "displayName": "Sam" });
        let someone = shop.register(input).await;
        open.push(subscribe(&shop, transport, &someone.token, query, json!({})).await);
        tokio::time::sleep(Duration::from_secs(1)).await;
        // Half of them leave, the others are thrown out.
        if n < 3 {
            let logout = "mutation { logout { ok userErrors { message } } }";
            someone.client.run(logout, json!({})).await.unwrap();
        } else {
            let me = someone.client.run("{ me { id } }", json!({})).await.unwrap();
            let lock = "mutation($id: ID!) { userSetActive(id: $id, active: false, reason: \"test\") { userErrors { message } } }";
            admin.run(lock, json!({ "id": me["me"]["id"] })).await.unwrap();
        }
    }
    for (n, mut events) in open.into_iter().enumerate() {
        let last = events.last(Duration::from_secs(60)).await;
        assert_eq!(
            last["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
            "{n}: {last}"
        );
        assert_eq!(
            last["errors"][0]["message"], "the access token has ended",
            "{n}: {last}"
        );
    }
}
