//! A GraphQL client of the public API, as a storefront has one.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::sync::RwLock;

/// One caller of one router.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    login: Option<Arc<Login>>,
}

/// An access token, and how to get the next one.
struct Login {
    token: RwLock<String>,
    /// Email and password.
    renew: Option<(String, String)>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

/// An answer of the router.
struct Answer {
    status: u16,
    body: Value,
    /// Of a request that came too soon.
    retry_after: Option<Duration>,
}

impl Client {
    /// An anonymous caller. `url` is the GraphQL endpoint.
    pub fn new(url: impl Into<String>) -> Result<Self> {
        let http = platform::http::client(Duration::from_secs(30))?;
        Ok(Self {
            http,
            url: url.into(),
            login: None,
        })
    }

    /// The same router with an access token.
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        self.with(token.into(), None)
    }

    fn with(&self, token: String, renew: Option<(String, String)>) -> Self {
        let token = RwLock::new(token);
        Self {
            login: Some(Arc::new(Login { token, renew })),
            ..self.clone()
        }
    }

    /// Logs in and returns a caller with that identity.
    pub async fn login(&self, email: &str, password: &str) -> Result<Self> {
        Ok(self.with_token(self.token(email, password).await?))
    }

    /// The same for long work: the caller logs in again whenever its token has ended.
    pub async fn stay_logged_in(&self, email: &str, password: &str) -> Result<Self> {
        let token = self.token(email, password).await?;
        Ok(self.with(token, Some((email.to_owned(), password.to_owned()))))
    }

    async fn token(&self, email: &str, password: &str) -> Result<String> {
        let query = "mutation Login($email: String!, $password: String!) {
            login(email: $email, password: $password) { tokens { accessToken } userErrors { code message } } }";
        let variables = json!({ "email": email, "password": password });
        let Answer { status, body, .. } = self.post(query, &variables, None).await?;
        let token = body["data"]["login"]["tokens"]["accessToken"].as_str();
        Ok(token
            .with_context(|| format!("no access token: {status}: {body}"))?
            .to_owned())
    }

    /// The response as it is: status and body.
    pub async fn send(&self, query: &str, variables: Value) -> Result<(u16, Value)> {
        let Answer { status, body, .. } = self.ask(query, &variables).await?;
        Ok((status, body))
    }

    async fn ask(&self, query: &str, variables: &Value) -> Result<Answer> {
        let Some(login) = &self.login else {
            return self.post(query, variables, None).await;
        };
        let token = login.token.read().await.clone();
        let answer = self.post(query, variables, Some(&token)).await?;
        let (401, Some((email, password))) = (answer.status, &login.renew) else {
            return Ok(answer);
        };
        let mut kept = login.token.write().await;
        if *kept == token {
            *kept = self.token(email, password).await?;
        }
        self.post(query, variables, Some(&kept)).await
    }

    /// The same, but a limit of the router's is waited for: what it refuses, no service has seen.
    async fn ask_patiently(&self, query: &str, variables: &Value) -> Result<Answer> {
        loop {
            let answer = self.ask(query, variables).await?;
            match answer.retry_after {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Ok(answer),
            }
        }
    }

    async fn post(&self, query: &str, variables: &Value, token: Option<&str>) -> Result<Answer> {
        let mut request = self
            .http
            .post(&self.url)
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let seconds = response.headers().get("retry-after");
        let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
        let retry_after = seconds.filter(|_| status == 429).map(Duration::from_secs);
        let text = response.text().await?;
        let body = serde_json::from_str(&text).with_context(|| format!("{status}: {text}"))?;
        Ok(Answer {
            status,
            body,
            retry_after,
        })
    }

    /// `data`, or an error if there is any in the response or in a payload's `userErrors`.
    pub async fn run(&self, query: &str, variables: Value) -> Result<Value> {
        let Answer { status, mut body, .. } = self.ask_patiently(query, &variables).await?;
        if let Some(errors) = body
            .get("errors")
            .filter(|errors| errors.as_array().is_some_and(|e| !e.is_empty()))
        {
            bail!("{status}: {errors}");
        }
        let data = body["data"].take();
        for (field, payload) in data.as_object().into_iter().flatten() {
            if let Some(errors) = payload["userErrors"]
                .as_array()
                .filter(|errors| !errors.is_empty())
            {
                bail!("{field}: {}", Value::from(errors.clone()));
            }
        }
        Ok(data)
    }

    /// [`run`](Self::run) again and again until it succeeds: for what follows from an event that is on its way.
    pub async fn eventually(&self, query: &str, variables: Value) -> Result<Value> {
        let mut last = None;
        for _ in 0..100 {
            match self.run(query, variables.clone()).await {
                Ok(data) => return Ok(data),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("never ran")))
    }
}
