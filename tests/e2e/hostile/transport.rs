//! Requests that a page of somebody else could make a browser send, and what other origins may read.

use super::{calls, send};
use crate::support::{QUIET, Shop, shared};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::json;

const QUERY: &str = r#"{"query":"{ brands { id } }"}"#;
const MUTATION: &str = "?query=mutation%7BguestSessionCreate%7BuserErrors%7Bcode%7D%7D%7D";
const FORM: &str = "--x\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"{ brands { id } }\"}\r\n--x--\r\n";

fn request(
    shop: &Shop,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> RequestBuilder {
    let request = Client::new().request(method, shop.url() + path).body(body);
    headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value))
}

/// What it is, method, path, headers, body, and which statuses are right.
type Case<'a> = (
    &'a str,
    Method,
    &'a str,
    &'a [(&'a str, &'a str)],
    &'static str,
    &'a [u16],
);

#[tokio::test]
async fn only_a_json_post_is_an_operation() {
    let _quiet = QUIET.write().await;
    let shop = shared();
    let before = calls(&shop).await;
    let json = ("content-type", "application/json");
    let preflight = ("apollo-require-preflight", "1");
    let cases: &[Case<'_>] = &[
        (
            "a batch",
            Method::POST,
            "",
            &[json],
            r#"[{"query":"{ brands { id } }"},{"query":"{ brands { id } }"}]"#,
            &[400],
        ),
        (
            "a batch of one",
            Method::POST,
            "",
            &[json],
            r#"[{"query":"{ brands { id } }"}]"#,
            &[400],
        ),
        ("an empty batch", Method::POST, "", &[json], "[]", &[400]),
        ("nothing", Method::POST, "", &[json], "", &[400]),
        ("null", Method::POST, "", &[json], "null", &[400]),
        (
            "a key twice",
            Method::POST,
            "",
            &[json],
            r#"{"query":"{ brands { id } }","query":"{ brands { name } }"}"#,
            &[400],
        ),
        (
            "variables in a list",
            Method::POST,
            "",
            &[json],
            r#"{"query":"{ brands { id } }","variables":[1]}"#,
            &[400],
        ),
        (
            "a mutation by GET",
            Method::GET,
            MUTATION,
            &[preflight],
            "",
            &[405],
        ),
        (
            "a mutation by GET, without preflight",
            Method::GET,
            MUTATION,
            &[],
            "",
            &[403],
        ),
        (
            "a query by GET, without preflight",
            Method::GET,
            "?query=%7Bbrands%7Bid%7D%7D",
            &[],
            "",
            &[403],
        ),
        (
            "a form",
            Method::POST,
            "",
            &[("content-type", "application/x-www-form-urlencoded")],
            "query=%7Bbrands%7Bid%7D%7D",
            &[403, 415],
        ),
        (
            "a form, with preflight",
            Method::POST,
            "",
            &[("content-type", "application/x-www-form-urlencoded"), preflight],
            "query=%7Bbrands%7Bid%7D%7D",
            &[415],
        ),
        (
            "plain text",
            Method::POST,
            "",
            &[("content-type", "text/plain")],
            QUERY,
            &[403, 415],
        ),
        (
            "plain text, with preflight",
            Method::POST,
            "",
            &[("content-type", "text/plain"), preflight],
            QUERY,
            &[415],
        ),
        ("no type", Method::POST, "", &[], QUERY, &[403, 415]),
        (
            "two types",
            Method::POST,
            "",
            &[("content-type", "text/plain, application/json")],
            QUERY,
            &[403, 415],
        ),
        (
            "multipart",
            Method::POST,
            "",
            &[("content-type", "multipart/form-data; boundary=x")],
            FORM,
            &[403, 415],
        ),
        (
            "multipart, with preflight",
            Method::POST,
            "",
            &[("content-type", "multipart/form-data; boundary=x"), preflight],
            FORM,
            &[415],
        ),
        ("PUT", Method::PUT, "", &[json], QUERY, &[405]),
        ("DELETE", Method::DELETE, "", &[json], QUERY, &[405]),
        ("TRACE", Method::TRACE, "", &[json], QUERY, &[405]),
        ("another path", Method::POST, "x", &[json], QUERY, &[404]),
    ];
    for (name, method, path, headers, body, expected) in cases {
        let answer = send(request(&shop, method.clone(), path, headers, body)).await;
        assert!(
            expected.contains(&answer.status),
            "{name}: {} {}",
            answer.status,
            answer.text
        );
    }
    assert_eq!(calls(&shop).await, before, "a service was called");
}

#[tokio::test]
async fn services_take_nothing_but_json_either() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let request = Client::new()
            .post(super::products(&shop))
            .header("content-type", kind)
            .body(QUERY);
        assert_eq!(send(request).await.status, 415, "{kind}");
    }
    let get = Client::new().get(super::products(&shop) + MUTATION);
    assert_eq!(send(get).await.status, 405);
}

#[tokio::test]
async fn only_listed_origins_may_read() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let ask = async |origin: &str, method: Method| {
        let headers = [
            ("origin", origin),
            ("content-type", "application/json"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization"),
        ];
        send(request(&shop, method, "", &headers, QUERY)).await
    };
    for method in [Method::POST, Method::OPTIONS] {
        let listed = ask("http://localhost:3000", method.clone()).await;
        assert_eq!(
            listed.header("access-control-allow-origin"),
            Some("http://localhost:3000")
        );
        assert!(
            listed
                .header("vary")
                .is_some_and(|vary| vary.to_lowercase().contains("origin"))
        );
        for origin in [
            "null",
            "http://evil.example",
            "https://localhost:3000",
            "http://localhost",
            "http://localhost:30000",
            "http://localhost:3000.evil.example",
            "http://evil.example:3000",
            "http://evillocalhost:3000",
            "http://localhost:3000@evil.example",
            "http://localhost:3000/",
            "http://sub.localhost:3000",
            "file://",
        ] {
            let answer = ask(origin, method.clone()).await;
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, None, "{origin}");
            assert_eq!(
                answer.header("access-control-allow-credentials"),
                None,
                "{origin}"
            );
        }
    }
    shop.anonymous()
        .run("{ brands { id } }", json!({}))
        .await
        .unwrap();
}
