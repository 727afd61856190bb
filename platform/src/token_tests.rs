//! Good tokens pass; everything that is not exactly one of ours does not.

use super::*;

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

#[tokio::test]
async fn bad_tokens_are_refused() {
    let (signer, stranger) = (signer(), self::signer());
    let verifier = verifier(&signer);
    let claims = Claims::new(&shopper(), 60);
    let edited = |edit: fn(&mut Claims)| {
        let mut claims = claims.clone();
        edit(&mut claims);
        signer.sign(&claims).unwrap()
    };
    let mut cases = vec![
        stranger.sign(&claims).unwrap(),
        edited(|c| c.exp = unix_now() - 120),
        edited(|c| c.nbf = unix_now() + 120),
        edited(|c| c.iss = "evil".into()),
        edited(|c| c.aud = "evil".into()),
        String::new(),
        "a.b.c".into(),
    ];
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(signer.kid.clone());
    cases.push(encode(&header, &claims, &signer.key).unwrap()); // typ JWT, not at+jwt
    let hs = EncodingKey::from_secret(serde_json::to_string(signer.jwk()).unwrap().as_bytes());
    let mut header = Header::new(Algorithm::HS256);
    (header.kid, header.typ) = (Some(signer.kid.clone()), Some(ACCESS_TYPE.into()));
    cases.push(encode(&header, &claims, &hs).unwrap());
    for token in cases {
        assert!(verifier.verify(&token).await.is_none(), "{token}");
    }
}

#[test]
fn a_service_token_is_good_for_one_service() {
    let key = ServiceKey::new("secret");
    let token = key.mint("orders", "payments").unwrap();
    assert_eq!(key.caller(&token, "payments").as_deref(), Some("orders"));
    assert_eq!(key.caller(&token, "inventory"), None);
    assert_eq!(ServiceKey::new("other").caller(&token, "payments"), None);
}
