//! What services ask of each other: typed commands over HTTP, never public mutations. A reply lost on the way leaves
//! the outcome *unknown*, so every command is idempotent and is simply sent again.

use crate::{db::Moment, telemetry, token::ServiceKey};
use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// Header with the moment of an import (RFC 3339).
pub const MOMENT_HEADER: &str = "x-agora-moment";

/// A request to another service, named in `contracts`. Business refusals belong into `Reply`.
pub trait Command: Serialize + DeserializeOwned + Send + Sync {
    const SERVICE: &'static str;
    const NAME: &'static str;
    type Reply: Serialize + DeserializeOwned + Send;
}

/// Why there is no reply.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommandError {
    /// No answer, or not in time: it may have happened or not.
    #[error("{service} did not answer {name}: {cause}")]
    Unknown {
        service: &'static str,
        name: &'static str,
        cause: String,
    },
    /// The service answered that it failed or did not understand.
    #[error("{service} answered {name} with {status}: {body}")]
    Failed {
        service: &'static str,
        name: &'static str,
        status: u16,
        body: String,
    },
}

/// The calling side.
#[derive(Clone)]
pub struct Commands {
    from: &'static str,
    key: ServiceKey,
    urls: Arc<HashMap<String, String>>,
    http: reqwest::Client,
}

impl Commands {
    /// `urls` has the base URL of every service that may be called, for example `http://127.0.0.1:4003`.
    pub fn new(
        from: &'static str,
        key: ServiceKey,
        urls: Arc<HashMap<String, String>>,
    ) -> anyhow::Result<Self> {
        let http = crate::http::client(Duration::from_secs(10))?;
        Ok(Self {
            from,
            key,
            urls,
            http,
        })
    }

    /// Sends `command` and waits for its reply, ten seconds at most.
    pub async fn call<C: Command>(&self, command: &C) -> Result<C::Reply, CommandError> {
        self.call_at(Moment::LIVE, command).await
    }

    /// Sends a command that every service answers to one of them.
    pub async fn call_on<C: Command>(
        &self,
        service: &'static str,
        command: &C,
    ) -> Result<C::Reply, CommandError> {
        let path = format!("/commands/{}", C::NAME);
        self.post(service, C::NAME, &path, Moment::LIVE, command).await
    }

    /// The same at an imported moment.
    pub async fn call_at<C: Command>(&self, moment: Moment, command: &C) -> Result<C::Reply, CommandError> {
        self.post(
            C::SERVICE,
            C::NAME,
            &format!("/commands/{}", C::NAME),
            moment,
            command,
        )
        .await
    }

    pub(crate) async fn post<R: DeserializeOwned>(
        &self,
        service: &'static str,
        name: &'static str,
        path: &str,
        moment: Moment,
        body: &impl Serialize,
    ) -> Result<R, CommandError> {
        let unknown = |cause: String| CommandError::Unknown { service, name, cause };
        let base = self
            .urls
            .get(service)
            .ok_or_else(|| unknown("its address is not configured".to_owned()))?;
        let token = self
            .key
            .mint(self.from, service)
            .map_err(|e| unknown(e.to_string()))?;
        let mut request = self
            .http
            .post(format!("{base}{path}"))
            .bearer_auth(token)
            .json(body);
        if let Some(at) = moment.at() {
            request = request.header(MOMENT_HEADER, at.to_rfc3339());
        }
        if let Some(trace) = telemetry::traceparent() {
            request = request.header("traceparent", trace);
        }
        let response = request.send().await.map_err(|e| unknown(e.to_string()))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|e| unknown(e.to_string()))?;
        if !status.is_success() {
            let body = String::from_utf8_lossy(&bytes).chars().take(500).collect();
            return Err(CommandError::Failed {
                service,
                name,
                status: status.as_u16(),
                body,
            });
        }
        serde_json::from_slice(&bytes).map_err(|e| unknown(format!("unreadable reply: {e}")))
    }
}

/// What the called side knows about a call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service that asks.
    pub caller: String,
    /// Pass it to `Db::begin`.
    pub moment: Moment,
}

/// Reads [`MOMENT_HEADER`]; a value that is not a time is an error, not "now".
pub(crate) fn moment(header: Option<&str>) -> Result<Moment, chrono::ParseError> {
    header.map_or(Ok(Moment::LIVE), |text| {
        DateTime::parse_from_rfc3339(text).map(|at| Moment::imported(at.with_timezone(&Utc)))
    })
}
