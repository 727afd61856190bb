//! Registrations that tell nobody but the mailbox.

use super::{LOGIN, REGISTER, Rig, code, mailbox::Mailbox};
use futures::future::join_all;
use platform::{Role, Viewer};
use serde_json::{Value, json};

const GUEST: &str = "mutation { guestSessionCreate { customer { id type } tokens { accessToken refreshToken } userErrors { code } } }";
const ACTIVATE: &str = "mutation($t: String!) { userActivate(token: $t) { user { id email emailVerified } \
     customer { id type displayName transitions { from to } } tokens { accessToken refreshToken } userErrors { code } } }";
const RESEND: &str = "mutation($e: String!) { activationEmailResend(email: $e) { ok userErrors { code } } }";
const REFRESH: &str = "mutation($t: String!) { tokenRefresh(refreshToken: $t) { userErrors { code } } }";

async fn register(rig: &Rig, email: &str, password: &str, guest: Option<&Value>) -> Value {
    let input = json!({"email": email, "password": password, "displayName": "Ann", "guestToken": guest});
    rig.ask(&Viewer::anonymous(), REGISTER, json!({ "input": input }))
        .await
}

async fn activate(rig: &Rig, token: &str) -> Value {
    rig.get(&Viewer::anonymous(), ACTIVATE, json!({ "t": token }))
        .await
}

async fn newcomer(rig: &Rig, mails: &Mailbox, email: &str) -> Value {
    register(rig, email, "correct horse", None).await;
    activate(rig, &mails.token(email).await).await
}

/// As if nobody had asked for anything yet.
async fn rested(rig: &Rig) {
    rig.sql("delete from users.login_attempts").await;
}

