//! Attributes: rows that describe columns which do not exist.

use crate::domain::catalog::Attribute;
use platform::ids::AttributeId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

pub async fn by_codes(db: impl PgExecutor<'_>, codes: &[String]) -> Result<Vec<Attribute>, sqlx::Error> {
    sqlx::query_as!(
        Attribute,
        r#"select id as "id: AttributeId", code, label, type as data_type, unit, filterable, kinds
           from products.attributes where code = any($1)"#,
        codes
    )
    .fetch_all(db)
    .await
}

/// Attributes that fit a kind of product, or all.
pub async fn of_kind(db: impl PgExecutor<'_>, kind: Option<&str>) -> Result<Vec<Attribute>, sqlx::Error> {
    sqlx::query_as!(
        Attribute,
        r#"select id as "id: AttributeId", code, label, type as data_type, unit, filterable, kinds
           from products.attributes where $1::text is null or kinds = '{}' or $1 = any(kinds) order by label, id"#,
        kind
    )
    .fetch_all(db)
    .await
}

/// By ID.
pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Attribute>, sqlx::Error> {
    sqlx::query_as!(
        Attribute,
        r#"select id as "id: AttributeId", code, label, type as data_type, unit, filterable, kinds
           from products.attributes where id = any($1)"#,
        ids
    )
    .fetch_all(db)
    .await
}

/// Makes it or changes the one with its code; null if that has another type.
pub async fn upsert(tx: &mut PgConnection, new: &Attribute) -> Result<Option<AttributeId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"insert into products.attributes as a (id, code, label, type, unit, filterable, kinds)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (code) do update set label = excluded.label, unit = excluded.unit,
               filterable = excluded.filterable, kinds = excluded.kinds where a.type = excluded.type
           returning id as "id: AttributeId""#,
        new.id.0,
        new.code,
        new.label,
        new.data_type,
        new.unit,
        new.filterable,
        &new.kinds
    )
    .fetch_optional(tx)
    .await
}
