//! Attributes: rows that describe columns which do not exist.

use crate::domain::catalog::Attribute;
use platform::ids::AttributeId;
use sqlx::PgExecutor;

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
