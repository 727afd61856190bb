//! Facts become messages, and readers see them.

use super::*;

#[tokio::test]
async fn a_fact_is_told_once_to_its_customer_only() {
    let shop = shop().await;
    let customer = CustomerId::new();
    let (ann, bob, event) = (shopper(customer), viewer(Role::Customer), Uuid::now_v7());
    shop.order(customer, "CONFIRMED", Origin::Live, event).await;
    shop.order(customer, "CONFIRMED", Origin::Live, event).await;
    shop.order(customer, "CANCELED", Origin::Live, Uuid::now_v7())
        .await;
    shop.order(customer, "CONFIRMED", Origin::Import, Uuid::now_v7())
        .await;

    let user = ann.user.unwrap();
    let query = format!(
        r#"{{ _entities(representations: [{{__typename: "User", id: "{user}"}}]) {{ ... on User {{
            unreadNotificationCount
            notifications(first: 1) {{ nodes {{ id title seq subject {{ __typename }} deliveries {{ status }} }} pageInfo {{ hasNextPage }} }}
        }} }} }}"#
    );
    let seen = shop.run(&ann, &query).await;
    let ann_sees = &seen["data"]["_entities"][0];
    assert_eq!(ann_sees["unreadNotificationCount"], 2, "{seen}");
    let node = &ann_sees["notifications"]["nodes"][0];
    assert_eq!(
        (&node["title"], &node["seq"]),
        (&json!("Order A-100 canceled"), &json!(2))
    );
    assert_eq!(node["deliveries"], json!([{"status": "QUEUED"}]));
    assert_eq!(node["subject"]["__typename"], "Order");
    assert_eq!(ann_sees["notifications"]["pageInfo"]["hasNextPage"], true);
    let others = shop.run(&bob, &query).await;
    assert_eq!(others["data"]["_entities"][0]["notifications"], Value::Null);

    let read = format!(
        r#"mutation {{ notificationMarkRead(id: {}) {{ notification {{ readAt }} userErrors {{ code }} }} }}"#,
        node["id"]
    );
    let refused = shop.run(&bob, &read).await;
    assert_eq!(
        refused["data"]["notificationMarkRead"]["userErrors"][0]["code"],
        "NOT_FOUND"
    );
    let done = shop.run(&ann, &read).await;
    assert!(
        done["data"]["notificationMarkRead"]["notification"]["readAt"].is_string(),
        "{done}"
    );
    let all = shop
        .run(&ann, "mutation { notificationsMarkAllRead { count } }")
        .await;
    assert_eq!(all["data"]["notificationsMarkAllRead"]["count"], 1);
}

#[tokio::test]
async fn a_stream_resumes_and_goes_on_live_also_for_guests() {
    let shop = shop().await;
    let customer = CustomerId::new();
    let guest = Viewer {
        customer: Some(customer),
        ..viewer(Role::Guest)
    };
    shop.order(customer, "PENDING_PAYMENT", Origin::Live, Uuid::now_v7())
        .await;
    let mut stream = shop.schema.execute_stream(shop.request(
        &guest,
        "subscription { notificationReceived(afterSeq: 0) { seq title } }",
    ));
    let first = stream.next().await.unwrap().data.into_json().unwrap();
    assert_eq!(first["notificationReceived"]["seq"], 1);
    shop.order(customer, "CONFIRMED", Origin::Live, Uuid::now_v7())
        .await;
    let next = tokio::time::timeout(Duration::from_secs(5), stream.next())
        .await
        .unwrap()
        .unwrap();
    let next = next.data.into_json().unwrap();
    assert_eq!(next["notificationReceived"]["title"], "Order A-100 confirmed");
    let anonymous = Viewer::anonymous();
    let mut refused = shop
        .schema
        .execute_stream(shop.request(&anonymous, "subscription { notificationReceived { seq } }"));
    assert!(!refused.next().await.unwrap().errors.is_empty());
}

#[tokio::test]
async fn vendors_are_told_through_their_members_once() {
    let shop = shop().await;
    let members = [UserId::new(), UserId::new()];
    let event = LowStockRaised {
        alert: LowStockAlertId::new(),
        vendor: VendorId::new(),
        variant: VariantId::new(),
        warehouse: WarehouseId::new(),
        available: 2,
        threshold: 5,
    };
    let fact = Received {
        id: Uuid::now_v7(),
        occurred_at: chrono::Utc::now(),
        origin: Origin::Live,
        event,
    };
    let mut tx = shop.deps.db.begin(Moment::LIVE).await.unwrap();
    consumers::low_stock(&mut tx, fact).await.unwrap();
    tx.commit().await.unwrap();
    // The users service does not answer: the message waits.
    assert!(vendors::resolve(&shop.deps).await.is_err());
    sqlx::query("update notifications.vendor_messages set due_at = now()")
        .execute(shop.deps.db.pool())
        .await
        .unwrap();
    let waiting = crate::store::vendor_messages::claim(shop.deps.db.pool(), 10, Duration::from_secs(9))
        .await
        .unwrap();
    for _ in 0..2 {
        vendors::fan_out(&shop.deps, &waiting[0], &members).await.unwrap();
    }
    assert_eq!(
        shop.count("select count(*) from notifications.notifications")
            .await,
        2
    );
    assert_eq!(
        shop.count("select count(*) from notifications.vendor_messages")
            .await,
        0
    );
}

#[tokio::test]
async fn two_mailboxes_of_one_person_become_one_without_gaps() {
    let shop = shop().await;
    let (user, customer) = (UserId::new(), CustomerId::new());
    shop.order(customer, "CONFIRMED", Origin::Live, Uuid::now_v7())
        .await;
    let staff = viewer(Role::Staff);
    let send = format!(
        r#"mutation {{ notificationSend(userId: "{user}", templateCode: "vendor.approved", channels: [IN_APP, EMAIL], variables: "{{}}", idempotencyKey: "1") {{ notification {{ seq }} userErrors {{ message }} }} }}"#
    );
    for _ in 0..2 {
        let sent = shop.run(&staff, &send).await;
        assert_eq!(
            sent["data"]["notificationSend"]["notification"]["seq"], 1,
            "{sent}"
        );
    }
    let viewer = Viewer {
        user: Some(user),
        customer: Some(customer),
        ..viewer(Role::Customer)
    };
    let denied = shop.run(&viewer, &send).await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let opened = crate::actions::mailboxes::open(&shop.deps, &viewer)
        .await
        .unwrap();
    assert_eq!(opened.1, 2);
    let rows = crate::store::notifications::after(shop.deps.db.pool(), opened.0, 0)
        .await
        .unwrap();
    assert_eq!(rows.iter().map(|r| r.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        crate::actions::mailboxes::open(&shop.deps, &viewer)
            .await
            .unwrap(),
        opened
    );
}
