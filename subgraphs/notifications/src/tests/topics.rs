//! News of variants reaches those who wait for it, once on each channel.

use super::*;
use crate::{
    actions::topics::{self, Wish},
    domain::{topic::Topic, types::Channel},
};
use contracts::events::{NewsKind, PriceFall, VariantNews, WishesFulfilled};
use platform::ids::ProductId;

fn news(variant: VariantId) -> VariantNews {
    VariantNews {
        id: Uuid::now_v7(),
        kind: NewsKind::PriceDrop,
        variant,
        product: ProductId::new(),
        vendor: VendorId::new(),
        product_name: "Enamel Mug".into(),
        price: Some(PriceFall {
            currency: Currency::GBP,
            before: 1000,
            after: 850,
        }),
    }
}

fn fact<E>(event: E, origin: Origin) -> Received<E> {
    Received {
        id: Uuid::now_v7(),
        occurred_at: chrono::Utc::now(),
        origin,
        event,
    }
}

impl Shop {
    async fn tell_lists(&self, news: &VariantNews, customers: Vec<CustomerId>, origin: Origin) {
        let news = news.clone();
        let mut tx = self.deps.db.begin(Moment::LIVE).await.unwrap();
        consumers::wishes(&mut tx, fact(WishesFulfilled { news, customers }, origin))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn tell_topics(&self, news: &VariantNews) {
        let mut tx = self.deps.db.begin(Moment::LIVE).await.unwrap();
        consumers::variant_news(&mut tx, fact(news.clone(), Origin::Live))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_crowd_is_told_once_and_by_its_preferences() {
    let shop = shop().await;
    let news = news(VariantId::new());
    let crowd: Vec<CustomerId> = (0..1200).map(|_| CustomerId::new()).collect();
    let ann = shopper(crowd[7]);
    crate::actions::mailboxes::open(&shop.deps, &ann).await.unwrap();
    shop.run(
        &ann,
        "mutation { notificationPreferenceSet(category: PROMOTION, channel: EMAIL, enabled: false) { userErrors { code } } }",
    )
    .await;
    shop.order(crowd[7], "CONFIRMED", Origin::Live, Uuid::now_v7())
        .await;
    shop.tell_lists(&news, crowd.clone(), Origin::Import).await;
    for part in [&crowd[..500], &crowd[400..], &crowd[..]] {
        shop.tell_lists(&news, part.to_vec(), Origin::Live).await;
    }
    let told = "select count(*) from notifications.notifications where code = 'product.price_drop' and seq is not null";
    assert_eq!(shop.count(told).await, 1200);
    let gaps = "select count(*) from notifications.mailboxes m where last_seq <> (
        select count(*) from notifications.notifications n where n.mailbox_id = m.id and n.seq <= m.last_seq)";
    assert_eq!(shop.count(gaps).await, 0);
    let mails = |status| {
        format!(
            "select count(*) from notifications.deliveries d join notifications.notifications n
             on n.id = d.notification_id where code = 'product.price_drop' and status = '{status}'"
        )
    };
    for (status, expected) in [("QUEUED", 1199), ("SUPPRESSED", 1)] {
        let sql = sqlx::AssertSqlSafe(mails(status));
        let found: i64 = sqlx::query_scalar(sql)
            .fetch_one(shop.deps.db.pool())
            .await
            .unwrap();
        assert_eq!(found, expected, "{status}");
    }
    let query = format!(
        r#"{{ _entities(representations: [{{__typename: "User", id: "{}"}}]) {{ ... on User {{
            notifications(first: 1) {{ nodes {{ title body actionUrl seq }} }} }} }} }}"#,
        ann.user.unwrap()
    );
    let seen = shop.run(&ann, &query).await;
    let node = &seen["data"]["_entities"][0]["notifications"]["nodes"][0];
    assert_eq!(
        (&node["title"], &node["seq"]),
        (&json!("Enamel Mug costs less"), &json!(2))
    );
    assert!(
        node["body"]
            .as_str()
            .unwrap()
            .contains("from GBP 10.00 to GBP 8.50")
    );
    let url = format!("http://shop.test/variants/{}", news.variant);
    assert_eq!(node["actionUrl"], url.as_str());
}

