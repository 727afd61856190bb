//! Accounts, sessions and roles.

use super::{LOGIN, REGISTER, Rig, code};
use futures::future::join_all;
use platform::{Role, Viewer};
use serde_json::{Value, json};

const GUEST: &str = "mutation { guestSessionCreate { customer { id type } user { id } tokens { accessToken refreshToken } userErrors { code } } }";
const REFRESH: &str = "mutation($t: String!) { tokenRefresh(refreshToken: $t) { customer { id } tokens { accessToken refreshToken } userErrors { code } } }";
const VERIFY: &str = "mutation($t: String!) { tokenVerify(token: $t) { ok } }";

#[tokio::test]
async fn a_guest_keeps_its_customer() {
    let rig = Rig::new().await;
    let guest = rig.get(&Viewer::anonymous(), GUEST, json!({})).await;
    let viewer = rig.viewer(&guest).await;
    assert_eq!((viewer.roles.clone(), viewer.user), (vec![Role::Guest], None));
    let token = guest["tokens"]["accessToken"].as_str().unwrap();
    let done = rig.register("Ann@Shop.example", Some(token)).await;
    assert_eq!(done["customer"]["id"], guest["customer"]["id"]);
    assert_eq!(done["customer"]["type"], "REGISTERED");
    assert_eq!(done["user"]["email"], "Ann@shop.example");
    assert_eq!(
        done["customer"]["transitions"],
        json!([{"from": "GUEST", "to": "REGISTERED"}])
    );
    // The guest's own session is over, and the token makes no second account.
    let old = json!({"t": guest["tokens"]["refreshToken"]});
    assert_eq!(
        code(&rig.get(&Viewer::anonymous(), REFRESH, old).await),
        "UNAUTHENTICATED"
    );
    assert_eq!(
        code(&rig.register("b@shop.example", Some(token)).await),
        "CONFLICT"
    );
    let me = rig
        .get(
            &rig.viewer(&done).await,
            "{ me { email sessions { current } customer { id } } }",
            json!({}),
        )
        .await;
    assert_eq!(me["sessions"], json!([{"current": true}]));
}

#[tokio::test]
async fn one_email_is_one_account() {
    let rig = Rig::new().await;
    let emails: Vec<_> = (0..50)
        .map(|n| {
            if n % 2 == 0 {
                "x@shop.example"
            } else {
                "X@Shop.example"
            }
        })
        .collect();
    // Hashing has a queue, and nobody waits in it for ever.
    let register = async |email: &&str| {
        let input = json!({"input": {"email": email, "password": "correct horse"}});
        loop {
            let answer = rig.ask(&Viewer::anonymous(), REGISTER, input.clone()).await;
            if answer["errors"][0]["extensions"]["code"] != "UNAVAILABLE" {
                return answer["data"]["userRegister"].clone();
            }
        }
    };
    let all = join_all(emails.iter().map(register)).await;
    let (made, refused): (Vec<_>, Vec<_>) = all.iter().partition(|done| done["user"].is_object());
    assert_eq!((made.len(), refused.len()), (1, 49));
    assert!(
        refused
            .iter()
            .all(|done| ["CONFLICT", "RATE_LIMITED"].contains(&code(done)))
    );
}

