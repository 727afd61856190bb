//! Counts of what a list consists of, over exactly the rows of the list.

use super::{Scope, conditions, list::List};
use sqlx::{PgExecutor, QueryBuilder};

/// Values a facet has at most.
const MAX_VALUES: i64 = 50;

/// Facets that are not attributes: code, label, and the values of the rows `m`.
const KNOWN: &[(&str, &str, &str)] = &[
    ("kind", "Kind", "select m.kind as value from matched m"),
    (
        "category",
        "Category",
        "select c.name as value from matched m join products.categories c on c.id = m.category_id",
    ),
    (
        "brand",
        "Brand",
        "select b.name as value from matched m join products.brands b on b.id = m.brand_id",
    ),
    (
        "in_stock",
        "In stock",
        "select m.in_stock::text as value from matched m",
    ),
    (
        "rating",
        "Rating",
        "select (m.rating_milli / 1000)::text as value from matched m where m.rating_milli > 0",
    ),
    (
        "author",
        "Author",
        "select jsonb_array_elements_text(m.details -> 'book' -> 'authors') as value from matched m",
    ),
    (
        "genre",
        "Genre",
        "select jsonb_array_elements_text(m.details -> 'book' -> 'genres') as value from matched m",
    ),
    (
        "format",
        "Format",
        "select m.details -> 'book' ->> 'format' as value from matched m",
    ),
    (
        "language",
        "Language",
        "select m.details -> 'book' ->> 'language' as value from matched m",
    ),
    (
        "ram_gb",
        "Memory, GB",
        "select coalesce(m.details -> 'laptop', m.details -> 'mobile') ->> 'ram_gb' as value from matched m",
    ),
    (
        "storage_gb",
        "Storage, GB",
        "select coalesce(m.details -> 'laptop', m.details -> 'mobile') ->> 'storage_gb' as value from matched m",
    ),
    (
        "storage_type",
        "Storage",
        "select m.details -> 'laptop' ->> 'storage_type' as value from matched m",
    ),
    (
        "os",
        "Operating system",
        "select coalesce(m.details -> 'laptop', m.details -> 'mobile') ->> 'os' as value from matched m",
    ),
    (
        "network",
        "Network",
        "select jsonb_array_elements_text(m.details -> 'mobile' -> 'network') as value from matched m",
    ),
    (
        "size",
        "Size",
        "select jsonb_array_elements_text(m.details -> 'clothes' -> 'sizes') as value from matched m",
    ),
    (
        "color",
        "Colour",
        "select jsonb_array_elements_text(m.details -> 'clothes' -> 'colors') as value from matched m",
    ),
    (
        "material",
        "Material",
        "select coalesce(m.details -> 'clothes' ->> 'material', m.attributes ->> 'material') as value from matched m",
    ),
    (
        "style",
        "Style",
        "select m.details -> 'clothes' ->> 'style' as value from matched m",
    ),
];

/// What a search counts when the client does not say.
pub const DEFAULT: &[&str] = &["kind", "category", "brand", "in_stock"];

/// One value of one facet.
#[derive(Debug, sqlx::FromRow)]
pub struct Counted {
    pub code: String,
    pub value: String,
    pub count: i64,
}

/// The label of a facet that is not an attribute.
pub fn label(code: &str) -> Option<&'static str> {
    KNOWN
        .iter()
        .find(|(known, ..)| *known == code)
        .map(|(_, label, _)| *label)
}

/// Counts the values of the facets `codes`, most frequent first; a code that is not known is that of an attribute.
pub async fn count(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    list: &List,
    codes: &[String],
) -> Result<Vec<Counted>, sqlx::Error> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = QueryBuilder::new(
        "with matched as materialized (select p.kind, p.category_id, p.brand_id, p.in_stock, p.rating_milli, \
         p.details, p.attributes from products.products p where ",
    );
    conditions::push(&mut q, scope, list.hidden, &list.filter, &list.matching);
    q.push(")");
    for (index, code) in codes.iter().enumerate() {
        q.push(if index == 0 {
            " (select "
        } else {
            " union all (select "
        });
        q.push_bind(code.clone())
            .push("::text as code, value, count(*) as count from (");
        match KNOWN.iter().find(|(known, ..)| known == code) {
            Some((_, _, values)) => {
                q.push(values);
            }
            None => {
                q.push("select m.attributes ->> a.code as value from matched m join products.attributes a on a.filterable and a.code = ");
                q.push_bind(code.clone());
            }
        }
        q.push(") counted where value is not null group by value order by count(*) desc, value limit ");
        q.push_bind(MAX_VALUES).push(")");
    }
    q.build_query_as().fetch_all(db).await
}
