//! The service over a real database, without a network.

mod accounts;
mod commerce;
mod enumeration;
mod guests;
mod keys;
mod loyalty;
mod mailbox;
mod merging;
mod notices;
mod privacy;
mod registration;
mod sdl;
mod security;
mod tier_rules;
mod tiers;
mod vendors;

use crate::{App, Schema, auth::Auth, schema::loaders::Reader};
use async_graphql::{Request, Variables};
use platform::{Viewer, client::Client, testing::TestDb, token::Signer};
use serde_json::{Value, json};

pub struct Rig {
    pub app: App,
    schema: Schema,
    _db: TestDb,
}

impl Rig {
    pub async fn new() -> Self {
        Self::with(false).await
    }

    /// Optionally, mailboxes are verified before the first login.
    pub async fn with(verify_email_first: bool) -> Self {
        let db = TestDb::new(crate::NAME, &crate::MIGRATOR).await.unwrap();
        let deps = db.deps(crate::NAME).unwrap();
        let auth = Auth::new(&Signer::generate_pem().unwrap(), deps.verifier.clone()).unwrap();
        let app = App {
            deps,
            auth,
            verify_email_first,
        };
        Self {
            schema: crate::schema(app.clone()),
            app,
            _db: db,
        }
    }

    /// The answer as JSON: `{data, errors}`.
    pub async fn ask(&self, viewer: &Viewer, query: &str, variables: Value) -> Value {
        self.ask_from(&Client::default(), viewer, query, variables).await
    }

    /// The same from somewhere.
    pub async fn ask_from(&self, client: &Client, viewer: &Viewer, query: &str, variables: Value) -> Value {
        let reader = Reader {
            db: self.app.deps.db.clone(),
            viewer: viewer.clone(),
        };
        let request = Request::new(query)
            .variables(Variables::from_json(variables))
            .data(platform::loader::batch(reader))
            .data(crate::Tried::default())
            .data(client.clone())
            .data(viewer.clone());
        serde_json::to_value(self.schema.execute(request).await).unwrap()
    }

    /// `data.<field>` of an answer without errors.
    pub async fn get(&self, viewer: &Viewer, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(viewer, query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        let data = answer["data"].as_object_mut().unwrap();
        let field = data.keys().next().unwrap().clone();
        data.remove(&field).unwrap()
    }

    pub async fn viewer(&self, payload: &Value) -> Viewer {
        let token = payload["tokens"]["accessToken"]
            .as_str()
            .unwrap_or_else(|| panic!("{payload}"));
        self.app.auth.viewer(token).await.unwrap()
    }

    pub async fn register(&self, email: &str, guest: Option<&str>) -> Value {
        let input =
            json!({"email": email, "password": "correct horse", "displayName": "Ann", "guestToken": guest});
        self.get(&Viewer::anonymous(), REGISTER, json!({ "input": input }))
            .await
    }

    pub async fn login(&self, email: &str, password: &str) -> Value {
        self.get(
            &Viewer::anonymous(),
            LOGIN,
            json!({"email": email, "password": password}),
        )
        .await
    }

    /// Runs SQL, for what only time would bring about.
    pub async fn sql(&self, sql: &'static str) {
        sqlx::query(sql).execute(self.app.deps.db.pool()).await.unwrap();
    }

    /// Somebody with these roles.
    pub async fn ensure(&self, email: &str, roles: &[platform::Role]) -> Viewer {
        let command = contracts::users::EnsureUser {
            email: email.to_owned(),
            password: "correct horse".to_owned(),
            display_name: "Staff".to_owned(),
            roles: roles.to_vec(),
        };
        crate::commands::ensure_user(&self.app, call(), command)
            .await
            .unwrap();
        let payload = self.login(email, "correct horse").await;
        self.viewer(&payload).await
    }
}

pub fn call() -> platform::commands::Call {
    platform::commands::Call {
        caller: "test".to_owned(),
        moment: platform::Moment::LIVE,
    }
}

pub fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"].as_str().unwrap_or("")
}

pub const REGISTER: &str = "mutation($input: RegisterInput!) { userRegister(input: $input) { \
     user { id email roles customer { id } } customer { id type email transitions { from to } } \
     tokens { accessToken refreshToken expiresAt } mergedCart userErrors { code message } } }";
pub const LOGIN: &str = "mutation($email: String!, $password: String!, $guest: String) { \
     login(email: $email, password: $password, guestToken: $guest) { \
     user { id email roles customer { id } } customer { id type mergedIds } \
     tokens { accessToken refreshToken } mergedCart userErrors { code message } } }";

#[tokio::test]
async fn the_service_starts_and_publishes_its_key() {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;
    let db = TestDb::new(crate::NAME, &crate::MIGRATOR).await.unwrap();
    let settings = crate::Settings {
        signing_key_pem: Signer::generate_pem().unwrap(),
        verify_email_first: false,
    };
    let service = crate::service(db.deps(crate::NAME).unwrap(), settings).unwrap();
    let request = Request::get("/.well-known/jwks.json")
        .body(Body::empty())
        .unwrap();
    let answer = service.router().oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
    let keys: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
    assert!(keys["keys"][0].get("d").is_none());
}
