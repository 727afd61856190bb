//! The data of the shop's services as one number per table, to tell whether anything was changed.

use crate::support::Shop;
use agora::{postgres::Cluster, services::SERVICES, state::DataDir};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{collections::BTreeMap, time::Duration};

/// Tables that change when nobody has changed anything: tries are counted, sessions are seen, and what has been told
/// is taken out of the outbox.
const RESTLESS: &[&str] = &[
    "users.login_attempts",
    "users.sessions",
    // The index follows what was written before, a moment later.
    "products.search_documents",
    "products.search_documents_0",
    "products.search_documents_1",
    "products.search_counts",
    "products.search_queue",
    "products.search_words",
];
const OUTBOX: &str = ".outbox";

pub type Digest = BTreeMap<String, i64>;

/// A connection to the shop's own database.
async fn connect(shop: &Shop) -> PgConnection {
    let data = DataDir::open(&shop.data).unwrap();
    let cluster = Cluster::prepare(data.path(), &data.secrets().unwrap().database, None).unwrap();
    PgConnection::connect(&cluster.url()).await.unwrap()
}

async fn read(db: &mut PgConnection) -> Digest {
    let schemas: Vec<String> = SERVICES.iter().map(|service| service.name.to_owned()).collect();
    let tables: Vec<String> = sqlx::query_scalar(
        "select schemaname || '.' || tablename from pg_tables where schemaname = any($1) order by 1",
    )
    .bind(schemas)
    .fetch_all(&mut *db)
    .await
    .unwrap();
    let tables = tables
        .iter()
        .filter(|table| !RESTLESS.contains(&table.as_str()) && !table.ends_with(OUTBOX));
    let sums: Vec<String> = tables
        .map(|table| {
            format!("select '{table}', coalesce(sum(hashtextextended(t::text, 0)::numeric) % 1000000007, -1)::int8 from {table} t")
        })
        .collect();
    let rows: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(sums.join(" union all ")))
        .fetch_all(db)
        .await
        .unwrap();
    rows.into_iter().collect()
}

/// Rows of each table.
pub async fn counts(shop: &Shop) -> Digest {
    let mut db = connect(shop).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select schemaname || '.' || tablename from pg_tables where schemaname = any($1) order by 1",
    )
    .bind(
        SERVICES
            .iter()
            .map(|service| service.name.to_owned())
            .collect::<Vec<_>>(),
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let counts: Vec<String> = tables
        .iter()
        .map(|table| format!("select '{table}', count(*) from {table}"))
        .collect();
    let rows: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(counts.join(" union all ")))
        .fetch_all(&mut db)
        .await
        .unwrap();
    rows.into_iter().collect()
}

/// Names of everything the database has that is not data: tables, functions, roles.
pub async fn objects(shop: &Shop) -> Vec<String> {
    let query = "select 'relation ' || oid::regclass from pg_class where relkind in ('r', 'v', 'm', 'S', 'p')
            and relnamespace not in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace) and relpersistence <> 't'
        union all select 'function ' || oid::regprocedure from pg_proc where pronamespace <> 'pg_catalog'::regnamespace
        union all select 'role ' || rolname || rolsuper from pg_roles order by 1";
    sqlx::query_scalar(query)
        .fetch_all(&mut connect(shop).await)
        .await
        .unwrap()
}

/// The digest once it has stopped moving: what was begun has travelled to all services.
pub async fn at_rest(shop: &Shop) -> Digest {
    let mut db = connect(shop).await;
    let mut last = read(&mut db).await;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let now = read(&mut db).await;
        if now == last {
            return now;
        }
        last = now;
    }
    panic!("the shop does not come to rest");
}

/// The tables in which two digests differ.
pub fn changed<'a>(before: &'a Digest, after: &Digest) -> Vec<&'a str> {
    let differs = before
        .iter()
        .filter(|(table, sum)| after.get(*table) != Some(sum));
    differs.map(|(table, _)| table.as_str()).collect()
}
