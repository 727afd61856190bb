//! For tests: a fresh, migrated database each, tokens, and a service without a network.

pub mod fuzz;

use crate::{
    config::Settings,
    db::{self, Db},
    events::bus::Bus,
    service::Deps,
    storage::{self, Storage},
    token::{Claims, KeySource, ServiceKey, Signer},
    viewer::{Role, Viewer},
};
use anyhow::Context;
use jsonwebtoken::jwk::JwkSet;
use sqlx::{AssertSqlSafe, Connection, PgConnection, migrate::Migrator, postgres::PgPoolOptions};
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// A database of its own, dropped with [`TestDb::drop_database`] or left to the throw-away cluster.
pub struct TestDb {
    pub db: Db,
    pub url: String,
}

impl TestDb {
    /// Creates and migrates a database in the cluster at `DATABASE_URL`, which must be allowed to create databases.
    pub async fn new(schema: &'static str, migrator: &Migrator) -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "tests have no launcher")]
        let base = std::env::var("DATABASE_URL").context("tests need DATABASE_URL; `make test` sets it")?;
        let name = format!("test_{schema}_{}", Uuid::now_v7().simple());
        let mut admin = PgConnection::connect(&base).await?;
        sqlx::query(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut admin)
            .await?;
        admin.close().await?;
        let url = with_database(&base, &name)?;
        let options: sqlx::postgres::PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(5)
            .connect_with(options)
            .await?;
        db::migrate(&pool, schema, migrator).await?;
        Ok(Self {
            db: Db::from_pool(pool, schema, Default::default()),
            url,
        })
    }

    /// What a service needs, without other services.
    pub fn deps(&self, name: &'static str) -> anyhow::Result<Deps> {
        let settings = Settings {
            urls: Arc::new(HashMap::new()),
            keys: KeySource::Fixed(JwkSet { keys: vec![] }),
            service_key: ServiceKey::new("test"),
            router_key: crate::client::RouterKey::new("test"),
            bus: Bus::local(),
            routes: &[],
            pool_size: 5,
            public_url: "http://127.0.0.1:4000".to_owned(),
            storefront_url: "http://shop.test".to_owned(),
        };
        Deps::new(name, self.db.clone(), self.db.live().clone(), Arc::new(settings))
    }
}

/// The same server, another database.
pub fn with_database(url: &str, database: &str) -> anyhow::Result<String> {
    let (base, query) = url
        .split_once('?')
        .map_or((url, None), |(base, query)| (base, Some(query)));
    let (server, _) = base.rsplit_once('/').context("DATABASE_URL has no database")?;
    Ok(query.map_or_else(
        || format!("{server}/{database}"),
        |query| format!("{server}/{database}?{query}"),
    ))
}

/// A viewer with one role and, unless staff, a customer of its own.
pub fn viewer(role: Role) -> Viewer {
    Viewer {
        user: (role != Role::Guest).then(crate::ids::UserId::new),
        customer: Some(crate::ids::CustomerId::new()),
        roles: vec![role],
        ..Viewer::default()
    }
}

/// A store in a folder of its own, below the system's folder for temporary files.
pub fn storage() -> anyhow::Result<Storage> {
    let folder = std::env::temp_dir().join(format!("agora-test-{}", Uuid::now_v7().simple()));
    Storage::open(&storage::Settings {
        url: folder.display().to_string(),
        public_url: "http://media.test".to_owned(),
        service_key: ServiceKey::new("test"),
    })
}

/// A store in the bucket `shop` of an S3 that knows one key.
pub fn storage_in_s3(endpoint: &str, (id, secret): (&str, &str)) -> anyhow::Result<Storage> {
    let account = object_store::aws::AmazonS3Builder::new()
        .with_access_key_id(id)
        .with_secret_access_key(secret);
    let settings = storage::Settings {
        url: format!("s3://shop?region=eu-central-1&endpoint={endpoint}"),
        public_url: "http://media.test".to_owned(),
        service_key: ServiceKey::new("test"),
    };
    Storage::open_as(&settings, account)
}

/// An access token for `viewer`, good for a minute.
pub fn token(signer: &Signer, viewer: &Viewer) -> anyhow::Result<String> {
    signer.sign(&Claims::new(viewer, 60))
}

/// `table.column` of every column of a schema in which `needle` stands, whatever its type.
pub async fn find_text(pool: &sqlx::PgPool, schema: &str, needle: &str) -> anyhow::Result<Vec<String>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = $1 and table_type = 'BASE TABLE' order by 1",
    )
    .bind(schema)
    .fetch_all(pool)
    .await?;
    let mut found = Vec::new();
    for table in tables {
        let sql = format!(
            "select distinct '{table}.' || k from {schema}.{table} t, jsonb_each_text(to_jsonb(t)) j (k, v) \
             where v ilike '%' || $1 || '%' order by 1"
        );
        let columns: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(needle)
            .fetch_all(pool)
            .await?;
        found.extend(columns);
    }
    Ok(found)
}
