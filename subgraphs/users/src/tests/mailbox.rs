//! The notifications service, reduced to the mails it is given.

use super::Rig;
use axum::{Json, Router, extract::State, routing::post};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Mails that nobody has read yet, oldest first.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<Mutex<Vec<Value>>>);

async fn keep(State(Mailbox(mails)): State<Mailbox>, Json(mail): Json<Value>) -> Json<Value> {
    mails.lock().unwrap().push(mail);
    Json(json!({}))
}

impl Mailbox {
    /// Takes the oldest mail to an address, waiting for it.
    pub async fn next(&self, email: &str) -> Value {
        for _ in 0..200 {
            if let Some(mail) = self.take(email) {
                return mail;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no mail for {email}");
    }

    fn take(&self, email: &str) -> Option<Value> {
        let mut mails = self.0.lock().unwrap();
        let at = mails.iter().position(|mail| mail["email"] == email)?;
        Some(mails.remove(at))
    }

    /// The secret of the next activation mail.
    pub async fn token(&self, email: &str) -> String {
        let mail = self.next(email).await;
        assert_eq!(mail["template"], "account.activate", "{mail}");
        mail["variables"]["token"].as_str().unwrap().to_owned()
    }

    /// Whether there is nothing, after everything under way has come.
    pub async fn is_empty(&self) -> bool {
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.0.lock().unwrap().is_empty()
    }
}

impl Rig {
    /// A service whose mails can be read.
    pub async fn with_mails(verify_email_first: bool) -> (Self, Mailbox) {
        let mut rig = Self::with(verify_email_first).await;
        let mailbox = Mailbox::default();
        let router = Router::new()
            .route("/commands/send_account_message", post(keep))
            .with_state(mailbox.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let deps = &rig.app.deps;
        let mut settings = (*deps.settings).clone();
        settings.urls = Arc::new(HashMap::from([("notifications".to_owned(), url)]));
        let deps = platform::Deps::new(crate::NAME, deps.db.clone(), deps.live.clone(), settings.into());
        rig.app.deps = deps.unwrap();
        rig.schema = crate::schema(rig.app.clone());
        (rig, mailbox)
    }

    /// Hands over the mails about what has happened.
    pub async fn deliver_notices(&self) {
        while crate::actions::notice::work(&self.app).await.unwrap() {}
    }
}
