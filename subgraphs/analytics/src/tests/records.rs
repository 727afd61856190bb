//! Events and audit chains.

use super::*;

#[tokio::test]
async fn the_audit_notices_what_the_database_allows_nobody() {
    let shop = shop().await;
    let (admin, staff, id) = (viewer(Role::Admin), viewer(Role::Staff), OrderId::new());
    for state in ["PENDING_PAYMENT", "CONFIRMED", "CANCELED"] {
        shop.moved(id, state).await;
    }
    let trail = format!(
        r#"{{ auditTrail(entityId: "{id}", first: 2) {{ nodes {{ seq after }} pageInfo {{ hasNextPage endCursor }} }} events(subjectId: "{id}") {{ nodes {{ type }} }} }}"#
    );
    let seen = shop.run(&staff, &trail).await;
    assert_eq!(
        seen["data"]["auditTrail"]["nodes"],
        json!([{"seq": 1, "after": "PENDING_PAYMENT"}, {"seq": 2, "after": "CONFIRMED"}]),
        "{seen}"
    );
    assert_eq!(seen["data"]["events"]["nodes"].as_array().unwrap().len(), 3);
    let verify = format!(r#"{{ auditVerify(entityId: "{id}") }}"#);
    assert_eq!(shop.run(&admin, &verify).await["data"]["auditVerify"], true);
    assert_eq!(
        shop.run(&staff, &verify).await["errors"][0]["extensions"]["code"],
        "FORBIDDEN"
    );
    let db = shop.deps.db.pool();
    let edit = "update analytics.audit_entries set after = 'COMPLETED' where seq = 2";
    assert!(sqlx::query(edit).execute(db).await.is_err());
    sqlx::query("alter table analytics.audit_entries disable trigger user")
        .execute(db)
        .await
        .unwrap();
    sqlx::query(edit).execute(db).await.unwrap();
    assert_eq!(shop.run(&admin, &verify).await["data"]["auditVerify"], false);
    let none = format!(r#"{{ auditVerify(entityId: "{}") }}"#, OrderId::new());
    assert_eq!(shop.run(&admin, &none).await["data"]["auditVerify"], Value::Null);
}

#[tokio::test]
async fn storefronts_track_once_and_only_what_is_plausible() {
    let shop = shop().await;
    let (customer, staff, product) = (viewer(Role::Customer), viewer(Role::Staff), ProductId::new());
    let now = Utc::now().to_rfc3339();
    let event = |kind: &str, session: &str, id: &str, extra: &str| {
        format!(
            r#"{{type: "{kind}", occurredAt: "{now}", sessionId: "{session}", eventId: "{id}", {extra}}}"#
        )
    };
    let subject = format!(r#"subjectId: "{product}""#);
    let referrer = r#"payload: "{\"referrer\": \"https://Search.example/q?x=1\"}""#;
    let events = [
        event("page_view", "s1", "1", referrer),
        event("product_view", "s1", "2", &subject),
        event("add_to_cart", "s1", "3", &subject),
        event("page_view", "s2", "1", ""),
        event("page_view", "s3", "1", ""),
        event("page_view", "s3", "2", ""),
        event("orders.order_confirmed", "s3", "3", ""),
        event("product_view", "s3", "4", ""),
    ];
    let track = format!(
        "mutation {{ trackEvents(events: [{}]) {{ accepted userErrors {{ path }} }} }}",
        events.join(",")
    );
    for _ in 0..2 {
        let seen = shop.run(&customer, &track).await;
        let payload = &seen["data"]["trackEvents"];
        assert_eq!(payload["accepted"], 6, "{seen}");
        assert_eq!(
            payload["userErrors"],
            json!([{"path": ["events", "6", "type"]}, {"path": ["events", "7", "subjectId"]}])
        );
    }
    let query = r#"{ trafficMetrics(range: {}) { sessions uniqueVisitors pageViews bounceRate topReferrers { name count } series(granularity: MONTH) { value } }
        funnel(steps: ["page_view", "product_view", "add_to_cart", "purchase"], range: {}) { count } }"#;
    let seen = shop.run(&staff, query).await;
    let traffic = &seen["data"]["trafficMetrics"];
    assert_eq!(
        (
            &traffic["sessions"],
            &traffic["pageViews"],
            &traffic["uniqueVisitors"]
        ),
        (&json!(3), &json!(4), &json!(1)),
        "{seen}"
    );
    assert_eq!(
        traffic["topReferrers"],
        json!([{"name": "search.example", "count": 1}])
    );
    assert_eq!(traffic["series"], json!([{"value": 4.0}]));
    assert_eq!(
        seen["data"]["funnel"],
        json!([{"count": 3}, {"count": 1}, {"count": 1}, {"count": 0}])
    );
    let me = customer.customer.unwrap();
    let viewed = format!(
        r#"{{ _entities(representations: [{{__typename: "Customer", id: "{me}"}}, {{__typename: "Product", id: "{product}"}}]) {{ ... on Customer {{ recentlyViewed {{ id }} lifetimeValue(currency: "GBP") {{ amount }} }} ... on Product {{ metrics {{ views addsToCart revenue {{ amount }} }} }} }} }}"#
    );
    let seen = shop.run(&customer, &viewed).await;
    assert_eq!(
        seen["data"]["_entities"][0],
        json!({"recentlyViewed": [{"id": product.to_string()}], "lifetimeValue": null})
    );
    assert_eq!(
        seen["data"]["_entities"][1]["metrics"],
        json!({"views": 1, "addsToCart": 1, "revenue": null})
    );
    let others = shop.run(&viewer(Role::Customer), &viewed).await;
    assert_eq!(others["data"]["_entities"][0]["recentlyViewed"], Value::Null);
}

#[tokio::test]
async fn what_staff_does_for_a_customer_names_the_employee() {
    let shop = shop().await;
    let (staff, customer) = (viewer(Role::Staff), CustomerId::new());
    let event = contracts::events::StaffActed {
        customer,
        staff: staff.user.unwrap(),
        action: "loyalty.adjust".into(),
        subject: None,
        outcome: Some("+50".into()),
    };
    let mut tx = shop.deps.db.begin(Moment::LIVE).await.unwrap();
    consumers::fact(&mut tx, received(event, Utc::now()))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let trail = format!(r#"{{ auditTrail(entityId: "{customer}") {{ nodes {{ actor after }} }} }}"#);
    let seen = shop.run(&staff, &trail).await;
    let expected = json!([{"actor": staff.user.unwrap().to_string(), "after": "loyalty.adjust +50"}]);
    assert_eq!(seen["data"]["auditTrail"]["nodes"], expected, "{seen}");
}
