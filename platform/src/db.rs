//! Postgres: one pool, schema and role per service, and the transaction in which a state change, its outbox rows and
//! its idempotency record commit together.

use crate::{
    events::{Envelope, Origin, outgoing::Outgoing},
    live::Live,
};
use chrono::{DateTime, Utc};
use sqlx::{
    AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction,
    migrate::{Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

mod emit;

/// When something happens, as the business sees it. Business time is the database's `now()`; an import replays
/// history by naming another moment, which every `<schema>.now()` of the transaction then returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment(Option<DateTime<Utc>>);

impl Moment {
    /// Now, by the database's clock.
    pub const LIVE: Self = Self(None);

    /// A moment of the past that is being imported.
    pub const fn imported(at: DateTime<Utc>) -> Self {
        Self(Some(at))
    }

    /// The moment, if it is not "now".
    pub const fn at(self) -> Option<DateTime<Utc>> {
        self.0
    }

    pub const fn origin(self) -> Origin {
        match self.0 {
            None => Origin::Live,
            Some(_) => Origin::Import,
        }
    }
}

/// A service's own database.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    schema: &'static str,
    insert_outbox: Arc<str>,
    outgoing: Arc<Outgoing>,
    live: Live,
}

impl Db {
    /// `max_connections` bounds the pool; waiting for a connection ends after five seconds with UNAVAILABLE.
    pub async fn connect(url: &str, schema: &'static str, max_connections: u32) -> Result<Self, sqlx::Error> {
        let options: PgConnectOptions = url
            .parse::<PgConnectOptions>()?
            .application_name(&format!("agora-{schema}"));
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await?;
        Ok(Self::from_pool(pool, schema, Live::default()))
    }

    pub fn from_pool(pool: PgPool, schema: &'static str, live: Live) -> Self {
        // Answers with the times in the order of the facts.
        let insert_outbox = format!(
            "with facts as (select *, coalesce(f.at, {schema}.now()) as occurred_at \
                 from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[], $5::timestamptz[]) with ordinality \
                     as f (id, key, payload, origin, at, position)), \
             written as (insert into {schema}.outbox \
                     (id, topic, key, payload, origin, traceparent, occurred_at, published_at) \
                 select id, $6, key, payload, origin, $7, occurred_at, case when $8 then pg_catalog.now() end from facts) \
             select occurred_at from facts order by position"
        );
        Self {
            pool,
            schema,
            insert_outbox: insert_outbox.into(),
            outgoing: Arc::default(),
            live,
        }
    }

    /// Sends subscription hints through `live` instead of an own, process-local hub.
    pub fn with_live(mut self, live: Live) -> Self {
        self.live = live;
        self
    }

    /// For reads: any connection, no transaction.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Where this database's hints go.
    pub fn live(&self) -> &Live {
        &self.live
    }

    pub fn schema(&self) -> &'static str {
        self.schema
    }

    /// Facts that this process has committed and not yet handed to the bus.
    pub(crate) fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    /// A transaction at `moment`.
    pub async fn begin(&self, moment: Moment) -> Result<Tx, sqlx::Error> {
        // In a task of its own, which nobody who goes away cancels: sqlx does not end a transaction that was about to
        // begin, and whoever gets its connection next would be in it without knowing.
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin().await }).await;
        let mut inner = begun.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))??;
        if let Some(at) = moment.at() {
            set_moment(&mut inner, at).await?;
        }
        Ok(Tx {
            inner,
            db: self.clone(),
            moment,
            outgoing: Vec::new(),
            left: false,
            hints: Vec::new(),
        })
    }
}

/// Makes `<schema>.now()` return `at` until the transaction ends.
pub(crate) async fn set_moment(db: &mut PgConnection, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("select set_config('agora.now', $1, true)")
        .bind(at.to_rfc3339())
        .execute(db)
        .await?;
    Ok(())
}

/// One action's transaction. It dereferences to a connection, so queries run on `&mut *tx`.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    db: Db,
    moment: Moment,
    outgoing: Vec<Envelope>,
    /// Facts were left in the outbox.
    left: bool,
    hints: Vec<(&'static str, String)>,
}

impl Tx {
    /// Wakes live subscriptions of `topic` and `key` after the commit.
    pub fn hint(&mut self, topic: &'static str, key: impl ToString) {
        self.hints.push((topic, key.to_string()));
    }

    pub fn moment(&self) -> Moment {
        self.moment
    }

    pub(crate) fn set_moment(&mut self, moment: Moment) {
        self.moment = moment;
    }

    /// The business time of this transaction.
    pub async fn now(&mut self) -> Result<DateTime<Utc>, sqlx::Error> {
        match self.moment.at() {
            Some(at) => Ok(at),
            None => {
                sqlx::query_scalar("select now()")
                    .fetch_one(&mut *self.inner)
                    .await
            }
        }
    }

    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.inner.commit().await?;
        if !self.outgoing.is_empty() {
            self.db.outgoing.put(self.outgoing);
        }
        if self.left {
            self.db.outgoing.backlog.notify_one();
        }
        for (topic, key) in self.hints {
            self.db.live.hint(topic, &key);
        }
        Ok(())
    }

    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.inner.rollback().await
    }

    /// The service's schema, for the platform's own tables.
    pub(crate) fn schema(&self) -> &'static str {
        self.db.schema
    }
}

impl Deref for Tx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}

/// Tables every service has: outbox, inbox, dead letters, idempotency records, erased people, and the clock.
const PLATFORM_SQL: &[&str] = &[
    include_str!("sql/0001_platform.sql"),
    include_str!("sql/0002_privacy.sql"),
];

/// Brings a service's schema up to date: the platform's tables, then the service's own migrations. Concurrent calls
/// wait for each other.
pub async fn migrate(pool: &PgPool, schema: &'static str, migrator: &Migrator) -> anyhow::Result<()> {
    let create = format!("create schema if not exists {schema}");
    let exists: bool = sqlx::query_scalar("select exists (select from pg_namespace where nspname = $1)")
        .bind(schema)
        .fetch_one(pool)
        .await?;
    if !exists {
        sqlx::query(AssertSqlSafe(create)).execute(pool).await?;
    }
    platform_migrator(schema).run(pool).await?;
    migrator.run(pool).await?;
    Ok(())
}

fn platform_migrator(schema: &str) -> Migrator {
    let migrations = PLATFORM_SQL.iter().zip(1_i64..).map(|(sql, version)| {
        let sql = AssertSqlSafe(sql.replace("{schema}", schema));
        Migration::new(
            version,
            "platform".into(),
            MigrationType::Simple,
            sqlx::SqlSafeStr::into_sql_str(sql),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.dangerous_set_table_name(format!("{schema}._platform_migrations"));
    migrator
}
