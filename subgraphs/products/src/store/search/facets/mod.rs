//! What a result consists of: all facets of a page in one statement.

use crate::search::{Ask, FacetCounts};
use sqlx::PgExecutor;

mod statement;

pub use statement::statement;

/// What a search counts when the client does not say.
pub const DEFAULT: &[&str] = &["kind", "category", "brand", "in_stock"];

/// What an expression over a document gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    /// A text.
    One,
    /// An array of texts.
    Many,
    /// The ID of a row of this table, which has a name.
    Row(&'static str),
    /// Steps of prices in all currencies.
    Prices,
}

/// Facets that are not attributes: code, label, expression.
const KNOWN: &[(&str, &str, Gives, &str)] = &[
    ("kind", "Kind", Gives::One, "p.kind"),
    (
        "category",
        "Category",
        Gives::Row("products.categories"),
        "p.category_id",
    ),
    ("brand", "Brand", Gives::Row("products.brands"), "p.brand_id"),
    ("in_stock", "In stock", Gives::One, "p.in_stock"),
    ("rating", "Rating", Gives::One, "nullif(p.rating_milli / 1000, 0)"),
    ("price", "Price", Gives::Prices, "p.price_steps"),
    ("author", "Author", Gives::Many, "p.authors"),
    ("genre", "Genre", Gives::Many, "p.genres"),
    ("format", "Format", Gives::One, "p.format"),
    ("language", "Language", Gives::One, "p.language"),
    ("ram_gb", "Memory, GB", Gives::One, "p.ram_gb"),
    ("storage_gb", "Storage, GB", Gives::One, "p.storage_gb"),
    ("storage_type", "Storage", Gives::One, "p.storage_type"),
    ("os", "Operating system", Gives::One, "p.os"),
    ("network", "Network", Gives::Many, "p.networks"),
    ("size", "Size", Gives::Many, "p.sizes"),
    ("color", "Colour", Gives::Many, "p.colors"),
    ("material", "Material", Gives::One, "p.material"),
    ("style", "Style", Gives::One, "p.style"),
    ("gender", "Gender", Gives::One, "p.gender"),
    ("season", "Season", Gives::One, "p.season"),
];

/// A facet that is asked for.
struct Facet<'a> {
    code: &'a str,
    label: &'a str,
    gives: Gives,
    /// None: the attribute of this code.
    value: Option<&'static str>,
}

impl<'a> Facet<'a> {
    fn new(code: &'a str) -> Self {
        let known = KNOWN.iter().find(|(known, ..)| *known == code);
        let (label, gives, value) = known.map_or((code, Gives::One, None), |(_, label, gives, value)| {
            (*label, *gives, Some(*value))
        });
        Self {
            code,
            label,
            gives,
            value,
        }
    }
}

/// A count, or the label of an attribute.
#[derive(sqlx::FromRow)]
struct Row {
    facet: i32,
    value: String,
    /// None: the value is a label.
    count: Option<i64>,
}

/// Counts the values of the facets `codes`, most frequent first, in the order of `codes`.
pub async fn count(
    db: impl PgExecutor<'_>,
    ask: &Ask,
    codes: &[String],
) -> Result<Vec<FacetCounts>, sqlx::Error> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let facets: Vec<Facet> = codes.iter().map(|code| Facet::new(code)).collect();
    let mut statement = statement("", ask, codes);
    let rows: Vec<Row> = statement.build_query_as().persistent(false).fetch_all(db).await?;
    let mut counted: Vec<FacetCounts> = facets
        .iter()
        .map(|facet| FacetCounts {
            code: facet.code.to_owned(),
            label: facet.label.to_owned(),
            values: Vec::new(),
        })
        .collect();
    for row in rows {
        let facet = usize::try_from(row.facet)
            .ok()
            .and_then(|facet| counted.get_mut(facet));
        match (facet, row.count) {
            (None, _) => {}
            (Some(facet), None) => facet.label = row.value,
            (Some(facet), Some(count)) => facet.values.push((row.value, count)),
        }
    }
    Ok(counted)
}
