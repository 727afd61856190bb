//! Good tokens pass; everything that is not exactly one of ours does not.

use super::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

fn signer() -> Signer {
    Signer::from_pem(&Signer::generate_pem().unwrap()).unwrap()
}

fn verifier(signer: &Signer) -> Verifier {
    Verifier::new(KeySource::Fixed(JwkSet {
        keys: vec![signer.jwk().clone()],
    }))
}

fn shopper() -> Viewer {
    let roles = vec![Role::Customer, Role::Service];
    Viewer {
        user: Some(UserId::new()),
        customer: Some(CustomerId::new()),
        roles,
        ..Viewer::default()
    }
}

#[tokio::test]
async fn a_good_token_names_its_viewer_and_nobody_becomes_a_service() {
    let signer = signer();
    let viewer = shopper();
    let token = signer.sign(&Claims::new(&viewer, 60)).unwrap();
    let seen = verifier(&signer).verify(&token).await.unwrap();
    assert_eq!((seen.user, seen.customer), (viewer.user, viewer.customer));
    assert_eq!(seen.roles, [Role::Customer]);
}

/// A token as a forger writes it: any header, any claims, signed as `signer` signs, whatever the header says.
fn forged(signer: &Signer, header: &Value, claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", part(&header.to_string()), part(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &signer.key, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn header(signer: &Signer) -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": signer.kid})
}

fn with(value: &Value, field: &str, content: Value) -> Value {
    let mut value = value.clone();
    value[field] = content;
    value
}

fn without(value: &Value, field: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(field);
    value
}

#[tokio::test]
async fn the_forger_s_own_way_of_writing_is_sound() {
    let signer = signer();
    let claims = json!(Claims::new(&shopper(), 60)).to_string();
    assert!(
        verifier(&signer)
            .verify(&forged(&signer, &header(&signer), &claims))
            .await
            .is_some()
    );
}

#[tokio::test]
async fn claims_that_are_missing_or_wrong_are_refused() {
    let signer = signer();
    let verifier = verifier(&signer);
    let (good, now) = (json!(Claims::new(&shopper(), 60)), unix_now());
    let mut cases: Vec<Value> = ["iss", "aud", "sub", "exp", "nbf"]
        .map(|claim| without(&good, claim))
        .into();
    for (claim, value) in [
        ("exp", json!(now - 31)),
        ("exp", json!("tomorrow")),
        ("exp", json!(-1)),
        ("nbf", json!(now + 90)),
        ("iss", json!("evil")),
        ("iss", json!("")),
        ("aud", json!("evil")),
        ("aud", json!([])),
        ("aud", json!(["agora", "evil"])),
        ("aud", json!(null)),
        ("iat", json!("now")),
        ("iat", json!(now + 90)),
        ("sub", json!(7)),
        ("sub", json!("")),
        ("sub", json!("root")),
        ("sid", json!("../../etc/passwd")),
        ("roles", json!(["ROOT"])),
        ("roles", json!("ADMIN")),
        ("customer", json!("1 or 1=1")),
    ] {
        cases.push(with(&good, claim, value));
    }
    for claims in cases {
        let token = forged(&signer, &header(&signer), &claims.to_string());
        assert!(verifier.verify(&token).await.is_none(), "{claims}");
    }
    // Said twice: which one counts must not depend on the reader.
    let twice = good.to_string().replacen('{', "{\"sub\":\"x\",", 1);
    assert!(
        verifier
            .verify(&forged(&signer, &header(&signer), &twice))
            .await
            .is_none()
    );
}

#[tokio::test]
async fn headers_that_are_not_ours_are_refused() {
    let signer = signer();
    let verifier = verifier(&signer);
    let claims = json!(Claims::new(&shopper(), 60)).to_string();
    let good = header(&signer);
    let mut cases: Vec<Value> = ["alg", "typ", "kid"].map(|field| without(&good, field)).into();
    for alg in [
        "none", "None", "NONE", "HS256", "HS512", "RS256", "ES256", "PS256", "ES384", "EdDsa", "",
    ] {
        cases.push(with(&good, "alg", json!(alg)));
    }
    for typ in ["JWT", "jwt", "refresh+jwt", "application/jwt", ""] {
        cases.push(with(&good, "typ", json!(typ)));
    }
    for kid in [
        "",
        "../../dev/null",
        "x' or '1'='1",
        "http://127.0.0.1:1/keys",
        &"k".repeat(10_000),
        "unknown",
    ] {
        cases.push(with(&good, "kid", json!(kid)));
    }
    // Ways to bring a key along, and extensions that we would have to understand.
    let stranger = self::signer();
    for (field, value) in [
        ("jwk", json!(stranger.jwk())),
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/cert")),
    ] {
        let token = forged(&stranger, &with(&good, field, value), &claims);
        assert!(verifier.verify(&token).await.is_none(), "{field}");
    }
    cases.push(with(&good, "crit", json!(["exp"])));
    cases.push(with(&good, "crit", json!(["unheard-of"])));
    for header in cases {
        let token = forged(&signer, &header, &claims);
        assert!(verifier.verify(&token).await.is_none(), "{header}");
    }
}

