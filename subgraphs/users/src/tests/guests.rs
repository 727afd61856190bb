//! From guest to account: what comes along, and what does not.

use super::{LOGIN, Rig, call, code};
use crate::{
    auth::Secret,
    commands::accounts,
    store::mail_tokens::{self, Purpose},
};
use contracts::users::{GetContacts, SetGuestContact};
use futures::future::join_all;
use platform::{
    Moment, Viewer,
    ids::{CustomerId, OrderId, UserId},
};
use serde_json::{Value, json};

const GUEST: &str = "mutation { guestSessionCreate { customer { id } tokens { accessToken refreshToken } userErrors { code } } }";

async fn guest(rig: &Rig) -> (CustomerId, Value) {
    let guest = rig.get(&Viewer::anonymous(), GUEST, json!({})).await;
    (
        rig.viewer(&guest).await.customer.unwrap(),
        guest["tokens"].clone(),
    )
}

/// Events of a topic, oldest first.
async fn events(rig: &Rig, topic: &str) -> Vec<Value> {
    sqlx::query_scalar("select payload from users.outbox where topic = $1 order by id")
        .bind(topic)
        .fetch_all(rig.app.deps.db.pool())
        .await
        .unwrap()
}

async fn buy(rig: &Rig, customer: CustomerId, email: &str) -> OrderId {
    let order = OrderId::new();
    for _ in 0..2 {
        let command = SetGuestContact {
            order,
            customer,
            email: email.to_owned(),
        };
        accounts::set_guest_contact(&rig.app, call(), command)
            .await
            .unwrap();
    }
    order
}

async fn activate(rig: &Rig, user: UserId, email: &str) {
    rig.sql("delete from users.mail_tokens").await;
    let secret = Secret::new().unwrap();
    let mut tx = rig.app.deps.db.begin(Moment::LIVE).await.unwrap();
    assert!(
        mail_tokens::issue(&mut tx, user, Purpose::Activate, email, &secret.hash)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    let query = "mutation($t: String!) { userActivate(token: $t) { userErrors { code } } }";
    let done = rig
        .get(&Viewer::anonymous(), query, json!({"t": secret.text}))
        .await;
    assert_eq!(code(&done), "");
}

#[tokio::test]
async fn orders_of_guests_are_claimed_only_with_the_mailbox() {
    let rig = Rig::new().await;
    let (first, second) = (guest(&rig).await.0, guest(&rig).await.0);
    let one = buy(&rig, first, "Ann@shop.example").await;
    let two = buy(&rig, second, "ann@shop.example").await;
    buy(&rig, second, "other@shop.example").await;
    let contacts = GetContacts {
        users: vec![],
        customers: vec![first],
    };
    let contact = crate::commands::get_contacts(&rig.app, call(), contacts)
        .await
        .unwrap();
    assert_eq!(contact[0].email.as_deref(), Some("Ann@shop.example"));

    // Anybody can register with an address; that, or logging in, proves nothing.
    let ann = rig.register("ann@shop.example", None).await;
    rig.login("ann@shop.example", "correct horse").await;
    assert!(events(&rig, "users.guest_orders_claimed").await.is_empty());

    let viewer = rig.viewer(&ann).await;
    activate(&rig, viewer.user.unwrap(), "ann@shop.example").await;
    let claimed = events(&rig, "users.guest_orders_claimed").await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0]["customer"], json!(viewer.customer));
    let mut orders: Vec<String> = serde_json::from_value(claimed[0]["orders"].clone()).unwrap();
    orders.sort();
    assert_eq!(orders, [one.to_string(), two.to_string()]);
    assert!(!claimed[0].to_string().contains('@'));

    // Later ones come with the next login, each once.
    buy(&rig, second, "ann@shop.example").await;
    rig.login("ann@shop.example", "correct horse").await;
    rig.login("ann@shop.example", "correct horse").await;
    assert_eq!(events(&rig, "users.guest_orders_claimed").await.len(), 2);
}

#[tokio::test]
async fn a_guest_who_logs_in_becomes_an_alias() {
    let rig = Rig::new().await;
    let ann = rig.register("a@shop.example", None).await;
    let (guest, tokens) = guest(&rig).await;
    let variables =
        json!({"email": "a@shop.example", "password": "correct horse", "guest": tokens["accessToken"]});
    let done = rig.get(&Viewer::anonymous(), LOGIN, variables).await;
    assert_eq!(done["customer"]["mergedIds"], json!([guest.to_string()]));
    let merged = events(&rig, "users.customers_merged").await;
    assert_eq!(
        merged[0],
        json!({"guest": guest, "customer": rig.viewer(&ann).await.customer, "strategy": "Merge"})
    );
    // The guest's tokens are over; its ID leads to the account, for the account only.
    let refresh = "mutation($t: String!) { tokenRefresh(refreshToken: $t) { userErrors { code } } }";
    let old = json!({"t": tokens["refreshToken"]});
    assert_eq!(
        code(&rig.get(&Viewer::anonymous(), refresh, old).await),
        "UNAUTHENTICATED"
    );
    let query = "query($id: ID!) { customer(id: $id) { id } }";
    let viewer = rig.viewer(&done).await;
    let found = rig.get(&viewer, query, json!({"id": guest.to_string()})).await;
    assert_eq!(found["id"], ann["customer"]["id"]);
    let stranger = rig.register("b@shop.example", None).await;
    let stranger = rig.viewer(&stranger).await;
    assert_eq!(
        rig.get(&stranger, query, json!({"id": guest.to_string()})).await,
        Value::Null
    );
}

#[tokio::test]
async fn a_guest_becomes_one_thing_only() {
    let rig = Rig::new().await;
    for round in 0..6 {
        let emails = [format!("a{round}@shop.example"), format!("b{round}@shop.example")];
        for email in &emails {
            rig.register(email, None).await;
        }
        let (guest, tokens) = guest(&rig).await;
        let token = tokens["accessToken"].as_str().unwrap();
        // Two logins and a registration take the same guest along, all at once.
        let logins = join_all(emails.iter().map(|email| {
            let rig = &rig;
            let variables = json!({"email": email, "password": "correct horse", "guest": token});
            async move { rig.get(&Viewer::anonymous(), LOGIN, variables).await }
        }));
        let newcomer = format!("c{round}@shop.example");
        let (logins, registered) = tokio::join!(logins, rig.register(&newcomer, Some(token)));
        assert!(logins.iter().all(|done| code(done).is_empty()), "{logins:?}");
        let took = logins
            .iter()
            .filter(|done| done["customer"]["mergedIds"] == json!([guest.to_string()]));
        let became = registered["customer"]["id"] == json!(guest.to_string());
        assert_eq!(took.count() + usize::from(became), 1);
    }
}
