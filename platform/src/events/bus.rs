//! Carries envelopes and hints between services: channels within one process, Redis Streams between processes. It may
//! lose and double what it carries.

use super::Envelope;
use crate::live::{Hint, Live};
use anyhow::Context;
use redis::{
    AsyncCommands, FromRedisValue,
    aio::{ConnectionManager, ConnectionManagerConfig},
    streams::{StreamMaxlen, StreamReadOptions, StreamReadReply},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Envelopes one consumer may have waiting in this process.
const CHANNEL: usize = 4096;
/// Envelopes taken at once.
pub const BATCH: usize = 128;
/// Entries a stream keeps. Older ones are found again through the outbox.
const STREAM_LENGTH: usize = 100_000;
/// How long a read waits for new entries.
const BLOCK: Duration = Duration::from_secs(2);
const GROUP: &str = "agora";

/// The way facts travel.
#[derive(Clone)]
pub enum Bus {
    /// All services are in this process.
    Local(Arc<LocalBus>),
    /// Services are in several processes.
    Redis(RedisBus),
}

/// Channels by consuming service.
#[derive(Default)]
pub struct LocalBus {
    channels: Mutex<HashMap<String, mpsc::Sender<Envelope>>>,
}

#[derive(Clone)]
pub struct RedisBus {
    client: redis::Client,
    connection: ConnectionManager,
}

/// The receiving end for one service.
pub enum Receiver {
    Local(mpsc::Receiver<Envelope>),
    Redis(Box<StreamReceiver>),
}

pub struct StreamReceiver {
    connection: ConnectionManager,
    stream: String,
    consumer: String,
    /// Entries handed out but not acknowledged.
    pending: Vec<String>,
    /// First our own unacknowledged entries of an earlier life, then new ones.
    recovering: bool,
}

impl Bus {
    pub fn local() -> Self {
        Self::Local(Arc::default())
    }

    /// Connects to Redis; the connection is kept up in the background.
    pub async fn redis(url: &str) -> anyhow::Result<Self> {
        let client = redis::Client::open(url).context("REDIS_URL")?;
        let connection = client
            .get_connection_manager()
            .await
            .context("cannot reach Redis")?;
        Ok(Self::Redis(RedisBus { client, connection }))
    }

    /// Answers if the bus works.
    pub async fn ping(&self) -> anyhow::Result<()> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Redis(bus) => Ok(bus.connection.clone().ping::<()>().await?),
        }
    }

    /// Hands envelopes to a consumer, in order. Waits while its channel is full.
    pub async fn send(&self, consumer: &str, envelopes: &[Envelope]) -> anyhow::Result<()> {
        match self {
            Self::Local(bus) => {
                let sender = bus
                    .channels
                    .lock()
                    .ok()
                    .and_then(|channels| channels.get(consumer).cloned());
                let sender = sender.with_context(|| format!("{consumer} is not in this process"))?;
                for envelope in envelopes {
                    sender
                        .send_timeout(envelope.clone(), Duration::from_secs(5))
                        .await?;
                }
                Ok(())
            }
            Self::Redis(bus) => bus.send(consumer, envelopes).await,
        }
    }

    /// The receiving end of `consumer`; call it once per process and service.
    pub async fn receiver(&self, consumer: &str) -> anyhow::Result<Receiver> {
        match self {
            Self::Local(bus) => {
                let (sender, receiver) = mpsc::channel(CHANNEL);
                if let Ok(mut channels) = bus.channels.lock() {
                    channels.insert(consumer.to_owned(), sender);
                }
                Ok(Receiver::Local(receiver))
            }
            Self::Redis(bus) => Ok(Receiver::Redis(Box::new(StreamReceiver {
                connection: bus.client.get_connection_manager_with_config(patient()).await?,
                stream: stream(consumer),
                consumer: format!("{consumer}-{}", std::process::id()),
                pending: Vec::new(),
                recovering: true,
            }))),
        }
    }

    /// A hub for `service`'s subscriptions that reaches all its processes.
    pub fn live(&self, service: &'static str, stop: CancellationToken) -> Live {
        let Self::Redis(bus) = self else {
            return Live::default();
        };
        let (sender, outgoing) = mpsc::unbounded_channel();
        let live = Live::with_remote(sender);
        tokio::spawn(publish_hints(bus.connection.clone(), channel(service), outgoing));
        tokio::spawn(receive_hints(
            bus.client.clone(),
            channel(service),
            live.clone(),
            stop,
        ));
        live
    }
}

/// For a connection that waits for entries longer than an answer usually takes: a reply that comes after the client has
/// given up is lost, although the server counts its entries as delivered.
fn patient() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new().set_response_timeout(Some(BLOCK * 3))
}

/// Hash-tagged, so that a service's keys share a slot of a Redis Cluster.
fn stream(consumer: &str) -> String {
    format!("agora:{{{consumer}}}:events")
}

