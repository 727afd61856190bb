//! An insertion-ordered table with an index by id and by group, so that neither reads nor lists scan.

use crate::{
    error::{ApiError, ApiResult},
    params::Params,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub trait Row {
    fn id(&self) -> &str;
    fn created(&self) -> i64;
    /// Names under which the row can be listed besides the whole table: its customer, its intent.
    fn groups(&self) -> Vec<&str>;
}

pub struct Table<T> {
    rows: BTreeMap<u64, T>,
    ids: HashMap<String, u64>,
    groups: HashMap<String, BTreeSet<u64>>,
    next: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            ids: HashMap::new(),
            groups: HashMap::new(),
            next: 0,
        }
    }
}

/// The cursor parameters of Stripe's lists (Stripe API reference: Pagination).
#[derive(Debug, Default)]
pub struct Page {
    pub limit: usize,
    pub starting_after: Option<String>,
    pub from: Option<i64>,
    pub until: Option<i64>,
}

impl Page {
    pub const PARAMS: [&str; 3] = ["limit", "starting_after", "created"];

    pub fn parse(params: &Params, most: i64) -> ApiResult<Self> {
        let limit = params.integer("limit")?.unwrap_or(10);
        if !(1..=most).contains(&limit) {
            return Err(ApiError::invalid(
                "limit",
                format!("Limit must be between 1 and {most}."),
            ));
        }
        let bound = |name: &str, step: i64| -> ApiResult<Option<i64>> {
            Ok(params.integer(name)?.map(|at| at.saturating_add(step)))
        };
        Ok(Self {
            limit: usize::try_from(limit).unwrap_or(10),
            starting_after: params.owned("starting_after"),
            from: bound("created[gte]", 0)?.or(bound("created[gt]", 1)?),
            until: bound("created[lte]", 0)?.or(bound("created[lt]", -1)?),
        })
    }
}

impl<T: Row> Table<T> {
    pub fn get(&self, id: &str) -> Option<&T> {
        self.rows.get(self.ids.get(id)?)
    }

    pub fn put(&mut self, row: T) -> Option<T> {
        let at = *self.ids.entry(row.id().to_owned()).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        if let Some(old) = self.rows.get(&at) {
            leave(&mut self.groups, old, at);
        }
        for group in row.groups() {
            self.groups.entry(group.to_owned()).or_default().insert(at);
        }
        self.rows.insert(at, row)
    }

    pub fn remove(&mut self, id: &str) -> Option<T> {
        let row = self.rows.remove(&self.ids.remove(id)?)?;
        Some(row)
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Newest first, and whether there is more. `None` when the cursor names no row.
    pub fn list(&self, group: Option<&str>, page: &Page) -> Option<(Vec<&T>, bool)> {
        let before = match &page.starting_after {
            Some(id) => *self.ids.get(id)?,
            None => u64::MAX,
        };
        let keys: Box<dyn Iterator<Item = u64>> = match group {
            None => Box::new(self.rows.range(..before).rev().map(|(at, _)| *at)),
            Some(group) => match self.groups.get(group) {
                Some(keys) => Box::new(keys.range(..before).rev().copied()),
                None => return Some((Vec::new(), false)),
            },
        };
        let mut found: Vec<&T> = keys
            .filter_map(|at| self.rows.get(&at))
            .skip_while(|row| page.until.is_some_and(|until| row.created() > until))
            .take_while(|row| page.from.is_none_or(|from| row.created() >= from))
            .take(page.limit + 1)
            .collect();
        let more = found.len() > page.limit;
        found.truncate(page.limit);
        Some((found, more))
    }
}

fn leave<T: Row>(groups: &mut HashMap<String, BTreeSet<u64>>, row: &T, at: u64) {
    for group in row.groups() {
        if let Some(keys) = groups.get_mut(group) {
            keys.remove(&at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing(String, i64, String);

    impl Row for Thing {
        fn id(&self) -> &str {
            &self.0
        }
        fn created(&self) -> i64 {
            self.1
        }
        fn groups(&self) -> Vec<&str> {
            vec![&self.2]
        }
    }

    fn table() -> Table<Thing> {
        let mut table = Table::default();
        for n in 0..5 {
            table.put(Thing(
                n.to_string(),
                n,
                if n % 2 == 0 { "even" } else { "odd" }.into(),
            ));
        }
        table
    }

    fn ids(found: Option<(Vec<&Thing>, bool)>) -> (String, bool) {
        let (rows, more) = found.unwrap();
        (rows.iter().map(|row| row.0.as_str()).collect(), more)
    }

    #[test]
    fn pages_newest_first() {
        let table = table();
        let first = Page {
            limit: 2,
            ..Page::default()
        };
        assert_eq!(ids(table.list(None, &first)), ("43".into(), true));
        let rest = Page {
            limit: 9,
            starting_after: Some("3".into()),
            ..Page::default()
        };
        assert_eq!(ids(table.list(None, &rest)), ("210".into(), false));
        assert_eq!(ids(table.list(Some("even"), &rest)), ("20".into(), false));
        let range = Page {
            limit: 9,
            from: Some(1),
            until: Some(3),
            ..Page::default()
        };
        assert_eq!(ids(table.list(None, &range)), ("321".into(), false));
        let lost = Page {
            limit: 1,
            starting_after: Some("nobody".into()),
            ..Page::default()
        };
        assert!(table.list(None, &lost).is_none());
    }

    #[test]
    fn a_row_can_change_its_group_but_keeps_its_place() {
        let mut table = table();
        table.put(Thing("1".into(), 1, "even".into()));
        let page = Page {
            limit: 9,
            ..Page::default()
        };
        assert_eq!(ids(table.list(Some("even"), &page)), ("4210".into(), false));
        assert_eq!(ids(table.list(Some("odd"), &page)), ("3".into(), false));
        assert_eq!(table.len(), 5);
    }
}
