//! The bank's page for 3-D Secure: the customer authorizes or fails, then goes back to the shop.

use crate::{
    api::{confirm, setups},
    app::App,
    error::{ApiError, ApiResult},
    ids,
    objects::Status,
    tx::Tx,
};
use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use std::sync::Arc;

/// Where the customer goes afterwards, with the parameters that Stripe appends to `return_url`.
struct Back {
    kind: &'static str,
    id: String,
    client_secret: String,
    return_url: Option<String>,
    succeeded: bool,
}

pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/{id}", get(page))
        .route("/{id}/{decision}", post(decide))
}

async fn page(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    let purpose = {
        let state = app.lock();
        match (state.intents.get(&id), state.setups.get(&id)) {
            (Some(intent), _) if intent.status == Status::RequiresAction => Some(format!(
                "a payment of {} {} (in the smallest unit)",
                intent.amount, intent.currency
            )),
            (_, Some(setup)) if setup.status == Status::RequiresAction => Some("saving this card".to_owned()),
            _ => None,
        }
    };
    match purpose {
        Some(purpose) => html(StatusCode::OK, &form(&id, &purpose)),
        None => html(
            StatusCode::NOT_FOUND,
            "<p>Nothing here is waiting for authentication.</p>",
        ),
    }
}

/// `id` is one of ours by now and `purpose` is made of a number and three letters: nothing to escape.
fn form(id: &str, purpose: &str) -> String {
    format!(
        "<p>Your bank asks you to authenticate {purpose}. This is a test; no money moves.</p>\
         <form method=\"post\" action=\"{id}/authorize\"><button id=\"authorize\">Authorize</button></form>\
         <form method=\"post\" action=\"{id}/fail\"><button id=\"fail\">Fail</button></form>"
    )
}

async fn decide(State(app): State<Arc<App>>, Path((id, decision)): Path<(String, String)>) -> Response {
    let authorized = match decision.as_str() {
        "authorize" => true,
        "fail" => false,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let (result, position) = app.transact(&ids::request_id(), |tx| conclude(tx, &id, authorized));
    if app.journal.settle(position).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    match result {
        Ok(back) => send_back(&back),
        Err(_) => html(
            StatusCode::CONFLICT,
            "<p>This authentication is already over.</p>",
        ),
    }
}

fn conclude(tx: &mut Tx, id: &str, authorized: bool) -> ApiResult<Back> {
    if tx.state.setups.get(id).is_some() {
        let setup = setups::conclude(tx, id, authorized)?;
        return Ok(Back {
            kind: "setup_intent",
            id: setup.id,
            client_secret: setup.client_secret,
            return_url: setup.return_url,
            succeeded: setup.status == Status::Succeeded,
        });
    }
    if tx.intent(id)?.status != Status::RequiresAction {
        return Err(ApiError::refused("Nothing is waiting for authentication."));
    }
    let intent = confirm::conclude(tx, id, authorized)?;
    Ok(Back {
        kind: "payment_intent",
        id: intent.id,
        client_secret: intent.client_secret,
        return_url: intent.return_url,
        succeeded: matches!(intent.status, Status::Succeeded | Status::RequiresCapture),
    })
}

fn send_back(back: &Back) -> Response {
    let status = if back.succeeded { "succeeded" } else { "failed" };
    let url = back
        .return_url
        .as_deref()
        .and_then(|text| reqwest::Url::parse(text).ok());
    let Some(mut url) = url else {
        return html(
            StatusCode::OK,
            &format!("<p id=\"result\">{status}</p><p>You may close this page.</p>"),
        );
    };
    url.query_pairs_mut()
        .append_pair(back.kind, &back.id)
        .append_pair(&format!("{}_client_secret", back.kind), &back.client_secret)
        .append_pair("redirect_status", status);
    Redirect::to(url.as_str()).into_response()
}

fn html(status: StatusCode, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>3-D Secure (sandbox)</title>\
         <body style=\"font-family:sans-serif;max-width:30em;margin:4em auto\"><h1>3-D Secure</h1>{body}</body></html>"
    );
    (status, [(header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}
