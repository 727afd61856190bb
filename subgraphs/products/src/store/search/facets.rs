//! What a result consists of: all facets of a page in one statement that reads every hit once.

use super::{
    filters::{self, Condition},
    hits,
};
use crate::search::{Ask, FacetCounts};
use sqlx::{PgExecutor, Postgres, QueryBuilder};

type Query = QueryBuilder<Postgres>;

/// Values a facet has at most.
const MAX_VALUES: i64 = 50;

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

/// A count, or with place 0 the label of an attribute.
#[derive(sqlx::FromRow)]
struct Row {
    facet: i32,
    place: i64,
    value: String,
    count: i64,
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
        match (facet, row.place) {
            (None, _) => {}
            (Some(facet), 0) => facet.label = row.value,
            (Some(facet), _) => facet.values.push((row.value, row.count)),
        }
    }
    Ok(counted)
}

/// The statement, behind `begin`: `hits` has the values of each hit, and which of the filters with a facet of their own it passes; `groups` counts
/// equal values, lists as a whole; then lists are taken apart and IDs get their names.
pub fn statement(begin: &str, ask: &Ask, codes: &[String]) -> Query {
    let facets: Vec<Facet> = codes.iter().map(|code| Facet::new(code)).collect();
    let facets = facets.as_slice();
    let mut own: Vec<(usize, Vec<Condition>)> = Vec::new();
    for condition in filters::conditions(&ask.filter) {
        if let Some(index) = facet_of(&condition, facets) {
            match own.iter_mut().find(|(facet, _)| *facet == index) {
                Some((_, conditions)) => conditions.push(condition),
                None => own.push((index, vec![condition])),
            }
        }
    }
    let mut q = QueryBuilder::new(begin);
    q.push("with hits as (select ");
    for (index, facet) in facets.iter().enumerate() {
        q.push(if index == 0 { "" } else { ", " });
        match facet.value {
            Some(value) => q.push(value),
            None => q.push("p.attributes ->> ").push_bind(facet.code.to_owned()),
        };
        q.push(format!(" as v{index}"));
    }
    for (index, conditions) in &own {
        q.push(", coalesce(");
        for (place, condition) in conditions.iter().enumerate() {
            q.push(if place == 0 { "" } else { " and " });
            condition.push(&mut q);
        }
        q.push(format!(", false) as passes{index}"));
    }
    q.push(" from ");
    hits::push_found(&mut q, ask, |condition| facet_of(condition, facets).is_some());
    q.push("), groups as (select ");
    let columns: Vec<String> = (0..facets.len()).map(|index| format!("v{index}")).collect();
    q.push(format!(
        "grouping({0}) as grouped, {0}, count(*)",
        columns.join(", ")
    ));
    push_passing(&mut q, &own, None);
    q.push(" as n");
    for (index, _) in &own {
        q.push(", count(*)");
        push_passing(&mut q, &own, Some(*index));
        q.push(format!(" as n{index}"));
    }
    q.push(" from hits");
    push_worthwhile(&mut q, &own);
    q.push(format!(
        " group by grouping sets (({}))), counted as (",
        columns.join("), (")
    ));
    for (index, facet) in facets.iter().enumerate() {
        q.push(if index == 0 { "" } else { " union all " });
        let count = match own.iter().any(|(facet, _)| *facet == index) {
            true => format!("n{index}"),
            false => "n".to_owned(),
        };
        push_values(&mut q, index, facet, &count);
        // Of each set one bit is zero: that of its column, counted from the right.
        let grouped = (1_u64 << facets.len()) - 1 - (1 << (facets.len() - 1 - index));
        q.push(format!(" where grouped = {grouped} and v{index} is not null"));
        push_rest(&mut q, ask, facet);
    }
    q.push(
        ") select facet, place, value, count from (select facet, value, sum(n)::bigint as count, \
         row_number() over (partition by facet order by sum(n) desc, value) as place from counted \
         group by facet, value having sum(n) > 0) placed where place <= ",
    );
    q.push_bind(MAX_VALUES);
    for (index, facet) in facets
        .iter()
        .enumerate()
        .filter(|(_, facet)| facet.value.is_none())
    {
        q.push(format!(
            " union all select {index}, 0::bigint, label, 0::bigint from products.attributes where code = "
        ));
        q.push_bind(facet.code.to_owned());
    }
    q.push(" order by facet, place");
    q
}

/// The facet that is asked for and shows what a condition filters by.
fn facet_of(condition: &Condition, facets: &[Facet]) -> Option<usize> {
    let code = condition.facet.as_ref()?;
    facets.iter().position(|facet| facet.code == code)
}

/// A hit counts if it passes all filters, but for that of the facet which is being counted.
fn push_passing(q: &mut Query, own: &[(usize, Vec<Condition>)], but: Option<usize>) {
    let others: Vec<String> = own
        .iter()
        .filter(|(index, _)| Some(*index) != but)
        .map(|(index, _)| format!("passes{index}"))
        .collect();
    if !others.is_empty() {
        q.push(format!(" filter (where {})", others.join(" and ")));
    }
}

/// A hit that fails two filters counts nowhere.
fn push_worthwhile(q: &mut Query, own: &[(usize, Vec<Condition>)]) {
    if own.len() > 1 {
        let passed: Vec<String> = own
            .iter()
            .map(|(index, _)| format!("passes{index}::int"))
            .collect();
        q.push(format!(" where {} >= {}", passed.join(" + "), own.len() - 1));
    }
}

/// Selects facet, value and count from the groups.
fn push_values(q: &mut Query, index: usize, facet: &Facet, count: &str) {
    match facet.gives {
        Gives::One => q.push(format!("select {index} as facet, v{index}::text as value, {count} as n from groups")),
        Gives::Many => q.push(format!("select {index} as facet, unnest(v{index}) as value, {count} as n from groups")),
        Gives::Row(table) => q.push(format!(
            "select {index} as facet, named.name as value, {count} as n from groups join {table} named on named.id = v{index}"
        )),
        Gives::Prices => {
            q.push(format!(
                "select {index} as facet, split_part(step, ':', 2) as value, {count} as n from groups, unnest(v{index}) as step"
            ))
        }
    };
}

/// What else must hold for a value to be shown.
fn push_rest(q: &mut Query, ask: &Ask, facet: &Facet) {
    if facet.gives == Gives::Prices {
        let currency = ask
            .filter
            .price
            .as_ref()
            .map(|price| price.currency.as_str().to_owned());
        q.push(" and split_part(step, ':', 1) = ")
            .push_bind(currency.unwrap_or_default());
    }
    if facet.value.is_none() {
        q.push(" and exists (select from products.attributes a where a.filterable and a.code = ");
        q.push_bind(facet.code.to_owned()).push(")");
    }
}
