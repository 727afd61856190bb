//! The postman: carries events to the webhook at least once, with retries until it answers 2xx.

use crate::{app::App, ids, queue::Delivery, sign, state::Record};
use chrono::Utc;
use serde::Serialize;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Deliveries under way at once. Stripe gives no order either.
const AT_ONCE: usize = 16;
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long the postman sleeps when nothing is due; new deliveries wake him.
const IDLE_MS: i64 = 60_000;

#[derive(Debug, Default, Serialize)]
pub struct Flushed {
    pub delivered: usize,
    pub failed: usize,
    pub pending: usize,
}

/// Redirects are not followed: to Stripe a 3xx is a failed delivery.
pub fn client() -> anyhow::Result<reqwest::Client> {
    // Whoever installed a provider before is welcome to it.
    rustls::crypto::ring::default_provider().install_default().ok();
    let builder = reqwest::Client::builder().timeout(TIMEOUT).no_proxy();
    Ok(builder.redirect(reqwest::redirect::Policy::none()).build()?)
}

pub async fn run(app: Arc<App>, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut under_way = JoinSet::new();
    while !stop.is_cancelled() {
        let (due, sleep_ms) = next(&app);
        if due.is_empty() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = app.wake.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(sleep_ms)) => {}
            }
        }
        for delivery in due {
            let Ok(permit) = permits.clone().acquire_owned().await else {
                return;
            };
            let app = app.clone();
            under_way.spawn(async move {
                carry(&app, delivery).await;
                drop(permit);
            });
        }
        while under_way.try_join_next().is_some() {}
    }
}

fn next(app: &App) -> (Vec<Delivery>, u64) {
    let now = Utc::now().timestamp_millis();
    if app.config.webhook_url.is_none() {
        return (Vec::new(), IDLE_MS as u64);
    }
    let mut state = app.lock();
    let due = state.queue.take_due(now, AT_ONCE);
    let wait = state
        .queue
        .next_due()
        .map_or(IDLE_MS, |due| (due - now).clamp(1, IDLE_MS));
    (due, u64::try_from(wait).unwrap_or(1))
}

/// Delivers everything that waits, in order and without waiting for its time, until nothing new appears.
/// Each delivery gets one attempt.
pub async fn flush(app: Arc<App>) -> Flushed {
    let mut flushed = Flushed::default();
    let mut tried = HashSet::new();
    let mut finished = app.finished.subscribe();
    loop {
        finished.mark_unchanged();
        let batch = app.lock().queue.take_all(&tried);
        for delivery in batch {
            tried.insert(delivery.seq);
            match carry(&app, delivery).await {
                true => flushed.delivered += 1,
                false => flushed.failed += 1,
            }
        }
        let settled = {
            let state = app.lock();
            let fresh = state.queue.has_waiting_besides(&tried);
            flushed.pending = state.queue.len();
            (!fresh).then(|| state.queue.is_settled())
        };
        match settled {
            Some(true) => return flushed,
            // Others are still carrying: what they fail to deliver is tried once more.
            Some(false) if finished.changed().await.is_err() => return flushed,
            _ => {}
        }
    }
}

async fn carry(app: &App, delivery: Delivery) -> bool {
    let delivered = attempt(app, &delivery).await;
    match delivered {
        true => {
            let seq = delivery.seq;
            app.transact(&ids::request_id(), |tx| tx.put(Record::Sent(seq)));
        }
        false => {
            app.lock().queue.retry(delivery, Utc::now().timestamp_millis());
            app.wake.notify_one();
        }
    }
    app.finished.send_modify(|count| *count += 1);
    delivered
}

/// True when there is nothing left to do for this delivery.
async fn attempt(app: &App, delivery: &Delivery) -> bool {
    let Some(url) = &app.config.webhook_url else {
        return false;
    };
    let Some(body) = app
        .lock()
        .events
        .get(&delivery.event)
        .map(|event| event.body.clone())
    else {
        return true;
    };
    // Nobody hears of what a crash could still undo.
    if app.journal.settle(app.journal.position()).await.is_err() {
        return false;
    }
    let signature = sign::header(&app.config.webhook_secret, Utc::now().timestamp(), &body);
    let request = app
        .client
        .post(url)
        .header("content-type", "application/json; charset=utf-8")
        .header("stripe-signature", signature)
        .body(body);
    match request.send().await {
        Ok(response) if response.status().is_success() => true,
        Ok(response) => {
            let status = response.status().as_u16();
            tracing::debug!(
                event = delivery.event,
                status,
                attempts = delivery.attempts,
                "webhook refused"
            );
            false
        }
        Err(error) => {
            tracing::debug!(event = delivery.event, %error, attempts = delivery.attempts, "webhook failed");
            false
        }
    }
}
