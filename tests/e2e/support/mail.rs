//! The shop's mails, as a developer reads them: files in its data folder. And registering, which needs one.

use super::Shop;
use agora::client::Client;
use serde_json::{Value, json};
use std::time::Duration;

/// Whoever has registered and answered the mail.
pub struct Newcomer {
    pub client: Client,
    pub token: String,
    pub customer: Value,
}

impl Shop {
    /// The secret of the mail to `email` in which `words` stand; waits for it.
    pub async fn mailed_token(&self, email: &str, words: &str) -> String {
        let mail = self.mailed(email, words).await;
        let token = mail.split("Token: ").nth(1).unwrap();
        token.split_whitespace().next().unwrap().to_owned()
    }

    /// The mail to `email` in which `words` stand; waits for it.
    pub async fn mailed(&self, email: &str, words: &str) -> String {
        for _ in 0..300 {
            let mails = std::fs::read_dir(self.data.join("mail"));
            let found = mails
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|file| std::fs::read_to_string(file.path()).ok())
                .map(|mail| mail.replace("=\r\n", ""))
                .find(|mail| mail.contains(email) && mail.contains(words));
            if let Some(mail) = found {
                return mail;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no mail for {email}: {words}");
    }

    /// Registers, reads the mail and answers it.
    pub async fn register(&self, input: Value) -> Newcomer {
        let query = "mutation($input: RegisterInput!) {
            userRegister(input: $input) { user { id } customer { id } tokens { accessToken } userErrors { code message } } }";
        let email = input["email"].as_str().unwrap().to_owned();
        let asked = self
            .anonymous()
            .run(query, json!({ "input": input }))
            .await
            .unwrap();
        let nothing = json!({ "user": null, "customer": null, "tokens": null, "userErrors": [] });
        assert_eq!(asked["userRegister"], nothing, "only the mailbox is told");
        let token = self.mailed_token(&email, "to activate your account").await;
        let query = "mutation($token: String!) { userActivate(token: $token) {
            customer { id type } tokens { accessToken } userErrors { code message } } }";
        let variables = json!({ "token": token });
        let mut done = self.anonymous().run(query, variables).await.unwrap()["userActivate"].take();
        let token = done["tokens"]["accessToken"].as_str().unwrap().to_owned();
        Newcomer {
            client: self.anonymous().with_token(&token),
            token,
            customer: done["customer"].take(),
        }
    }
}
