//! Characters that are not what they seem: what looks the same is the same, what cannot be kept is refused, and nothing
//! that users write becomes a line of a log.

use super::{post, products};
use crate::{
    authorization::viewers::Caller,
    support::{QUIET, Shop, shared},
};
use agora::client::Client;
use serde_json::{Value, json};
use uuid::Uuid;

const PASSWORD: &str = "correct-horse-battery-7";
const REGISTER: &str = "mutation($input: RegisterInput!) {
    userRegister(input: $input) { userErrors { code path } } }";
const LOGIN: &str = "mutation($email: String!, $password: String!) {
    login(email: $email, password: $password) { tokens { accessToken } userErrors { code } } }";

/// The code of a mutation's first user error, of its first error, or nothing.
async fn code(client: &Client, query: &str, variables: Value) -> String {
    let (_, body) = client.send(query, variables).await.unwrap();
    let errors = body["data"].as_object().into_iter().flatten();
    let user = errors
        .filter_map(|(_, payload)| payload["userErrors"][0]["code"].as_str())
        .next();
    let code = user.or_else(|| body["errors"][0]["extensions"]["code"].as_str());
    code.unwrap_or_default().to_owned()
}

fn unique() -> String {
    Uuid::now_v7().simple().to_string()
}

#[tokio::test]
async fn an_email_has_one_account() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let (client, id) = (shop.anonymous(), unique());
    let register = async |email: &str| {
        let input = json!({ "email": email, "password": PASSWORD });
        code(&client, REGISTER, json!({ "input": input })).await
    };
    let email = format!("éva.{id}@example.org");
    shop.register(json!({ "email": email, "password": PASSWORD }))
        .await;
    let twins = [
        format!("ÉVA.{id}@example.org"),
        format!("e\u{301}va.{id}@EXAMPLE.org"),
        format!(" Éva.{id}@example.org\u{200f}"),
        format!("éｖa.{id}@ｅxample.org"),
    ];
    for twin in &twins {
        // Only the mailbox is told that it has one.
        assert_eq!(register(twin).await, "", "{twin}");
        shop.mailed(&email, "has an account already").await;
        assert_eq!(
            code(&client, LOGIN, json!({ "email": twin, "password": PASSWORD })).await,
            "",
            "{twin}"
        );
    }
    for bad in [
        format!("é\u{200b}va.{id}@example.org"),
        format!("éva\u{202e}.{id}@example.org"),
        format!("éva.{id}@exam\u{ad}ple.org"),
        format!("éva.{id}@example.org\r\nbcc: a@b.co"),
        format!("éva\u{7}.{id}@example.org"),
        format!("{}@example.org", "x".repeat(10_000)),
    ] {
        assert_eq!(register(&bad).await, "INVALID", "{bad:?}");
    }
}

#[tokio::test]
async fn names_keep_their_letters_and_lose_what_hides() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let show = async |name: &str| {
        let input = json!({ "email": format!("{}@example.org", unique()), "password": PASSWORD, "displayName": name });
        let made = shop.register(input).await.client;
        let me = made
            .run("{ me { customer { displayName } } }", json!({}))
            .await
            .unwrap();
        me["me"]["customer"]["displayName"].as_str().unwrap().to_owned()
    };
    for name in [
        "Zoë O’Brien-Šmíd",
        "Nguyễn Thị Ánh",
        "می‌خواهم",
        "👨‍👩‍👧 Smith",
        "שלום",
        "山田太郎",
        "{{7*7}} <b>",
    ] {
        assert_eq!(show(name).await, name);
    }
    assert_eq!(show("Ade\u{301}le \u{202e}niamhC\u{feff}").await, "Adéle niamhC");
    for bad in ["a\u{1b}[31mb", "a\nb", "\u{200b}", &"x".repeat(10_000)] {
        let input =
            json!({ "email": format!("{}@example.org", unique()), "password": PASSWORD, "displayName": bad });
        let refused = code(&shop.anonymous(), REGISTER, json!({ "input": input })).await;
        assert_eq!(refused, "INVALID", "{bad:?}");
    }
}

#[tokio::test]
async fn a_coupon_and_a_sku_have_no_twins() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let (staff, id) = (shop.login("staff").await, unique()[20..].to_owned());
    let coupon = async |text: &str| {
        let query = "mutation($key: ID!, $input: CouponInput!) {
            couponCreate(idempotencyKey: $key, input: $input) { userErrors { code } } }";
        let input =
            json!({ "code": text, "kind": "PERCENT", "scope": "PLATFORM", "percentBasisPoints": 500 });
        code(&staff, query, json!({ "key": unique(), "input": input })).await
    };
    assert_eq!(coupon(&format!("Twin-{id}")).await, "");
    for twin in [format!("TWIN-{id}"), format!(" twin-{id}\t")] {
        assert_eq!(coupon(&twin).await, "CONFLICT", "{twin}");
    }
    for bad in [
        format!("TW\u{200b}IN-{id}"),
        format!("ТWIN-{id}"),
        format!("TWIN-{id}\0"),
        "%".to_owned(),
    ] {
        let code = coupon(&bad).await;
        assert!(
            ["INVALID", "BAD_USER_INPUT"].contains(&code.as_str()),
            "{bad:?}: {code}"
        );
    }

    let vendor = shop.login("books").await;
    let data = vendor
        .run(
            "{ me { vendorMemberships { vendor { id } } } categories { id } }",
            json!({}),
        )
        .await
        .unwrap();
    let (seller, category) = (
        &data["me"]["vendorMemberships"][0]["vendor"]["id"],
        &data["categories"][0]["id"],
    );
    let sku = async |text: &str| {
        let query = "mutation($key: ID!, $vendor: ID!, $input: ProductInput!, $variants: [VariantInput!]!) {
            productCreate(idempotencyKey: $key, vendorId: $vendor, input: $input, variants: $variants) { userErrors { code } } }";
        let variant = json!({ "sku": text, "name": "One", "prices": [{ "amount": 100, "currency": "GBP" }], "weightGrams": 1, "taxCategory": "standard" });
        let input = json!({ "name": "Twin", "slug": format!("twin-{}", unique()), "categoryId": category, "kind": "GENERIC" });
        let variables = json!({ "key": unique(), "vendor": seller, "input": input, "variants": [variant] });
        code(&vendor, query, variables).await
    };
    assert_eq!(sku(&format!("Twin-{id}")).await, "");
    for twin in [format!("TWIN-{id}"), format!(" twin-{id} ")] {
        assert_eq!(sku(&twin).await, "CONFLICT", "{twin}");
    }
    for bad in [format!("TW\u{200b}IN-{id}"), format!("ТWIN-{id}"), String::new()] {
        assert_eq!(sku(&bad).await, "INVALID", "{bad:?}");
    }
}

