//! Access tokens (EdDSA, RFC 8725) and service tokens. Every service verifies every token itself: a router that
//! takes a bad token for "anonymous" must not matter.

use crate::{
    ids::{CustomerId, SessionId, UserId, VendorId},
    revocation::Revocations,
    viewer::{Role, Viewer},
};
use anyhow::Context;
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    jwk::{Jwk, JwkSet},
};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, RwLock},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// `iss` and `aud` of every access token.
pub const ISSUER: &str = "agora";
/// Life of an access token, seconds.
pub const ACCESS_TOKEN_SECONDS: u64 = 600;
/// `typ` of an access token (RFC 9068): a refresh token can never pass for one.
const ACCESS_TYPE: &str = "at+jwt";
const LEEWAY_SECONDS: u64 = 30;
/// An unknown `kid` may make us read the key set again, but not more often than this.
const RELOAD_INTERVAL: Duration = Duration::from_secs(10);
/// A key that was withdrawn is trusted no longer than this.
const MAX_AGE: Duration = Duration::from_secs(30);

/// Claims of an access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// The login, or the customer for a guest.
    pub sub: String,
    pub exp: u64,
    pub nbf: u64,
    pub iat: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sid: Option<SessionId>,
    pub roles: Vec<Role>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub customer: Option<CustomerId>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub vendors: Vec<VendorId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tier: Option<String>,
}

impl Claims {
    /// Claims for `viewer`, valid from now for `seconds`.
    pub fn new(viewer: &Viewer, seconds: u64) -> Self {
        let now = unix_now();
        Self {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: viewer.actor(),
            exp: now + seconds,
            nbf: now,
            iat: now,
            sid: viewer.session,
            roles: viewer.roles.clone(),
            customer: viewer.customer,
            vendors: viewer.vendors.clone(),
            tier: viewer.tier.clone(),
        }
    }

    /// `None` if the token says that it is from the future, or is about nobody.
    fn viewer(self) -> Option<Viewer> {
        let user = UserId::parse(&self.sub);
        let guest = CustomerId::parse(&self.sub).filter(|id| self.customer == Some(*id));
        if self.iat > unix_now() + LEEWAY_SECONDS || (user.is_none() && guest.is_none()) {
            return None;
        }
        Some(Viewer {
            user,
            customer: self.customer,
            session: self.sid,
            // A person's token never makes a service of them.
            roles: self
                .roles
                .into_iter()
                .filter(|role| *role != Role::Service)
                .collect(),
            vendors: self.vendors,
            tier: self.tier,
            expires_at: Some(self.exp),
        })
    }
}

/// Seconds since 1970.
pub fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
}

/// Signs access tokens with an Ed25519 key; only the users service and tests have one.
#[derive(Clone)]
pub struct Signer {
    kid: String,
    key: EncodingKey,
    jwk: Jwk,
}

impl Signer {
    /// From a PKCS#8 PEM private key, with or without its public half. The key ID is the thumbprint of the public key
    /// (RFC 7638).
    pub fn from_pem(pem: &str) -> anyhow::Result<Self> {
        use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
        let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).context("not an Ed25519 PKCS#8 key")?;
        // jsonwebtoken takes the form without the public half only.
        let key = EncodingKey::from_ed_der(private_half(&key).to_pkcs8_der()?.as_bytes());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        let kid = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(kid.clone());
        Ok(Self { kid, key, jwk })
    }

    /// A new private key as PKCS#8 PEM.
    pub fn generate_pem() -> anyhow::Result<String> {
        use ed25519_dalek::pkcs8::EncodePrivateKey;
        let mut seed = [0_u8; 32];
        getrandom::fill(&mut seed).map_err(|e| anyhow::anyhow!("no randomness: {e}"))?;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        Ok(private_half(&key).to_pkcs8_pem(Default::default())?.to_string())
    }

    /// The key ID.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, for the key set.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    pub fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        header.typ = Some(ACCESS_TYPE.to_owned());
        Ok(encode(&header, claims, &self.key)?)
    }
}

fn private_half(key: &ed25519_dalek::SigningKey) -> ed25519_dalek::pkcs8::KeypairBytes {
    ed25519_dalek::pkcs8::KeypairBytes {
        secret_key: key.to_bytes(),
        public_key: None,
    }
}

/// Where the public keys come from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A JWKS file (RFC 7517).
    File(PathBuf),
    /// A JWKS document over HTTP.
    Url(String),
    /// Fixed keys, for tests.
    Fixed(JwkSet),
    /// Keys of this process, which may change.
    Shared(Arc<RwLock<JwkSet>>),
}

impl std::str::FromStr for KeySource {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text.starts_with("http://") || text.starts_with("https://") {
            Self::Url(text.to_owned())
        } else {
            Self::File(text.into())
        })
    }
}

/// Verifies access tokens against a key set that follows rotation.
#[derive(Clone)]
pub struct Verifier {
    source: KeySource,
    keys: Arc<RwLock<Keys>>,
    revocations: Revocations,
}

#[derive(Default)]
struct Keys {
    by_kid: HashMap<String, DecodingKey>,
    read_at: Option<Instant>,
}

impl Verifier {
    /// Does not read the keys yet: a service must be able to start before the one that publishes them.
    pub fn new(source: KeySource) -> Self {
        Self {
            source,
            keys: Arc::default(),
            revocations: Revocations::default(),
        }
    }

