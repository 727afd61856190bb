//! Guessing, spying and stolen tokens.

use super::{LOGIN, REGISTER, Rig, code};
use futures::future::join_all;
use platform::{Role, Viewer, client::Client, revocation::Revocations};
use serde_json::{Value, json};

const RESET: &str =
    "mutation($e: String!) { passwordResetRequest(email: $e) { ok userErrors { code message } } }";
const RESEND: &str =
    "mutation($e: String!) { activationEmailResend(email: $e) { ok userErrors { code message } } }";

fn client(address: &str) -> Client {
    Client {
        address: Some(address.parse().unwrap()),
        agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned()),
    }
}

/// As if all counters had been at `tries` just now.
async fn tried(rig: &Rig, tries: i32) {
    sqlx::query("update users.login_attempts set failures = $1, last_at = now() + interval '1 minute'")
        .bind(tries)
        .execute(rig.app.deps.db.pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn one_address_cannot_try_a_thousand_accounts() {
    let rig = Rig::new().await;
    let (anonymous, guesser) = (Viewer::anonymous(), client("203.0.113.9"));
    let login = |who: usize| json!({"email": format!("u{who}@shop.example"), "password": "guess guess"});
    rig.ask_from(&guesser, &anonymous, LOGIN, login(0)).await;
    tried(&rig, 23).await;
    let all = join_all((1..12).map(|who| rig.ask_from(&guesser, &anonymous, LOGIN, login(who)))).await;
    let refused = |which| {
        all.iter()
            .filter(|done| code(&done["data"]["login"]) == which)
            .count()
    };
    assert_eq!((refused("UNAUTHENTICATED"), refused("RATE_LIMITED")), (2, 9));
    tried(&rig, 60).await;
    // Another address is somebody else; another one of the same IPv6 network is not.
    let from = async |address, who| {
        let done = rig
            .ask_from(&client(address), &anonymous, LOGIN, login(who))
            .await;
        code(&done["data"]["login"]).to_owned()
    };
    assert_eq!(from("203.0.113.9", 98).await, "RATE_LIMITED");
    assert_eq!(from("2001:db8::1", 97).await, "UNAUTHENTICATED");
    tried(&rig, 60).await;
    assert_eq!(from("2001:db8::2", 96).await, "RATE_LIMITED");
    assert_eq!(from("2001:db8:0:1::2", 96).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_success_frees_the_account_but_not_the_address() {
    let rig = Rig::new().await;
    rig.register("ok@shop.example", None).await;
    rig.sql("delete from users.login_attempts").await;
    let (anonymous, from) = (Viewer::anonymous(), client("203.0.113.7"));
    let bad = json!({"email": "ok@shop.example", "password": "guess guess"});
    let good = json!({"email": "ok@shop.example", "password": "correct horse"});
    for _ in 0..3 {
        rig.ask_from(&from, &anonymous, LOGIN, bad.clone()).await;
    }
    for _ in 0..3 {
        let done = rig.ask_from(&from, &anonymous, LOGIN, good.clone()).await;
        assert_eq!(code(&done["data"]["login"]), "");
    }
    let counters = sqlx::query_scalar::<_, i32>("select failures from users.login_attempts");
    assert_eq!(counters.fetch_all(rig.app.deps.db.pool()).await.unwrap(), [3]);
}

#[tokio::test]
async fn one_try_per_operation() {
    let rig = Rig::new().await;
    let query = "mutation { a: login(email: \"a@b.co\", password: \"x\") { userErrors { code } } \
                 b: login(email: \"a@b.co\", password: \"y\") { userErrors { code } } }";
    let answer = rig.ask(&Viewer::anonymous(), query, json!({})).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
        "{answer}"
    );
}

#[tokio::test]
async fn answers_do_not_tell_who_has_an_account() {
    let rig = Rig::new().await;
    rig.register("known@shop.example", None).await;
    let staff = rig.ensure("staff@shop.example", &[Role::Staff]).await;
    let locked = rig.register("locked@shop.example", None).await;
    let lock =
        "mutation($id: ID!) { userSetActive(id: $id, active: false, reason: \"x\") { userErrors { code } } }";
    rig.get(&staff, lock, json!({"id": locked["user"]["id"]})).await;
    let anonymous = Viewer::anonymous();
    let mut answers: Vec<Vec<Value>> = Vec::new();
    for email in ["known@shop.example", "nobody@shop.example", "locked@shop.example"] {
        rig.sql("delete from users.login_attempts").await;
        let mut of = Vec::new();
        for round in 0..3 {
            of.push(
                rig.ask(
                    &anonymous,
                    LOGIN,
                    json!({"email": email, "password": "wrong wrong"}),
                )
                .await,
            );
            of.push(rig.ask(&anonymous, RESET, json!({"e": email})).await);
            of.push(rig.ask(&anonymous, RESEND, json!({"e": email})).await);
            if round == 1 {
                tried(&rig, 60).await;
            }
        }
        answers.push(of);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    assert_eq!(code(&answers[0][0]["data"]["login"]), "UNAUTHENTICATED");
    assert_eq!(code(&answers[0][6]["data"]["login"]), "RATE_LIMITED");
    assert_eq!(
        code(&answers[0][7]["data"]["passwordResetRequest"]),
        "RATE_LIMITED"
    );
    assert_eq!(
        code(&answers[0][8]["data"]["activationEmailResend"]),
        "RATE_LIMITED"
    );
}

#[tokio::test]
async fn an_old_hash_is_made_anew_at_the_next_login() {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
    let rig = Rig::new().await;
    rig.register("old@shop.example", None).await;
    let weak = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(4096, 3, 1, None).unwrap(),
    );
    let hash = weak.hash_password(b"correct horse").unwrap().to_string();
    sqlx::query("update users.users set password_hash = $1")
        .bind(&hash)
        .execute(rig.app.deps.db.pool())
        .await
        .unwrap();
    let stored = async || {
        let found = sqlx::query_scalar::<_, String>("select password_hash from users.users");
        found.fetch_one(rig.app.deps.db.pool()).await.unwrap()
    };
    assert_eq!(
        code(&rig.login("old@shop.example", "wrong horse").await),
        "UNAUTHENTICATED"
    );
    assert_eq!(stored().await, hash);
    assert_eq!(code(&rig.login("old@shop.example", "correct horse").await), "");
    assert!(stored().await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_eq!(code(&rig.login("old@shop.example", "correct horse").await), "");
}

#[tokio::test]
async fn sessions_say_where_they_are() {
    let rig = Rig::new().await;
    let input = json!({"email": "s@shop.example", "password": "correct horse"});
    let from = client("198.51.100.4");
    let done = rig
        .ask_from(&from, &Viewer::anonymous(), REGISTER, json!({"input": input}))
        .await;
    let viewer = rig.viewer(&done["data"]["userRegister"]).await;
    let me = rig
        .get(&viewer, "{ me { sessions { device ip current } } }", json!({}))
        .await;
    assert_eq!(
        me["sessions"],
        json!([{"device": "Firefox on Linux", "ip": "198.51.100.4", "current": true}])
    );
}

#[tokio::test]
async fn tokens_die_with_what_they_stand_for() {
    let rig = Rig::new().await;
    let admin = rig.ensure("admin@shop.example", &[Role::Admin]).await;
    let list = async || {
        let list = Revocations::default();
        list.replace(
            crate::store::sessions::revocations(rig.app.deps.db.pool())
                .await
                .unwrap(),
        );
        list
    };
    let login = async || {
        let done = rig.login("r@shop.example", "correct horse").await;
        rig.viewer(&done).await
    };
    let ann = rig.register("r@shop.example", None).await;
    let id = json!({"id": ann["user"]["id"]});
    let (first, second) = (rig.viewer(&ann).await, login().await);
    assert!(!list().await.concern(&first));

    rig.get(&first, "mutation { logout { ok } }", json!({})).await;
    assert!(list().await.concern(&first) && !list().await.concern(&second));

    let change =
        "mutation { passwordChange(current: \"correct horse\", newPassword: \"battery staple\") { ok } }";
    let third = login().await;
    rig.get(&second, change, json!({})).await;
    assert!(list().await.concern(&third) && !list().await.concern(&second));

    // A new role ends the tokens; the session goes on with a new one.
    let assign = "mutation($id: ID!) { roleAssign(userId: $id, role: STAFF) { userErrors { code } } }";
    rig.get(&admin, assign, id.clone()).await;
    assert!(list().await.concern(&second));
    let mut later = second.clone();
    later.expires_at = later.expires_at.map(|at| at + 60);
    assert!(!list().await.concern(&later));

    let lock = "mutation($id: ID!) { userSetActive(id: $id, active: false, reason: \"fraud\") { userErrors { code } } }";
    rig.get(&admin, lock, id).await;
    assert!(list().await.concern(&later));
    // Also when the session is deleted.
    rig.sql("delete from users.sessions").await;
    assert!(list().await.concern(&later) && list().await.concern(&admin));
}

#[tokio::test]
async fn mails_of_before_are_void() {
    use crate::store::mail_tokens::{self, Purpose};
    let rig = Rig::new().await;
    let ann = rig.register("v@shop.example", None).await;
    let viewer = rig.viewer(&ann).await;
    let user = viewer.user.unwrap();
    let secret = async |purpose, email: &str| {
        let secret = crate::auth::Secret::new().unwrap();
        let mut tx = rig.app.deps.db.begin(platform::Moment::LIVE).await.unwrap();
        assert!(
            mail_tokens::issue(&mut tx, user, purpose, email, &secret.hash)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        secret
    };
    let consume = async |purpose, hash: &[u8]| {
        mail_tokens::consume(rig.app.deps.db.pool(), purpose, hash)
            .await
            .unwrap()
            .is_some()
    };
    // A reset that went to an address which has changed since is in the wrong hands.
    let reset = secret(Purpose::PasswordReset, "v@shop.example").await;
    rig.sql("update users.users set email = 'new@shop.example'").await;
    assert!(!consume(Purpose::PasswordReset, &reset.hash).await);
    // A change of address that somebody began with the old password.
    let change = secret(Purpose::EmailChange, "thief@shop.example").await;
    let query =
        "mutation { passwordChange(current: \"correct horse\", newPassword: \"battery staple\") { ok } }";
    assert_eq!(rig.get(&viewer, query, json!({})).await["ok"], true);
    assert!(!consume(Purpose::EmailChange, &change.hash).await);
    // Half an hour is enough.
    rig.sql("delete from users.mail_tokens").await;
    let late = secret(Purpose::PasswordReset, "new@shop.example").await;
    rig.sql("update users.mail_tokens set expires_at = expires_at - interval '30 minutes'")
        .await;
    assert!(
        !mail_tokens::usable(rig.app.deps.db.pool(), Purpose::PasswordReset, &late.hash)
            .await
            .unwrap()
    );
    assert!(!consume(Purpose::PasswordReset, &late.hash).await);
}
