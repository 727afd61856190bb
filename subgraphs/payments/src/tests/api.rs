//! Who may see and do what, through the schema.

use super::support::{order, shares, shop, shop_without_provider};
use async_graphql::futures_util::StreamExt as _;
use platform::{Role, Viewer, ids::VendorId, testing::viewer};
use serde_json::json;

fn payer(customer: platform::ids::CustomerId) -> Viewer {
    Viewer {
        customer: Some(customer),
        ..viewer(Role::Customer)
    }
}

fn member(vendor: VendorId) -> Viewer {
    Viewer {
        vendors: vec![vendor],
        ..viewer(Role::Vendor)
    }
}

#[tokio::test]
async fn a_payment_is_the_payers_and_staffs() {
    let shop = shop().await;
    let command = order("stripe");
    let info = shop.create(&command).await;
    let query = format!(
        "{{ payment(id: \"{}\") {{ id status nextAction {{ clientSecret }} providerRef refunds {{ id }} }} \
           _entities(representations: [{{__typename: \"Order\", id: \"{}\", totals: {{ __typename: \"Totals\", \
           total: {{ __typename: \"Money\", amount: 5000, currency: \"GBP\" }} }} }}, {{__typename: \"Order\", id: \"x\"}}]) \
           {{ ... on Order {{ payments {{ id }} paymentStatus amountDue {{ amount }} }} }} }}",
        info.payment, command.order
    );
    let own = shop.run(&payer(command.customer), &query).await;
    assert_eq!(
        own["data"]["payment"]["nextAction"]["clientSecret"],
        json!(info.client_secret)
    );
    assert_eq!(own["data"]["payment"]["providerRef"], json!(null));
    assert_eq!(own["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let seen = json!([{ "payments": [{ "id": info.payment }], "paymentStatus": "CREATED", "amountDue": { "amount": 5000 } }, null]);
    assert_eq!(own["data"]["_entities"], seen);
    let staff = shop.run(&viewer(Role::Staff), &query).await;
    assert_eq!(staff["errors"], json!(null), "{staff}");
    assert_eq!(staff["data"]["payment"]["nextAction"], json!(null));
    let stranger = shop.run(&viewer(Role::Customer), &query).await;
    assert_eq!(stranger["data"]["payment"], json!(null));
    assert_eq!(
        stranger["data"]["_entities"][0],
        json!({ "payments": null, "paymentStatus": null, "amountDue": null })
    );
    let sync = format!(
        "mutation {{ paymentSync(id: \"{}\") {{ payment {{ id }} userErrors {{ code }} }} }}",
        info.payment
    );
    let refused = shop.run(&viewer(Role::Customer), &sync).await;
    assert_eq!(
        refused["data"]["paymentSync"]["userErrors"],
        json!([{ "code": "NOT_FOUND" }])
    );
    let synced = shop.run(&payer(command.customer), &sync).await;
    assert_eq!(
        synced["data"]["paymentSync"]["payment"]["id"],
        json!(info.payment)
    );
}

#[tokio::test]
async fn staff_captures_and_voids_once() {
    let shop = shop().await;
    let (taken, voided) = (order("stripe"), order("stripe"));
    let mut ids = Vec::new();
    for command in [&taken, &voided] {
        let info = shop.create(command).await;
        shop.confirm(&info, "pm_card_visa").await;
        shop.flush().await;
        ids.push(info.payment);
    }
    let staff = viewer(Role::Staff);
    let capture = format!(
        "mutation {{ paymentCapture(id: \"{}\", amount: 4000, idempotencyKey: \"k\") {{ payment {{ status captured {{ amount }} }} userErrors {{ code }} }} }}",
        ids[0]
    );
    for _ in 0..2 {
        let done = shop.run(&staff, &capture).await;
        assert_eq!(
            done["data"]["paymentCapture"]["payment"],
            json!({ "status": "PARTIALLY_CAPTURED", "captured": { "amount": 4000 } }),
            "{done}"
        );
    }
    let void = |id, key: &str| {
        format!(
            "mutation {{ paymentVoid(id: \"{id}\", idempotencyKey: \"{key}\") {{ payment {{ status }} userErrors {{ __typename code ... on InvalidTransitionError {{ from allowed }} }} }} }}"
        )
    };
    let done = shop.run(&staff, &void(ids[1], "v")).await;
    assert_eq!(done["data"]["paymentVoid"]["payment"]["status"], "VOIDED");
    let refused = shop.run(&staff, &void(ids[0], "w")).await;
    assert_eq!(
        refused["data"]["paymentVoid"]["userErrors"][0]["code"], "INVALID_TRANSITION",
        "{refused}"
    );
    let reused = shop.run(&staff, &void(ids[0], "v")).await;
    assert_eq!(
        reused["data"]["paymentVoid"]["userErrors"][0]["code"],
        "IDEMPOTENCY_KEY_REUSED"
    );
    let denied = shop.run(&payer(taken.customer), &capture).await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn an_admin_marks_a_manual_payment_paid() {
    let shop = shop_without_provider().await;
    let (command, shares) = (order("manual"), shares());
    shop.create(&command).await;
    let providers = shop
        .run(&Viewer::anonymous(), "{ paymentProviders(currency: \"GBP\") }")
        .await;
    assert_eq!(providers["data"]["paymentProviders"], json!(["MANUAL"]));
    let mark = format!(
        "mutation {{ paymentMarkPaid(orderId: \"{}\", reference: \"bank 17\", idempotencyKey: \"k\") {{ payment {{ status }} userErrors {{ code }} }} }}",
        command.order
    );
    let denied = shop.run(&viewer(Role::Staff), &mark).await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let admin = viewer(Role::Admin);
    for _ in 0..2 {
        let done = shop.run(&admin, &mark).await;
        assert_eq!(
            done["data"]["paymentMarkPaid"]["payment"]["status"], "CAPTURED",
            "{done}"
        );
    }
    shop.capture(command.order, &shares).await;
    let trial = shop
        .run(
            &admin,
            "{ ledgerTrialBalance(currency: \"GBP\") { account debit { amount } credit { amount } } }",
        )
        .await;
    let sum = |side: &str| -> i64 {
        let rows = trial["data"]["ledgerTrialBalance"].as_array().unwrap();
        rows.iter().map(|row| row[side]["amount"].as_i64().unwrap()).sum()
    };
    assert_eq!(sum("debit"), sum("credit"));
    let of = |share: &contracts::payments::VendorShare| {
        format!(
            "{{ _entities(representations: [{{__typename: \"Vendor\", id: \"{}\"}}, {{__typename: \"VendorOrder\", id: \"{}\"}}]) \
           {{ ... on Vendor {{ balances {{ pending {{ amount }} negative }} commissionRules {{ basisPoints }} }} \
              ... on VendorOrder {{ ledgerEntries {{ account credit {{ amount }} }} }} }} }}",
            share.vendor, share.vendor_order
        )
    };
    let own = shop.run(&member(shares[1].vendor), &of(&shares[1])).await;
    assert_eq!(
        own["data"]["_entities"][0]["balances"],
        json!([{ "pending": { "amount": 1500 }, "negative": false }]),
        "{own}"
    );
    assert_eq!(
        own["data"]["_entities"][1]["ledgerEntries"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let other = shop.run(&member(shares[0].vendor), &of(&shares[1])).await;
    assert_eq!(other["data"]["_entities"][0]["balances"], json!(null));
    assert_eq!(other["data"]["_entities"][1]["ledgerEntries"], json!([]));
}

#[tokio::test]
async fn vendors_manage_their_own_coupons_only() {
    let shop = shop_without_provider().await;
    let vendor = VendorId::new();
    let me = member(vendor);
    let create = |code: &str, scope: &str, vendor: &str| {
        format!(
            "mutation {{ couponCreate(idempotencyKey: \"{code}\", input: {{ code: \"{code}\", kind: PERCENT, scope: {scope}, {vendor} percentBasisPoints: 500 }}) \
         {{ coupon {{ id code version usedCount }} userErrors {{ code }} }} }}"
        )
    };
    let own = create("five", "VENDOR", &format!("vendorId: \"{vendor}\","));
    let made = shop.run(&me, &own).await;
    assert_eq!(made["data"]["couponCreate"]["coupon"]["code"], "FIVE", "{made}");
    let again = shop.run(&me, &own).await;
    assert_eq!(again["data"], made["data"]);
    let twin = shop
        .run(&viewer(Role::Staff), &create("Five", "PLATFORM", ""))
        .await;
    assert_eq!(
        twin["data"]["couponCreate"]["userErrors"],
        json!([{ "code": "CONFLICT" }]),
        "{twin}"
    );
    for (who, input) in [
        (member(VendorId::new()), own.replace("\"five\"", "\"six\"")),
        (member(vendor), create("seven", "PLATFORM", "")),
    ] {
        let refused = shop.run(&who, &input).await;
        assert_eq!(
            refused["data"]["couponCreate"]["userErrors"],
            json!([{ "code": "FORBIDDEN" }]),
            "{refused}"
        );
    }
    let id = made["data"]["couponCreate"]["coupon"]["id"].as_str().unwrap();
    let off = format!(
        "mutation {{ couponDeactivate(id: \"{id}\") {{ coupon {{ active version }} userErrors {{ code }} }} }}"
    );
    let stranger = shop.run(&member(VendorId::new()), &off).await;
    assert_eq!(
        stranger["data"]["couponDeactivate"]["userErrors"],
        json!([{ "code": "NOT_FOUND" }])
    );
    let done = shop.run(&member(vendor), &off).await;
    assert_eq!(
        done["data"]["couponDeactivate"]["coupon"],
        json!({ "active": false, "version": 2 })
    );
    let stale = format!(
        "mutation {{ couponUpdate(id: \"{id}\", expectedVersion: 1, input: {{ code: \"five\", kind: FREE_SHIPPING, scope: VENDOR, vendorId: \"{vendor}\" }}) {{ userErrors {{ code }} }} }}"
    );
    let refused = shop.run(&member(vendor), &stale).await;
    assert_eq!(
        refused["data"]["couponUpdate"]["userErrors"],
        json!([{ "code": "VERSION_CONFLICT" }])
    );
    let listed = shop.run(&member(VendorId::new()), "{ coupons { id } }").await;
    assert_eq!(listed["data"]["coupons"], json!([]));
    let hidden = shop.run(&viewer(Role::Customer), "{ coupons { id } }").await;
    assert_eq!(hidden["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn a_subscription_tells_every_change() {
    let shop = shop().await;
    let command = order("stripe");
    let info = shop.create(&command).await;
    let query = format!(
        "subscription {{ paymentStatusChanged(orderId: \"{}\") {{ status }} }}",
        command.order
    );
    let request = async_graphql::Request::new(query).data(payer(command.customer));
    let mut stream = std::pin::pin!(shop.schema.execute_stream(request));
    let status = |response: async_graphql::Response| {
        serde_json::to_value(response).unwrap()["data"]["paymentStatusChanged"]["status"].clone()
    };
    assert_eq!(status(stream.next().await.unwrap()), "CREATED");
    shop.confirm(&info, "pm_card_visa").await;
    shop.flush().await;
    let next = tokio::time::timeout(std::time::Duration::from_secs(20), stream.next())
        .await
        .unwrap();
    assert_eq!(status(next.unwrap()), "AUTHORIZED");
}
