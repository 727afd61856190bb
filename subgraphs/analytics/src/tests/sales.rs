//! Figures.

use super::*;

const FIGURES: &str = "orders units gross { amount } discounts { amount } refunds { amount } net { amount } averageOrderValue { amount }";

fn figures(seen: &Value) -> [i64; 7] {
    let amount = |name: &str| seen[name]["amount"].as_i64().unwrap();
    [
        seen["orders"].as_i64().unwrap(),
        seen["units"].as_i64().unwrap(),
        amount("gross"),
        amount("discounts"),
        amount("refunds"),
        amount("net"),
        amount("averageOrderValue"),
    ]
}

#[tokio::test]
async fn figures_are_right_in_every_span_and_add_up() {
    let shop = shop().await;
    let (staff, ann, bob) = (viewer(Role::Staff), VendorId::new(), VendorId::new());
    let (product, other) = (ProductId::new(), ProductId::new());
    let customer = CustomerId::new();
    let first = order(customer, &[(ann, product, 2, 1000), (bob, other, 1, 501)]);
    let second = order(customer, &[(ann, product, 1, 500)]);
    shop.confirm(first.clone(), "2010-12-01T08:26:00Z").await;
    // Once, however often it is confirmed.
    shop.confirm(first.clone(), "2010-12-01T08:27:00Z").await;
    shop.confirm(second.clone(), "2010-12-01T10:30:00Z").await;
    shop.refund(&first, ann, 300, "2010-12-01T10:45:00Z").await;

    let ask = |from: &str, to: &str| {
        format!(
            r#"{{ salesMetrics(range: {{from: "2010-12-01T{from}Z", to: "2010-12-01T{to}Z"}}, currency: "GBP") {{ {FIGURES} series(granularity: HOUR) {{ at value money {{ amount }} }} }} }}"#
        )
    };
    let cases = [
        ("00:00:00", "23:00:00", [2, 4, 2301, 14, 300, 2001, 1150]),
        ("08:26:00", "08:26:01", [1, 3, 1701, 7, 0, 1701, 1701]),
        ("08:26:01", "10:30:00", [0, 0, 0, 0, 0, 0, 0]),
        ("08:00:00", "10:30:01", [2, 4, 2301, 14, 0, 2301, 1150]),
        ("10:40:00", "11:00:00", [0, 0, 0, 0, 300, -300, 0]),
    ];
    for (from, to, expected) in cases {
        let seen = shop.run(&staff, &ask(from, to)).await;
        let metrics = &seen["data"]["salesMetrics"];
        assert_eq!(figures(metrics), expected, "{from} {to} {seen}");
        let series = metrics["series"].as_array().unwrap();
        assert_eq!(
            series
                .iter()
                .map(|p| p["money"]["amount"].as_i64().unwrap())
                .sum::<i64>(),
            expected[2]
        );
    }
    let vendors = format!(
        r#"query {{ _entities(representations: [{{__typename: "Vendor", id: "{ann}"}}, {{__typename: "Vendor", id: "{bob}"}}]) {{ ... on Vendor {{ salesMetrics(range: {{}}, currency: "GBP") {{ {FIGURES} }} }} }} }}"#
    );
    let seen = shop.run(&staff, &vendors).await;
    let parts = &seen["data"]["_entities"];
    assert_eq!(
        figures(&parts[0]["salesMetrics"]),
        [2, 3, 1700, 6, 300, 1400, 850]
    );
    assert_eq!(figures(&parts[1]["salesMetrics"]), [1, 1, 601, 3, 0, 601, 601]);
    let member = Viewer {
        vendors: vec![bob],
        ..viewer(Role::Vendor)
    };
    let seen = shop.run(&member, &vendors).await;
    assert_eq!(seen["data"]["_entities"][0]["salesMetrics"], Value::Null);
    assert_eq!(seen["data"]["_entities"][1]["salesMetrics"]["orders"], 1);
    let denied = shop.run(&member, &ask("00:00:00", "23:00:00")).await;
    assert_eq!(
        (
            &denied["data"]["salesMetrics"],
            &denied["errors"][0]["extensions"]["code"]
        ),
        (&Value::Null, &json!("FORBIDDEN"))
    );

    let products = format!(
        r#"{{ trendingProducts {{ id }} _entities(representations: [{{__typename: "Product", id: "{product}"}}, {{__typename: "Customer", id: "{customer}"}}]) {{
        ... on Product {{ metrics {{ unitsSold revenue {{ amount }} }} alsoBought {{ id }} }}
        ... on Customer {{ lifetimeValue(currency: "GBP") {{ amount }} recommendations {{ id }} }} }} }}"#
    );
    let seen = shop.run(&staff, &products).await;
    let [sold, person] = [&seen["data"]["_entities"][0], &seen["data"]["_entities"][1]];
    assert_eq!(
        sold["metrics"],
        json!({"unitsSold": 3, "revenue": {"amount": 1500}}),
        "{seen}"
    );
    assert_eq!(sold["alsoBought"], json!([{"id": other.to_string()}]));
    assert_eq!(person["lifetimeValue"]["amount"], 2001);
    assert_eq!(seen["data"]["trendingProducts"][0]["id"], product.to_string());
}

#[tokio::test]
async fn live_figures_are_for_staff() {
    let shop = shop().await;
    let query = "subscription { liveMetrics { ordersLastMinute grossLastHour { amount } } }";
    let (product, vendor) = (ProductId::new(), VendorId::new());
    shop.confirm(
        order(CustomerId::new(), &[(vendor, product, 1, 900)]),
        &Utc::now().to_rfc3339(),
    )
    .await;
    let first = shop
        .schema
        .execute_stream(shop.request(&viewer(Role::Staff), query))
        .next()
        .await
        .unwrap();
    let first = first.data.into_json().unwrap();
    assert_eq!(
        first["liveMetrics"],
        json!({"ordersLastMinute": 1, "grossLastHour": [{"amount": 1000}]})
    );
    let refused = shop
        .schema
        .execute_stream(shop.request(&viewer(Role::Customer), query))
        .next()
        .await
        .unwrap();
    assert!(!refused.errors.is_empty());
}