    /// Tokens that are dead before their time, as far as this process knows.
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// The viewer of an access token, or `None` if the token is bad in any way.
    pub async fn verify(&self, token: &str) -> Option<Viewer> {
        let header = decode_header(token).ok()?;
        let ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(ACCESS_TYPE);
        // An extension that must be understood is none of ours.
        if !ours || header.crit.is_some() {
            return None;
        }
        let key = self.key(header.kid.as_deref()?).await?;
        let data = decode::<Claims>(token, &key, &validation()).ok()?;
        let viewer = data.claims.viewer()?;
        (!self.revocations.concern(&viewer)).then_some(viewer)
    }

    async fn key(&self, kid: &str) -> Option<DecodingKey> {
        let known = self.cached(kid);
        if self.may_reload(known.is_some()) {
            self.reload().await;
            return self.cached(kid);
        }
        known
    }

    /// Reads the keys again; if that fails, those of before stay.
    pub async fn reload(&self) {
        match self.read().await {
            Ok(set) => self.store(&set),
            Err(error) => tracing::warn!(error = format!("{error:#}"), "cannot read the key set"),
        }
    }

    fn cached(&self, kid: &str) -> Option<DecodingKey> {
        self.keys.read().ok()?.by_kid.get(kid).cloned()
    }

    /// Now and then for a known key, sooner for an unknown one. Of many requests at once, one reloads.
    fn may_reload(&self, known: bool) -> bool {
        let age = if known { MAX_AGE } else { RELOAD_INTERVAL };
        let Ok(mut keys) = self.keys.write() else {
            return false;
        };
        let due = keys.by_kid.is_empty() || keys.read_at.is_none_or(|at| at.elapsed() >= age);
        if due {
            keys.read_at = Some(Instant::now());
        }
        due
    }

    async fn read(&self) -> anyhow::Result<JwkSet> {
        match &self.source {
            KeySource::Fixed(set) => Ok(set.clone()),
            KeySource::Shared(set) => {
                let set = set.read().map_err(|_| anyhow::anyhow!("the key set is broken"))?;
                Ok(set.clone())
            }
            KeySource::File(path) => {
                let text = tokio::fs::read_to_string(path)
                    .await
                    .with_context(|| path.display().to_string())?;
                Ok(serde_json::from_str(&text)?)
            }
            KeySource::Url(url) => {
                let client = crate::http::client(Duration::from_secs(3))?;
                Ok(client.get(url).send().await?.error_for_status()?.json().await?)
            }
        }
    }

    fn store(&self, set: &JwkSet) {
        let Ok(mut keys) = self.keys.write() else { return };
        keys.by_kid = set
            .keys
            .iter()
            .filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)))
            .collect();
    }
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[ISSUER]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    validation.validate_nbf = true;
    validation.leeway = LEEWAY_SECONDS;
    validation
}

/// Life of a service token, seconds.
const SERVICE_TOKEN_SECONDS: u64 = 60;

#[derive(Serialize, Deserialize)]
struct ServiceClaims {
    iss: String,
    aud: String,
    exp: u64,
}

/// Mints and checks the tokens with which services call each other: HS256 over a secret that only services have,
/// bound to the called service.
#[derive(Clone)]
pub struct ServiceKey(Arc<secrecy::SecretString>);

impl ServiceKey {
    pub fn new(secret: impl Into<secrecy::SecretString>) -> Self {
        Self(Arc::new(secret.into()))
    }

    fn bytes(&self) -> &[u8] {
        secrecy::ExposeSecret::expose_secret(&*self.0).as_bytes()
    }

    /// A key for another purpose, from which neither this one nor that of a third purpose can be told.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        use sha2::Digest as _;
        let mut hash = sha2::Sha256::new();
        hash.update(b"agora key for ");
        hash.update(purpose);
        hash.update([0]);
        hash.update(self.bytes());
        hash.finalize().into()
    }

    /// A token with which service `from` may call service `to`.
    pub fn mint(&self, from: &str, to: &str) -> anyhow::Result<String> {
        let claims = ServiceClaims {
            iss: from.to_owned(),
            aud: to.to_owned(),
            exp: unix_now() + SERVICE_TOKEN_SECONDS,
        };
        Ok(encode(
            &Header::new(Algorithm::HS256),
            &claims,
            &EncodingKey::from_secret(self.bytes()),
        )?)
    }

    /// A signature that only this instance's services can have made: for links that are good without a token.
    pub fn sign(&self, message: &str) -> String {
        hex::encode(self.mac(message).finalize().into_bytes())
    }

    /// Whether `signature` is that of `message`; takes the same time for every wrong one.
    pub fn has_signed(&self, message: &str, signature: &str) -> bool {
        hex::decode(signature).is_ok_and(|bytes| self.mac(message).verify_slice(&bytes).is_ok())
    }

    /// Keyed apart from service tokens, which are signed with the secret itself.
    fn mac(&self, message: &str) -> Hmac<Sha256> {
        let mut key = [0; 64];
        key[..32].copy_from_slice(&self.derive("links"));
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(message.as_bytes());
        mac
    }

    /// The calling service, if the token is good for calls to `to`.
    pub fn caller(&self, token: &str, to: &str) -> Option<String> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[to]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        let key = DecodingKey::from_secret(self.bytes());
        decode::<ServiceClaims>(token, &key, &validation)
            .ok()
            .map(|data| data.claims.iss)
    }
}

impl std::fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServiceKey(..)")
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
