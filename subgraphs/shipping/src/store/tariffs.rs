//! Methods with the rates that matter for some destinations, in one statement.

use crate::domain::{
    catalog::ShippingMethod,
    rate::{Rate, RateKind, Tariff},
    zone::Area,
};
use chrono::NaiveDate;
use platform::{
    Country, Currency, Money,
    ids::{ShippingMethodId, ShippingZoneId, VendorId},
};
use sqlx::PgExecutor;
use uuid::Uuid;

/// Which methods to read.
pub enum Wanted {
    /// These.
    Methods(Vec<Uuid>),
    /// All that these vendors offer.
    OfVendors(Vec<Uuid>),
}

/// Tariffs and the day from which deliveries are counted. Rates for other countries are left out.
pub async fn read(
    db: impl PgExecutor<'_>,
    wanted: Wanted,
    countries: &[Country],
) -> Result<(Vec<Tariff>, NaiveDate), sqlx::Error> {
    let countries: Vec<String> = countries
        .iter()
        .map(|country| country.as_str().to_owned())
        .collect();
    let (by_vendor, ids) = match wanted {
        Wanted::Methods(ids) => (false, ids),
        Wanted::OfVendors(ids) => (true, ids),
    };
    let rows = sqlx::query!(
        r#"select m.id as "id: ShippingMethodId", m.vendor_id as "vendor: VendorId", m.name, m.carrier, m.min_days,
            m.max_days, m.active, m.version, (shipping.now() at time zone 'utc')::date as "today!",
            z.id as "zone?: ShippingZoneId", z.countries as "countries?: Vec<Country>", z.regions as "regions?",
            z.postal_patterns as "postal_patterns?", r.kind as "kind?: RateKind", r.currency as "currency?: Currency",
            r.base as "base?", r.per_kg, r.free_over, r.min_weight_grams, r.max_weight_grams
        from shipping.methods m
        left join (shipping.rates r join shipping.zones z
            on z.id = r.zone_id and (cardinality(z.countries) = 0 or z.countries && $1)) on r.method_id = m.id
        where m.active and case when $2 then m.vendor_id is null or m.vendor_id = any($3) else m.id = any($3) end
        order by m.id, r.position"#,
        &countries,
        by_vendor,
        &ids
    )
    .fetch_all(db)
    .await?;
    let today = rows.first().map_or(NaiveDate::MIN, |row| row.today);
    let mut tariffs: Vec<Tariff> = Vec::new();
    for row in rows {
        if tariffs.last().is_none_or(|tariff| tariff.method.id != row.id) {
            let method = ShippingMethod {
                id: row.id,
                name: row.name,
                carrier: row.carrier,
                min_days: row.min_days,
                max_days: row.max_days,
                active: row.active,
                version: row.version,
                vendor_id: row.vendor,
            };
            tariffs.push(Tariff {
                method,
                rates: Vec::new(),
            });
        }
        let price = row.kind.zip(row.currency).zip(row.base);
        if let (Some(tariff), Some(zone), Some(((kind, currency), base))) =
            (tariffs.last_mut(), row.zone, price)
        {
            let area = Area {
                countries: row.countries.unwrap_or_default(),
                regions: row.regions.unwrap_or_default(),
                postal_patterns: row.postal_patterns.unwrap_or_default(),
            };
            tariff.rates.push(Rate {
                zone,
                area,
                kind,
                base: Money::new(base, currency),
                per_kg: row.per_kg,
                free_over: row.free_over,
                min_weight_grams: row.min_weight_grams,
                max_weight_grams: row.max_weight_grams,
            });
        }
    }
    Ok((tariffs, today))
}
