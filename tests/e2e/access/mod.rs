//! Who somebody is, and what it takes to pass for somebody else: tokens, headers, passwords and mailed links, through
//! the router and in every service.

mod echo;
pub mod ends;
mod guessing;
mod headers;
mod links;
mod representations;
mod subscriptions;
mod tokens;

use crate::support::{Shop, process::Up};
use agora::client::Client;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::{
    sync::{Mutex, OnceLock},
    time::Duration,
};
use uuid::Uuid;

const PASSWORD: &str = "correct-horse-battery-7";

/// The shop of these tests. Its services log all they can, so that what must not be logged would be.
fn shop() -> Shop {
    static SHOP: OnceLock<Up> = OnceLock::new();
    platform::http::use_ring();
    SHOP.get_or_init(|| Up::start("access", &[("RUST_LOG", "debug")]).expect("the shop starts"))
        .shop()
}

/// A shop that is not the same afterwards: keys are gone, and its only address has tried too much.
fn quarters() -> &'static Up {
    static SHOP: OnceLock<Up> = OnceLock::new();
    platform::http::use_ring();
    SHOP.get_or_init(|| Up::start("quarters", &[]).expect("the shop starts"))
}

/// An access token of somebody who was seeded.
async fn token(shop: &Shop, who: &str) -> String {
    let done = login(
        &users(shop),
        &format!("{who}@agora.example"),
        agora::seed::PASSWORD,
    )
    .await;
    secret(
        done["tokens"]["accessToken"]
            .as_str()
            .unwrap_or_else(|| panic!("{done}")),
    )
}

/// Everything secret that these tests were given or have sent.
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn secret(text: &str) -> String {
    SECRETS.lock().unwrap().push(text.to_owned());
    text.to_owned()
}

/// Somebody with an account, logged in.
struct Person {
    email: String,
    password: String,
    access: String,
    refresh: String,
    client: Client,
}

impl Person {
    async fn new(shop: &Shop, name: &str) -> Self {
        let email = format!("{name}-{}@agora.example", Uuid::now_v7().simple());
        let password = secret(&format!("{PASSWORD}-{}", Uuid::now_v7().simple()));
        let input = json!({ "email": email, "password": password, "displayName": name });
        shop.register(input).await;
        let done = login(&users(shop), &email, &password).await;
        let token = |name: &str| secret(done["tokens"][name].as_str().unwrap_or_else(|| panic!("{done}")));
        let access = token("accessToken");
        Self {
            client: shop.anonymous().with_token(&access),
            refresh: token("refreshToken"),
            email,
            password,
            access,
        }
    }

    async fn id(&self) -> Value {
        self.client.run("{ me { id } }", json!({})).await.unwrap()["me"]["id"].take()
    }
}

/// What a login says. Whom the brake has stopped asks the users service, which then sees another client.
async fn login(client: &Client, email: &str, password: &str) -> Value {
    let query = "mutation($email: String!, $password: String!) { login(email: $email, password: $password) {
        tokens { accessToken refreshToken } userErrors { code message } } }";
    let variables = json!({ "email": email, "password": password });
    let (_, mut body) = client.send(query, variables).await.unwrap();
    body["data"]["login"].take()
}

/// The first code of a payload's `userErrors`.
fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"].as_str().unwrap_or("")
}

/// The eight services, without the router in front.
fn services(shop: &Shop) -> Vec<Client> {
    let url = |offset| format!("http://127.0.0.1:{}/graphql", shop.port + offset);
    (1..=8).map(|offset| Client::new(url(offset)).unwrap()).collect()
}

fn users(shop: &Shop) -> Client {
    services(shop).swap_remove(0)
}

/// Runs many at once, but not all.
async fn all<T>(tries: impl IntoIterator<Item = impl Future<Output = T>>, at_once: usize) -> Vec<T> {
    stream::iter(tries).buffer_unordered(at_once).collect().await
}

/// The text of the newest mail to somebody that says `about`.
async fn mail(shop: &Shop, to: &str, about: &str) -> String {
    for _ in 0..300 {
        let files = std::fs::read_dir(shop.data.join("mail")).unwrap().flatten();
        let mut files: Vec<_> = files.map(|file| file.path()).collect();
        files.sort_by_key(|path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok());
        let texts = files
            .iter()
            .rev()
            .filter_map(|path| std::fs::read_to_string(path).ok());
        let found = texts
            .map(|mail| mail.replace("=\r\n", "").replace("=3D", "="))
            .find(|mail| mail.contains(to) && mail.contains(about));
        if let Some(found) = found {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no mail to {to} about {about}");
}

/// The secret in a mail.
fn mailed(mail: &str) -> String {
    let token = mail.split("oken: ").nth(1).unwrap_or_else(|| panic!("{mail}"));
    secret(token.split_whitespace().next().unwrap())
}
