//! Quotes and the tax table.

use crate::domain::quote::{Quote, TaxRate};
use chrono::{DateTime, Utc};
use platform::{
    Country,
    ids::{CartId, QuoteId, uuids},
};
use sqlx::{PgExecutor, types::Json};
use std::collections::HashMap;

/// A quote as it was given.
#[derive(Clone, Debug)]
pub struct QuoteRow {
    pub id: QuoteId,
    pub cart_id: CartId,
    pub hash: String,
    pub body: Json<Quote>,
    pub expires_at: DateTime<Utc>,
    pub expired: bool,
}

pub async fn insert(db: impl PgExecutor<'_>, cart: CartId, quote: &Quote) -> sqlx::Result<QuoteId> {
    let id = QuoteId::new();
    sqlx::query!(
        "insert into orders.quotes (id, cart_id, hash, body, expires_at)
         values ($1, $2, $3, $4, orders.now() + interval '15 minutes')",
        id.0,
        cart.0,
        quote.hash(),
        Json(quote) as _
    )
    .execute(db)
    .await?;
    Ok(id)
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[QuoteId]) -> sqlx::Result<Vec<QuoteRow>> {
    sqlx::query_as!(QuoteRow,
        r#"select id as "id: QuoteId", cart_id as "cart_id: CartId", hash, body as "body: Json<Quote>", expires_at,
           expires_at < orders.now() as "expired!" from orders.quotes where id = any($1)"#, &uuids(ids))
    .fetch_all(db)
    .await
}

/// Tax rates of a country by category, in lower case.
pub async fn tax_rates(db: impl PgExecutor<'_>, country: Country) -> sqlx::Result<HashMap<String, TaxRate>> {
    let rows = sqlx::query!(
        "select tax_category, rate_micros, included from orders.tax_rates where country = $1",
        country.as_str()
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                row.tax_category,
                TaxRate {
                    micros: row.rate_micros,
                    included: row.included,
                },
            )
        })
        .collect())
}
