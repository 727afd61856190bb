//! Rotation of the keys of access tokens.

use super::{Rig, call};
use crate::{auth::Auth, commands::accounts, keys};
use contracts::users::{KeyState, ListKeys, RetireKey, RotateKey};
use jsonwebtoken::jwk::JwkSet;
use platform::token::{KeySource, ServiceKey, Signer, Verifier};

async fn states(rig: &Rig) -> Vec<KeyState> {
    let keys = accounts::list_keys(&rig.app, call(), ListKeys {}).await.unwrap();
    keys.into_iter().map(|key| key.state).collect()
}

/// What another service knows that reads the key set now.
async fn good(set: &JwkSet, token: &str) -> bool {
    Verifier::new(KeySource::Fixed(set.clone()))
        .verify(token)
        .await
        .is_some()
}

async fn token(rig: &Rig) -> String {
    let done = rig.login("k@shop.example", "correct horse").await;
    done["tokens"]["accessToken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_rotation_breaks_no_token() {
    let rig = Rig::new().await;
    keys::refresh(&rig.app).await.unwrap();
    rig.register("k@shop.example", None).await;
    let old = token(&rig).await;
    let first = rig.app.auth.keys();

    // Announced: everybody can read it, nobody signs with it.
    accounts::rotate_key(&rig.app, call(), RotateKey {})
        .await
        .unwrap();
    assert_eq!(states(&rig).await, [KeyState::Signing, KeyState::Next]);
    let both = rig.app.auth.keys();
    assert_eq!(both.keys.len(), 2);
    assert!(good(&first, &token(&rig).await).await);

    // A minute later it signs; the old one is still accepted.
    rig.sql("update users.signing_keys set signs_from = signs_from - interval '61 seconds'")
        .await;
    keys::refresh(&rig.app).await.unwrap();
    assert_eq!(states(&rig).await, [KeyState::Old, KeyState::Signing]);
    let new = token(&rig).await;
    assert!(good(&both, &new).await && !good(&first, &new).await);
    assert!(good(&rig.app.auth.keys(), &old).await);
    assert!(rig.app.auth.viewer(&new).await.is_some() && rig.app.auth.viewer(&old).await.is_some());

    // Once its last token has ended, so has the key.
    rig.sql("update users.signing_keys set signs_from = signs_from - interval '12 minutes'")
        .await;
    keys::refresh(&rig.app).await.unwrap();
    assert_eq!(states(&rig).await, [KeyState::Ended, KeyState::Signing]);
    assert!(!good(&rig.app.auth.keys(), &old).await && good(&rig.app.auth.keys(), &new).await);
    assert!(rig.app.auth.viewer(&old).await.is_none());

    // Another process finds the same; without the service key the database does not give the private half away.
    let other = Auth::new(&Signer::generate_pem().unwrap(), rig.app.deps.verifier.clone()).unwrap();
    let other = crate::App {
        auth: other,
        ..rig.app.clone()
    };
    keys::refresh(&other).await.unwrap();
    let sealed: Vec<u8> =
        sqlx::query_scalar("select sealed from users.signing_keys where sealed is not null")
            .fetch_one(rig.app.deps.db.pool())
            .await
            .unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("PRIVATE KEY"));
    assert_ne!(ServiceKey::new("a").derive("x"), ServiceKey::new("b").derive("x"));
}

#[tokio::test]
async fn a_retired_key_is_dead_and_there_is_always_one() {
    let rig = Rig::new().await;
    keys::refresh(&rig.app).await.unwrap();
    rig.register("k@shop.example", None).await;
    let stolen = token(&rig).await;
    let kid = rig.app.auth.configured().kid().to_owned();
    let ended = accounts::retire_key(&rig.app, call(), RetireKey { kid })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ended.state, KeyState::Ended);
    assert_eq!(states(&rig).await, [KeyState::Ended, KeyState::Signing]);
    let new = token(&rig).await;
    assert!(rig.app.auth.viewer(&new).await.is_some() && rig.app.auth.viewer(&stolen).await.is_none());
    assert!(!good(&rig.app.auth.keys(), &stolen).await);
    let unknown = RetireKey {
        kid: "../../etc/passwd".to_owned(),
    };
    assert!(
        accounts::retire_key(&rig.app, call(), unknown)
            .await
            .unwrap()
            .is_none()
    );
    // It stays dead when the service starts again with it.
    keys::refresh(&rig.app).await.unwrap();
    assert_eq!(states(&rig).await, [KeyState::Ended, KeyState::Signing]);
}
