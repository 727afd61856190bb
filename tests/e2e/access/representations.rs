//! Services asked directly: what is for other services needs their token, and nobody asks for everything at once.

use super::{Person, services, shop};
use agora::services::SERVICES;
use platform::token::ServiceKey;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_entities_are_enough() {
    let shop = shop();
    let one = json!({ "__typename": "Vendor", "id": "ven_01900000000070008000000000000000" });
    for service in services(&shop) {
        let query = "query($list: [_Any!]!) { _entities(representations: $list) { __typename } }";
        let ask = async |number: usize| {
            service
                .send(query, json!({ "list": vec![&one; number] }))
                .await
                .unwrap()
        };
        let (status, body) = ask(1_001).await;
        assert_eq!((status, &body["data"]), (400, &Value::Null), "{body}");
        let (status, body) = ask(1_000).await;
        assert_eq!(status, 200, "{body}");
    }
}

/// Commands are for services alone, each for the one it is meant for.
#[tokio::test(flavor = "multi_thread")]
async fn commands_need_a_service_s_token_for_this_service() {
    let shop = shop();
    let person = Person::new(&shop, "commands").await;
    let admin = super::token(&shop, "admin").await;
    let secrets = agora::state::DataDir::open(&shop.data)
        .unwrap()
        .secrets()
        .unwrap();
    let (key, stranger) = (ServiceKey::new(secrets.service_key), ServiceKey::new("guess"));
    let http = reqwest::Client::new();
    for (number, service) in SERVICES.iter().enumerate() {
        let base = format!("http://127.0.0.1:{}", usize::from(shop.port) + number + 1);
        let other = SERVICES[(number + 1) % SERVICES.len()].name;
        let tokens = [
            None,
            Some("nonsense".to_owned()),
            Some(person.access.clone()),
            Some(admin.clone()),
            Some(stranger.mint("orders", service.name).unwrap()),
            Some(key.mint("orders", other).unwrap()),
        ];
        for path in [
            "/commands/get_vendors",
            "/commands/export_personal_data",
            "/commands/nothing",
            "/events/unseen",
        ] {
            for token in &tokens {
                let request = http.post(format!("{base}{path}")).json(&json!([]));
                let request = token
                    .iter()
                    .fold(request, |request, token| request.bearer_auth(token));
                let status = request.send().await.unwrap().status().as_u16();
                assert!(
                    status == 401 || status == 404 && path.ends_with("nothing"),
                    "{base}{path} {token:?}: {status}"
                );
            }
        }
        // A service's token is no person's.
        let token = key.mint("orders", service.name).unwrap();
        let graphql = super::Client::new(format!("{base}/graphql"))
            .unwrap()
            .with_token(token);
        assert_eq!(graphql.send("{ __typename }", json!({})).await.unwrap().0, 401);
    }
    let refused = shop.anonymous().with_token(key.mint("users", "users").unwrap());
    assert_eq!(refused.send("{ __typename }", json!({})).await.unwrap().0, 401);
}
