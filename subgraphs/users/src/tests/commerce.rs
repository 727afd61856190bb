//! Addresses, vendors, tiers and points.

use super::{Rig, call, code};
use crate::commands;
use contracts::users::{EnsureVendor, GetVendors, ImportCustomers};
use futures::future::join_all;
use platform::{Country, Role, Viewer, ids::CustomerId};
use serde_json::{Value, json};

pub const INPUT: &str =
    "fullName: \"Ann\", line1: \"1 High St\", city: \"York\", postalCode: \"YO1 7HH\", country: \"GB\"";

#[tokio::test]
async fn an_address_book_has_one_default_each() {
    let rig = Rig::new().await;
    let ann = rig.register("a@shop.example", None).await;
    let (ann, bob) = (
        rig.viewer(&ann).await,
        rig.viewer(&rig.register("b@shop.example", None).await).await,
    );
    let create = format!(
        "mutation {{ addressCreate(input: {{ {INPUT} }}, kind: BOTH) {{ address {{ id version isDefaultShipping }} userErrors {{ code }} }} }}"
    );
    let all = join_all((0..5).map(|_| rig.get(&ann, &create, json!({})))).await;
    let defaults = all
        .iter()
        .filter(|done| done["address"]["isDefaultShipping"] == true)
        .count();
    assert_eq!(defaults, 1);
    let id = json!({"id": all[3]["address"]["id"]});
    let set = "mutation($id: ID!) { addressSetDefault(id: $id, kind: SHIPPING) { address { isDefaultShipping } userErrors { code } } }";
    assert_eq!(code(&rig.get(&bob, set, id.clone()).await), "NOT_FOUND");
    assert_eq!(
        rig.get(&ann, set, id.clone()).await["address"]["isDefaultShipping"],
        true
    );
    let query = "{ viewer { defaultShippingAddress { id } defaultBillingAddress { id } addresses(first: 2) { nodes { id } pageInfo { hasNextPage endCursor } } } }";
    let book = rig.get(&ann, query, json!({})).await;
    assert_eq!(book["defaultShippingAddress"]["id"], id["id"]);
    assert_eq!(book["addresses"]["pageInfo"]["hasNextPage"], true);
    let update = format!(
        "mutation($id: ID!) {{ addressUpdate(id: $id, input: {{ {INPUT} }}, expectedVersion: 1) {{ userErrors {{ code }} }} }}"
    );
    assert_eq!(code(&rig.get(&ann, &update, id).await), "VERSION_CONFLICT");
}

