//! Operations that ask for too much are refused before any service hears of them, and refusing is cheap.

use super::{Raw, calls, post, process, products};
use crate::support::{QUIET, shared};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn document(query: &str) -> String {
    json!({ "query": query }).to_string()
}

fn repeated(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(" ")
}

/// Fields inside each other.
fn deep(fields: usize) -> String {
    let inner = fields - 2;
    format!(
        "{{ categories {{ {} id {} }} }}",
        "children { ".repeat(inner),
        "} ".repeat(inner)
    )
}

/// The same depth, in fragments that spread each other.
fn in_fragments(depth: usize) -> String {
    let fragments = repeated(depth, |i| {
        format!("fragment F{i} on Category {{ children {{ ...F{} }} }}", i + 1)
    });
    format!("{{ categories {{ ...F0 }} }} {fragments} fragment F{depth} on Category {{ id }}")
}

fn aliases(count: usize) -> String {
    format!("{{ {} }}", repeated(count, |i| format!("a{i}: __typename")))
}

fn same_field(count: usize) -> String {
    format!("{{ brands {{ {} }} }}", "id ".repeat(count))
}

fn spread(count: usize) -> String {
    format!(
        "{{ brands {{ {} }} }} fragment F on Brand {{ id }}",
        "...F ".repeat(count)
    )
}

fn overlapping(count: usize) -> String {
    format!("{{ brands {{ {} }} }}", "x: id x: name ".repeat(count / 2))
}

fn directives(count: usize) -> String {
    format!(
        "{{ brands {{ {} }} }}",
        repeated(count, |i| format!("a{i}: id @include(if: true)")).replacen("a0: ", "", 1)
    )
}

fn with_variable(value: &str) -> String {
    format!(
        "{{\"query\": \"query($a: String) {{ product(by: {{slug: $a}}) {{ id }} }}\", \"variables\": {{\"a\": {value}}}}}"
    )
}

fn brackets(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

const CIRCLE: &str =
    "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }";
const CYCLE: &str = "{ categories { ...A } } fragment A on Category { children { ...A } }";
const PRODUCT: &str = "{ products(first: 100) { nodes { reviews(first: 100) { nodes { product { reviews(first: 100) { nodes { id } } } } } } } }";

/// Name, body, and the code with which the router refuses it.
fn cases() -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("11 deep", document(&deep(11)), "MAX_DEPTH_EXCEEDED"),
        (
            "deep in fragments",
            document(&in_fragments(20)),
            "MAX_DEPTH_EXCEEDED",
        ),
        ("fragments in a circle", document(CYCLE), "NoFragmentsCycle"),
        ("16 aliases", document(&aliases(16)), "MAX_ALIASES_EXCEEDED"),
        (
            "2,001 tokens",
            document(&same_field(1996)),
            "TOKEN_LIMIT_EXCEEDED",
        ),
        (
            "21 directives",
            document(&format!(
                "{{ brands {{ id {} }} }}",
                "@include(if: true) ".repeat(21)
            )),
            "MAX_DIRECTIVES_EXCEEDED",
        ),
        (
            "1,000 times the same field",
            document(&same_field(1_000)),
            "OPERATION_TOO_LARGE",
        ),
        (
            "the same field in fragments",
            document(&spread(300)),
            "OPERATION_TOO_LARGE",
        ),
        (
            "10,000 overlapping fields",
            document(&overlapping(10_000)),
            "TOKEN_LIMIT_EXCEEDED",
        ),
        (
            "introspection in a circle",
            document(CIRCLE),
            "INTROSPECTION_DEPTH_EXCEEDED",
        ),
        (
            "a page of a million",
            document("{ products(first: 1000000) { nodes { id } } }"),
            "PAGE_LIMIT_EXCEEDED",
        ),
        (
            "pages in pages in pages",
            document(PRODUCT),
            "OPERATION_TOO_LARGE",
        ),
        (
            "300 KB",
            document(&format!("{{ brands {{ id }} }} #{}", "x".repeat(300_000))),
            "PAYLOAD_TOO_LARGE_CONTENT_LENGTH",
        ),
        (
            "JSON, 1,000 deep",
            with_variable(&brackets(1_000)),
            "VARIABLES_TOO_DEEP",
        ),
        (
            "JSON, 100,000 deep",
            with_variable(&brackets(100_000)),
            "VARIABLES_TOO_DEEP",
        ),
        (
            "objects, 20,000 deep",
            with_variable(&("{\"a\":".repeat(20_000) + "1" + &"}".repeat(20_000))),
            "VARIABLES_TOO_DEEP",
        ),
        (
            "extensions, 20,000 deep",
            format!(
                "{{\"query\": \"{{__typename}}\", \"extensions\": {{\"a\": {}}}}}",
                brackets(20_000)
            ),
            "VARIABLES_TOO_DEEP",
        ),
        (
            "a literal, 1,000 deep",
            document(&format!(
                "{{ products(after: {}) {{ nodes {{ id }} }} }}",
                brackets(1_000)
            )),
            "GRAPHQL_PARSE_FAILED",
        ),
        (
            "fields, 1,000 deep",
            document(&format!(
                "{{ {} b {} }}",
                "a { ".repeat(1_000),
                "} ".repeat(1_000)
            )),
            "GRAPHQL_PARSE_FAILED",
        ),
        (
            "fragments, 1,000 deep",
            document(&format!(
                "{{ {} a {} }}",
                "... { ".repeat(1_000),
                "} ".repeat(1_000)
            )),
            "GRAPHQL_PARSE_FAILED",
        ),
        (
            "a type, 1,000 deep",
            document(&format!(
                "query($a: {}Int{}) {{ brands {{ id }} }}",
                "[".repeat(1_000),
                "]".repeat(1_000)
            )),
            "GRAPHQL_PARSE_FAILED",
        ),
    ]
}