#[tokio::test]
async fn search_terms_find_what_looks_like_them() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let query =
        "query($text: String!) { productSearch(query: $text, first: 50) { totalCount nodes { slug } } }";
    let found = async |text: &str| {
        let (status, body) = shop
            .anonymous()
            .send(query, json!({ "text": text }))
            .await
            .unwrap();
        assert!(status < 500 && body["errors"].is_null(), "{text:?}: {body}");
        body["data"].clone()
    };
    let one = found("salt road").await;
    for twin in [
        "SALT ROAD",
        "sált róad",
        "sa\u{301}lt ro\u{301}ad",
        " salt\u{200b} road\u{feff} ",
    ] {
        assert_eq!(found(twin).await, one, "{twin:?}");
    }
    let nothing = found("zqxjkvbw").await;
    for pattern in [
        "%", "_", "*", "zqxjkv%", "%zqx%", "zqx:*", "& | !", "((((", "'", "<->",
    ] {
        let pattern = format!("zqxjkvbw {pattern}");
        assert_eq!(found(&pattern).await, nothing, "{pattern:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let variable = |text: &str| {
        format!(
            r#"{{"query":"query($s: String!) {{ product(by: {{slug: $s}}) {{ id }} }}","variables":{{"s":"{text}"}}}}"#
        )
    };
    let literal = |text: &str| format!(r#"{{"query":"{{ product(by: {{slug: \"{text}\"}}) {{ id }} }}"}}"#);
    let bodies = [
        variable(r"a\u0000b"),
        variable(r"a\ud800b"),
        variable(r"a\udc00\ud800b"),
        variable("a\0b"),
        literal(r"a\\u0000b"),
        literal(r"a\u005cu0000b"),
        literal(r"a\\u{0}b"),
        literal(r"a\\u{00000}b"),
        literal(r"a\\ud800b"),
        literal(r"a\ud800b"),
        literal("a\0b"),
    ];
    for body in &bodies {
        for url in [shop.url(), products(&shop)] {
            let answer = post(&url, body.clone()).await;
            let json: Value = serde_json::from_str(&answer.text).unwrap();
            let code = answer.code();
            assert!(
                answer.status < 500 && json["errors"].is_array() && code != "INTERNAL",
                "{body}: {}",
                answer.text
            );
            super::injection::assert_silent(&answer.text, body);
        }
    }
    let invalid = reqwest::Client::new()
        .post(shop.url())
        .header("content-type", "application/json");
    let invalid = super::send(
        invalid.body(b"{\"query\":\"{ product(by: {slug: \\\"\xff\xfe\\\"}) { id } }\"}".to_vec()),
    )
    .await;
    assert_eq!(invalid.status, 400, "{}", invalid.text);
}

#[tokio::test]
async fn nothing_that_users_write_becomes_a_line_of_a_log() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let mark = format!("forged{}", unique());
    let evil = format!("x\r\n{{\"level\":\"ERROR\",\"message\":\"{mark}\"}}\n\u{1b}[2J\u{1b}[31m{mark}");
    let caller = Caller::customer(&shop, "logs").await.client;
    let operations = [
        (LOGIN, json!({ "email": evil, "password": evil })),
        ("query($id: ID!) { node(id: $id) { id } }", json!({ "id": evil })),
        (
            "query($text: String!) { productSearch(query: $text) { totalCount } }",
            json!({ "text": evil }),
        ),
        (
            "mutation($name: String!) { wishlistCreate(name: $name) { userErrors { code } } }",
            json!({ "name": evil }),
        ),
    ];
    for (query, variables) in operations {
        caller.send(query, variables).await.unwrap();
    }
    let body = json!({ "query": format!("query A {{ brands {{ id }} }} # {evil}"), "operationName": evil });
    let request = reqwest::Client::new()
        .post(shop.url())
        .json(&body)
        .header("user-agent", mark.as_str());
    super::send(
        request
            .header("apollographql-client-name", mark.as_str())
            .header("x-request-id", mark.as_str()),
    )
    .await;
    no_forged_lines(&shop, &mark).await;
}

/// Both logs have JSON objects only, one a line, and no terminal reads commands in them.
async fn no_forged_lines(shop: &Shop, mark: &str) {
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    for name in ["agora.log", "router.log"] {
        let log = std::fs::read(shop.data.join("logs").join(name)).unwrap();
        assert!(!log.contains(&0x1b), "{name} has an escape");
        for line in String::from_utf8_lossy(&log)
            .lines()
            .filter(|line| line.contains(mark))
        {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{name}: {line}"));
            assert_ne!(line["message"], mark, "{name}");
        }
    }
}
