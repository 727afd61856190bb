//! Tokens that are not exactly ours: 401 from the router, over each of its transports, and from every service.

use super::{Person, all, services, shop};
use crate::support::stream::refused;
use agora::{client::Client, state::DataDir};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey, pkcs8::DecodePrivateKey};
use platform::token::unix_now;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Signs what it is given with the shop's own key.
struct Forger {
    key: SigningKey,
    header: Value,
    claims: Value,
}

fn part(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

impl Forger {
    /// Begins with a good token.
    fn new(data: &std::path::Path, token: &str) -> Self {
        let secrets = DataDir::open(data).unwrap().secrets().unwrap();
        let mut parts = token.split('.').map(str::to_owned);
        Self {
            key: SigningKey::from_pkcs8_pem(&secrets.signing_key_pem).unwrap(),
            header: decoded(&parts.next().unwrap()),
            claims: decoded(&parts.next().unwrap()),
        }
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.key.sign(message.as_bytes()).to_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn header(&self, field: &str, value: Value) -> String {
        self.sign(&with(&self.header, field, value), &self.claims.to_string())
    }

    fn claim(&self, claim: &str, value: Value) -> String {
        self.sign(&self.header.to_string(), &with(&self.claims, claim, value))
    }

    fn bad_headers(&self, elsewhere: &str) -> Vec<(String, String)> {
        let algorithms = [
            "none", "None", "NONE", "HS256", "HS512", "RS256", "ES256", "PS256", "",
        ];
        let kids = ["../../dev/null", "x' or '1'='1' --", elsewhere, "unknown", ""];
        let mut cases = vec![
            (
                "long kid".to_owned(),
                self.header("kid", json!("k".repeat(10_000))),
            ),
            ("crit".to_owned(), self.header("crit", json!(["exp"]))),
            ("no typ".to_owned(), self.header("typ", Value::Null)),
            ("refresh".to_owned(), self.header("typ", json!("refresh+jwt"))),
            ("plain".to_owned(), self.header("typ", json!("JWT"))),
        ];
        cases.extend(algorithms.map(|alg| (format!("alg {alg}"), self.header("alg", json!(alg)))));
        cases.extend(kids.map(|kid| (format!("kid {kid}"), self.header("kid", json!(kid)))));
        cases
    }

    fn bad_claims(&self) -> Vec<(String, String)> {
        let now = unix_now();
        let cases = [
            ("exp", json!(now - 31)),
            ("exp", Value::Null),
            ("exp", json!("tomorrow")),
            ("nbf", json!(now + 90)),
            ("nbf", Value::Null),
            ("iss", json!("evil")),
            ("iss", Value::Null),
            ("aud", json!("evil")),
            ("aud", json!(["agora", "evil"])),
            ("aud", Value::Null),
            ("sub", json!("")),
            ("sub", json!(7)),
            ("sub", Value::Null),
        ];
        let mut tokens: Vec<_> = cases
            .into_iter()
            .map(|(claim, value)| (format!("{claim} {value}"), self.claim(claim, value)))
            .collect();
        let twice = self.claims.to_string().replacen('{', "{\"sub\":\"x\",", 1);
        tokens.push((
            "sub twice".to_owned(),
            self.sign(&self.header.to_string(), &twice),
        ));
        tokens
    }

    /// Keys that the token brings along, or says where to find.
    fn bad_keys(&self, elsewhere: &str) -> Vec<(String, String)> {
        let stranger = Self {
            key: SigningKey::from_bytes(&[7; 32]),
            header: self.header.clone(),
            claims: with_value(&self.claims, "roles", json!(["ADMIN"])),
        };
        let x = URL_SAFE_NO_PAD.encode(stranger.key.verifying_key().as_bytes());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.header["kid"] });
        [
            ("jwk", jwk),
            ("jku", json!(elsewhere)),
            ("x5u", json!(elsewhere)),
            ("none", json!(0)),
        ]
        .map(|(field, value)| (field.to_owned(), stranger.header(field, value)))
        .into()
    }

    fn broken(&self, good: &str) -> Vec<(String, String)> {
        let parts: Vec<&str> = good.split('.').collect();
        let more = with(&self.claims, "roles", json!(["ADMIN"]));
        let mut tokens = vec![
            ("no signature", format!("{}.{}.", parts[0], parts[1])),
            ("two parts", format!("{}.{}", parts[0], parts[1])),
            (
                "another role",
                format!("{}.{}.{}", parts[0], part(&more), parts[2]),
            ),
            ("padding", format!("{good}=")),
            (
                "none",
                format!("{}.{}.", part(r#"{"alg":"none","typ":"at+jwt"}"#), parts[1]),
            ),
            ("words", "nonsense".to_owned()),
            ("dots", "..".to_owned()),
            ("an API key", "sk_live_000000000000".to_owned()),
        ];
        let mut at = 0;
        for part in &parts {
            let mut changed = good.as_bytes().to_vec();
            let flipped = at + part.len() / 2;
            changed[flipped] = if changed[flipped] == b'A' { b'B' } else { b'A' };
            tokens.push(("flipped", String::from_utf8(changed).unwrap()));
            at += part.len() + 1;
        }
        tokens
            .into_iter()
            .map(|(name, token)| (name.to_owned(), token))
            .collect()
    }
}

fn with_value(object: &Value, field: &str, value: Value) -> Value {
    let mut object = object.clone();
    match value {
        Value::Null => drop(object.as_object_mut().unwrap().remove(field)),
        value => object[field] = value,
    }
    object
}

fn with(object: &Value, field: &str, value: Value) -> String {
    with_value(object, field, value).to_string()
}

/// A server that counts who comes.
async fn elsewhere() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = visits.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (url, visits)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_but_ours_is_taken_anywhere() {
    let shop = shop();
    let person = Person::new(&shop, "tokens").await;
    let forger = Forger::new(&shop.data, &person.access);
    let (elsewhere, visits) = elsewhere().await;
    let mut bad = forger.bad_headers(&elsewhere);
    bad.extend(forger.bad_claims());
    bad.extend(forger.bad_keys(&elsewhere));
    bad.extend(forger.broken(&person.access));
    bad.push(("refresh token".to_owned(), person.refresh.clone()));
    // The forger's way of writing is sound: what is refused is refused for what it says.
    let sound = forger.sign(&forger.header.to_string(), &forger.claims.to_string());
    let places: Vec<Client> = services(&shop).into_iter().chain([shop.anonymous()]).collect();
    let status = async |place: &Client, token: &str| {
        let query = "{ __typename }";
        let (status, body) = place.with_token(token).send(query, json!({})).await.unwrap();
        (
            status,
            body["errors"][0]["extensions"]["code"]
                .as_str()
                .unwrap_or("")
                .to_owned(),
        )
    };
    for place in &places {
        assert_eq!(status(place, &sound).await.0, 200);
    }
    let tries = bad
        .iter()
        .flat_map(|case| places.iter().enumerate().map(move |place| (case, place)));
    let wrong: Vec<_> = all(
        tries.map(async |((name, token), (number, place))| {
            let said = status(place, token).await;
            // What the router lets through, the services refuse.
            let refused = said.1 == "UNAUTHENTICATED" && (said.0 == 401 || number == 8 && said.0 == 200);
            (!refused).then(|| format!("{name} at {number}: {said:?}"))
        }),
        16,
    )
    .await;
    let mut wrong: Vec<_> = wrong.into_iter().flatten().collect();
    for (name, token) in &bad {
        if !refused(&shop, token).await {
            wrong.push(format!("{name} on a WebSocket"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(
        visits.load(Ordering::Relaxed),
        0,
        "nobody fetches what a token names"
    );
}

/// Not even read: no header may be that long.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_token_is_refused() {
    let shop = shop();
    let token = "x".repeat(100_000);
    for place in services(&shop).into_iter().chain([shop.anonymous()]) {
        // An answer that is no GraphQL, or none at all.
        if let Ok((status, _)) = place.with_token(&token).send("{ __typename }", json!({})).await {
            assert!([400, 401, 431].contains(&status), "{status}");
        }
    }
    shop.anonymous()
        .run("{ brands { id } }", json!({}))
        .await
        .unwrap();
}
