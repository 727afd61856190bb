//! Passwords and tokens: everything that is secret is made and checked here.

use anyhow::{Context, anyhow};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use platform::{
    Error, Viewer,
    token::{ACCESS_TOKEN_SECONDS, Claims, KeySource, Signer, Verifier},
};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Hashes at the same time: each takes 19 MiB and a core.
const HASHES: usize = 2;
/// Longest wait for one of them.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Auth {
    signer: Signer,
    /// Knows our own key without asking anybody.
    own: Verifier,
    /// Knows also the keys of before.
    shared: Verifier,
    hashing: Arc<Semaphore>,
    /// Hash of a password that nobody has: unknown accounts take as long as known ones.
    decoy: Arc<str>,
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
        let signer = Signer::from_pem(signing_key_pem)?;
        let own = Verifier::new(KeySource::Fixed(JwkSet {
            keys: vec![signer.jwk().clone()],
        }));
        let secret = Secret::new().map_err(|e| anyhow!(e.describe()))?;
        let decoy = hash_now(&secret.text)?.into();
        Ok(Self {
            signer,
            own,
            shared,
            hashing: Arc::new(Semaphore::new(HASHES)),
            decoy,
        })
    }

    pub fn jwk(&self) -> &Jwk {
        self.signer.jwk()
    }

    /// An access token and when it ends (seconds since 1970).
    pub fn access_token(&self, viewer: &Viewer) -> Result<(String, u64), Error> {
        let claims = Claims::new(viewer, ACCESS_TOKEN_SECONDS);
        Ok((self.signer.sign(&claims)?, claims.exp))
    }

    /// Whom an access token names.
    pub async fn viewer(&self, token: &str) -> Option<Viewer> {
        match self.own.verify(token).await {
            Some(viewer) => Some(viewer),
            None => self.shared.verify(token).await,
        }
    }

    /// Argon2id, 19 MiB, two passes, with a salt of its own, as a PHC string.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let password = password.to_owned();
        self.slowly(move || hash_now(&password)).await
    }

    /// Whether the password is right. Without a hash to compare, it takes the same time and is wrong.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        let password = password.to_owned();
        let right = self.slowly(move || {
            let parsed = PasswordHash::new(&hash).map_err(|e| anyhow!("a stored hash is broken: {e}"))?;
            Ok(Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok())
        });
        Ok(right.await? && known)
    }

    async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
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
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|e| anyhow!("cannot hash: {e}"))?;
    Ok(hash.to_string())
}
