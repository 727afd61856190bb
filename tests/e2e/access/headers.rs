//! Headers that a client makes up: no service sees one of them, and nothing that a client is known by changes.

use super::{Person, echo::Router, services, shop, users};
use crate::support::stream::on_socket;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

/// Names that some server somewhere believes. Ours are the last three.
const FORGED: [&str; 21] = [
    "x-user-id",
    "x-user-role",
    "x-user-roles",
    "x-role",
    "x-customer-type",
    "x-customer-id",
    "x-vendor-id",
    "x-internal-secret",
    "x-internal-service",
    "router-authorization",
    "x-forwarded-for",
    "x-real-ip",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-original-url",
    "x-http-method-override",
    "forwarded",
    "cookie",
    "x-agora-moment",
    "x-agora-client-address",
    "x-agora-client-agent",
];
const KEY: &str = "x-agora-router-key";

fn forged() -> HeaderMap {
    let names = FORGED.iter().chain([&KEY]);
    names
        .map(|name| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static("203.0.113.66"),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn services_see_no_header_that_a_client_made_up() {
    let (router, echo) = Router::start(&[]).await;
    let body = json!({ "query": "{ brands { id } me { id } }", "extensions": {
        "headers": { "x-user-id": "203.0.113.66", "authorization": "Bearer 203.0.113.66" },
        "jwt": { "sub": "203.0.113.66" } } });
    let plain = router
        .post()
        .json(&json!({ "query": "{ brands { id } me { id } }" }));
    plain.send().await.unwrap();
    let expected = names(&echo.heard());
    assert!(expected.iter().any(|name| name == KEY), "{expected:?}");
    // As a client sends them, and as one sends them who wants another host.
    for host in [None, Some("evil.example")] {
        let mut request = router.post().headers(forged()).json(&body);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let status = request.send().await.unwrap().status();
        let heard = echo.heard();
        assert!(
            status.is_success() && !heard.is_empty(),
            "{status}: the services are asked"
        );
        for request in &heard {
            assert!(!request.contains("203.0.113.66"), "{request}");
            assert!(!request.contains("evil.example"), "{request}");
        }
        assert_eq!(names(&heard), expected);
        assert!(heard.concat().contains("the-real-key"));
    }
}

/// Names of headers, sorted.
fn names(requests: &[String]) -> Vec<String> {
    let heads = requests
        .iter()
        .filter_map(|request| request.split_once("\r\n\r\n"))
        .map(|(head, _)| head);
    let lines = heads.flat_map(|head| head.lines().skip(1));
    let mut names: Vec<_> = lines
        .filter_map(|line| Some(line.split_once(':')?.0.to_lowercase()))
        .collect();
    names.sort();
    names.dedup();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn two_authorizations_are_none() {
    let (router, echo) = Router::start(&[]).await;
    let query = json!({ "query": "{ brands { id } }" });
    for (first, second) in [("Bearer a", "Bearer b"), ("Bearer a", ""), ("", "Bearer b")] {
        let request = router
            .post()
            .header("authorization", first)
            .header("authorization", second);
        assert_eq!(request.json(&query).send().await.unwrap().status(), 401);
    }
    assert!(echo.heard().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_forwarded_address_is_no_other_client() {
    let (router, _echo) = Router::start(&[("AGORA_RATE_LIMIT_PER_ADDRESS", "1:5")]).await;
    let (mut passed, mut refused) = (0, 0);
    for number in 0..15 {
        let address = format!("198.51.100.{number}");
        let request = FORGED
            .iter()
            .fold(router.post(), |request, name| request.header(*name, &address));
        match request
            .json(&json!({ "query": "{ brands { id } }" }))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
        {
            429 => refused += 1,
            _ => passed += 1,
        }
    }
    assert!(
        passed <= 8 && refused >= 7,
        "{passed} passed, {refused} were refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_becomes_somebody_by_a_header() {
    let shop = shop();
    let query = json!({ "query": "{ me { id roles } viewer { id } orders(first: 1) { nodes { id } }
        customers(first: 1) { nodes { email } } }" });
    let http = reqwest::Client::new();
    let ask = async |url: &str, headers: HeaderMap| {
        let sent = http.post(url).headers(headers).json(&query).send().await.unwrap();
        let mut body: Value = sent.json().await.unwrap();
        crate::authorization::without_traces(&mut body);
        // Services answer in any order.
        if let Some(errors) = body["errors"].as_array_mut() {
            errors.sort_by_key(Value::to_string);
        }
        body
    };
    let admin = shop.anonymous().with_token(super::token(&shop, "admin").await);
    let id = admin.run("{ me { id } }", json!({})).await.unwrap()["me"]["id"].take();
    let mut claimed = HeaderMap::new();
    for name in FORGED {
        let value = match name {
            "x-user-id" | "x-customer-id" => id.as_str().unwrap(),
            "x-forwarded-for" | "x-real-ip" => "127.0.0.1",
            _ => "ADMIN",
        };
        claimed.insert(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    assert_eq!(
        ask(&shop.url(), claimed.clone()).await,
        ask(&shop.url(), HeaderMap::new()).await
    );
    for number in 1..=services(&shop).len() {
        let url = format!("http://127.0.0.1:{}/graphql", usize::from(shop.port) + number);
        assert_eq!(
            ask(&url, claimed.clone()).await,
            ask(&url, HeaderMap::new()).await,
            "{url}"
        );
    }
}

/// The list of sessions shows what the brake on guessing counts by.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_session_is_the_connection_s() {
    let shop = shop();
    let person = Person::new(&shop, "forwarded").await;
    let query = json!({ "query": "mutation($e: String!, $p: String!) { login(email: $e, password: $p) {
        tokens { accessToken } userErrors { code message } } }", "variables": { "e": person.email, "p": person.password } });
    // Through the router with forged headers, and to the service with a forged key.
    for url in [shop.url(), format!("http://127.0.0.1:{}/graphql", shop.port + 1)] {
        let request = reqwest::Client::new().post(url).headers(forged()).json(&query);
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(
            body["data"]["login"]["tokens"]["accessToken"].is_string(),
            "{body}"
        );
    }
    let sessions = "{ me { sessions { ip } } }";
    let mine = users(&shop)
        .with_token(&person.access)
        .run(sessions, json!({}))
        .await
        .unwrap();
    let known: Vec<_> = mine["me"]["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["ip"])
        .collect();
    assert!(
        known.iter().all(|ip| ip.is_null() || *ip == "127.0.0.1") && known.contains(&&json!("127.0.0.1")),
        "{known:?}"
    );
}

/// What `connection_init` says besides the token is heard by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_s_payload_makes_nobody_somebody() {
    let shop = shop();
    let person = Person::new(&shop, "payload").await;
    let id = shop
        .anonymous()
        .with_token(super::token(&shop, "admin").await)
        .run("{ me { id } }", json!({}))
        .await
        .unwrap()["me"]["id"]
        .take();
    let mut payload = json!({ "Authorization": format!("Bearer {}", person.access), "jwt": { "sub": id } });
    for name in FORGED {
        payload[name] = id.clone();
    }
    let body = json!({ "query": "{ me { email roles } }", "extensions": { "headers": { "x-user-id": id } } });
    let mut events = on_socket(&shop, payload, body).await;
    let me = events.next().await;
    assert_eq!(me["me"], json!({ "email": person.email, "roles": ["CUSTOMER"] }));
}