fn channel(service: &str) -> String {
    format!("agora:{{{service}}}:live")
}

impl RedisBus {
    async fn send(&self, consumer: &str, envelopes: &[Envelope]) -> anyhow::Result<()> {
        let stream = stream(consumer);
        let mut pipe = redis::pipe();
        for envelope in envelopes {
            let body = serde_json::to_string(envelope)?;
            pipe.xadd_maxlen(
                &stream,
                StreamMaxlen::Approx(STREAM_LENGTH),
                "*",
                &[("event", body)],
            )
            .ignore();
        }
        pipe.query_async::<()>(&mut self.connection.clone()).await?;
        Ok(())
    }
}

impl Receiver {
    /// Waits for envelopes, at most [`BATCH`]. Empty when nothing came for a while or the bus is down.
    pub async fn receive(&mut self) -> Vec<Envelope> {
        match self {
            Self::Local(receiver) => {
                let mut batch = Vec::new();
                receiver.recv_many(&mut batch, BATCH).await;
                batch
            }
            Self::Redis(stream) => match stream.receive().await {
                Ok(batch) => batch,
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "cannot read from Redis");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    Vec::new()
                }
            },
        }
    }

    /// The last received envelopes have had their effect, or will be found again through the outbox.
    pub async fn acknowledge(&mut self) {
        if let Self::Redis(stream) = self
            && let Err(error) = stream.acknowledge().await
        {
            tracing::warn!(error = format!("{error:#}"), "cannot acknowledge to Redis");
        }
    }
}

impl StreamReceiver {
    async fn receive(&mut self) -> anyhow::Result<Vec<Envelope>> {
        let from = if self.recovering { "0" } else { ">" };
        let options = StreamReadOptions::default()
            .group(GROUP, &self.consumer)
            .count(BATCH)
            .block(BLOCK.as_millis() as usize);
        let reply: redis::RedisResult<Option<StreamReadReply>> = self
            .connection
            .xread_options(&[&self.stream], &[from], &options)
            .await;
        let reply = match reply {
            // A new or an emptied Redis has no group yet.
            Err(error) if error.code() == Some("NOGROUP") => {
                self.create_group().await?;
                return Ok(Vec::new());
            }
            // A reply that got lost has left its entries with us, unacknowledged.
            Err(error) => {
                self.recovering = true;
                return Err(error.into());
            }
            Ok(reply) => reply.unwrap_or_default(),
        };
        let entries: Vec<_> = reply.keys.into_iter().flat_map(|key| key.ids).collect();
        if entries.is_empty() {
            self.recovering = false;
        }
        self.pending = entries.iter().map(|entry| entry.id.clone()).collect();
        Ok(entries
            .iter()
            .filter_map(|entry| decode(entry.map.get("event")?))
            .collect())
    }

    async fn create_group(&mut self) -> anyhow::Result<()> {
        let created: redis::RedisResult<()> = self
            .connection
            .xgroup_create_mkstream(&self.stream, GROUP, "0")
            .await;
        match created {
            Err(error) if error.code() != Some("BUSYGROUP") => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn acknowledge(&mut self) -> anyhow::Result<()> {
        if !self.pending.is_empty() {
            let ids = std::mem::take(&mut self.pending);
            self.connection
                .xack::<_, _, _, ()>(&self.stream, GROUP, &ids)
                .await?;
        }
        Ok(())
    }
}

fn decode(value: &redis::Value) -> Option<Envelope> {
    let text = String::from_redis_value(value.clone()).ok()?;
    serde_json::from_str(&text)
        .inspect_err(|error| tracing::error!(%error, "unreadable envelope"))
        .ok()
}

async fn publish_hints(
    mut connection: ConnectionManager,
    channel: String,
    mut outgoing: mpsc::UnboundedReceiver<Hint>,
) {
    while let Some(hint) = outgoing.recv().await {
        let message = format!("{}\n{}", hint.topic, hint.key);
        // A lost hint is made good by the follower's own recheck.
        let _ = connection.publish::<_, _, ()>(&channel, message).await;
    }
}

async fn receive_hints(client: redis::Client, channel: String, live: Live, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            result = listen(&client, &channel, &live) => {
                if let Err(error) = result {
                    tracing::warn!(error = format!("{error:#}"), "cannot listen to Redis");
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn listen(client: &redis::Client, channel: &str, live: &Live) -> anyhow::Result<()> {
    use futures::StreamExt;
    let mut pubsub = client.get_async_pubsub().await?;
    pubsub.subscribe(channel).await?;
    let mut messages = pubsub.on_message();
    while let Some(message) = messages.next().await {
        let text: String = message.get_payload()?;
        if let Some((topic, key)) = text.split_once('\n') {
            live.deliver(Hint {
                topic: topic.to_owned(),
                key: key.to_owned(),
            });
        }
    }
    Ok(())
}