#[tokio::test]
async fn signatures_that_are_not_ours_are_refused() {
    let (signer, stranger) = (signer(), self::signer());
    let verifier = verifier(&signer);
    let claims = Claims::new(&shopper(), 60);
    let good = signer.sign(&claims).unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    let mut cases = vec![
        stranger.sign(&claims).unwrap(),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}.{}", parts[2]),
        format!("{good}="),
        format!(" {good}"),
        "x".repeat(100_000),
        String::new(),
        "..".to_owned(),
    ];
    // The public key is no secret to sign with.
    for secret in [json!(signer.jwk()).to_string(), signer.kid.clone()] {
        let mut header = Header::new(Algorithm::HS256);
        (header.kid, header.typ) = (Some(signer.kid.clone()), Some(ACCESS_TYPE.into()));
        cases.push(encode(&header, &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap());
    }
    // One character of each part.
    let mut at = 0;
    for part in parts {
        for position in [at, at + part.len() / 2] {
            let mut changed = good.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            cases.push(String::from_utf8(changed).unwrap());
        }
        at += part.len() + 1;
    }
    assert!(verifier.verify(&good).await.is_some());
    for token in cases {
        assert!(verifier.verify(&token).await.is_none(), "{token:.200}");
    }
}

#[tokio::test]
async fn keys_follow_their_source() {
    let (old, new) = (signer(), signer());
    let set = |signers: &[&Signer]| JwkSet {
        keys: signers.iter().map(|signer| signer.jwk().clone()).collect(),
    };
    let shared = Arc::new(RwLock::new(set(&[&old])));
    let verifier = Verifier::new(KeySource::Shared(shared.clone()));
    let claims = Claims::new(&shopper(), 60);
    let (first, second) = (old.sign(&claims).unwrap(), new.sign(&claims).unwrap());
    assert!(verifier.verify(&first).await.is_some() && verifier.verify(&second).await.is_none());
    *shared.write().unwrap() = set(&[&old, &new]);
    verifier.keys.write().unwrap().read_at = Instant::now().checked_sub(RELOAD_INTERVAL);
    assert!(verifier.verify(&second).await.is_some() && verifier.verify(&first).await.is_some());
    // A withdrawn key is known still, but not for long.
    *shared.write().unwrap() = set(&[&new]);
    verifier.keys.write().unwrap().read_at = Instant::now().checked_sub(MAX_AGE);
    assert!(verifier.verify(&first).await.is_none() && verifier.verify(&second).await.is_some());
}

#[test]
fn a_service_token_is_good_for_one_service() {
    let key = ServiceKey::new("secret");
    let token = key.mint("orders", "payments").unwrap();
    assert_eq!(key.caller(&token, "payments").as_deref(), Some("orders"));
    assert_eq!(key.caller(&token, "inventory"), None);
    assert_eq!(ServiceKey::new("other").caller(&token, "payments"), None);
    let claims = |exp| ServiceClaims {
        iss: "orders".to_owned(),
        aud: "payments".to_owned(),
        exp,
    };
    let sign = |exp| {
        let secret = EncodingKey::from_secret(key.bytes());
        encode(&Header::new(Algorithm::HS256), &claims(exp), &secret).unwrap()
    };
    assert!(key.caller(&sign(unix_now() + 5), "payments").is_some());
    assert_eq!(
        key.caller(&sign(unix_now() - 120), "payments"),
        None,
        "it has expired"
    );
}

#[test]
fn a_signature_is_good_for_one_message_and_instance() {
    let key = ServiceKey::new("secret");
    let signature = key.sign("a");
    assert!(key.has_signed("a", &signature));
    assert!(!key.has_signed("b", &signature) && !key.has_signed("a", "") && !key.has_signed("a", "zz"));
    assert!(!ServiceKey::new("other").has_signed("a", &signature));
}
