//! A shop as the public meets it: no introspection, no GraphiQL, limits for each client.

use super::{Raw, send};
use crate::support::{Shop, process::Up};
use futures::{StreamExt, stream};
use reqwest::Client;
use serde_json::{Value, json};
use std::time::Instant;

const PER_SECOND: f64 = 50.0;
const BURST: usize = 300;

/// Clients are told apart by what a proxy on this machine says of them.
const SETTINGS: [(&str, &str); 5] = [
    ("AGORA_INTROSPECTION", "false"),
    ("AGORA_GRAPHIQL", "false"),
    ("AGORA_TRUSTED_PROXIES", "127.0.0.1"),
    ("AGORA_RATE_LIMIT_PER_ADDRESS", "50:300"),
    ("AGORA_RATE_LIMIT_PER_VIEWER", "40:240"),
];

/// One operation of the client at `address`, as the proxy forwards it.
async fn ask(shop: &Shop, address: &str, query: &str) -> Raw {
    let request = Client::new().post(shop.url()).header("x-forwarded-for", address);
    send(request.json(&json!({ "query": query }))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_learns_nothing_and_has_its_share() {
    platform::http::use_ring();
    let up = Up::start("production", &SETTINGS).unwrap();
    let shop = up.shop();
    the_schema_is_not_told(&shop).await;
    errors_say_no_more_than_they_must(&shop).await;
    a_burst_is_cut_off(&shop).await;
    large_operations_cost_more(&shop).await;
    viewers_have_a_share_of_their_own(&shop).await;
    up.stop();
}

async fn the_schema_is_not_told(shop: &Shop) {
    for query in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Order\") { fields { name } } }",
        "{ brands { id } __schema { queryType { name } } }",
        "query Q { ...F } fragment F on Query { a: __schema { directives { name } } }",
    ] {
        let answer = ask(shop, "192.0.2.1", query).await;
        assert!(
            !answer.text.contains("\"name\"") && answer.text.contains("errors"),
            "{query}: {}",
            answer.text
        );
        let service = super::products(shop);
        let direct = send(Client::new().post(service).json(&json!({ "query": query }))).await;
        assert!(!direct.text.contains("\"name\""), "{query}: {}", direct.text);
    }
    assert!(
        ask(shop, "192.0.2.1", "{ __typename }")
            .await
            .text
            .contains("Query")
    );
    // Almost right, as a tool guesses names: it must not be told the right one.
    let guesses = [
        ("{ product { id } }", "products"),
        ("{ productz(first: 1) { nodes { id } } }", "products"),
        ("{ products(frist: 1) { nodes { id } } }", "first"),
        ("{ brands { nam } }", "name"),
        ("{ products(sort: PRICE_AS) { nodes { id } } }", "PRICE_ASC"),
        ("query($a: ProductSor) { brands { id } }", "ProductSort"),
        (
            "mutation { logn(email: \"a\", password: \"b\") { userErrors { code } } }",
            "login",
        ),
        (
            "mutation { cartCreate(currenci: \"GBP\") { userErrors { code } } }",
            "currency",
        ),
    ];
    for (query, hidden) in guesses {
        for url in [shop.url(), super::products(shop)] {
            let answer = send(Client::new().post(url).json(&json!({ "query": query }))).await;
            let told = messages(&answer);
            assert!(!told.is_empty(), "{query}: {}", answer.text);
            assert!(!told.contains(&format!("\"{hidden}\"")), "{query}: {told}");
            assert!(!told.to_lowercase().contains("did you mean"), "{query}: {told}");
        }
    }
    for path in [
        "/graphiql",
        "/graphiql/",
        "/",
        "/playground",
        "/laboratory",
        "/debug",
        "/.env",
    ] {
        let url = format!("http://127.0.0.1:{}{path}", shop.port);
        let answer = send(Client::new().get(&url).header("accept", "text/html")).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    let page = send(Client::new().get(shop.url()).header("accept", "text/html")).await;
    assert!(
        page.status >= 400 && !page.text.contains("<script"),
        "{} {}",
        page.status,
        page.text
    );
}

async fn errors_say_no_more_than_they_must(shop: &Shop) {
    for query in [
        "{",
        "{ nothing }",
        "{ products(first: 0) { nodes { id } } }",
        "{ products(after: \"x\") { nodes { id } } }",
        "{ products(first: \"x\") { nodes { id } } }",
        "{ orders(first: 1) { nodes { id } } }",
        "{ node(id: \"ord_'; select pg_sleep(9); --\") { id } }",
        "mutation { login(email: \"a\\u0000\", password: \"b\") { userErrors { code } } }",
        "{ productSearch(query: \"\\u0000\") { totalCount } }",
    ] {
        let answer = ask(shop, "192.0.2.1", query).await;
        let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        assert!(answer.status < 500, "{query}: {}", answer.text);
        assert_eq!(body.get("extensions"), None, "{query}: tracing is told");
        for error in body["errors"].as_array().into_iter().flatten() {
            let known = ["code", "traceId", "requiredRole", "retryAfterMs"];
            let extensions = error["extensions"].as_object();
            let told = extensions
                .into_iter()
                .flatten()
                .find(|(key, _)| !known.contains(&key.as_str()));
            assert_eq!(told, None, "{query}");
        }
        super::injection::assert_silent(&answer.text, query);
    }
    let answer = ask(shop, "192.0.2.1", "{ brands { id } }").await;
    for header in ["server", "x-powered-by"] {
        assert_eq!(answer.header(header), None, "{header}");
    }
}

/// What the errors say.
fn messages(answer: &Raw) -> String {
    let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    let errors = body["errors"].as_array().into_iter().flatten();
    let messages = errors.filter_map(|error| error["message"].as_str());
    messages.collect::<Vec<_>>().join("\n")
}

/// How many of `count` requests pass, and for how long that took.
async fn passed(count: usize, ask: impl AsyncFn(usize) -> Raw) -> (usize, f64) {
    let began = Instant::now();
    let answers = stream::iter(0..count)
        .map(|number| ask(number))
        .buffer_unordered(32)
        .collect::<Vec<_>>()
        .await;
    let (passed, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    for answer in &refused {
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (429, "RATE_LIMITED"),
            "{}",
            answer.text
        );
        let wait: Option<u64> = answer
            .header("retry-after")
            .and_then(|seconds| seconds.parse().ok());
        assert!(
            wait.is_some_and(|wait| (1..=60).contains(&wait)),
            "{:?}",
            answer.headers
        );
        assert!(!answer.text.contains("\"data\":{"));
    }
    (passed.len(), began.elapsed().as_secs_f64())
}

/// What a share is after a time, and a tenth more.
fn share(burst: usize, per_second: f64, seconds: f64) -> usize {
    ((burst as f64 + per_second * seconds) * 1.1) as usize + 1
}

async fn a_burst_is_cut_off(shop: &Shop) {
    // What stands left of the address that our proxy has added may be invented.
    let flood = passed(BURST * 2, async |number| {
        ask(
            shop,
            &format!("203.0.113.{}, 198.51.100.7", number % 250),
            "{ __typename }",
        )
        .await
    });
    let other = async {
        for _ in 0..20 {
            assert_eq!(
                ask(shop, "198.51.100.8", "{ __typename }").await.status,
                200,
                "somebody else is refused"
            );
        }
    };
    let ((passed, seconds), ()) = futures::join!(flood, other);
    assert!(
        passed >= BURST && passed <= share(BURST, PER_SECOND, seconds),
        "{passed} in {seconds} s"
    );
    assert!(passed < BURST * 2, "nothing was refused");
}

async fn large_operations_cost_more(shop: &Shop) {
    // 10,100 objects are 101 units.
    let large = "{ products(first: 100) { nodes { reviews(first: 100) { nodes { id } } } } }";
    let (few, _) = passed(12, async |_| ask(shop, "198.51.100.9", large).await).await;
    assert!((2..=6).contains(&few), "{few} large operations passed");
    let fields = format!(
        "{{ {} }}",
        (0..10)
            .map(|i| format!("a{i}: brands {{ id }}"))
            .collect::<Vec<_>>()
            .join(" ")
    );
    let (some, seconds) = passed(60, async |_| ask(shop, "198.51.100.10", &fields).await).await;
    assert!(
        some >= BURST / 15 && some <= share(BURST, PER_SECOND, seconds) / 10 + 1,
        "{some} of ten fields passed"
    );
}

async fn viewers_have_a_share_of_their_own(shop: &Shop) {
    let guest = async |address: &str| {
        let query = "mutation { guestSessionCreate { tokens { accessToken } userErrors { code } } }";
        let body: Value = serde_json::from_str(&ask(shop, address, query).await.text).unwrap();
        body["data"]["guestSessionCreate"]["tokens"]["accessToken"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (one, other) = (guest("192.0.2.50").await, guest("192.0.2.51").await);
    let as_viewer = async |token: &str, address: String| {
        let request = Client::new()
            .post(shop.url())
            .bearer_auth(token)
            .header("x-forwarded-for", address);
        send(request.json(&json!({ "query": "{ __typename }" }))).await
    };
    // From ever new addresses.
    let (passed, seconds) = passed(500, async |n| {
        as_viewer(&one, format!("192.0.2.{}", 100 + n % 100)).await
    })
    .await;
    assert!(
        passed >= 240 && passed <= share(240, 40.0, seconds) && passed < 500,
        "{passed} in {seconds} s"
    );
    assert_eq!(as_viewer(&other, "192.0.2.51".to_owned()).await.status, 200);
}
