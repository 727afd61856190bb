//! The same subscription of two people is two subscriptions.

use super::{Person, shop};
use crate::support::stream::{Transport, subscribe};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_words_of_two_people_tell_each_their_own() {
    let shop = shop();
    let (ann, bob) = (Person::new(&shop, "ann").await, Person::new(&shop, "bob").await);
    let staff = shop.anonymous().with_token(super::token(&shop, "staff").await);
    let query = "subscription { notificationReceived { title recipient { email } } }";
    for transport in [Transport::WebSocket, Transport::Sse, Transport::Multipart] {
        let people = [&ann, &bob];
        let mut events = Vec::new();
        for person in people {
            events.push(subscribe(&shop, transport, &person.access, query, json!({})).await);
        }
        // Nothing tells that both listen.
        tokio::time::sleep(Duration::from_secs(1)).await;
        // The third shows that the second's message has not gone to the first.
        for number in [0, 1, 0] {
            let person = people[number];
            let words = Uuid::now_v7().simple().to_string();
            let send = "mutation($user: ID!, $words: String!, $key: ID!) { notificationSend(userId: $user, channels: [IN_APP],
                templateCode: \"order.on_hold\", variables: $words, idempotencyKey: $key) { userErrors { code message } } }";
            let variables = json!({ "user": person.id().await, "key": words,
                "words": json!({ "order_number": words }).to_string() });
            staff.run(send, variables).await.unwrap();
            let told = events[number].next().await;
            let told = &told["notificationReceived"];
            assert!(told["title"].as_str().unwrap().contains(&words), "{told}");
            assert_eq!(told["recipient"]["email"], person.email.as_str());
        }
    }
}
