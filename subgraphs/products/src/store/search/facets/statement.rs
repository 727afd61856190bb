//! The statement that counts facets. Most of it is about reading little: what is filtered by nothing but kind and stock
//! is counted already, and the rest reads no more documents than its own conditions leave.

use super::{Facet, Gives};
use crate::{
    search::Ask,
    store::search::{
        ACTIVE,
        filters::{self, Condition},
        hits,
    },
};
use sqlx::{Postgres, QueryBuilder};

type Query = QueryBuilder<Postgres>;

/// Values a facet has at most.
const MAX_VALUES: usize = 50;

/// A facet and its place among those that are asked for.
type Numbered<'f, 'a> = (usize, &'f Facet<'a>);

/// One reading of hits, for some facets.
struct Scan<'f, 'a> {
    facets: Vec<Numbered<'f, 'a>>,
    /// The conditions that belong to a facet of this scan: it counts without them.
    own: Vec<(usize, Vec<Condition>)>,
}

/// The statement, behind `begin`. Of each scan, `hits` has the values of each hit and which of the scan's own
/// conditions it passes; `groups` counts equal values, lists as a whole. Then lists are taken apart, IDs get their
/// names, and the most frequent values are left.
pub fn statement(begin: &str, ask: &Ask, codes: &[String]) -> Query {
    let facets: Vec<Facet> = codes.iter().map(|code| Facet::new(code)).collect();
    let (scans, counted) = plan(ask, &facets);
    let mut q = QueryBuilder::new(begin);
    for (number, scan) in scans.iter().enumerate() {
        q.push(if number == 0 { "with " } else { ", " });
        push_scan(&mut q, number, ask, scan);
    }
    q.push(" select facet, value, count from (");
    let mut first = true;
    for (number, scan) in scans.iter().enumerate() {
        for (place, (index, facet)) in scan.facets.iter().enumerate() {
            begin_values(&mut q, &mut first, *index);
            let from = format!("groups{number}");
            let (value, count) = (format!("v{index}"), scan.count_of(*index));
            push_values(&mut q, facet.gives, &value, &count, &from);
            // Of each grouping set one bit is zero: that of its column, counted from the right.
            let grouped = (1_u64 << scan.facets.len()) - 1 - (1 << (scan.facets.len() - 1 - place));
            q.push(format!(" where grouped = {grouped} and v{index} is not null"));
            end_values(&mut q, ask, facet);
        }
    }
    for (index, facet) in counted {
        begin_values(&mut q, &mut first, index);
        push_counted(&mut q, ask, facet);
        end_values(&mut q, ask, facet);
    }
    for (index, facet) in facets
        .iter()
        .enumerate()
        .filter(|(_, facet)| facet.value.is_none())
    {
        q.push(format!(
            " union all select {index}, label, null from products.attributes where code = "
        ));
        q.push_bind(facet.code.to_owned());
    }
    q.push(") facets order by facet, count desc nulls first, value");
    q
}

/// Which facets are read from hits, together or alone, and which are counted already. A text is looked for once. With
/// conditions alone, a facet that has conditions of its own gets a scan without them, so that the others need not read
/// what only this one counts.
fn plan<'f, 'a>(ask: &Ask, facets: &'f [Facet<'a>]) -> (Vec<Scan<'f, 'a>>, Vec<Numbered<'f, 'a>>) {
    let (mut scans, mut together, mut counted) = (Vec::new(), Vec::new(), Vec::new());
    let conditions = filters::conditions(ask);
    for (index, facet) in facets.iter().enumerate() {
        let (own, others): (Vec<_>, Vec<_>) = conditions
            .iter()
            .partition(|condition| condition.facet.as_deref() == Some(facet.code));
        if ask.text.is_none() && others.iter().all(|condition| condition.counted) {
            counted.push((index, facet));
        } else if ask.text.is_none() && !own.is_empty() {
            scans.push(Scan::new(ask, vec![(index, facet)]));
        } else {
            together.push((index, facet));
        }
    }
    if !together.is_empty() {
        scans.push(Scan::new(ask, together));
    }
    (scans, counted)
}

impl<'f, 'a> Scan<'f, 'a> {
    fn new(ask: &Ask, facets: Vec<Numbered<'f, 'a>>) -> Self {
        let mut scan = Self {
            facets,
            own: Vec::new(),
        };
        for condition in filters::conditions(ask) {
            if let Some(index) = scan.facet_of(&condition) {
                match scan.own.iter_mut().find(|(facet, _)| *facet == index) {
                    Some((_, conditions)) => conditions.push(condition),
                    None => scan.own.push((index, vec![condition])),
                }
            }
        }
        scan
    }

    /// The facet of this scan that shows what a condition filters by.
    fn facet_of(&self, condition: &Condition) -> Option<usize> {
        let code = condition.facet.as_ref()?;
        let found = self.facets.iter().find(|(_, facet)| facet.code == code);
        found.map(|(index, _)| *index)
    }