#[tokio::test]
async fn one_refresh_of_fifty_succeeds() {
    let rig = Rig::new().await;
    let done = rig.register("r@shop.example", None).await;
    let token = json!({"t": done["tokens"]["refreshToken"]});
    let anonymous = Viewer::anonymous();
    let all = join_all((0..50).map(|_| rig.get(&anonymous, REFRESH, token.clone()))).await;
    let winners: Vec<&Value> = all.iter().filter(|done| done["tokens"].is_object()).collect();
    assert_eq!(winners.len(), 1);
    // The successor works; the first token, coming again after a while, ends it all.
    let next = json!({"t": winners[0]["tokens"]["refreshToken"]});
    let next = rig.get(&anonymous, REFRESH, next).await;
    let access = json!({"t": next["tokens"]["accessToken"]});
    assert_eq!(
        code(&rig.get(&anonymous, REFRESH, token.clone()).await),
        "UNAUTHENTICATED"
    );
    assert_eq!(rig.get(&anonymous, VERIFY, access).await["ok"], true);
    rig.sql("update users.refresh_tokens set used_at = used_at - interval '11 seconds'")
        .await;
    assert_eq!(
        code(&rig.get(&anonymous, REFRESH, token).await),
        "UNAUTHENTICATED"
    );
    let access = json!({"t": next["tokens"]["accessToken"]});
    assert_eq!(rig.get(&anonymous, VERIFY, access).await["ok"], false);
    let next = json!({"t": next["tokens"]["refreshToken"]});
    assert_eq!(code(&rig.get(&anonymous, REFRESH, next).await), "UNAUTHENTICATED");
}