#[tokio::test]
async fn subscribers_hear_on_their_channel_and_lists_add_the_other_one() {
    let shop = shop().await;
    let news = news(VariantId::new());
    let (ann, bob) = (shopper(CustomerId::new()), shopper(CustomerId::new()));
    let wish = |channel, topic| Wish {
        topic,
        channel,
        variant: news.variant,
    };
    let by_mail = wish(Channel::Email, Topic::PriceDrop);
    let kept = topics::keep(&shop.deps, &ann, by_mail).await.ok().unwrap();
    let again = topics::keep(&shop.deps, &ann, by_mail).await.ok().unwrap();
    assert_eq!(kept.id, again.id);
    let other_topic = wish(Channel::InApp, Topic::BackInStock);
    topics::keep(&shop.deps, &bob, other_topic).await.ok().unwrap();
    shop.tell_topics(&news).await;
    // Too late for this news.
    topics::keep(&shop.deps, &bob, by_mail).await.ok().unwrap();
    while topics::step(&shop.deps).await.unwrap() {}
    let hidden = "select count(*) from notifications.notifications where seq is null";
    let mails = "select count(*) from notifications.deliveries";
    assert_eq!((shop.count(hidden).await, shop.count(mails).await), (1, 1));
    // Her wishlist asks for the same: it is shown now, and there is no second mail.
    shop.tell_lists(&news, vec![ann.customer.unwrap()], Origin::Live)
        .await;
    shop.tell_topics(&news).await;
    while topics::step(&shop.deps).await.unwrap() {}
    assert_eq!(shop.count(hidden).await, 1, "Bob's, who has heard the repeat");
    let query = format!(
        r#"{{ _entities(representations: [{{__typename: "User", id: "{}"}}, {{__typename: "TopicSubscription", id: "{}"}}]) {{
            ... on User {{ unreadNotificationCount topicSubscriptions {{ id topic channel variant {{ id }} }} }}
            ... on TopicSubscription {{ topic }} }} }}"#,
        ann.user.unwrap(),
        kept.id
    );
    let seen = shop.run(&ann, &query).await;
    let expected = json!([
        { "unreadNotificationCount": 1, "topicSubscriptions": [{ "id": kept.id.to_string(), "topic": "PRICE_DROP",
            "channel": "EMAIL", "variant": { "id": news.variant.to_string() } }] },
        { "topic": "PRICE_DROP" }
    ]);
    assert_eq!(seen["data"]["_entities"], expected, "{seen}");
    let foreign = shop.run(&bob, &query).await;
    let nothing = json!([{ "unreadNotificationCount": null, "topicSubscriptions": null }, null]);
    assert_eq!(foreign["data"]["_entities"], nothing, "{foreign}");
    let end = format!(
        r#"mutation {{ topicUnsubscribe(id: "{}") {{ subscription {{ id }} userErrors {{ code }} }} }}"#,
        kept.id
    );
    for (viewer, code) in [(&bob, "NOT_FOUND"), (&Viewer::anonymous(), "UNAUTHENTICATED")] {
        let refused = shop.run(viewer, &end).await;
        assert_eq!(refused["data"]["topicUnsubscribe"]["userErrors"][0]["code"], code);
    }
    let ended = shop.run(&ann, &end).await;
    assert_eq!(
        ended["data"]["topicUnsubscribe"]["subscription"]["id"],
        kept.id.to_string().as_str()
    );
    let left = "select count(*) from notifications.topic_subscriptions";
    assert_eq!(shop.count(left).await, 2);
}

#[tokio::test]
async fn bad_wishes_are_refused() {
    let shop = shop().await;
    let ann = shopper(CustomerId::new());
    for (arguments, path) in [
        (r#"topic: "NEWSLETTER", channel: EMAIL"#, "topic"),
        (r#"topic: "PRICE_DROP", channel: EMAIL"#, "variantId"),
    ] {
        let query = format!("mutation {{ topicSubscribe({arguments}) {{ userErrors {{ code path }} }} }}");
        let refused = shop.run(&ann, &query).await;
        let error = &refused["data"]["topicSubscribe"]["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["path"]),
            (&json!("INVALID"), &json!([path])),
            "{refused}"
        );
    }
}
