//! Relay connections over keysets. A cursor carries the sort key of its row, so that a page costs the same however
//! deep it lies and does not shift under writes.

use crate::error::Error;
use async_graphql::{
    Object, OutputType,
    connection::{Connection, Edge, EmptyFields},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};

/// Rows a page has when the client does not say.
pub const DEFAULT_PAGE: i32 = 20;
/// Rows a page may have.
pub const MAX_PAGE: i32 = 100;

/// A connection without a total.
pub type Page<T> = Connection<String, T>;
/// A connection that can count its rows.
pub type CountedPage<T> = Connection<String, T, TotalCount>;

/// `first` and `after`, checked. `K` is the sort key: a tuple that ends in the ID.
#[derive(Debug, Clone)]
pub struct PageArgs<K> {
    first: i32,
    /// Rows after this key, or from the start.
    pub after: Option<K>,
}

impl<K: Serialize + DeserializeOwned> PageArgs<K> {
    /// `BAD_USER_INPUT` if `first` is outside 1..=100 or `after` is not a cursor of this list.
    pub fn new(first: Option<i32>, after: Option<&str>) -> Result<Self, Error> {
        let first = first.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&first) {
            return Err(Error::BadInput(format!("first must be 1..{MAX_PAGE}")));
        }
        Ok(Self {
            first,
            after: after.map(decode).transpose()?,
        })
    }

    /// Rows to fetch: one more than the page has, to know whether another page follows.
    pub fn limit(&self) -> i64 {
        i64::from(self.first) + 1
    }

    /// Makes a page of up to [`limit`](Self::limit) rows in order; `key` gives a row's sort key.
    pub fn page<T: OutputType>(&self, rows: Vec<T>, key: impl Fn(&T) -> K) -> Page<T> {
        let mut page = Connection::new(self.after.is_some(), rows.len() > self.size());
        page.edges.extend(self.edges(rows, key));
        page
    }

    /// The same, with a way to count all rows, which runs only if the client asks.
    pub fn counted<T: OutputType>(
        &self,
        rows: Vec<T>,
        key: impl Fn(&T) -> K,
        total: TotalCount,
    ) -> CountedPage<T> {
        let has_next = rows.len() > self.size();
        let mut page = Connection::with_additional_fields(self.after.is_some(), has_next, total);
        page.edges.extend(self.edges(rows, key));
        page
    }

    fn size(&self) -> usize {
        usize::try_from(self.first).unwrap_or(0)
    }

    fn edges<T: OutputType>(
        &self,
        rows: Vec<T>,
        key: impl Fn(&T) -> K,
    ) -> impl Iterator<Item = Edge<String, T, EmptyFields>> {
        rows.into_iter()
            .take(self.size())
            .map(move |row| Edge::new(encode(&key(&row)), row))
    }
}

/// Opaque text for a sort key.
pub fn encode<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn decode<K: DeserializeOwned>(cursor: &str) -> Result<K, Error> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Error::BadInput("after is not a cursor of this list".to_owned()))
}

type Count = dyn Fn(i64) -> BoxFuture<'static, Result<i64, Error>> + Send + Sync;

/// Counts the rows of a list on demand, up to a bound.
pub struct TotalCount(Box<Count>);

impl TotalCount {
    /// `count` gets the bound and must stop there: `select count(*) from (select … limit $bound)`.
    pub fn new(
        count: impl Fn(i64) -> BoxFuture<'static, Result<i64, Error>> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(count))
    }
}

#[Object]
impl TotalCount {
    /// How many rows the list has, counting up to `max`.
    async fn total_count(
        &self,
        #[graphql(default_with = "Some(10_000)", desc = "Stop counting here, 1 to 10,000.")] max: Option<i32>,
    ) -> Option<Result<i32, Error>> {
        let count = self.0(i64::from(max.unwrap_or(10_000).clamp(1, 10_000))).await;
        Some(count.map(|n| i32::try_from(n).unwrap_or(i32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_bad_ones_are_refused() {
        let key = (12_i64, "a".to_owned());
        let args = PageArgs::<(i64, String)>::new(Some(3), Some(&encode(&key))).unwrap();
        assert_eq!((args.after.clone(), args.limit()), (Some(key), 4));
        for (first, after) in [
            (Some(0), None),
            (Some(101), None),
            (None, Some("%%")),
            (None, Some("bm9wZQ")),
        ] {
            let refused = PageArgs::<(i64, String)>::new(first, after);
            assert!(matches!(refused, Err(Error::BadInput(_))), "{first:?} {after:?}");
        }
    }

    #[test]
    fn the_extra_row_only_says_that_there_are_more() {
        let args = PageArgs::<i32>::new(Some(2), None).unwrap();
        let page = args.page(vec![1, 2, 3], |n| *n);
        assert_eq!(page.edges.iter().map(|e| e.node).collect::<Vec<_>>(), [1, 2]);
        assert!(page.has_next_page);
    }
}