#[tokio::test]
async fn logins_are_checked_and_braked() {
    let rig = Rig::new().await;
    rig.register("l@shop.example", None).await;
    for email in ["l@shop.example", "nobody@shop.example"] {
        let all = join_all((0..30).map(|_| rig.login(email, "wrong password"))).await;
        let count = |which| all.iter().filter(|done| code(done) == which).count();
        assert_eq!(
            (count("UNAUTHENTICATED"), count("RATE_LIMITED")),
            (5, 25),
            "{email}"
        );
    }
    rig.sql("update users.login_attempts set last_at = now() + interval '1 minute'")
        .await;
    assert_eq!(
        code(&rig.login("L@shop.example", "correct horse").await),
        "RATE_LIMITED"
    );
    sqlx::query("update users.login_attempts set last_at = now() - interval '2 seconds'")
        .execute(rig.app.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(code(&rig.login("L@shop.example", "correct horse").await), "");
    assert_eq!(
        code(&rig.login("l@shop.example", "x".repeat(200_000).as_str()).await),
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn a_login_without_orders_still_stands() {
    let rig = Rig::new().await;
    rig.register("m@shop.example", None).await;
    let guest = rig.get(&Viewer::anonymous(), GUEST, json!({})).await;
    let variables = json!({"email": "m@shop.example", "password": "correct horse", "guest": guest["tokens"]["accessToken"]});
    let done = rig.get(&Viewer::anonymous(), LOGIN, variables).await;
    assert_eq!((code(&done), &done["mergedCart"]), ("", &Value::Null));
    assert_eq!(done["customer"]["mergedIds"], json!([guest["customer"]["id"]]));
}

#[tokio::test]
async fn strangers_see_nothing() {
    let rig = Rig::new().await;
    let ann = rig.register("a@shop.example", None).await;
    let bob = rig.register("b@shop.example", None).await;
    let bob = rig.viewer(&bob).await;
    let ids = json!({"c": ann["customer"]["id"], "u": ann["user"]["id"]});
    let query = "query($c: ID!, $u: ID!) { customer(id: $c) { email } node(id: $c) { id } user(id: $u) { id } \
                 users { nodes { id } } nodes(ids: [$c, $u]) { id } }";
    let answer = rig.ask(&bob, query, ids.clone()).await;
    assert_eq!(
        answer["data"],
        json!({"customer": null, "node": null, "user": null, "users": null, "nodes": [null, null]})
    );
    assert_eq!(answer["errors"].as_array().unwrap().len(), 2);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let entities = "query($c: _Any!) { _entities(representations: [$c]) { ... on Customer { email } } }";
    let representation = json!({"c": {"__typename": "Customer", "id": ann["customer"]["id"]}});
    assert_eq!(
        rig.get(&bob, entities, representation.clone()).await,
        json!([null])
    );
    let staff = rig.ensure("staff@shop.example", &[Role::Staff]).await;
    assert_eq!(
        rig.get(&staff, entities, representation).await,
        json!([{"email": "a@shop.example"}])
    );
    let page = rig
        .get(
            &staff,
            "{ users(first: 2) { nodes { email } totalCount pageInfo { hasNextPage } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        (&page["totalCount"], &page["pageInfo"]["hasNextPage"]),
        (&json!(3), &json!(true))
    );
    let stub = rig
        .get(
            &bob,
            "{ node(id: \"ord_01900000000070008000000000000001\") { __typename id } }",
            json!({}),
        )
        .await;
    assert_eq!(stub["__typename"], "Order");
}

#[tokio::test]
async fn there_is_always_an_admin() {
    let rig = Rig::new().await;
    let one = rig.ensure("one@shop.example", &[Role::Admin]).await;
    let two = rig.ensure("two@shop.example", &[Role::Admin]).await;
    let revoke =
        "mutation($id: ID!) { roleRevoke(userId: $id, role: ADMIN) { user { roles } userErrors { code } } }";
    let (a, b) = (
        json!({"id": one.user.unwrap().to_string()}),
        json!({"id": two.user.unwrap().to_string()}),
    );
    let (first, second) = tokio::join!(rig.get(&two, revoke, a), rig.get(&one, revoke, b));
    let mut codes = [code(&first), code(&second)];
    codes.sort_unstable();
    assert_eq!(codes, ["", "CONFLICT"]);
}

#[tokio::test]
async fn a_locked_user_is_out() {
    let rig = Rig::new().await;
    let staff = rig.ensure("staff@shop.example", &[Role::Staff]).await;
    let ann = rig.register("a@shop.example", None).await;
    let lock = "mutation($id: ID!) { userSetActive(id: $id, active: false, reason: \"fraud\") { user { isActive } userErrors { code } } }";
    let done = rig.get(&staff, lock, json!({"id": ann["user"]["id"]})).await;
    assert_eq!(done["user"]["isActive"], false);
    assert_eq!(
        code(&rig.login("a@shop.example", "correct horse").await),
        "UNAUTHENTICATED"
    );
    let refresh = json!({"t": ann["tokens"]["refreshToken"]});
    assert_eq!(
        code(&rig.get(&Viewer::anonymous(), REFRESH, refresh).await),
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn secrets_of_mails_work_once() {
    use crate::{
        actions::mail,
        auth::Secret,
        store::mail_tokens::{self, Purpose},
    };
    let rig = Rig::new().await;
    let ann = rig.register("a@shop.example", None).await;
    let viewer = rig.viewer(&ann).await;
    let user = viewer.user.unwrap();
    let mut tx = rig.app.deps.db.begin(platform::Moment::LIVE).await.unwrap();
    // A second activation mail within a minute is not sent.
    assert!(
        mail::prepare(&mut tx, user, "a@shop.example", Purpose::Activate)
            .await
            .unwrap()
            .is_none()
    );
    let secret = Secret::new().unwrap();
    assert!(
        mail_tokens::issue(
            &mut tx,
            user,
            Purpose::PasswordReset,
            "a@shop.example",
            &secret.hash
        )
        .await
        .unwrap()
    );
    tx.commit().await.unwrap();
    let confirm = "mutation($t: String!) { passwordResetConfirm(token: $t, newPassword: \"battery staple\") { ok userErrors { code } } }";
    let token = json!({"t": secret.text});
    assert_eq!(
        rig.get(&Viewer::anonymous(), confirm, token.clone()).await["ok"],
        true
    );
    assert_eq!(
        code(&rig.get(&Viewer::anonymous(), confirm, token).await),
        "INVALID"
    );
    let access = json!({"t": ann["tokens"]["accessToken"]});
    assert_eq!(rig.get(&Viewer::anonymous(), VERIFY, access).await["ok"], false);
    let done = rig.login("a@shop.example", "battery staple").await;
    let me = rig
        .get(&rig.viewer(&done).await, "{ me { emailVerified } }", json!({}))
        .await;
    assert_eq!(me["emailVerified"], true);
}