#[tokio::test]
async fn a_vendor_goes_through_review() {
    let rig = Rig::new().await;
    let owner = rig.viewer(&rig.register("o@shop.example", None).await).await;
    let staff = rig.ensure("staff@shop.example", &[Role::Staff]).await;
    let apply = format!(
        "mutation {{ vendorApply(input: {{ displayName: \"North\", legalName: \"North Ltd\", slug: \"north\", address: {{ {INPUT} }} }}) \
         {{ vendor {{ id status members {{ role user {{ email }} }} }} userErrors {{ code }} }} }}"
    );
    let made = rig.get(&owner, &apply, json!({})).await;
    assert_eq!(
        made["vendor"]["members"],
        json!([{"role": "OWNER", "user": {"email": "o@shop.example"}}])
    );
    let id = json!({"id": made["vendor"]["id"]});
    let verb = |verb: &str| {
        format!("mutation($id: ID!) {{ {verb} {{ vendor {{ status }} userErrors {{ code }} }} }}")
    };
    let see = "query($id: ID!) { vendor(by: {id: $id}) { status address { city } } }";
    assert_eq!(rig.get(&Viewer::anonymous(), see, id.clone()).await, Value::Null);
    assert_eq!(rig.get(&owner, see, id.clone()).await["status"], "DRAFT");
    let refused = rig.ask(&owner, &verb("vendorApprove(id: $id)"), id.clone()).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(
        code(&rig.get(&staff, &verb("vendorApprove(id: $id)"), id.clone()).await),
        "INVALID_TRANSITION"
    );
    rig.get(&owner, &verb("vendorSubmit(id: $id)"), id.clone()).await;
    rig.get(&staff, &verb("vendorReview(id: $id)"), id.clone()).await;
    let approved = rig.get(&staff, &verb("vendorApprove(id: $id)"), id.clone()).await;
    assert_eq!(approved["vendor"]["status"], "APPROVED");
    assert_eq!(
        rig.get(&Viewer::anonymous(), see, id.clone()).await["status"],
        "APPROVED"
    );
    let secret = "query($id: ID!) { vendor(by: {id: $id}) { legalName statusHistory { to } } }";
    let hidden = rig.ask(&Viewer::anonymous(), secret, id.clone()).await;
    assert_eq!(
        hidden["data"]["vendor"],
        json!({"legalName": null, "statusHistory": null})
    );
    assert_eq!(
        rig.get(&owner, secret, id).await["statusHistory"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let told: i64 =
        sqlx::query_scalar("select count(*) from users.outbox where topic = 'users.vendor_status_changed'")
            .fetch_one(rig.app.deps.db.pool())
            .await
            .unwrap();
    assert_eq!(told, 3);
    let again = rig.get(&owner, &apply, json!({})).await;
    assert_eq!(code(&again), "CONFLICT");
    let login = rig.login("o@shop.example", "correct horse").await;
    assert!(rig.viewer(&login).await.has(Role::Vendor));
}

#[tokio::test]
async fn an_ensured_vendor_is_approved_once() {
    let rig = Rig::new().await;
    let owner = rig.ensure("o@shop.example", &[]).await.user.unwrap();
    let command = || EnsureVendor {
        slug: "south".to_owned(),
        display_name: "South".to_owned(),
        country: Country::parse("GB").unwrap(),
        owner,
    };
    let first = commands::ensure_vendor(&rig.app, call(), command())
        .await
        .unwrap();
    let second = commands::ensure_vendor(&rig.app, call(), command())
        .await
        .unwrap();
    assert_eq!(first.vendor, second.vendor);
    let info = commands::get_vendors(
        &rig.app,
        call(),
        GetVendors {
            ids: vec![first.vendor],
        },
    )
    .await
    .unwrap();
    assert!(info[0].approved && info[0].members == [owner]);
}

#[tokio::test]
async fn staff_adjusts_once_and_enrolls() {
    let rig = Rig::new().await;
    let staff = rig.ensure("staff@shop.example", &[Role::Staff]).await;
    let ann = rig.viewer(&rig.register("a@shop.example", None).await).await;
    let id = ann.customer.unwrap().to_string();
    let adjust = "mutation($id: ID!, $n: Int!, $k: ID!) { loyaltyAdjust(customerId: $id, points: $n, reason: \"sorry\", idempotencyKey: $k) { customer { loyalty { available } } userErrors { code } } }";
    for _ in 0..2 {
        let done = rig
            .get(&staff, adjust, json!({"id": id, "n": 50, "k": "k1"}))
            .await;
        assert_eq!(done["customer"]["loyalty"]["available"], 50);
    }
    let other = rig
        .get(&staff, adjust, json!({"id": id, "n": 51, "k": "k1"}))
        .await;
    assert_eq!(code(&other), "IDEMPOTENCY_KEY_REUSED");
    let much = rig
        .get(&staff, adjust, json!({"id": id, "n": -51, "k": "k2"}))
        .await;
    assert_eq!(code(&much), "LIMIT_EXCEEDED");
    let enroll = "mutation($id: ID!) { vipEnroll(customerId: $id, tier: GOLD, reason: \"friend\") { customer { type vip { tier qualifyingSpend { amount currency } spendToNextTier { amount } benefits { code } } transitions { from to tierTo } } userErrors { code } } }";
    let done = rig.get(&staff, enroll, json!({"id": id})).await;
    assert_eq!(done["customer"]["type"], "VIP");
    assert_eq!(done["customer"]["vip"]["spendToNextTier"]["amount"], 1_500_000);
    assert_eq!(
        done["customer"]["transitions"],
        json!([{"from": "REGISTERED", "to": "VIP", "tierTo": "GOLD"}])
    );
    let token = rig
        .viewer(&rig.login("a@shop.example", "correct horse").await)
        .await;
    assert_eq!(
        (token.has(Role::Vip), token.tier.as_deref()),
        (true, Some("GOLD"))
    );
    let recompute = "mutation($id: ID!) { vipTierRecompute(customerId: $id) { customer { vip { tier } } userErrors { code } } }";
    assert_eq!(
        rig.get(&staff, recompute, json!({"id": id})).await["customer"]["vip"]["tier"],
        "GOLD"
    );
}

#[tokio::test]
async fn an_import_finds_its_customers_again() {
    let rig = Rig::new().await;
    let references: Vec<String> = (0..500).map(|n| format!("c{}", n % 400)).collect();
    let import = || {
        let command = ImportCustomers {
            source: "old".to_owned(),
            references: references.clone(),
            guest: false,
        };
        commands::import_customers(&rig.app, call(), command)
    };
    let mut first = import().await.unwrap();
    let mut again = import().await.unwrap();
    let key = |row: &contracts::users::ImportedCustomer| (row.reference.clone(), row.customer);
    first.sort_by_key(key);
    again.sort_by_key(key);
    assert_eq!(first.len(), 400);
    assert!(first.iter().map(key).eq(again.iter().map(key)));
    let distinct: std::collections::BTreeSet<CustomerId> = first.iter().map(|row| row.customer).collect();
    assert_eq!(distinct.len(), 400);
}

#[tokio::test]
async fn an_import_knows_its_guests() {
    let rig = Rig::new().await;
    let import = |guest, reference: &str| ImportCustomers {
        source: "old".to_owned(),
        references: vec![reference.to_owned()],
        guest,
    };
    let guest = commands::import_customers(&rig.app, call(), import(true, "g1"))
        .await
        .unwrap();
    let regular = commands::import_customers(&rig.app, call(), import(false, "c1"))
        .await
        .unwrap();
    let staff = rig.ensure("staff@shop.example", &[Role::Staff]).await;
    let query = "query($id: ID!) { customer(id: $id) { type } }";
    for (customer, kind) in [(guest[0].customer, "GUEST"), (regular[0].customer, "REGISTERED")] {
        let got = rig.get(&staff, query, json!({"id": customer.to_string()})).await;
        assert_eq!(got["type"], kind);
    }
    // A caller of before the field was there.
    let old: ImportCustomers = serde_json::from_value(json!({"source": "old", "references": []})).unwrap();
    assert!(!old.guest);
}

#[tokio::test]
async fn addresses_follow_the_rules_of_their_country() {
    let rig = Rig::new().await;
    let ann = rig.viewer(&rig.register("a@shop.example", None).await).await;
    let create = "mutation($input: AddressInput!) { addressCreate(input: $input, kind: BOTH) { address { address { postalCode } } userErrors { code path ... on ValidationError { constraint } } } }";
    let address = |country: &str, code: Value| json!({"input": {"fullName": "A", "line1": "B", "city": "C", "country": country, "postalCode": code}});
    let kept = rig.get(&ann, create, address("GB", json!("yo17hh"))).await;
    assert_eq!(kept["address"]["address"]["postalCode"], "YO1 7HH");
    for (country, bad) in [("GB", json!(null)), ("DE", json!("1234")), ("NL", json!("12345"))] {
        let refused = rig.get(&ann, create, address(country, bad)).await;
        assert_eq!(code(&refused), "INVALID");
        assert_eq!(refused["userErrors"][0]["path"], json!(["input", "postalCode"]));
    }
    let stateless = rig.get(&ann, create, address("US", json!("94103"))).await;
    assert_eq!(stateless["userErrors"][0]["path"], json!(["input", "region"]));
}
