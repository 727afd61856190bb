//! Zones.

use crate::domain::catalog::{ShippingZone, ZoneDraft};
use platform::{Country, ids::ShippingZoneId};
use sqlx::PgExecutor;
use uuid::Uuid;

macro_rules! zones {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            ShippingZone,
            r#"select id as "id: ShippingZoneId", name, countries as "countries: Vec<Country>", regions,
                postal_patterns, version
            from shipping.zones "# + $tail
            $(, $arg)*
        )
    };
}

pub async fn all(db: impl PgExecutor<'_>) -> Result<Vec<ShippingZone>, sqlx::Error> {
    zones!("order by name, id").fetch_all(db).await
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<ShippingZone>, sqlx::Error> {
    zones!("where id = any($1)", ids).fetch_all(db).await
}

pub async fn insert(
    db: impl PgExecutor<'_>,
    id: ShippingZoneId,
    zone: &ZoneDraft,
) -> Result<ShippingZone, sqlx::Error> {
    let countries = codes(&zone.countries);
    sqlx::query_as!(
        ShippingZone,
        r#"insert into shipping.zones (id, name, countries, regions, postal_patterns) values ($1, $2, $3, $4, $5)
        returning id as "id: ShippingZoneId", name, countries as "countries: Vec<Country>", regions, postal_patterns,
            version"#,
        id.0,
        zone.name,
        &countries,
        &zone.regions,
        &zone.postal_patterns
    )
    .fetch_one(db)
    .await
}

/// `None` if there is no such zone.
pub async fn update(
    db: impl PgExecutor<'_>,
    id: ShippingZoneId,
    zone: &ZoneDraft,
) -> Result<Option<ShippingZone>, sqlx::Error> {
    let countries = codes(&zone.countries);
    sqlx::query_as!(
        ShippingZone,
        r#"update shipping.zones set name = $2, countries = $3, regions = $4, postal_patterns = $5,
            version = version + 1, updated_at = shipping.now()
        where id = $1
        returning id as "id: ShippingZoneId", name, countries as "countries: Vec<Country>", regions, postal_patterns,
            version"#,
        id.0,
        zone.name,
        &countries,
        &zone.regions,
        &zone.postal_patterns
    )
    .fetch_optional(db)
    .await
}

fn codes(countries: &[Country]) -> Vec<String> {
    countries
        .iter()
        .map(|country| country.as_str().to_owned())
        .collect()
}
