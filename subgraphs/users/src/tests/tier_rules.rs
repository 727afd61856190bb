//! Admins say what a tier takes.

use super::{Rig, code, loyalty::account};
use platform::{Moment, Role, ids::OrderId};
use serde_json::{Value, json};

const UPDATE: &str = "mutation($tier: VipTier!, $t: [MoneyInput!]!) { vipTierUpdate(tier: $tier, thresholds: $t) { \
    rule { tier thresholds { amount currency } } userErrors { code path } } }";

fn rule(tier: &str, amounts: &[(i64, &str)]) -> Value {
    let thresholds: Vec<_> = amounts
        .iter()
        .map(|(amount, currency)| json!({"amount": amount, "currency": currency}))
        .collect();
    json!({"tier": tier, "t": thresholds})
}

#[tokio::test]
async fn thresholds_are_data_of_the_shop() {
    let rig = Rig::new().await;
    let (ann, customer) = rig.points().await;
    let staff = rig.ensure("staff@shop.example", &[Role::Staff]).await;
    let admin = rig.ensure("admin@shop.example", &[Role::Admin]).await;
    for viewer in [&ann, &staff] {
        let answer = rig.ask(viewer, UPDATE, rule("BRONZE", &[(1, "GBP")])).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    }
    for bad in [
        rule("BRONZE", &[]),
        rule("BRONZE", &[(0, "GBP")]),
        rule("BRONZE", &[(1, "GBP"), (2, "GBP")]),
        rule("BRONZE", &[(150_000, "GBP")]),
        rule("GOLD", &[(1, "GBP")]),
    ] {
        assert_eq!(code(&rig.get(&admin, UPDATE, bad).await), "INVALID");
    }
    let done = rig
        .get(&admin, UPDATE, rule("BRONZE", &[(1000, "GBP"), (100_000, "JPY")]))
        .await;
    let thresholds = json!([{"amount": 1000, "currency": "GBP"}, {"amount": 100_000, "currency": "JPY"}]);
    assert_eq!(done["rule"], json!({"tier": "BRONZE", "thresholds": thresholds}));
    let all = rig
        .get(&ann, "{ vipTiers { tier thresholds { currency } } }", json!({}))
        .await;
    assert_eq!(
        all[0]["thresholds"],
        json!([{"currency": "GBP"}, {"currency": "JPY"}])
    );
    assert_eq!(all.as_array().unwrap().len(), 4);

    // It counts from the next sale on.
    rig.sell(OrderId::new(), customer, 1000, Moment::LIVE).await;
    let vip = rig.get(&ann, "{ viewer { vip { tier } } }", json!({})).await;
    assert_eq!(vip["vip"]["tier"], "BRONZE");
    assert_eq!(account(&rig, &ann).await.1, 10);
    let audit: Value = sqlx::query_scalar("select payload from users.outbox where topic = 'staff.acted'")
        .fetch_one(rig.app.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(
        (&audit["action"], &audit["subject"]),
        (&json!("vip.tier_update"), &json!("BRONZE"))
    );
    assert_eq!(audit["outcome"], "1000 GBP, 100000 JPY");
}
