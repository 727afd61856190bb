//! The keys of access tokens: one signs, those before it are accepted until their tokens have ended, the next one is
//! published before it signs. They live in the database, so that all processes of this service have the same.

use crate::{App, auth::Auth, store::keys};
use anyhow::{Context, anyhow};
use contracts::users::{KeyInfo, KeyState};
use jsonwebtoken::jwk::JwkSet;
use keys::KeyRow;
use platform::{
    Error, Moment,
    token::{ServiceKey, Signer},
};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Seconds between the publication of a key and its first signature: every service has read the key set by then.
const ANNOUNCEMENT: i32 = 60;

/// Seals private keys, so that the database alone is not enough to make tokens.
struct Seal(LessSafeKey);

impl Seal {
    fn new(key: &ServiceKey) -> anyhow::Result<Self> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key.derive("signing keys"));
        Ok(Self(LessSafeKey::new(key.map_err(|_| anyhow!("not a key"))?)))
    }

    fn close(&self, kid: &str, pem: &str) -> anyhow::Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|e| anyhow!("no randomness: {e}"))?;
        let mut text = pem.as_bytes().to_vec();
        let sealed = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(sealed, Aad::from(kid), &mut text)
            .map_err(|_| anyhow!("cannot seal"))?;
        Ok([&nonce[..], &text].concat())
    }

    fn open(&self, kid: &str, sealed: &[u8]) -> Option<Signer> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let pem = self.0.open_in_place(nonce, Aad::from(kid), &mut text).ok()?;
        Signer::from_pem(std::str::from_utf8(pem).ok()?).ok()
    }
}

/// Reads the keys and takes up what has changed. The configured key is the first one; without a key that can be used
/// there is a new one.
pub async fn refresh(app: &App) -> Result<(), Error> {
    let pool = app.deps.db.pool();
    let configured = app.auth.configured();
    let known = keys::all(pool).await?;
    if !known.iter().any(|row| row.kid == configured.kid()) {
        keys::insert(pool, configured.jwk(), configured.kid(), None, 0).await?;
    }
    let rows = keys::all(pool).await?;
    if adopt(&app.auth, &app.deps.settings.service_key, &rows)? {
        return Ok(());
    }
    tracing::warn!("no key for access tokens can be used; making a new one");
    make(app, 0).await?;
    let rows = keys::all(pool).await?;
    if !adopt(&app.auth, &app.deps.settings.service_key, &rows)? {
        return Err(anyhow!("a new key for access tokens cannot be used").into());
    }
    Ok(())
}

/// Before anything is signed or published for the first time.
pub async fn ready(app: &App) -> Result<(), Error> {
    match app.auth.has_adopted() {
        true => Ok(()),
        false => refresh(app).await,
    }
}

/// True if there is a key to sign with.
fn adopt(auth: &Auth, key: &ServiceKey, rows: &[KeyRow]) -> Result<bool, Error> {
    let seal = Seal::new(key)?;
    let live = || rows.iter().filter(|row| row.state() != KeyState::Ended);
    let signer = live()
        .rev()
        .filter(|row| row.state() != KeyState::Next)
        .find_map(|row| match &row.sealed {
            Some(sealed) => seal.open(&row.kid, sealed),
            None => Some(auth.configured().clone()).filter(|signer| signer.kid() == row.kid),
        });
    let Some(signer) = signer else { return Ok(false) };
    let keys = live().map(|row| row.public_jwk.0.clone()).collect();
    auth.adopt(signer, JwkSet { keys });
    Ok(true)
}

async fn make(app: &App, delay: i32) -> Result<String, Error> {
    let pem = Signer::generate_pem()?;
    let signer = Signer::from_pem(&pem)?;
    let sealed = Seal::new(&app.deps.settings.service_key)?.close(signer.kid(), &pem)?;
    keys::insert(
        app.deps.db.pool(),
        signer.jwk(),
        signer.kid(),
        Some(&sealed),
        delay,
    )
    .await?;
    Ok(signer.kid().to_owned())
}

/// A new key, which signs a minute from now.
pub async fn rotate(app: &App) -> Result<KeyInfo, Error> {
    let kid = make(app, ANNOUNCEMENT).await?;
    refresh(app).await?;
    let found = list(app).await?.into_iter().find(|key| key.kid == kid);
    Ok(found.context("the new key is gone")?)
}

pub async fn list(app: &App) -> Result<Vec<KeyInfo>, Error> {
    let rows = keys::all(app.deps.db.pool()).await?;
    let info = |row: KeyRow| KeyInfo {
        state: row.state(),
        kid: row.kid,
        created_at: row.created_at,
        signs_from: row.signs_from,
    };
    Ok(rows.into_iter().map(info).collect())
}

/// Ends a key with all its tokens.
pub async fn retire(app: &App, kid: &str) -> Result<Option<KeyInfo>, Error> {
    if !list(app).await?.iter().any(|key| key.kid == kid) {
        return Ok(None);
    }
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    keys::retire(&mut tx, kid).await?;
    tx.commit().await?;
    refresh(app).await?;
    Ok(list(app).await?.into_iter().find(|key| key.kid == kid))
}
