//! Passwords and tokens: everything that is secret is made and checked here.

use anyhow::{Context, anyhow};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::JwkSet;
use platform::{
    Error, Viewer,
    token::{ACCESS_TOKEN_SECONDS, Claims, KeySource, Signer, Verifier},
};
use sha2::{Digest, Sha256};
use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

/// Hashes at the same time: each takes 19 MiB and a core.
const HASHES: usize = 2;
/// Argon2id: memory in KiB, passes, lanes (the floor that OWASP names). Hashes of before are made anew at a login.
const MEMORY: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Longest wait for one of them.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Auth {
    /// The key of the configuration.
    configured: Signer,
    /// Whether the keys of the database are known.
    adopted: Arc<AtomicBool>,
    /// The key that signs now.
    signer: Arc<RwLock<Signer>>,
    /// The keys that are accepted now.
    keys: Arc<RwLock<JwkSet>>,
    /// Knows them without asking anybody.
    own: Verifier,
    /// Knows what this process has heard of revocations.
    shared: Verifier,
    hashing: Arc<Semaphore>,
    /// Hash of a password that nobody has: unknown accounts take as long as known ones.
    decoy: Arc<str>,
    /// Hashes made so far.
    #[cfg(test)]
    pub hashed: Arc<std::sync::atomic::AtomicUsize>,
}

/// A secret to hand out, and what is kept of it.
pub struct Secret {
    pub text: String,
    pub hash: Vec<u8>,
}

impl Secret {
    /// 256 random bits.
    pub fn new() -> Result<Self, Error> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|e| Error::internal(anyhow!("no randomness: {e}")))?;
        let text = URL_SAFE_NO_PAD.encode(bytes);
        let hash = digest(&text);
        Ok(Self { text, hash })
    }
}

/// What is kept of a secret. It has 256 random bits, so a plain hash is enough.
pub fn digest(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

impl Auth {
    pub fn new(signing_key_pem: &str, shared: Verifier) -> anyhow::Result<Self> {
        let configured = Signer::from_pem(signing_key_pem)?;
        let keys = Arc::new(RwLock::new(JwkSet {
            keys: vec![configured.jwk().clone()],
        }));
        let own = Verifier::new(KeySource::Shared(keys.clone()));
        let secret = Secret::new().map_err(|e| anyhow!(e.describe()))?;
        let decoy = hash_now(&secret.text)?.into();
        Ok(Self {
            adopted: Arc::default(),
            signer: Arc::new(RwLock::new(configured.clone())),
            configured,
            keys,
            own,
            shared,
            hashing: Arc::new(Semaphore::new(HASHES)),
            decoy,
            #[cfg(test)]
            hashed: Arc::default(),
        })
    }

    pub fn configured(&self) -> &Signer {
        &self.configured
    }

    /// The public keys that are accepted now.
    pub fn keys(&self) -> JwkSet {
        let keys = self.keys.read().map(|keys| keys.clone());
        keys.unwrap_or(JwkSet { keys: Vec::new() })
    }

    /// Signs with `signer` and accepts `keys` from now on.
    pub fn adopt(&self, signer: Signer, keys: JwkSet) {
        if let Ok(mut current) = self.signer.write() {
            *current = signer;
        }
        if let Ok(mut current) = self.keys.write() {
            *current = keys;
        }
        self.adopted.store(true, Ordering::Release);
    }

    /// Until then the configured key may be one that has ended long ago.
    pub fn has_adopted(&self) -> bool {
        self.adopted.load(Ordering::Acquire)
    }

    /// An access token and when it ends (seconds since 1970).
    pub fn access_token(&self, viewer: &Viewer) -> Result<(String, u64), Error> {
        let claims = Claims::new(viewer, ACCESS_TOKEN_SECONDS);
        let signer = self
            .signer
            .read()
            .map_err(|_| anyhow!("the signing key is broken"))?
            .clone();
        Ok((signer.sign(&claims)?, claims.exp))
    }

    /// Whom an access token names.
    pub async fn viewer(&self, token: &str) -> Option<Viewer> {
        self.own.reload().await;
        let viewer = self.own.verify(token).await?;
        (!self.shared.revocations().concern(&viewer)).then_some(viewer)
    }

    /// Argon2id, 19 MiB, two passes, with a salt of its own, as a PHC string.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let password = password.to_owned();
        self.slowly(move || hash_now(&password)).await
    }

    /// Hash of a password that nobody knows.
    pub fn nobodys(&self) -> &str {
        &self.decoy
    }

    /// Whether the password is right. Without a hash to compare, it takes the same time and is wrong.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        let password = password.to_owned();
        let right = self.slowly(move || {
            let parsed = PasswordHash::new(&hash).map_err(|e| anyhow!("a stored hash is broken: {e}"))?;
            Ok(argon2()?.verify_password(password.as_bytes(), &parsed).is_ok())
        });
        Ok(right.await? && known)
    }

    /// The hash to keep from now on, where the kept one was made in another way. Ask it about a right password only.
    pub async fn rehash(&self, password: &str, hash: &str) -> Result<Option<String>, Error> {
        match current(hash) {
            true => Ok(None),
            false => self.hash(password).await.map(Some),
        }
    }

    async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        #[cfg(test)]
        self.hashed.fetch_add(1, Ordering::Relaxed);
        let permit = tokio::time::timeout(PATIENCE, self.hashing.clone().acquire_owned())
            .await
            .map_err(|_| Error::unavailable(anyhow!("too many passwords at once")))?
            .context("hashing has ended")?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // Kept until the work is over, even if nobody waits for it any more.
            drop(permit);
            done
        });
        Ok(done.await.context("hashing failed")??)
    }
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    let hash = argon2()?
        .hash_password(password.as_bytes())
        .map_err(|e| anyhow!("cannot hash: {e}"))?;
    Ok(hash.to_string())
}

fn argon2() -> anyhow::Result<Argon2<'static>> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(|e| anyhow!("bad parameters: {e}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Whether a hash was made as we make them now.
fn current(hash: &str) -> bool {
    hash.starts_with(&format!("$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_name_how_they_were_made() {
        assert!(current(&hash_now("correct horse").unwrap()));
        assert!(!current("$argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$aGFzaA"));
        assert!(!current("$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"));
    }
}
