//! Mails, and how to stop them.

use super::*;

#[tokio::test]
async fn an_account_message_is_sent_once_and_forgotten() {
    let shop = shop().await;
    let call = || Call {
        caller: "users".into(),
        moment: Moment::LIVE,
    };
    let command = || SendAccountMessage {
        key: "activate:1".into(),
        user: Some(UserId::new()),
        email: "ann@example.org".into(),
        locale: Default::default(),
        template: "account.activate".into(),
        variables: [("token".to_owned(), "s3cret".to_owned())].into(),
    };
    for _ in 0..2 {
        commands::send_account_message(&shop.deps, call(), command())
            .await
            .unwrap();
    }
    let folder = folder();
    for _ in 0..2 {
        deliver::deliver(&shop.deps, &mailer(&folder)).await.unwrap();
    }
    let mails: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    assert_eq!(mails.len(), 1);
    let mail = std::fs::read_to_string(&mails[0]).unwrap();
    assert!(
        mail.contains("Token: s3cret") && mail.contains("To: ann@example.org"),
        "{mail}"
    );
    assert_eq!(
        shop.count("select count(*) from notifications.deliveries where message is null and status = 'SENT'")
            .await,
        1
    );
    let unknown = SendAccountMessage {
        template: "nope".into(),
        ..command()
    };
    assert!(
        commands::send_account_message(&shop.deps, call(), unknown)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn without_the_users_service_mails_wait() {
    let shop = shop().await;
    shop.order(CustomerId::new(), "CONFIRMED", Origin::Live, Uuid::now_v7())
        .await;
    assert!(deliver::deliver(&shop.deps, &mailer(&folder())).await.is_err());
    assert_eq!(shop.count("select count(*) from notifications.deliveries where status = 'QUEUED' and attempts = 1 and due_at > now()").await, 1);
}

#[tokio::test]
async fn what_may_be_switched_off_stays_off_and_tokens_work() {
    let shop = shop().await;
    let member = viewer(Role::Vendor);
    let user = member.user.unwrap();
    let locked = "mutation { notificationPreferenceSet(category: ORDER, channel: EMAIL, enabled: false) { userErrors { code } } }";
    let refused = shop.run(&member, locked).await;
    assert_eq!(
        refused["data"]["notificationPreferenceSet"]["userErrors"][0]["code"],
        "CONFLICT"
    );
    let key = crate::store::preferences::unsubscribe_key(shop.deps.db.pool())
        .await
        .unwrap();
    let token =
        crate::domain::token::sign(&key, user, crate::domain::types::NotificationCategory::Vendor).unwrap();
    let done = shop.run(&Viewer::anonymous(), &format!(r#"mutation {{ unsubscribe(token: "{token}") {{ preferences {{ enabled }} userErrors {{ code }} }} }}"#)).await;
    assert_eq!(
        done["data"]["unsubscribe"]["preferences"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|p| p["enabled"] == false)
            .count(),
        1
    );
    let fact = Received {
        id: Uuid::now_v7(),
        occurred_at: chrono::Utc::now(),
        origin: Origin::Live,
        event: VendorStatusChanged {
            vendor: VendorId::new(),
            from: "IN_REVIEW".into(),
            to: "APPROVED".into(),
            approved: true,
            members: vec![user],
        },
    };
    let mut tx = shop.deps.db.begin(Moment::LIVE).await.unwrap();
    consumers::vendor(&mut tx, fact).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        shop.count("select count(*) from notifications.deliveries where status = 'SUPPRESSED'")
            .await,
        1
    );
    assert_eq!(
        shop.count("select count(*) from notifications.notifications where seq = 1")
            .await,
        1
    );
}