    /// The column of `groups` that counts this facet.
    fn count_of(&self, index: usize) -> String {
        match self.own.iter().any(|(facet, _)| *facet == index) {
            true => format!("n{index}"),
            false => "n".to_owned(),
        }
    }

    /// A hit counts if it passes all conditions, but for those of the facet which is being counted.
    fn passing(&self, but: Option<usize>) -> String {
        let others: Vec<String> = self
            .own
            .iter()
            .filter(|(index, _)| Some(*index) != but)
            .map(|(index, _)| format!("passes{index}"))
            .collect();
        match others.is_empty() {
            true => String::new(),
            false => format!(" filter (where {})", others.join(" and ")),
        }
    }
}

/// Adds `hits` and `groups` of a scan.
fn push_scan(q: &mut Query, number: usize, ask: &Ask, scan: &Scan) {
    q.push(format!("hits{number} as (select "));
    for (place, (index, facet)) in scan.facets.iter().enumerate() {
        q.push(if place == 0 { "" } else { ", " });
        match facet.value {
            Some(value) => q.push(value),
            None => q.push("p.attributes ->> ").push_bind(facet.code.to_owned()),
        };
        q.push(format!(" as v{index}"));
    }
    for (index, conditions) in &scan.own {
        q.push(", coalesce(");
        for (place, condition) in conditions.iter().enumerate() {
            q.push(if place == 0 { "" } else { " and " });
            condition.push(q);
        }
        q.push(format!(", false) as passes{index}"));
    }
    q.push(" from ");
    hits::push_found(q, ask, |condition| scan.facet_of(condition).is_some());
    let columns: Vec<String> = scan.facets.iter().map(|(index, _)| format!("v{index}")).collect();
    q.push(format!(
        "), groups{number} as (select grouping({0}) as grouped, {0}, (count(*){1})::int as n",
        columns.join(", "),
        scan.passing(None)
    ));
    for (index, _) in &scan.own {
        q.push(format!(
            ", (count(*){})::int as n{index}",
            scan.passing(Some(*index))
        ));
    }
    q.push(format!(" from hits{number}"));
    if scan.own.len() > 1 {
        // A hit that fails two facets counts nowhere.
        let passed: Vec<String> = scan
            .own
            .iter()
            .map(|(index, _)| format!("passes{index}::int"))
            .collect();
        q.push(format!(" where {} >= {}", passed.join(" + "), scan.own.len() - 1));
    }
    q.push(format!(" group by grouping sets (({})))", columns.join("), (")));
}

fn begin_values(q: &mut Query, first: &mut bool, index: usize) {
    q.push(if *first { "" } else { " union all " });
    *first = false;
    q.push(format!("(select {index} as facet, value, sum(n) as count from ("));
}

/// Selects values and their counts from `from`.
fn push_values(q: &mut Query, gives: Gives, value: &str, count: &str, from: &str) {
    q.push(match gives {
        Gives::One => format!("select {value}::text as value, {count} as n from {from}"),
        Gives::Many => format!("select unnest({value}) as value, {count} as n from {from}"),
        Gives::Row(table) => {
            format!("select named.name as value, {count} as n from {from} join {table} named on named.id = {value}")
        }
        Gives::Prices => format!(
            "select split_part(step, ':', 2) as value, {count} as n from {from} cross join unnest({value}) as step"
        ),
    });
}

/// Selects values of the documents that pass conditions on kind and stock alone.
fn push_counted(q: &mut Query, ask: &Ask, facet: &Facet) {
    // A row has one value of a list.
    let (gives, value) = match facet.gives {
        Gives::One | Gives::Many => (Gives::One, "p.value"),
        Gives::Row(table) => (Gives::Row(table), "p.value::uuid"),
        Gives::Prices => (Gives::Prices, "array[p.value]"),
    };
    let code = match facet.value {
        Some(_) => facet.code.to_owned(),
        None => format!("attribute.{}", facet.code),
    };
    push_values(q, gives, value, "p.n", "products.search_counts p");
    q.push(" where p.generation = ").push(ACTIVE);
    q.push(" and p.facet = ").push_bind(code);
    for condition in filters::conditions(ask) {
        if condition.facet.as_deref() != Some(facet.code) {
            q.push(" and ");
            condition.push(q);
        }
    }
}

/// What else must hold for a value to be shown, and how many are.
fn end_values(q: &mut Query, ask: &Ask, facet: &Facet) {
    if facet.gives == Gives::Prices {
        let price = ask.filter.price.as_ref();
        let currency = price.map(|price| price.currency.as_str().to_owned());
        q.push(" and split_part(step, ':', 1) = ")
            .push_bind(currency.unwrap_or_default());
    }
    if facet.value.is_none() {
        q.push(" and exists (select from products.attributes a where a.filterable and a.code = ");
        q.push_bind(facet.code.to_owned()).push(")");
    }
    q.push(format!(
        ") counted group by value having sum(n) > 0 order by count desc, value limit {MAX_VALUES})"
    ));
}
