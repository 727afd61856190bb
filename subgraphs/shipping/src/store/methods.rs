//! Methods and their rates.

use crate::domain::catalog::{MethodDraft, ShippingMethod};
use crate::domain::rate::RateKind;
use platform::{
    Currency,
    ids::{ShippingMethodId, ShippingZoneId, VendorId},
};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

macro_rules! methods {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            ShippingMethod,
            r#"select id as "id: ShippingMethodId", vendor_id as "vendor_id: VendorId", name, carrier, min_days,
                max_days, active, version
            from shipping.methods "# + $tail
            $(, $arg)*
        )
    };
}

/// A rate as it is kept.
#[derive(Clone, Debug)]
pub struct RateRow {
    pub method_id: ShippingMethodId,
    pub zone_id: ShippingZoneId,
    pub kind: RateKind,
    pub currency: Currency,
    pub base: i64,
    pub per_kg: Option<i64>,
    pub free_over: Option<i64>,
    pub min_weight_grams: Option<i32>,
    pub max_weight_grams: Option<i32>,
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<ShippingMethod>, sqlx::Error> {
    methods!("where id = any($1)", ids).fetch_all(db).await
}

/// What these vendors offer: their own methods and those of the platform.
pub async fn offered(db: impl PgExecutor<'_>, vendors: &[Uuid]) -> Result<Vec<ShippingMethod>, sqlx::Error> {
    methods!(
        "where active and (vendor_id is null or vendor_id = any($1)) order by vendor_id nulls first, name, id",
        vendors
    )
    .fetch_all(db)
    .await
}

/// Active methods by zone.
pub async fn in_zones(
    db: impl PgExecutor<'_>,
    zones: &[Uuid],
) -> Result<Vec<(ShippingZoneId, ShippingMethodId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select distinct r.zone_id as "zone: ShippingZoneId", m.id as "method: ShippingMethodId"
        from shipping.rates r join shipping.methods m on m.id = r.method_id
        where m.active and r.zone_id = any($1) order by 1, 2"#,
        zones
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.zone, row.method)).collect())
}

pub async fn rates(db: impl PgExecutor<'_>, methods: &[Uuid]) -> Result<Vec<RateRow>, sqlx::Error> {
    sqlx::query_as!(
        RateRow,
        r#"select method_id as "method_id: ShippingMethodId", zone_id as "zone_id: ShippingZoneId",
            kind as "kind: RateKind", currency as "currency: Currency", base, per_kg, free_over, min_weight_grams,
            max_weight_grams
        from shipping.rates where method_id = any($1) order by method_id, position"#,
        methods
    )
    .fetch_all(db)
    .await
}

/// Locks a method.
pub async fn lock(
    db: &mut PgConnection,
    id: ShippingMethodId,
) -> Result<Option<ShippingMethod>, sqlx::Error> {
    methods!("where id = $1 for update", id.0)
        .fetch_optional(db)
        .await
}

/// Writes a method and replaces its rates. The vendor of an existing method stays.
pub async fn save(
    db: &mut PgConnection,
    id: ShippingMethodId,
    vendor: Option<VendorId>,
    method: &MethodDraft,
) -> Result<ShippingMethod, sqlx::Error> {
    let saved = sqlx::query_as!(
        ShippingMethod,
        r#"insert into shipping.methods as m (id, vendor_id, name, carrier, min_days, max_days)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (id) do update set name = $3, carrier = $4, min_days = $5, max_days = $6,
            version = m.version + 1, updated_at = shipping.now()
        returning id as "id: ShippingMethodId", vendor_id as "vendor_id: VendorId", name, carrier, min_days, max_days,
            active, version"#,
        id.0,
        vendor.map(Uuid::from),
        method.name,
        method.carrier,
        method.min_days,
        method.max_days
    )
    .fetch_one(&mut *db)
    .await?;
    sqlx::query!("delete from shipping.rates where method_id = $1", id.0)
        .execute(&mut *db)
        .await?;
    insert_rates(db, id, method).await?;
    Ok(saved)
}

async fn insert_rates(
    db: &mut PgConnection,
    id: ShippingMethodId,
    method: &MethodDraft,
) -> Result<(), sqlx::Error> {
    let column = |value: fn(&crate::domain::rate::Rate) -> Option<i64>| -> Vec<Option<i64>> {
        method.rates.iter().map(value).collect()
    };
    let zones: Vec<Uuid> = method.rates.iter().map(|rate| rate.zone.0).collect();
    let kinds: Vec<String> = method
        .rates
        .iter()
        .map(|rate| rate.kind.as_str().to_owned())
        .collect();
    let currencies: Vec<String> = method
        .rates
        .iter()
        .map(|rate| rate.base.currency.into())
        .collect();
    sqlx::query!(
        "insert into shipping.rates (method_id, position, zone_id, kind, currency, base, per_kg, free_over,
            min_weight_grams, max_weight_grams)
        select $1, position, zone, kind, currency, base, per_kg, free_over, least::int, most::int
        from unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
            $9::bigint[]) with ordinality
            as rate(zone, kind, currency, base, per_kg, free_over, least, most, position)",
        id.0,
        &zones,
        &kinds,
        &currencies,
        &column(|rate| Some(rate.base.amount())) as &[Option<i64>],
        &column(|rate| rate.per_kg) as &[Option<i64>],
        &column(|rate| rate.free_over) as &[Option<i64>],
        &column(|rate| rate.min_weight_grams.map(i64::from)) as &[Option<i64>],
        &column(|rate| rate.max_weight_grams.map(i64::from)) as &[Option<i64>],
    )
    .execute(db)
    .await?;
    Ok(())
}
