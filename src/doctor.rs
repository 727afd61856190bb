//! `agora doctor`: the invariants over all databases. Each check is a query that must return no row.

use crate::database::Databases;
use anyhow::{Context, Result, bail};
use sqlx::{
    AssertSqlSafe, Column, PgPool, Row,
    postgres::{PgPoolOptions, PgRow},
};
use std::collections::HashMap;

mod across;
mod checks;

/// Rows of a broken invariant that are printed.
const SHOWN: usize = 10;

/// One invariant within one service.
pub struct Check {
    pub service: &'static str,
    /// What must hold.
    pub name: &'static str,
    /// Returns the rows that break it.
    pub sql: &'static str,
}

/// Runs all checks; an error if any found a row.
pub async fn run(databases: &Databases) -> Result<()> {
    let pools = connect(databases).await?;
    let mut broken = 0;
    for check in checks::ALL {
        let rows = sqlx::query(check.sql)
            .fetch_all(&pools[check.service])
            .await
            .with_context(|| format!("{}: {}", check.service, check.name))?;
        broken += usize::from(!report(
            check.service,
            check.name,
            rows.iter().map(describe).collect(),
        ));
    }
    for check in &crate::services::SERVICES {
        let sql = format!(
            "select event_id, attempts, error from {}.dead_letters where dead_at is not null",
            check.name
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .fetch_all(&pools[check.name])
            .await?;
        broken += usize::from(!report(
            check.name,
            "no event was given up",
            rows.iter().map(describe).collect(),
        ));
    }
    for (name, rows) in across::run(&pools).await? {
        broken += usize::from(!report("all", name, rows));
    }
    match broken {
        0 => Ok(()),
        broken => bail!("{broken} invariants do not hold"),
    }
}

/// The database of every service, as its owner.
pub type Pools = HashMap<&'static str, PgPool>;

async fn connect(databases: &Databases) -> Result<Pools> {
    let mut pools = Pools::new();
    for entry in &crate::services::SERVICES {
        let url = databases.owner_url(entry.name)?;
        let pool = PgPoolOptions::new().max_connections(2).connect(&url).await;
        pools.insert(
            entry.name,
            pool.with_context(|| format!("{}: cannot connect; is the shop running?", entry.name))?,
        );
    }
    Ok(pools)
}

fn report(service: &str, name: &str, rows: Vec<String>) -> bool {
    println!(
        "{:<4} {service:<14} {name}",
        if rows.is_empty() { "ok" } else { "FAIL" }
    );
    for row in rows.iter().take(SHOWN) {
        println!("       {row}");
    }
    if rows.len() > SHOWN {
        println!("       … and {} more", rows.len() - SHOWN);
    }
    rows.is_empty()
}

/// `column=value`, whatever the types are.
fn describe(row: &PgRow) -> String {
    let value = |index: usize| {
        row.try_get::<String, _>(index)
            .or_else(|_| row.try_get::<i64, _>(index).map(|n| n.to_string()))
            .or_else(|_| row.try_get::<i32, _>(index).map(|n| n.to_string()))
            .or_else(|_| row.try_get::<uuid::Uuid, _>(index).map(|id| id.to_string()))
            .unwrap_or_else(|_| "?".to_owned())
    };
    row.columns()
        .iter()
        .map(|c| format!("{}={}", c.name(), value(c.ordinal())))
        .collect::<Vec<_>>()
        .join(" ")
}
