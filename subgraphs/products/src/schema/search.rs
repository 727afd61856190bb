//! The result of a search.

use super::products::ProductPage;
use crate::{
    domain::product::Product,
    store::{self, Scope, conditions::Match, facets, list::List},
};
use async_graphql::{
    Context, Object, Result, SimpleObject,
    connection::{Edge, EmptyFields, PageInfo},
};
use platform::{Deps, Error, page::CountedPage, viewer::viewer};
use std::sync::Arc;
use uuid::Uuid;

/// Facets a search may ask for at once.
const MAX_FACETS: usize = 20;

/// How many products of the result have a value.
#[derive(Debug, SimpleObject)]
pub struct FacetValue {
    /// The value: an enum's name, or the name of a category or brand.
    value: String,
    /// Products of the whole result that have it.
    count: i32,
}

/// What the result consists of, in one respect.
#[derive(Debug, SimpleObject)]
pub struct Facet {
    /// Code it was asked for by.
    code: String,
    /// Name for people.
    label: String,
    /// Values that occur, most frequent first, at most 50.
    values: Vec<FacetValue>,
}

/// What a search found.
pub struct ProductSearchResult {
    list: Arc<List>,
    page: CountedPage<Product>,
    facets: Option<Vec<String>>,
}

impl ProductSearchResult {
    pub fn new(ctx: &Context<'_>, page: ProductPage, facets: Option<Vec<String>>) -> Result<Self, Error> {
        if facets.as_ref().is_some_and(|codes| codes.len() > MAX_FACETS) {
            return Err(Error::BadInput("at most 20 facets".to_owned()));
        }
        let list = page.list.clone();
        let total = super::products::total(ctx, list.clone(), Uuid::nil());
        Ok(Self {
            page: page.into_connection(total),
            list,
            facets,
        })
    }
}

#[Object]
impl ProductSearchResult {
    /// The products of this page, with cursors.
    async fn edges(&self) -> &[Edge<String, Product, EmptyFields>] {
        &self.page.edges
    }

    /// The products of this page.
    async fn nodes(&self) -> Vec<&Product> {
        self.page.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where this page lies.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.page.has_previous_page,
            has_next_page: self.page.has_next_page,
            start_cursor: self.page.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.page.edges.last().map(|edge| edge.cursor.clone()),
        }
    }

    /// Counts over the whole result, in the order in which they were asked for; without `facets`: kind, category,
    /// brand and in_stock. A code that is neither known nor that of a filterable attribute has no values.
    async fn facets(&self, ctx: &Context<'_>) -> Result<Vec<Facet>> {
        let mut codes = match &self.facets {
            Some(codes) => codes.clone(),
            None => facets::DEFAULT.iter().map(|code| (*code).to_owned()).collect(),
        };
        let mut seen = std::collections::HashSet::new();
        codes.retain(|code| seen.insert(code.clone()));
        let db = ctx.data_unchecked::<Deps>().db.pool();
        let scope = Scope::from(viewer(ctx));
        let counted = facets::count(db, &scope, &self.list, &codes)
            .await
            .map_err(Error::from)?;
        let labels = labels(ctx, &codes).await?;
        let facet = |(code, label): (String, String)| {
            let values = counted
                .iter()
                .filter(|value| value.code == code)
                .map(|value| FacetValue {
                    value: value.value.clone(),
                    count: i32::try_from(value.count).unwrap_or(i32::MAX),
                });
            Facet {
                label,
                values: values.collect(),
                code: code.clone(),
            }
        };
        Ok(codes.into_iter().zip(labels).map(facet).collect())
    }

    /// Names that may have been meant, when no product has the words of the query.
    async fn suggestions(&self) -> Vec<&String> {
        match &self.list.matching {
            Match::Similar(_) => self
                .page
                .edges
                .iter()
                .take(5)
                .map(|edge| &edge.node.name)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// How many products were found, counting up to `max`.
    async fn total_count(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "Some(10_000)", desc = "Stop counting here, 1 to 10,000.")] max: Option<i32>,
    ) -> Option<Result<i32, Error>> {
        let db = ctx.data_unchecked::<Deps>().db.pool();
        let (scope, max) = (
            Scope::from(viewer(ctx)),
            i64::from(max.unwrap_or(10_000).clamp(1, 10_000)),
        );
        let count = store::list::count(db, &scope, &self.list, Uuid::nil(), max).await;
        Some(
            count
                .map(|n| i32::try_from(n).unwrap_or(i32::MAX))
                .map_err(Error::from),
        )
    }
}

/// Names of facets for people: of the known ones, else of the attribute, else the code itself.
async fn labels(ctx: &Context<'_>, codes: &[String]) -> Result<Vec<String>, Error> {
    let unknown: Vec<String> = codes
        .iter()
        .filter(|code| facets::label(code).is_none())
        .cloned()
        .collect();
    let attributes = match unknown.is_empty() {
        true => Vec::new(),
        false => store::attributes::by_codes(ctx.data_unchecked::<Deps>().db.pool(), &unknown).await?,
    };
    let label = |code: &String| match facets::label(code) {
        Some(label) => label.to_owned(),
        None => attributes
            .iter()
            .find(|a| a.code == *code)
            .map_or_else(|| code.clone(), |a| a.label.clone()),
    };
    Ok(codes.iter().map(label).collect())
}