#[tokio::test]
async fn the_mailbox_makes_the_account() {
    let (rig, mails) = Rig::with_mails(true).await;
    let answer = register(&rig, "Ann@shop.example", "correct horse", None).await;
    let nothing =
        json!({"user": null, "customer": null, "tokens": null, "mergedCart": null, "userErrors": []});
    assert_eq!(answer, json!({"data": {"userRegister": nothing}}));
    // Until then there is no account, neither to log in with nor to see.
    assert_eq!(
        code(&rig.login("ann@shop.example", "correct horse").await),
        "UNAUTHENTICATED"
    );
    let staff = rig.ensure("staff@shop.example", &[Role::Staff]).await;
    let seen = rig.get(&staff, "{ users { nodes { email } } }", json!({})).await;
    assert_eq!(seen["nodes"].as_array().unwrap().len(), 1);

    let mail = mails.next("Ann@shop.example").await;
    let token = mail["variables"]["token"].as_str().unwrap();
    assert_eq!(
        mail["variables"]["link"],
        json!(format!("http://shop.test/activate#token={token}"))
    );
    let done = activate(&rig, token).await;
    assert_eq!(done["user"]["emailVerified"], true);
    assert_eq!(
        (&done["customer"]["type"], &done["customer"]["displayName"]),
        (&json!("REGISTERED"), &json!("Ann"))
    );
    let viewer = rig.viewer(&done).await;
    let me = rig
        .get(&viewer, "{ me { email sessions { current } } }", json!({}))
        .await;
    assert_eq!(
        me,
        json!({"email": "Ann@shop.example", "sessions": [{"current": true}]})
    );
    assert_eq!(code(&rig.login("ann@shop.example", "correct horse").await), "");
    for used in [token, "", "nonsense", &"x".repeat(100_000), "a\u{0}b"] {
        assert_eq!(code(&activate(&rig, used).await), "INVALID");
    }
    let left: i64 = sqlx::query_scalar("select count(*) from users.registrations")
        .fetch_one(rig.app.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(left, 0, "nothing personal is left behind");
}

#[tokio::test]
async fn a_taken_address_hears_it_in_its_mailbox_only() {
    let (rig, mails) = Rig::with_mails(true).await;
    newcomer(&rig, &mails, "known@shop.example").await;
    rig.sql("update users.users set locale = 'de'").await;
    rested(&rig).await;
    let known = register(&rig, "KNOWN@shop.example", "other password", None).await;
    let free = register(&rig, "free@shop.example", "other password", None).await;
    assert_eq!(known, free);
    // The account's own: "KNOWN" may be somebody else's mailbox.
    let mail = mails.next("known@shop.example").await;
    assert_eq!(
        (&mail["template"], &mail["locale"]),
        (&json!("account.exists"), &json!("de"))
    );
    assert_eq!(
        mail["variables"],
        json!({"login": "http://shop.test/login", "reset": "http://shop.test/forgot-password"})
    );
    assert_eq!(
        code(&rig.login("known@shop.example", "other password").await),
        "UNAUTHENTICATED"
    );
    assert_eq!(code(&rig.login("known@shop.example", "correct horse").await), "");
    let reset = "mutation { passwordResetRequest(email: \"KNOWN@shop.example\") { ok } }";
    rig.get(&Viewer::anonymous(), reset, json!({})).await;
    assert_eq!(
        mails.next("known@shop.example").await["template"],
        "account.password_reset"
    );
}

/// A guest with an address of its own.
async fn guest(rig: &Rig) -> Value {
    rig.get(&Viewer::anonymous(), GUEST, json!({})).await
}

#[tokio::test]
async fn the_guest_comes_along_when_the_mailbox_answers() {
    let (rig, mails) = Rig::with_mails(true).await;
    let guest = guest(&rig).await;
    let token = &guest["tokens"]["accessToken"];
    register(&rig, "g@shop.example", "correct horse", Some(token)).await;
    // Nothing about the guest has changed, so nothing tells that the address was free.
    let query = "{ viewer { id type version displayName transitions { to } } }";
    let seen = rig.get(&rig.viewer(&guest).await, query, json!({})).await;
    let same = json!({"id": guest["customer"]["id"], "type": "GUEST", "version": 1, "displayName": null, "transitions": []});
    assert_eq!(seen, same);

    let done = activate(&rig, &mails.token("g@shop.example").await).await;
    assert_eq!(done["customer"]["id"], guest["customer"]["id"]);
    assert_eq!(
        done["customer"]["transitions"],
        json!([{"from": "GUEST", "to": "REGISTERED"}])
    );
    let old = json!({"t": guest["tokens"]["refreshToken"]});
    assert_eq!(
        code(&rig.get(&Viewer::anonymous(), REFRESH, old).await),
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn a_guest_who_went_elsewhere_stays_there() {
    let (rig, mails) = Rig::with_mails(true).await;
    newcomer(&rig, &mails, "old@shop.example").await;
    let guest = guest(&rig).await;
    let token = &guest["tokens"]["accessToken"];
    for email in ["one@shop.example", "two@shop.example"] {
        register(&rig, email, "correct horse", Some(token)).await;
    }
    let login = json!({"email": "old@shop.example", "password": "correct horse", "guest": token});
    let merged = rig.get(&Viewer::anonymous(), LOGIN, login).await;
    assert_eq!(merged["customer"]["mergedIds"], json!([guest["customer"]["id"]]));
    let one = activate(&rig, &mails.token("one@shop.example").await).await;
    assert_ne!(one["customer"]["id"], guest["customer"]["id"]);
    assert_ne!(one["customer"]["id"], merged["customer"]["id"]);

    // Of two registrations of one guest, the first that is answered takes it.
    let other = self::guest(&rig).await;
    for email in ["three@shop.example", "four@shop.example"] {
        register(
            &rig,
            email,
            "correct horse",
            Some(&other["tokens"]["accessToken"]),
        )
        .await;
    }
    let (three, four) = (
        mails.token("three@shop.example").await,
        mails.token("four@shop.example").await,
    );
    let (three, four) = tokio::join!(activate(&rig, &three), activate(&rig, &four));
    let took = [&three, &four].map(|done| done["customer"]["id"] == other["customer"]["id"]);
    assert_eq!(took.iter().filter(|took| **took).count(), 1, "{three} {four}");
}

#[tokio::test]
async fn a_stranger_cannot_choose_the_password() {
    let (rig, mails) = Rig::with_mails(true).await;
    let stranger = guest(&rig).await;
    register(
        &rig,
        "ann@shop.example",
        "of the stranger",
        Some(&stranger["tokens"]["accessToken"]),
    )
    .await;
    mails.token("ann@shop.example").await;
    register(&rig, "ann@shop.example", "of ann herself", None).await;
    let hers = mails.token("ann@shop.example").await;
    register(&rig, "ann@shop.example", "of the stranger", None).await;
    mails.token("ann@shop.example").await;
    // Hers is neither replaced by the later one nor completed by the earlier one.
    let done = activate(&rig, &hers).await;
    assert_ne!(done["customer"]["id"], stranger["customer"]["id"]);
    assert_eq!(
        code(&rig.login("ann@shop.example", "of the stranger").await),
        "UNAUTHENTICATED"
    );
    assert_eq!(code(&rig.login("ann@shop.example", "of ann herself").await), "");
}

#[tokio::test]
async fn a_mail_that_is_sent_again_guesses_no_password() {
    let (rig, mails) = Rig::with_mails(true).await;
    let resend = async |email: &str| {
        rig.sql("update users.registrations set created_at = created_at - interval '2 minutes'")
            .await;
        let done = rig.get(&Viewer::anonymous(), RESEND, json!({"e": email})).await;
        assert_eq!(done["ok"], true);
    };
    register(&rig, "bo@shop.example", "correct horse", None).await;
    let lost = mails.token("bo@shop.example").await;
    resend("BO@shop.example").await;
    mails.token("bo@shop.example").await;
    resend("bo@shop.example").await;
    let again = mails.token("bo@shop.example").await;
    assert_eq!(code(&activate(&rig, &again).await), "");
    assert_eq!(code(&activate(&rig, &lost).await), "INVALID");
    assert_eq!(code(&rig.login("bo@shop.example", "correct horse").await), "");

    // Two who disagree: the mailbox decides, and chooses a password of its own.
    rested(&rig).await;
    for password in ["of the stranger", "of cy himself"] {
        register(&rig, "cy@shop.example", password, None).await;
        mails.token("cy@shop.example").await;
    }
    resend("cy@shop.example").await;
    let done = activate(&rig, &mails.token("cy@shop.example").await).await;
    assert_eq!(done["user"]["email"], "cy@shop.example");
    for password in ["of the stranger", "of cy himself"] {
        assert_eq!(
            code(&rig.login("cy@shop.example", password).await),
            "UNAUTHENTICATED"
        );
    }
    assert_eq!(
        mails.next("cy@shop.example").await["template"],
        "account.password_reset"
    );

    // Nobody waits at an address that is unknown or has its account.
    rested(&rig).await;
    resend("nobody@shop.example").await;
    resend("bo@shop.example").await;
    assert!(mails.is_empty().await);
}

#[tokio::test]
async fn fifty_answers_are_one_account() {
    let (rig, _) = Rig::with_mails(true).await;
    let sql = "insert into users.registrations (hash, email, password_hash, locale, marketing_opt_in)
        select sha256(convert_to('secret ' || n, 'UTF8')), case when n % 2 = 0 then 'x@shop.example' else 'X@Shop.example' end,
            'hash ' || n, 'en', false from generate_series(1, 50) n";
    rig.sql(sql).await;
    let tokens: Vec<_> = (1..=50).map(|n| format!("secret {n}")).collect();
    let all = join_all(tokens.iter().map(|token| activate(&rig, token))).await;
    let made = all.iter().filter(|done| done["tokens"].is_object()).count();
    assert_eq!(made, 1);
    assert!(
        all.iter()
            .all(|done| done["tokens"].is_object() || code(done) == "INVALID")
    );
}
