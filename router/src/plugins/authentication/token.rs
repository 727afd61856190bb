//! What makes an access token ours.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

use super::{Refusal, Viewer};

/// RFC 9068: keeps refresh, activation and service tokens out, whoever signed them.
const TYPE: &str = "at+jwt";
const ISSUER: &str = "agora";
const AUDIENCE: &str = "agora";
/// Clock difference allowed between the users service and this machine, in seconds.
const LEEWAY: u64 = 30;

pub fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "nbf", "sub", "iss", "aud"]);
    validation.validate_nbf = true;
    validation.leeway = LEEWAY;
    validation
}

/// The key the token claims to be signed with. Refuses other algorithms and types before any
/// key is looked for, so that such tokens cannot make the router reload its keys.
pub fn key_id(token: &str) -> Result<String, Refusal> {
    let header = decode_header(token).map_err(|_| Refusal::Invalid)?;
    let typed = header.typ.is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE));
    // An extension that must be understood is none of ours.
    if header.alg != Algorithm::EdDSA || !typed || header.crit.is_some() {
        return Err(Refusal::Invalid);
    }
    header.kid.ok_or(Refusal::Invalid)
}

pub fn verify(token: &str, key: &DecodingKey, validation: &Validation) -> Result<Viewer, Refusal> {
    match decode::<Viewer>(token, key, validation) {
        Ok(token) if token.claims.subject.is_empty() => Err(Refusal::Invalid),
        Ok(token) => Ok(token.claims),
        Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => Err(Refusal::Expired),
        Err(_) => Err(Refusal::Invalid),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
    use serde_json::{Value, json};

    /// The key pair of RFC 8037, appendix A.
    const SECRET: [u8; 32] = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44,
        0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    ];
    pub const JWKS: &str = r#"{"keys": [
        {"kty": "OKP", "crv": "Ed25519", "kid": "one", "alg": "EdDSA", "use": "sig", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "oct", "kid": "shared", "alg": "HS256", "k": "c2VjcmV0"}
    ]}"#;

    fn signing_key() -> EncodingKey {
        // PKCS#8 prefix of an Ed25519 key.
        let mut der = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
        ];
        der.extend(SECRET);
        EncodingKey::from_ed_der(&der)
    }

    fn header(algorithm: Algorithm) -> Header {
        let mut header = Header::new(algorithm);
        header.typ = Some("at+jwt".into());
        header.kid = Some("one".into());
        header
    }

    fn claims(change: impl FnOnce(&mut Value)) -> Value {
        let now = get_current_timestamp();
        let mut claims = json!({
            "sub": "user-1", "iss": "agora", "aud": "agora", "exp": now + 60, "nbf": now,
            "iat": now, "sid": "s", "roles": ["CUSTOMER"], "customer": "c", "vendors": [],
        });
        change(&mut claims);
        claims
    }

    fn check(token: &str) -> Result<Viewer, Refusal> {
        let keys = super::super::keys::parse(JWKS.as_bytes()).unwrap();
        let id = key_id(token)?;
        verify(token, keys.get(&id).ok_or(Refusal::UnknownKey)?, &validation())
    }

    fn signed(change: impl FnOnce(&mut Value)) -> String {
        encode(&header(Algorithm::EdDSA), &claims(change), &signing_key()).unwrap()
    }

    #[test]
    fn a_good_token_passes() {
        assert_eq!(check(&signed(|_| ())).unwrap().subject, "user-1");
    }

    #[test]
    fn the_audience_is_us_alone() {
        for audience in [json!(["other", "agora"]), json!([]), json!("other"), json!(null)] {
            let token = signed(|c| c["aud"] = audience.clone());
            assert_eq!(check(&token).unwrap_err(), Refusal::Invalid, "{audience}");
        }
    }

    #[test]
    fn an_extension_that_must_be_understood_is_refused() {
        let mut header = header(Algorithm::EdDSA);
        header.crit = Some(vec!["exp".into()]);
        let token = encode(&header, &claims(|_| ()), &signing_key()).unwrap();
        assert_eq!(check(&token).unwrap_err(), Refusal::Invalid);
    }

    #[test]
    fn alg_none_is_refused() {
        let [_, payload, _] = parts(&signed(|_| ()));
        // {"alg":"none","typ":"at+jwt","kid":"one"}
        let header = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoib25lIn0";
        assert_eq!(
            check(&format!("{header}.{payload}.")).unwrap_err(),
            Refusal::Invalid
        );
    }

    #[test]
    fn hs256_is_refused_even_with_a_known_secret() {
        for kid in ["one", "shared"] {
            let mut header = header(Algorithm::HS256);
            header.kid = Some(kid.into());
            let key = EncodingKey::from_secret(b"secret");
            let token = encode(&header, &claims(|_| ()), &key).unwrap();
            assert_eq!(check(&token).unwrap_err(), Refusal::Invalid);
        }
    }

    #[test]
    fn a_changed_payload_is_refused() {
        let ([header, _, signature], [_, other, _]) = (
            parts(&signed(|_| ())),
            parts(&signed(|c| c["sub"] = json!("user-2"))),
        );
        assert_eq!(
            check(&format!("{header}.{other}.{signature}")).unwrap_err(),
            Refusal::Invalid
        );
    }

    #[test]
    fn times_are_checked_with_leeway() {
        let now = get_current_timestamp();
        assert!(check(&signed(|c| c["exp"] = json!(now - 20))).is_ok());
        assert_eq!(
            check(&signed(|c| c["exp"] = json!(now - 40))).unwrap_err(),
            Refusal::Expired
        );
        assert!(check(&signed(|c| c["nbf"] = json!(now + 20))).is_ok());
        assert_eq!(
            check(&signed(|c| c["nbf"] = json!(now + 60))).unwrap_err(),
            Refusal::Invalid
        );
    }

    #[test]
    fn wrong_or_missing_claims_are_refused() {
        assert_eq!(
            check(&signed(|c| c["aud"] = json!(["shop"]))).unwrap_err(),
            Refusal::Invalid
        );
        assert_eq!(
            check(&signed(|c| c["iss"] = json!("other"))).unwrap_err(),
            Refusal::Invalid
        );
        assert_eq!(
            check(&signed(|c| c["sub"] = json!(""))).unwrap_err(),
            Refusal::Invalid
        );
        for claim in ["exp", "nbf", "sub", "iss", "aud"] {
            let token = signed(|c| drop(c.as_object_mut().unwrap().remove(claim)));
            assert_eq!(check(&token).unwrap_err(), Refusal::Invalid, "{claim}");
        }
    }

    #[test]
    fn other_types_and_unknown_keys_are_refused() {
        let sign = |header: &Header| encode(header, &claims(|_| ()), &signing_key()).unwrap();
        let mut refresh = header(Algorithm::EdDSA);
        refresh.typ = Some("JWT".into());
        assert_eq!(check(&sign(&refresh)).unwrap_err(), Refusal::Invalid);
        let mut nameless = header(Algorithm::EdDSA);
        nameless.kid = None;
        assert_eq!(check(&sign(&nameless)).unwrap_err(), Refusal::Invalid);
        let mut unknown = header(Algorithm::EdDSA);
        unknown.kid = Some("two".into());
        assert_eq!(check(&sign(&unknown)).unwrap_err(), Refusal::UnknownKey);
    }

    #[test]
    fn garbage_is_refused() {
        for garbage in ["", "a", "a.b", "a.b.c", "....", "\u{1f511}.x.y"] {
            assert_eq!(check(garbage).unwrap_err(), Refusal::Invalid, "{garbage}");
        }
    }

    fn parts(token: &str) -> [String; 3] {
        let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        parts.try_into().unwrap()
    }
}
