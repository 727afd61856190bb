//! A provider on a free port, a shop that receives its webhooks, and a client of its API.

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Response, StatusCode as Code};
use serde_json::Value;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub const SECRET_KEY: &str = "sk_test_tests";
pub const PUBLIC_KEY: &str = "pk_test_tests";
pub const WEBHOOK_SECRET: &str = "whsec_tests";

/// What arrived at the webhook, in order: the header and the raw body.
#[derive(Default)]
pub struct Inbox {
    pub received: Mutex<Vec<(String, String)>>,
    /// Answers with these before it answers 200.
    pub answers: Mutex<Vec<u16>>,
}

impl Inbox {
    pub fn kinds(&self) -> Vec<String> {
        self.events()
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }

    pub fn events(&self) -> Vec<Value> {
        let received = self.received.lock().unwrap();
        received
            .iter()
            .map(|(_, body)| serde_json::from_str(body).unwrap())
            .collect()
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers["stripe-signature"].to_str().unwrap().to_owned();
    let answer = inbox.answers.lock().unwrap().pop().unwrap_or(200);
    if answer == 200 {
        inbox
            .received
            .lock()
            .unwrap()
            .push((signature, String::from_utf8(body.to_vec()).unwrap()));
    }
    StatusCode::from_u16(answer).unwrap()
}

pub struct Provider {
    pub base: String,
    pub inbox: Arc<Inbox>,
    pub client: reqwest::Client,
    stop: CancellationToken,
    server: JoinHandle<anyhow::Result<()>>,
    shop: JoinHandle<()>,
}

pub async fn start() -> Provider {
    start_in(None).await
}

pub async fn start_in(data_dir: Option<PathBuf>) -> Provider {
    let inbox = Arc::new(Inbox::default());
    let hook = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook_url = format!("http://{}/hook", hook.local_addr().unwrap());
    let routes = Router::new()
        .route("/hook", post(receive))
        .with_state(inbox.clone());
    let shop = tokio::spawn(async move { axum::serve(hook, routes).await.unwrap() });

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let options = sandbox::Options {
        listener,
        data_dir,
        secret_key: SECRET_KEY.into(),
        publishable_key: PUBLIC_KEY.into(),
        webhook_url: Some(webhook_url),
        webhook_secret: WEBHOOK_SECRET.into(),
        public_url: base.clone(),
    };
    let server = tokio::spawn(sandbox::serve(options, stop.clone()));
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    Provider {
        base,
        inbox,
        client,
        stop,
        server,
        shop,
    }
}

impl Provider {
    pub async fn send(
        &self,
        path: &str,
        form: &[(&str, &str)],
        key: Option<&str>,
    ) -> reqwest::Result<Response> {
        let mut request = self
            .client
            .post(format!("{}{path}", self.base))
            .bearer_auth(SECRET_KEY)
            .form(form);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        request.send().await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        read(self.send(path, form, None).await.unwrap()).await
    }

    /// A call that must succeed.
    pub async fn ok(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let (status, body) = self.post(path, form).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.base);
        let response = self.client.get(url).bearer_auth(SECRET_KEY).send().await.unwrap();
        read(response).await.1
    }

    pub async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/sandbox/{path}", self.base);
        read(
            self.client
                .post(url)
                .bearer_auth(SECRET_KEY)
                .json(&body)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    pub async fn flush(&self) -> Value {
        self.control("webhooks/flush", Value::Null).await.1
    }

    /// An authorized or captured intent of 50.00 dollars.
    pub async fn pay(&self, method: &str, extra: &[(&str, &str)]) -> (u16, Value) {
        let mut form = vec![
            ("amount", "5000"),
            ("currency", "usd"),
            ("confirm", "true"),
            ("payment_method", method),
        ];
        form.extend(extra);
        self.post("/v1/payment_intents", &form).await
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.server.await.unwrap().unwrap();
        self.shop.abort();
    }
}

pub async fn read(response: Response) -> (u16, Value) {
    let status: Code = response.status();
    let text = response.text().await.unwrap();
    (
        status.as_u16(),
        serde_json::from_str(&text).unwrap_or(Value::Null),
    )
}

/// The verification of Stripe's documentation, written independently of the crate.
pub fn verifies(header: &str, body: &str, secret: &str) -> bool {
    let (at, signature) = header.split_once(",v1=").unwrap();
    let at = at.strip_prefix("t=").unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    mac.verify_slice(&hex::decode(signature).unwrap()).is_ok()
}

pub fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}
