//! Owners hear of what happens to their accounts.

use super::{Rig, mailbox::Mailbox};
use platform::Viewer;
use serde_json::{Value, json};

async fn ann(rig: &Rig, mails: &Mailbox) -> Viewer {
    let done = rig.register("ann@shop.example", None).await;
    mails.token("ann@shop.example").await;
    rig.sql("update users.users set locale = 'fr'").await;
    rig.viewer(&done).await
}

fn told(mail: &Value, template: &str) {
    assert_eq!(
        (&mail["template"], &mail["locale"]),
        (&json!(template), &json!("fr")),
        "{mail}"
    );
    // Nothing in it can be used by whoever reads it.
    assert!(
        mail["variables"].get("token").is_none() && !mail.to_string().contains("token"),
        "{mail}"
    );
}

#[tokio::test]
async fn of_a_new_password() {
    let (rig, mails) = Rig::with_mails(false).await;
    let viewer = ann(&rig, &mails).await;
    let change = "mutation($old: String!) { passwordChange(current: $old, newPassword: \"battery staple\") { ok userErrors { code } } }";
    let wrong = rig.get(&viewer, change, json!({"old": "wrong wrong"})).await;
    assert_eq!(wrong["ok"], false);
    rig.deliver_notices().await;
    assert!(mails.is_empty().await, "nothing has happened");
    assert_eq!(
        rig.get(&viewer, change, json!({"old": "correct horse"})).await["ok"],
        true
    );
    rig.deliver_notices().await;
    told(&mails.next("ann@shop.example").await, "account.password_changed");

    let request = "mutation { passwordResetRequest(email: \"ann@shop.example\") { ok } }";
    rig.get(&Viewer::anonymous(), request, json!({})).await;
    let mail = mails.next("ann@shop.example").await;
    assert_eq!(
        (&mail["template"], &mail["locale"]),
        (&json!("account.password_reset"), &json!("fr"))
    );
    let token = mail["variables"]["token"].as_str().unwrap();
    assert_eq!(
        mail["variables"]["link"],
        json!(format!("http://shop.test/reset-password#token={token}"))
    );
    let confirm =
        "mutation($t: String!) { passwordResetConfirm(token: $t, newPassword: \"correct horse\") { ok } }";
    assert_eq!(
        rig.get(&Viewer::anonymous(), confirm, json!({ "t": token }))
            .await["ok"],
        true
    );
    rig.deliver_notices().await;
    told(&mails.next("ann@shop.example").await, "account.password_changed");

    let left: i64 = sqlx::query_scalar("select count(*) from users.notices")
        .fetch_one(rig.app.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn of_a_new_address_at_both() {
    let (rig, mails) = Rig::with_mails(false).await;
    let viewer = ann(&rig, &mails).await;
    let request = "mutation($e: String!) { emailChangeRequest(newEmail: $e, password: \"correct horse\") { ok userErrors { code } } }";
    assert_eq!(
        rig.get(&viewer, request, json!({"e": "new@shop.example"})).await["ok"],
        true
    );
    let mail = mails.next("new@shop.example").await;
    assert_eq!(mail["template"], "account.email_change");
    let confirm =
        "mutation($t: String!) { emailChangeConfirm(token: $t) { user { email } userErrors { code } } }";
    let token = json!({"t": mail["variables"]["token"]});
    let done = rig.get(&Viewer::anonymous(), confirm, token).await;
    assert_eq!(done["user"]["email"], "new@shop.example");
    rig.deliver_notices().await;
    told(&mails.next("ann@shop.example").await, "account.email_changed");
    told(&mails.next("new@shop.example").await, "account.email_changed");
    assert!(mails.is_empty().await);
}

#[tokio::test]
async fn of_a_logout_everywhere_even_if_mails_wait() {
    let (mut rig, mails) = Rig::with_mails(false).await;
    let viewer = ann(&rig, &mails).await;
    let with_mails = rig.app.deps.clone();
    // The notifications service is away.
    let mut settings = (*with_mails.settings).clone();
    settings.urls = Default::default();
    rig.app.deps = platform::Deps::new(
        crate::NAME,
        with_mails.db.clone(),
        with_mails.live.clone(),
        settings.into(),
    )
    .unwrap();
    rig.get(&viewer, "mutation { sessionsRevokeAll { ok } }", json!({}))
        .await;
    rig.deliver_notices().await;
    rig.app.deps = with_mails;
    rig.deliver_notices().await;
    assert!(mails.is_empty().await, "it waits a while");
    rig.sql("update users.notices set next_attempt_at = now()").await;
    rig.deliver_notices().await;
    told(&mails.next("ann@shop.example").await, "account.logins_reset");
}
