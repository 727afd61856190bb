//! The host of one service: HTTP and WebSocket GraphQL, commands from other services, events, workers, health and
//! metrics. It knows no schema.

use crate::{
    commands::{Call, Command, Commands},
    config::Settings,
    db::{Db, Tx},
    error::Error,
    events::{
        Event, Received,
        bus::Bus,
        inbox::{self, Handlers},
        relay,
    },
    live::Live,
    revocation,
    token::{ServiceKey, Verifier},
    viewer::Viewer,
};
use anyhow::Context;
use async_graphql::{
    Data, EmptyMutation, EmptySubscription, Executor, ObjectType, Schema, SchemaBuilder, SubscriptionType,
};
use axum::Router;
use futures::future::BoxFuture;
use std::{collections::HashMap, future::Future, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

mod commands;
mod entities;
mod graphql;
mod health;
mod http;
mod sdl;
mod size;
mod socket;

pub(crate) use http::layers;
pub use sdl::sdl;

/// What a service works with.
#[derive(Clone)]
pub struct Deps {
    pub db: Db,
    pub commands: Commands,
    pub live: Live,
    pub verifier: Verifier,
    pub bus: Bus,
    pub settings: Arc<Settings>,
    service_key: ServiceKey,
}

impl Deps {
    /// Connects the service `name` to its database. Its background tasks end with `stop`.
    pub async fn connect(
        name: &'static str,
        url: &str,
        settings: Arc<Settings>,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let live = settings.bus.live(name, stop.clone());
        let db = Db::connect(url, name, settings.pool_size)
            .await
            .with_context(|| format!("{name}: cannot connect to its database"))?
            .with_live(live.clone());
        Self::new(name, db, live, settings)
    }

    /// The same over a database that is connected already.
    pub fn new(name: &'static str, db: Db, live: Live, settings: Arc<Settings>) -> anyhow::Result<Self> {
        let commands = Commands::new(name, settings.service_key.clone(), settings.urls.clone())?;
        Ok(Self {
            db,
            commands,
            live,
            verifier: Verifier::new(settings.keys.clone()),
            bus: settings.bus.clone(),
            service_key: settings.service_key.clone(),
            settings,
        })
    }
}

type RequestData = Arc<dyn Fn(&Viewer, &mut Data) + Send + Sync>;
type CommandHandler = Arc<dyn Fn(Call, Vec<u8>) -> BoxFuture<'static, Result<Vec<u8>, Error>> + Send + Sync>;
type Worker = Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, ()> + Send>;

/// One service, ready to run.
pub struct Service {
    name: &'static str,
    deps: Deps,
    graphql: Router,
    extra: Router,
    commands: HashMap<&'static str, CommandHandler>,
    handlers: Handlers,
    workers: Vec<Worker>,
}

impl Service {
    /// `data` adds what resolvers need of one request (loaders) beside the [`Viewer`].
    pub fn new<E: Executor>(
        name: &'static str,
        deps: Deps,
        executor: E,
        data: impl Fn(&Viewer, &mut Data) + Send + Sync + 'static,
    ) -> Self {
        let data: RequestData = Arc::new(data);
        let graphql = graphql::routes(
            name,
            deps.verifier.clone(),
            deps.settings.router_key.clone(),
            executor,
            data,
        );
        let (commands, handlers, workers) = Default::default();
        Self {
            name,
            deps,
            graphql,
            extra: Router::new(),
            commands,
            handlers,
            workers,
        }
    }

    /// Answers the command `C` of other services.
    pub fn command<C, F, Fut>(mut self, handler: F) -> Self
    where
        C: Command + 'static,
        F: Fn(Call, C) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<C::Reply, Error>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let erased: CommandHandler = Arc::new(move |call, body| {
            let handler = handler.clone();
            Box::pin(async move {
                let command = serde_json::from_slice(&body).map_err(|e| Error::BadInput(e.to_string()))?;
                let reply = handler(call, command).await?;
                Ok(serde_json::to_vec(&reply)?)
            })
        });
        self.commands.insert(C::NAME, erased);
        self
    }

    /// Gives facts of other services their effect here, once each, inside the given transaction.
    pub fn on<E, F>(mut self, handler: F) -> Self
    where
        E: Event + 'static,
        F: for<'a> Fn(&'a mut Tx, Received<E>) -> BoxFuture<'a, Result<(), Error>> + Send + Sync + 'static,
    {
        self.handlers.on(handler);
        self
    }

    /// The same for a handler that takes facts that follow one another together, so that its statements do.
    pub fn on_many<E, F>(mut self, handler: F) -> Self
    where
        E: Event + 'static,
        F: for<'a> Fn(&'a mut Tx, Vec<Received<E>>) -> BoxFuture<'a, Result<(), Error>>
            + Send
            + Sync
            + 'static,
    {
        self.handlers.on_many(handler);
        self
    }

    /// Runs beside the service until it stops; see [`crate::worker::run`].
    pub fn worker<F, Fut>(mut self, worker: F) -> Self
    where
        F: FnOnce(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.workers.push(Box::new(move |stop| Box::pin(worker(stop))));
        self
    }

    /// Routes of the service's own: webhooks, key sets, downloads.
    pub fn routes(mut self, routes: Router) -> Self {
        self.extra = self.extra.merge(routes);
        self
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Everything but the network: the routes, for tests without a socket.
    pub fn router(&self) -> Router {
        let commands = commands::routes(self.name, &self.deps.service_key, &self.commands, &self.deps.db);
        let health = health::routes(self.deps.db.clone(), self.deps.bus.clone());
        http::layers(
            self.name,
            self.graphql.clone().merge(commands).merge(self.extra.clone()),
        )
        .merge(health)
    }

    /// Serves on `listener` until `stop`; then lets requests in flight finish.
    pub async fn run(self, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        self.check_routes()?;
        let router = self.router();
        let Self {
            name,
            deps,
            handlers,
            workers,
            ..
        } = self;
        let mut tasks = JoinSet::new();
        tasks.spawn(inbox::run(
            deps.db.clone(),
            deps.bus.clone(),
            handlers,
            stop.clone(),
        ));
        tasks.spawn({
            let (commands, stop) = (deps.commands.clone(), stop.clone());
            let revocations = deps.verifier.revocations().clone();
            async move {
                revocation::follow(commands, revocations, stop).await;
                Ok(())
            }
        });
        let relay = relay::run(
            deps.db.clone(),
            deps.bus.clone(),
            deps.settings.routes,
            deps.commands.clone(),
            stop.clone(),
        );
        tasks.spawn(async move {
            relay.await;
            Ok(())
        });
        for worker in workers {
            let stop = stop.clone();
            tasks.spawn(async move {
                worker(stop).await;
                Ok(())
            });
        }
        let shutdown = stop.clone();
        tasks.spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(shutdown.cancelled_owned())
                .await?;
            Ok(())
        });
        let result = first_failure(&mut tasks, &stop).await.with_context(|| name);
        deps.db.pool().close().await;
        result
    }

    /// A topic that is consumed here but not routed here would silently never arrive.
    fn check_routes(&self) -> anyhow::Result<()> {
        for topic in self.handlers.topics() {
            let routed = crate::events::consumers(self.deps.settings.routes, topic).contains(&self.name);
            anyhow::ensure!(
                routed,
                "{} handles {topic}, but the routes do not send it there",
                self.name
            );
        }
        Ok(())
    }
}

/// One failed task stops the others.
async fn first_failure(
    tasks: &mut JoinSet<anyhow::Result<()>>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut result = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.map_err(anyhow::Error::from).and_then(|r| r);
        if ended.is_err() && result.is_ok() {
            result = ended;
            stop.cancel();
        }
    }
    result
}

/// A schema with the limits that hold in all services, whatever router stands in front.
pub fn schema<Q, M, S>(query: Q, mutation: M, subscription: S) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    Schema::build(query, mutation, subscription)
        .enable_federation()
        .enable_subscription_in_federation()
        .limit_depth(15)
        .limit_recursive_depth(32)
        // The router merges entity fetches under aliases of its own, and a client may send 30 more.
        .limit_aliases(100)
        .limit_directives(50)
        // Who may know the schema has it from the router. The SDL stays at `_service`.
        .disable_introspection()
        .disable_suggestions()
}

/// Roots of services that have none of their own.
pub type NoMutation = EmptyMutation;
pub type NoSubscription = EmptySubscription;