fn refused(answer: &Raw) -> bool {
    let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    let nothing = body["data"]
        .as_object()
        .is_none_or(|data| data.values().all(Value::is_null));
    answer.status < 500 && nothing && body["errors"].as_array().is_some_and(|errors| !errors.is_empty())
}

#[tokio::test]
async fn too_large_operations_are_refused_cheaply_before_any_service_is_called() {
    let _quiet = QUIET.write().await;
    let shop = shared();
    let (router, before, memory) = (process::id(&shop), calls(&shop).await, process::usage(&shop));
    for (name, body, code) in cases() {
        let used = process::usage(&shop);
        let answer = post(&shop.url(), body).await;
        assert!(
            refused(&answer) && answer.code() == code,
            "{name}: {} {}",
            answer.status,
            answer.text
        );
        if let (Some(before), Some(after)) = (used, process::usage(&shop)) {
            assert!(
                after.cpu - before.cpu <= Duration::from_millis(250),
                "{name} costs {:?}",
                after.cpu - before.cpu
            );
        }
    }
    assert_cut_off(&shop.url()).await;

    assert_eq!(calls(&shop).await, before, "a service was called");
    assert_eq!(process::id(&shop), router, "the router died");
    if let (Some(before), Some(after)) = (memory, process::usage(&shop)) {
        assert!(
            after.memory.saturating_sub(before.memory) <= 50 << 20,
            "{before:?} {after:?}"
        );
    }
    shop.anonymous()
        .run("{ brands { id } }", json!({}))
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_just_allowed_passes() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    for query in [deep(10), aliases(15), same_field(200), directives(15)] {
        let answer = post(&shop.url(), document(&query)).await;
        assert!(
            answer.text.contains("\"data\":{") && !answer.text.contains("errors"),
            "{query}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_url_and_a_socket_are_no_way_around() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let url = format!(
        "{}?query=%7B__typename%7D&variables=%7B%22a%22:{}%7D",
        shop.url(),
        brackets(10_000)
    );
    let answer = super::send(
        reqwest::Client::new()
            .get(url)
            .header("apollo-require-preflight", "1"),
    )
    .await;
    assert!(refused(&answer), "{} {}", answer.status, answer.text);
    let router = process::id(&shop);
    for (name, frames) in super::sockets::deep_frames(&brackets(20_000)) {
        super::sockets::exchange(&shop, &frames).await;
        shop.anonymous()
            .run("{ brands { id } }", json!({}))
            .await
            .unwrap();
        assert_eq!(process::id(&shop), router, "{name}: the router died");
    }
}

/// Five megabytes are not read to their end: who sends them meets a closed connection, or hears why.
async fn assert_cut_off(url: &str) {
    let body = with_variable(&format!("\"{}\"", "x".repeat(5_000_000)));
    let request = reqwest::Client::new()
        .post(url)
        .header("content-type", "application/json");
    let sent = request.body(body).send().await;
    assert!(sent.is_err() || sent.unwrap().status() == 413);
}

/// A service without the router in front: its own limits are wider, because the router adds to what it sends.
#[tokio::test]
async fn services_refuse_for_themselves() {
    let _quiet = QUIET.write().await;
    let shop = shared();
    let statements = shop
        .metric("products", "agora_graphql_sql_statements_total")
        .await;
    let cases = [
        ("17 deep", document(&deep(17))),
        ("deep in fragments", document(&in_fragments(20))),
        ("fragments in a circle", document(CYCLE)),
        ("101 aliases", document(&aliases(101))),
        ("20,001 tokens", document(&same_field(20_000))),
        (
            "51 directives",
            document(&format!(
                "{{ brands {{ id {} }} }}",
                "@include(if: true) ".repeat(51)
            )),
        ),
        ("10,000 overlapping fields", document(&overlapping(10_000))),
        (
            "a page of a million",
            document("{ products(first: 1000000) { nodes { id } } }"),
        ),
        (
            "600 KB",
            document(&format!("{{ brands {{ id }} }} #{}", "x".repeat(600_000))),
        ),
        ("JSON, 1,000 deep", with_variable(&brackets(1_000))),
        ("JSON, 100,000 deep", with_variable(&brackets(100_000))),
        (
            "a literal, 1,000 deep",
            document(&format!(
                "{{ products(after: {}) {{ nodes {{ id }} }} }}",
                brackets(1_000)
            )),
        ),
        (
            "fields, 1,000 deep",
            document(&format!(
                "{{ {} b {} }}",
                "a { ".repeat(1_000),
                "} ".repeat(1_000)
            )),
        ),
        ("a batch", format!("[{0}, {0}]", document("{ brands { id } }"))),
    ];
    for (name, body) in cases {
        let began = Instant::now();
        let answer = post(&products(&shop), body).await;
        let plain = matches!(answer.status, 400 | 413);
        assert!(
            plain || refused(&answer),
            "{name}: {} {}",
            answer.status,
            answer.text
        );
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{name} took {:?}",
            began.elapsed()
        );
    }
    let schema = post(&products(&shop), document(CIRCLE)).await;
    assert!(!schema.text.contains("\"types\""), "{}", schema.text);
    assert_cut_off(&products(&shop)).await;
    let after = shop
        .metric("products", "agora_graphql_sql_statements_total")
        .await;
    assert_eq!(after, statements, "the database was asked");
}
