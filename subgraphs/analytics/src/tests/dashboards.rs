//! Dashboards.

use super::*;

#[tokio::test]
async fn a_vendor_sees_its_own_sales_on_its_own_dashboards() {
    let shop = shop().await;
    let (ann, bob) = (VendorId::new(), VendorId::new());
    let member = |vendor| Viewer {
        vendors: vec![vendor],
        ..viewer(Role::Vendor)
    };
    let (ann_member, bob_member) = (member(ann), member(bob));
    shop.confirm(
        order(
            CustomerId::new(),
            &[(ann, ProductId::new(), 1, 900), (bob, ProductId::new(), 1, 5)],
        ),
        "2026-01-05T10:00:00Z",
    )
    .await;
    let upsert = |extra: &str, vendor: VendorId, metric: &str| {
        format!(
            r#"mutation {{ dashboardUpsert({extra} name: "Mine", vendorId: "{vendor}", widgets: [{{kind: METRIC, title: "All", metric: "{metric}", position: 2}}, {{kind: BAR, title: "Days", metric: "orders:GBP", position: 1}}]) {{ dashboard {{ id version isShared widgets {{ title data {{ value money {{ amount }} }} }} }} userErrors {{ code path }} }} }}"#
        )
    };
    let made = shop.run(&ann_member, &upsert("", ann, "gross:GBP")).await;
    let dashboard = &made["data"]["dashboardUpsert"]["dashboard"];
    assert_eq!(
        dashboard["widgets"],
        json!([
            {"title": "Days", "data": [{"value": 1.0, "money": null}]},
            {"title": "All", "data": [{"value": 1000.0, "money": {"amount": 1000}}]},
        ]),
        "{made}"
    );
    let code = |seen: &Value| seen["data"]["dashboardUpsert"]["userErrors"][0]["code"].clone();
    assert_eq!(
        code(&shop.run(&ann_member, &upsert("", bob, "gross:GBP")).await),
        "NOT_FOUND"
    );
    assert_eq!(
        code(&shop.run(&ann_member, &upsert("", ann, "profit:GBP")).await),
        "INVALID"
    );
    let edit = upsert(
        &format!("id: {}, expectedVersion: 1,", dashboard["id"]),
        ann,
        "net:GBP",
    );
    assert_eq!(
        shop.run(&ann_member, &edit).await["data"]["dashboardUpsert"]["dashboard"]["version"],
        2
    );
    assert_eq!(code(&shop.run(&ann_member, &edit).await), "VERSION_CONFLICT");
    let steal = upsert(&format!("id: {},", dashboard["id"]), bob, "net:GBP");
    assert_eq!(code(&shop.run(&bob_member, &steal).await), "NOT_FOUND");
    assert_eq!(
        shop.run(&bob_member, "{ dashboards { id } }").await["data"]["dashboards"],
        json!([])
    );
    let shopper = shop.run(&viewer(Role::Customer), "{ dashboards { id } }").await;
    assert_eq!(shopper["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let delete = format!(
        "mutation {{ dashboardDelete(id: {}) {{ dashboard {{ id }} userErrors {{ code }} }} }}",
        dashboard["id"]
    );
    assert_eq!(
        shop.run(&ann_member, &delete).await["data"]["dashboardDelete"]["dashboard"]["id"],
        dashboard["id"]
    );
    assert_eq!(
        shop.run(&ann_member, "{ dashboards { id } }").await["data"]["dashboards"],
        json!([])
    );
}
