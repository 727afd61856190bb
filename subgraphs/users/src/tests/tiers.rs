//! Tiers over time, benefits, and the way from guest to VIP.

use super::{REGISTER, Rig, call, loyalty::account};
use crate::{actions::vip, commands};
use chrono::{DateTime, TimeDelta, Utc};
use contracts::users::EnsureBenefits;
use platform::{
    Moment, Role, Viewer,
    ids::{CustomerId, OrderId},
};
use serde_json::{Value, json};

#[tokio::test]
async fn tiers_rise_at_once_and_fall_at_the_renewal_only() {
    let rig = Rig::new().await;
    let (ann, customer) = rig.points().await;
    let ago = |days| Moment::imported(Utc::now() - TimeDelta::days(days));
    let seen = "{ viewer { type vip { tier renewsAt } transitions { from to tierFrom tierTo at } } }";
    rig.sell(OrderId::new(), customer, 160_000, ago(800)).await;
    assert_eq!(rig.get(&ann, seen, json!({})).await["vip"]["tier"], "SILVER");
    // 700 pounds within the year keep bronze only, but not before the year is over.
    rig.sell(OrderId::new(), customer, 70_000, ago(500)).await;
    assert_eq!(rig.get(&ann, seen, json!({})).await["vip"]["tier"], "SILVER");
    assert!(vip::renew(&rig.app).await.unwrap());
    let bronze = rig.get(&ann, seen, json!({})).await;
    assert_eq!(bronze["vip"]["tier"], "BRONZE");
    assert!(
        vip::renew(&rig.app).await.unwrap(),
        "nothing was bought in the next year"
    );
    assert!(!vip::renew(&rig.app).await.unwrap());
    let done = rig.get(&ann, seen, json!({})).await;
    assert_eq!(
        (&done["type"], &done["vip"]),
        (&json!("REGISTERED"), &Value::Null)
    );
    let steps: Vec<_> = done["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| (&t["tierFrom"], &t["tierTo"]))
        .collect();
    let (none, bronze, silver) = (&Value::Null, &json!("BRONZE"), &json!("SILVER"));
    assert_eq!(steps, [(none, silver), (silver, bronze), (bronze, none)]);
    let fell: DateTime<Utc> = done["transitions"][2]["at"].as_str().unwrap().parse().unwrap();
    assert_eq!((Utc::now() - fell).num_days(), 70, "on the day it was due");
}

#[tokio::test]
async fn benefits_are_data() {
    let rig = Rig::new().await;
    let (ann, customer) = rig.points().await;
    let pool = rig.app.deps.db.pool();
    sqlx::query("delete from users.vip_benefits where code = 'points-gold'")
        .execute(pool)
        .await
        .unwrap();
    sqlx::query("update users.vip_benefits set title = 'Ours', active = false where code = 'points-silver'")
        .execute(pool)
        .await
        .unwrap();
    for _ in 0..2 {
        commands::ensure_benefits(&rig.app, call(), EnsureBenefits {})
            .await
            .unwrap();
    }
    let titles: Vec<String> = sqlx::query_scalar("select title from users.vip_benefits order by code")
        .fetch_all(pool)
        .await
        .unwrap();
    let expected = [
        "10% more points",
        "50% more points",
        "Double points",
        "Ours",
        "Prices of your tier",
    ];
    assert_eq!(
        titles, expected,
        "what is missing comes back, what is there stays"
    );
    let staff = rig.ensure("staff@shop.example", &[Role::Staff]).await;
    let enroll = "mutation($id: ID!) { vipEnroll(customerId: $id, tier: SILVER, reason: \"friend\") { userErrors { code } } }";
    rig.get(&staff, enroll, json!({"id": customer.to_string()})).await;
    rig.sell(OrderId::new(), customer, 10_000, Moment::LIVE).await;
    assert_eq!(
        account(&rig, &ann).await.1,
        110,
        "silver's own multiplier is off: bronze's counts"
    );
    let told: Value = sqlx::query_scalar("select payload from users.outbox where topic = 'staff.acted'")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(told["staff"], json!(staff.user.unwrap()));
    assert_eq!(
        (&told["action"], &told["outcome"]),
        (&json!("vip.enroll"), &json!("SILVER"))
    );
}

#[tokio::test]
async fn a_guest_brings_points_and_spend_into_the_account() {
    let rig = Rig::new().await;
    let guest = "mutation { guestSessionCreate { customer { id } tokens { accessToken } } }";
    let id = |guest: &Value| CustomerId::parse(guest["customer"]["id"].as_str().unwrap()).unwrap();
    // A guest that logs in becomes part of the account.
    let (ann, _) = rig.points().await;
    let first = rig.get(&Viewer::anonymous(), guest, json!({})).await;
    let order = OrderId::new();
    rig.sell(order, id(&first), 60_000, Moment::LIVE).await;
    let login = json!({"email": "a@shop.example", "password": "correct horse", "guest": first["tokens"]["accessToken"]});
    for _ in 0..2 {
        rig.get(&Viewer::anonymous(), super::LOGIN, login.clone()).await;
        assert_eq!(account(&rig, &ann).await, (0, 600, 0, 0));
    }
    let seen = rig.get(&ann, "{ viewer { vip { tier } } }", json!({})).await;
    assert_eq!(seen["vip"]["tier"], "BRONZE");
    // What is heard of the order afterwards counts for the account.
    rig.refund(order, id(&first), 30_000).await;
    assert_eq!(account(&rig, &ann).await, (0, 300, 0, 0));
    // A guest that registers keeps its ID, and its spend counts now.
    let second = rig.get(&Viewer::anonymous(), guest, json!({})).await;
    rig.sell(OrderId::new(), id(&second), 60_000, Moment::LIVE).await;
    let input = json!({"email": "b@shop.example", "password": "correct horse", "guestToken": second["tokens"]["accessToken"]});
    let made = rig
        .get(&Viewer::anonymous(), REGISTER, json!({ "input": input }))
        .await;
    let bob = rig.viewer(&made).await;
    assert_eq!(bob.customer, Some(id(&second)));
    let mut tx = rig.app.deps.db.begin(Moment::LIVE).await.unwrap();
    vip::rise(&mut tx, id(&second)).await.unwrap();
    tx.commit().await.unwrap();
    let way = rig
        .get(&bob, "{ viewer { type transitions { from to } } }", json!({}))
        .await;
    let steps = json!([{"from": "GUEST", "to": "REGISTERED"}, {"from": "REGISTERED", "to": "VIP"}]);
    assert_eq!((&way["type"], &way["transitions"]), (&json!("VIP"), &steps));
}
