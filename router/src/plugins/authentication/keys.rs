//! The users service's public keys, by key id.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hive_router::tokio::sync::Mutex;
use hive_router::{ArcSwap, tokio, tracing};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet, PublicKeyUse};

use super::Refusal;

/// Tokens with made-up key ids must not make the router hammer the users service.
const RELOAD_AT_MOST_EVERY: Duration = Duration::from_secs(10);
/// A key that was withdrawn is trusted no longer than this.
const MAX_AGE: Duration = Duration::from_secs(30);
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);

type Map = HashMap<String, DecodingKey>;

enum Source {
    File(PathBuf),
    Url { url: String, client: reqwest::Client },
}

/// A loaded key set and its age.
struct Loaded {
    keys: Map,
    at: Instant,
}

pub struct Keys {
    source: Source,
    loaded: ArcSwap<Option<Loaded>>,
    /// When a load was last attempted. Held while loading, so that one request loads for all.
    attempted: Mutex<Option<Instant>>,
}

impl Keys {
    /// Nothing is read here: the router may start before the users service.
    pub fn new(source: &str) -> Result<Self, Box<dyn Error>> {
        let source = if source.starts_with("http://") || source.starts_with("https://") {
            let client = reqwest::Client::builder().timeout(FETCH_TIMEOUT).build()?;
            Source::Url {
                url: source.to_owned(),
                client,
            }
        } else {
            Source::File(crate::plugins::config_path(source))
        };
        Ok(Self {
            source,
            loaded: ArcSwap::from_pointee(None),
            attempted: Mutex::new(None),
        })
    }

    pub async fn find(&self, id: &str) -> Result<DecodingKey, Refusal> {
        if let Some(key) = self.fresh(id) {
            return Ok(key);
        }
        self.reload().await;
        match self.loaded.load().as_ref() {
            Some(loaded) => loaded.keys.get(id).cloned().ok_or(Refusal::UnknownKey),
            None => Err(Refusal::NoKeys),
        }
    }

    fn fresh(&self, id: &str) -> Option<DecodingKey> {
        let loaded = self.loaded.load();
        let loaded = loaded
            .as_ref()
            .as_ref()
            .filter(|loaded| loaded.at.elapsed() < MAX_AGE)?;
        loaded.keys.get(id).cloned()
    }

    /// A failed load keeps the keys there are.
    async fn reload(&self) {
        let mut attempted = self.attempted.lock().await;
        if attempted.is_some_and(|at| at.elapsed() < self.pause()) {
            return;
        }
        *attempted = Some(Instant::now());
        match self.load().await {
            Ok(keys) => {
                tracing::info!(target: "router::authentication", keys = keys.len(), "key set loaded");
                self.loaded.store(Arc::new(Some(Loaded {
                    keys,
                    at: Instant::now(),
                })));
            }
            Err(error) => {
                tracing::warn!(target: "router::authentication", %error, "key set not loaded");
            }
        }
    }

    /// Until the first key set there is nobody to protect: the users service may just be starting.
    fn pause(&self) -> Duration {
        match self.loaded.load().as_ref() {
            Some(_) => RELOAD_AT_MOST_EVERY,
            None => Duration::from_secs(1),
        }
    }

    async fn load(&self) -> Result<Map, Box<dyn Error + Send + Sync>> {
        match &self.source {
            Source::File(path) => parse(&tokio::fs::read(path).await?),
            Source::Url { url, client } => {
                let response = client.get(url).send().await?.error_for_status()?;
                parse(&response.bytes().await?)
            }
        }
    }
}

/// The Ed25519 signing keys of a key set. Other keys are skipped, not trusted.
pub fn parse(jwks: &[u8]) -> Result<Map, Box<dyn Error + Send + Sync>> {
    let set: JwkSet = serde_json::from_slice(jwks)?;
    let mut keys = Map::new();
    for jwk in &set.keys {
        let ed25519 = matches!(
            &jwk.algorithm,
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519
        );
        let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        if let (true, true, Some(id)) = (ed25519, signs, &jwk.common.key_id) {
            keys.insert(id.clone(), DecodingKey::from_jwk(jwk)?);
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use hive_router::ntex;

    use super::super::token::tests::JWKS;
    use super::*;

    #[test]
    fn only_ed25519_keys_are_trusted() {
        let keys = parse(JWKS.as_bytes()).unwrap();
        assert_eq!(keys.keys().collect::<Vec<_>>(), ["one"]);
        assert!(parse(b"{}").is_err());
    }

    #[ntex::test]
    async fn an_unknown_key_reloads_once_in_a_while() {
        let path = std::env::temp_dir().join(format!("jwks-{}.json", std::process::id()));
        let keys = Keys::new(path.to_str().unwrap()).unwrap();
        assert_eq!(keys.find("one").await.unwrap_err(), Refusal::NoKeys);

        std::fs::write(&path, JWKS).unwrap();
        *keys.attempted.lock().await = None;
        assert!(keys.find("one").await.is_ok());
        assert_eq!(keys.find("two").await.unwrap_err(), Refusal::UnknownKey);

        // The key turns up, but the last load is too recent.
        std::fs::write(&path, JWKS.replace("one", "two")).unwrap();
        assert_eq!(keys.find("two").await.unwrap_err(), Refusal::UnknownKey);
        *keys.attempted.lock().await = None;
        assert!(keys.find("two").await.is_ok());
        assert_eq!(keys.find("one").await.unwrap_err(), Refusal::UnknownKey);
        std::fs::remove_file(&path).unwrap();
    }
}
