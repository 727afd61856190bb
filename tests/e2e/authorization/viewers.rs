//! Who asks: one client per column of the table.

use crate::support::Shop;
use agora::client::Client;
use platform::token::{Claims, Signer};
use serde_json::{Value, json};
use uuid::Uuid;

/// The columns of the table, those who may least first.
pub const VIEWERS: [&str; 10] = [
    "anonymous",
    "expired",
    "guest",
    "other",
    "vip",
    "other-vendor",
    "owner",
    "vendor",
    "staff",
    "admin",
];

const PASSWORD: &str = "correct-horse-battery-7";

/// A caller and the token that says so.
#[derive(Clone)]
pub struct Caller {
    pub client: Client,
    pub token: Option<String>,
}

impl Caller {
    pub fn anonymous(shop: &Shop) -> Self {
        Self {
            client: shop.anonymous(),
            token: None,
        }
    }

    fn with(shop: &Shop, token: &Value) -> Self {
        let token = token.as_str().expect("a token").to_owned();
        Self {
            client: shop.anonymous().with_token(&token),
            token: Some(token),
        }
    }

    pub async fn guest(shop: &Shop) -> Self {
        let query = "mutation { guestSessionCreate { tokens { accessToken } userErrors { code } } }";
        let made = shop.anonymous().run(query, json!({})).await.unwrap();
        Self::with(shop, &made["guestSessionCreate"]["tokens"]["accessToken"])
    }

    /// A new registered customer.
    pub async fn customer(shop: &Shop, name: &str) -> Self {
        let email = format!("{name}-{}@agora.example", Uuid::now_v7().simple());
        let input = json!({ "email": email, "password": PASSWORD, "displayName": name });
        let made = shop.register(input).await;
        Self {
            client: made.client,
            token: Some(made.token),
        }
    }

    pub async fn login(shop: &Shop, email: &str, password: &str) -> Self {
        let query = "mutation($email: String!, $password: String!) {
            login(email: $email, password: $password) { tokens { accessToken } userErrors { code message } } }";
        let variables = json!({ "email": email, "password": password });
        let made = shop.anonymous().run(query, variables).await.unwrap();
        Self::with(shop, &made["login"]["tokens"]["accessToken"])
    }

    pub async fn seeded(shop: &Shop, who: &str) -> Self {
        Self::login(shop, &format!("{who}@agora.example"), agora::seed::PASSWORD).await
    }

    /// A token of the right key for the right person, of an hour ago.
    pub fn expired(shop: &Shop) -> Self {
        let secrets = agora::state::DataDir::open(&shop.data)
            .unwrap()
            .secrets()
            .unwrap();
        let mut claims = Claims::new(&platform::Viewer::anonymous(), 0);
        claims.sub = format!("usr_{}", Uuid::now_v7().simple());
        for time in [&mut claims.exp, &mut claims.nbf, &mut claims.iat] {
            *time -= 3600;
        }
        let token = Signer::from_pem(&secrets.signing_key_pem)
            .unwrap()
            .sign(&claims)
            .unwrap();
        Self::with(shop, &json!(token))
    }
}

/// A caller for every column.
pub async fn all(shop: &Shop) -> [Caller; 10] {
    [
        Caller::anonymous(shop),
        Caller::expired(shop),
        Caller::guest(shop).await,
        Caller::customer(shop, "other").await,
        Caller::seeded(shop, "vip").await,
        Caller::seeded(shop, "tech").await,
        Caller::seeded(shop, "customer").await,
        Caller::seeded(shop, "books").await,
        Caller::seeded(shop, "staff").await,
        Caller::seeded(shop, "admin").await,
    ]
}

/// The column of a viewer.
pub fn column(viewer: &str) -> usize {
    VIEWERS.iter().position(|name| *name == viewer).expect("a viewer")
}
