//! Which database each service uses, and how all of them are brought up to date. One database may hold all eight
//! schemas, each with a role that reaches no other; or each service has a URL, and so a server, of its own.

use crate::services::{Entry, SERVICES};
use anyhow::{Context, Result};
use clap::Args;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};

/// Flags and environment variables that name databases.
#[derive(Debug, Clone, Default, Args)]
pub struct Databases {
    /// One database for all services; its user owns the schemas and creates a role for each service
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        help_heading = "Databases"
    )]
    pub database_url: Option<String>,
    /// Database of the users service alone; the same for the others
    #[arg(
        long,
        env = "USERS_DATABASE_URL",
        hide_env_values = true,
        help_heading = "Databases"
    )]
    pub users_database_url: Option<String>,
    #[arg(long, env = "PRODUCTS_DATABASE_URL", hide = true)]
    pub products_database_url: Option<String>,
    #[arg(long, env = "ORDERS_DATABASE_URL", hide = true)]
    pub orders_database_url: Option<String>,
    #[arg(long, env = "PAYMENTS_DATABASE_URL", hide = true)]
    pub payments_database_url: Option<String>,
    #[arg(long, env = "SHIPPING_DATABASE_URL", hide = true)]
    pub shipping_database_url: Option<String>,
    #[arg(long, env = "INVENTORY_DATABASE_URL", hide = true)]
    pub inventory_database_url: Option<String>,
    #[arg(long, env = "NOTIFICATIONS_DATABASE_URL", hide = true)]
    pub notifications_database_url: Option<String>,
    #[arg(long, env = "ANALYTICS_DATABASE_URL", hide = true)]
    pub analytics_database_url: Option<String>,
    /// Secret from which the passwords of the services' roles in a shared database are derived
    #[arg(
        long,
        env = "AGORA_ROLE_SECRET",
        hide_env_values = true,
        help_heading = "Databases"
    )]
    pub role_secret: Option<String>,
}

impl Databases {
    fn own(&self, service: &str) -> Option<&str> {
        let url = match service {
            "users" => &self.users_database_url,
            "products" => &self.products_database_url,
            "orders" => &self.orders_database_url,
            "payments" => &self.payments_database_url,
            "shipping" => &self.shipping_database_url,
            "inventory" => &self.inventory_database_url,
            "notifications" => &self.notifications_database_url,
            "analytics" => &self.analytics_database_url,
            _ => &None,
        };
        url.as_deref()
    }

    /// The URL `service` connects with: its own, else its role in the shared database, else the shared URL as it is.
    pub fn url(&self, service: &str) -> Result<String> {
        if let Some(url) = self.own(service) {
            return Ok(url.to_owned());
        }
        let shared = self.shared(service)?;
        match &self.role_secret {
            Some(secret) => with_login(shared, &role(service), &password(secret, service)),
            None => Ok(shared.to_owned()),
        }
    }

    /// The URL that owns the service's schema and may migrate it.
    pub fn owner_url(&self, service: &str) -> Result<String> {
        self.own(service).map_or_else(
            || self.shared(service).map(str::to_owned),
            |url| Ok(url.to_owned()),
        )
    }

    fn shared(&self, service: &str) -> Result<&str> {
        let hint = || format!("set DATABASE_URL, or {}_DATABASE_URL", service.to_uppercase());
        self.database_url.as_deref().with_context(hint)
    }

    /// Migrates all services, telling `progress` of each.
    pub async fn migrate(&self, progress: impl Fn(&str)) -> Result<()> {
        for entry in &SERVICES {
            progress(entry.name);
            self.migrate_one(entry)
                .await
                .with_context(|| format!("cannot migrate {}", entry.name))?;
        }
        Ok(())
    }

    async fn migrate_one(&self, entry: &Entry) -> Result<()> {
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect(&self.owner_url(entry.name)?)
            .await?;
        platform::db::migrate(&pool, entry.name, entry.migrator).await?;
        if let (None, Some(secret)) = (self.own(entry.name), &self.role_secret) {
            grant(&pool, entry.name, &password(secret, entry.name)).await?;
        }
        pool.close().await;
        Ok(())
    }
}

/// A role that may use its own schema and nothing else.
async fn grant(pool: &PgPool, service: &str, password: &str) -> Result<()> {
    let role = role(service);
    let statements = [
        format!(
            "do $$ begin if not exists (select from pg_roles where rolname = '{role}') then create role {role} login; end if; \
             end $$"
        ),
        format!("alter role {role} password '{password}'"),
        format!("grant usage on schema {service} to {role}"),
        format!("grant select, insert, update, delete on all tables in schema {service} to {role}"),
        format!("grant usage, select, update on all sequences in schema {service} to {role}"),
        format!("grant execute on all functions in schema {service} to {role}"),
    ];
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement)).execute(pool).await?;
    }
    Ok(())
}

fn role(service: &str) -> String {
    format!("agora_{service}")
}

fn password(secret: &str, service: &str) -> String {
    hex::encode(Sha256::digest(format!("{secret}:{service}")))
}

/// The same server and database with another login.
fn with_login(url: &str, user: &str, password: &str) -> Result<String> {
    let (scheme, rest) = url
        .split_once("://")
        .context("a database URL looks like postgres://user@host/name")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Ok(format!("{scheme}://{user}:{password}@{host}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_replaced_wherever_the_host_stands() {
        let cases = [
            ("postgres://a:b@h:1/db", "postgres://u:p@h:1/db"),
            ("postgres://h/db?x=y@z", "postgres://u:p@h/db?x=y@z"),
            (
                "postgres://a:b@localhost/db?host=%2Ftmp",
                "postgres://u:p@localhost/db?host=%2Ftmp",
            ),
        ];
        for (url, expected) in cases {
            assert_eq!(with_login(url, "u", "p").unwrap(), expected);
        }
    }

    #[test]
    fn an_own_url_wins() {
        let databases = Databases {
            database_url: Some("postgres://a@h/db".into()),
            orders_database_url: Some("postgres://o@other/orders".into()),
            ..Databases::default()
        };
        assert_eq!(databases.url("orders").unwrap(), "postgres://o@other/orders");
        assert_eq!(databases.url("users").unwrap(), "postgres://a@h/db");
        assert!(Databases::default().url("users").is_err());
    }
}
