//! One API request from faults over idempotency to the operation and back.

use crate::{
    api::{self, Call},
    app::App,
    auth::Access,
    error::ApiError,
    faults::{self, Fault, Kind},
    idempotency::SavedReply,
    ids,
    params::Params,
    state::Record,
    tx::Tx,
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

pub struct Request {
    pub method: String,
    pub path: String,
    pub params: Params,
    pub access: Access,
    pub key: Option<String>,
}

pub struct Reply {
    pub status: u16,
    pub body: String,
    pub request_id: String,
    /// The request whose saved reply this is.
    pub original: Option<String>,
    pub html: bool,
}

pub struct Outcome {
    pub reply: Reply,
    pub lose: bool,
    pub delay_ms: u32,
    /// The reply may leave once the journal has got here.
    pub position: u64,
    /// Keeps the key in use until the reply has left or the client has given up.
    pub busy: Option<Busy>,
}

pub struct Busy {
    app: Arc<App>,
    key: String,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.app.lock().saved.end(&self.key);
    }
}

impl Reply {
    pub fn of_error(error: &ApiError, request_id: &str) -> Self {
        Self {
            status: error.status(),
            body: error.body().to_string(),
            request_id: request_id.to_owned(),
            original: None,
            html: false,
        }
    }

    fn of_saved(saved: SavedReply, request_id: &str) -> Self {
        Self {
            status: saved.status,
            body: saved.body,
            request_id: request_id.to_owned(),
            original: Some(saved.request_id),
            html: false,
        }
    }

    fn bad_gateway(request_id: &str) -> Self {
        let body = "<html><body><h1>502 Bad Gateway</h1></body></html>".to_owned();
        Self {
            status: 502,
            body,
            request_id: request_id.to_owned(),
            original: None,
            html: true,
        }
    }
}

pub fn execute(app: &Arc<App>, request: &Request) -> Outcome {
    let request_id = ids::request_id();
    let ((reply, fault, executed), position) = app.transact(&request_id, |tx| {
        tx.idempotency_key = request.key.clone();
        run(tx, request)
    });
    let kind = fault.as_ref().map(|fault| fault.kind);
    let key = request.key.clone().filter(|_| executed);
    Outcome {
        reply,
        lose: matches!(kind, Some(Kind::LoseReply | Kind::LoseRequest)),
        delay_ms: fault
            .filter(|fault| fault.kind == Kind::DelayReply)
            .map_or(0, |fault| fault.delay_ms),
        position,
        busy: key.map(|key| Busy {
            app: app.clone(),
            key,
        }),
    }
}

/// The reply, the fault it suffers, and whether the operation itself ran.
fn run(tx: &mut Tx, request: &Request) -> (Reply, Option<Fault>, bool) {
    let struck = tx.state.faults.strike_request(&request.method, &request.path);
    let id = tx.request_id;
    let prevented = match struck.as_ref().map(|fault| fault.kind) {
        Some(Kind::RateLimit) => Some(ApiError::rate_limited()),
        Some(Kind::ErrorBefore | Kind::LoseRequest) => Some(ApiError::internal()),
        _ => None,
    };
    if let Some(error) = prevented {
        return (Reply::of_error(&error, id), struck, false);
    }
    let print = fingerprint(request);
    if let Some(key) = &request.key {
        match tx.state.saved.find(key, &print, tx.now()) {
            Err(error) => return (Reply::of_error(&error, id), struck, false),
            Ok(Some(saved)) => {
                return (
                    through_gateway(Reply::of_saved(saved, id), struck.as_ref()),
                    struck,
                    false,
                );
            }
            Ok(None) => tx.state.saved.begin(key),
        }
    }
    let struck = struck.or_else(|| {
        request
            .params
            .metadata()
            .ok()
            .and_then(|asked| faults::of_request(&asked))
    });
    let reply = operate(tx, request, struck.as_ref(), print);
    (through_gateway(reply, struck.as_ref()), struck, true)
}

fn through_gateway(reply: Reply, fault: Option<&Fault>) -> Reply {
    match fault.is_some_and(|fault| fault.kind == Kind::BadGateway) {
        true => Reply::bad_gateway(&reply.request_id),
        false => reply,
    }
}

fn operate(tx: &mut Tx, request: &Request, fault: Option<&Fault>, fingerprint: String) -> Reply {
    let call = Call {
        method: &request.method,
        path: &request.path,
        params: &request.params,
        access: request.access,
    };
    let result = api::dispatch(tx, &call);
    let saves = result.as_ref().err().is_none_or(ApiError::is_saved);
    let result = match fault.map(|fault| fault.kind) {
        Some(Kind::ErrorAfter) => Err(ApiError::internal()),
        _ => result,
    };
    let (status, mut body) = match result {
        Ok(body) => (200, body),
        Err(error) => (error.status(), error.body()),
    };
    if request.access == Access::Publishable {
        api::redact(&mut body);
    }
    let reply = Reply {
        status,
        body: body.to_string(),
        request_id: tx.request_id.to_owned(),
        original: None,
        html: false,
    };
    if let Some(key) = request.key.clone().filter(|_| saves) {
        let saved = SavedReply {
            key,
            fingerprint,
            status,
            body: reply.body.clone(),
            request_id: reply.request_id.clone(),
            created: tx.now(),
        };
        tx.put(Record::Reply(Box::new(saved)));
    }
    reply
}

fn fingerprint(request: &Request) -> String {
    let mut digest = Sha256::new();
    for part in [&request.method, &request.path, &request.params.canonical()] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    hex::encode(digest.finalize())
}
