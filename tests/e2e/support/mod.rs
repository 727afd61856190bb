//! Shops to test against: real processes, a real database, real sockets.

pub mod mail;
pub mod process;
pub mod stream;

use agora::client::Client;
use process::Up;
use serde_json::{Value, json};
use std::{path::PathBuf, sync::OnceLock, time::Duration};
use tokio::sync::RwLock;

/// A running shop, however it is run.
#[derive(Debug, Clone)]
pub struct Shop {
    pub port: u16,
    pub data: PathBuf,
}

/// The shop that most tests share. Tests that count requests take the lock for writing, all others for reading.
pub static QUIET: RwLock<()> = RwLock::const_new(());

/// Starts at its first use and ends with this process, which holds its standard input.
pub fn shared() -> Shop {
    static SHARED: OnceLock<Up> = OnceLock::new();
    platform::http::use_ring();
    SHARED
        .get_or_init(|| Up::start("shared", &[]).expect("the shop starts"))
        .shop()
}

impl Shop {
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/graphql", self.port)
    }

    pub fn websocket(&self) -> String {
        format!("ws://127.0.0.1:{}/graphql", self.port)
    }

    pub fn anonymous(&self) -> Client {
        Client::new(self.url()).unwrap()
    }

    pub async fn login(&self, who: &str) -> Client {
        let email = format!("{who}@agora.example");
        self.anonymous()
            .login(&email, agora::seed::PASSWORD)
            .await
            .unwrap()
    }

    /// Pays an intent as a browser does: with the publishable key and the client secret. Returns the intent.
    pub async fn pay(&self, client_secret: &str, method: &str) -> Value {
        let secrets = agora::state::DataDir::open(&self.data)
            .unwrap()
            .secrets()
            .unwrap();
        let intent = client_secret.split("_secret").next().unwrap();
        let url = format!(
            "http://127.0.0.1:{}/v1/payment_intents/{intent}/confirm",
            self.port + 10
        );
        let form = [
            ("client_secret", client_secret),
            ("payment_method", method),
            ("return_url", "http://127.0.0.1:3000/thanks"),
        ];
        let request = reqwest::Client::new()
            .post(url)
            .bearer_auth(secrets.stripe_publishable_key)
            .form(&form);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// A metric of one service, summed over its labels.
    pub async fn metric(&self, service: &str, name: &str) -> u64 {
        let text = reqwest::get(format!("http://127.0.0.1:{}/metrics", self.port + 1))
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let label = format!("service=\"{service}\"");
        text.lines()
            .filter(|line| line.starts_with(&format!("{name}{{")) && line.contains(&label))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
            .sum()
    }
}

/// Asks again and again until `accept` finds what it looks for.
pub async fn until<T>(
    client: &Client,
    query: &str,
    variables: Value,
    accept: impl Fn(&Value) -> Option<T>,
) -> T {
    let mut last = Value::Null;
    for _ in 0..300 {
        if let Ok(data) = client.run(query, variables.clone()).await {
            if let Some(found) = accept(&data) {
                return found;
            }
            last = data;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never became true: {query}\n{last:#}");
}

/// Waits for the status of an order.
pub async fn until_status(client: &Client, order: &str, status: &str) -> Value {
    let query =
        "query($id: ID!) { order(id: $id) { id status version canCancel saga { status step lastError }
        vendorOrders { id status version vendor { id } lines { id quantity fulfilledQuantity } } } }";
    // `saga` is for staff only; customers ask without it.
    let query = query.replace("saga { status step lastError }", "");
    until(client, &query, json!({ "id": order }), |data| {
        (data["order"]["status"] == status).then(|| data["order"].clone())
    })
    .await
}
