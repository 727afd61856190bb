//! What a guest has under way when it becomes part of an account.

use super::{LOGIN, Rig, call, loyalty::account};
use crate::commands::{self, accounts};
use contracts::users::{HoldPoints, HoldPointsReply, ReleasePoints, SetGuestContact};
use futures::future::join_all;
use platform::{
    Moment, Viewer,
    ids::{CustomerId, OrderId},
};
use serde_json::{Value, json};

const GUEST: &str =
    "mutation { guestSessionCreate { customer { id } tokens { accessToken } userErrors { code } } }";

async fn guest(rig: &Rig) -> (CustomerId, Value) {
    let guest = rig.get(&Viewer::anonymous(), GUEST, json!({})).await;
    let customer = rig.viewer(&guest).await.customer.unwrap();
    (customer, guest["tokens"]["accessToken"].clone())
}

/// Logs the owner of the account in, with the guest.
async fn merge(rig: &Rig, guest: &Value) {
    let variables = json!({"email": "a@shop.example", "password": "correct horse", "guest": guest});
    let done = rig.get(&Viewer::anonymous(), LOGIN, variables).await;
    assert_eq!(done["userErrors"], json!([]));
}

async fn hold(rig: &Rig, order: OrderId, customer: CustomerId, points: i32) -> HoldPointsReply {
    let command = HoldPoints {
        order,
        customer,
        points,
    };
    commands::hold_points(&rig.app, call(), command).await.unwrap()
}

/// All counters of a customer who is nobody's viewer any more.
async fn left(rig: &Rig, customer: CustomerId) -> i64 {
    let sql = "select coalesce(sum(available + pending + held), 0)::bigint from users.loyalty_accounts where customer_id = $1";
    let counters = sqlx::query_scalar(sql).bind(customer.0);
    counters.fetch_one(rig.app.deps.db.pool()).await.unwrap()
}

#[tokio::test]
async fn points_that_are_held_or_pending_follow() {
    let rig = Rig::new().await;
    let (ann, _) = rig.points().await;
    let (guest, token) = guest(&rig).await;
    rig.ninety(guest).await;
    let (checkout, sold, later) = (OrderId::new(), OrderId::new(), OrderId::new());
    rig.sell(sold, guest, 5000, Moment::LIVE).await;
    assert!(matches!(
        hold(&rig, checkout, guest, 30).await,
        HoldPointsReply::Held
    ));
    merge(&rig, &token).await;
    assert_eq!(account(&rig, &ann).await, (60, 50, 0, 90));
    // The same command again; then the checkout is undone.
    assert!(matches!(
        hold(&rig, checkout, guest, 30).await,
        HoldPointsReply::Held
    ));
    for _ in 0..2 {
        commands::release_points(&rig.app, call(), ReleasePoints { order: checkout })
            .await
            .unwrap();
    }
    assert_eq!(account(&rig, &ann).await, (90, 50, 0, 90));
    // A checkout that began before the login finds the points where they are now.
    assert!(matches!(
        hold(&rig, later, guest, 80).await,
        HoldPointsReply::Held
    ));
    assert_eq!(account(&rig, &ann).await, (10, 50, 80, 90));
    commands::release_points(&rig.app, call(), ReleasePoints { order: later })
        .await
        .unwrap();
    assert_eq!(account(&rig, &ann).await, (90, 50, 0, 90));
    rig.refund(sold, guest, 5000).await;
    assert_eq!(account(&rig, &ann).await, (90, 0, 0, 90));
    assert_eq!(left(&rig, guest).await, 0);
}

#[tokio::test]
async fn sales_and_contacts_of_that_very_moment_are_not_lost() {
    let rig = Rig::new().await;
    let (ann, customer) = rig.points().await;
    for round in 0..12 {
        let (guest, token) = guest(&rig).await;
        let orders: Vec<_> = (0..3).map(|_| OrderId::new()).collect();
        let sales = join_all(
            orders
                .iter()
                .map(|order| rig.sell(*order, guest, 1000, Moment::LIVE)),
        );
        let contacts = join_all(orders.iter().map(|order| {
            let email = "elsewhere@shop.example".to_owned();
            let command = SetGuestContact {
                order: *order,
                customer: guest,
                email,
            };
            accounts::set_guest_contact(&rig.app, call(), command)
        }));
        let (_, contacts, ()) = tokio::join!(sales, contacts, merge(&rig, &token));
        assert!(contacts.iter().all(Result::is_ok));
        let (_, pending, ..) = account(&rig, &ann).await;
        assert_eq!(pending, (round + 1) * 30, "round {round}");
        assert_eq!(left(&rig, guest).await, 0);
    }
    let sql = "select count(*) from users.guest_contacts where claimed_by is distinct from $1";
    let others: i64 = sqlx::query_scalar(sql)
        .bind(customer.0)
        .fetch_one(rig.app.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(others, 0, "nobody else can claim them");
}
