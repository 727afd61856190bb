//! Search and its result. What was found comes from the search backend, what it is like from the catalogue.

use super::{
    loaders::reader,
    products::{Key, ListArgs, check, fingerprint, page_args},
};
use crate::{
    domain::{filter::ProductSort, product::Product},
    search::{Ask, SearchBackend},
    store::{categories, search::facets::DEFAULT},
};
use async_graphql::{
    Context, Object, Result, SimpleObject,
    connection::{Edge, EmptyFields, PageInfo},
};
use platform::{
    Deps, Error,
    address::text,
    ids::ProductId,
    page::{CountedPage, PageArgs, TotalCount},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use tokio::sync::OnceCell;

/// Characters of a query.
const MAX_QUERY: usize = 200;

/// Facets a search may ask for at once.
const MAX_FACETS: usize = 20;

/// Names that are suggested for a text without a hit.
const SUGGESTIONS: usize = 5;

fn backend(ctx: &Context<'_>) -> Arc<dyn SearchBackend> {
    ctx.data_unchecked::<Arc<dyn SearchBackend>>().clone()
}

/// Searches.
pub async fn search(
    ctx: &Context<'_>,
    query: Option<String>,
    args: ListArgs,
    facets: Option<Vec<String>>,
) -> Result<ProductSearchResult, Error> {
    let facets = facets.unwrap_or_else(|| DEFAULT.iter().map(|code| (*code).to_owned()).collect());
    if facets.len() > MAX_FACETS {
        return Err(Error::BadInput("at most 20 facets".to_owned()));
    }
    let filter = args.filter.unwrap_or_default();
    check(&filter)?;
    let query = match query.filter(|query| !query.trim().is_empty()) {
        None => None,
        Some(query) => {
            Some(text(query, MAX_QUERY).ok_or_else(|| Error::BadInput("query is too long".to_owned()))?)
        }
    };
    let sort = args.sort.unwrap_or(match query {
        None => ProductSort::Newest,
        Some(_) => ProductSort::Relevance,
    });
    let key = fingerprint(&(&filter, sort, "search", &query))?;
    let page = page_args(args.first, args.after.as_deref(), key)?;
    let backend = backend(ctx);
    let text = match &query {
        None => None,
        Some(query) => Some(backend.understand(query).await?),
    };
    let deps = ctx.data_unchecked::<Deps>();
    let categories = categories::within(deps.db.pool(), &filter).await?;
    Ok(ProductSearchResult {
        backend,
        ask: Arc::new(Ask {
            text,
            filter,
            categories,
            sort,
        }),
        args: page,
        key,
        page: OnceCell::new(),
        facets,
    })
}

/// One page of hits with what the catalogue says of them. A product that has been taken off sale since it was indexed
/// is left out, and its place in the order stays.
async fn found(
    ctx: &Context<'_>,
    backend: &Arc<dyn SearchBackend>,
    ask: &Arc<Ask>,
    page: &PageArgs<Key>,
    key: u64,
) -> Result<CountedPage<Product>, Error> {
    let after = page.after.map(|(_, sort_key, id)| (sort_key, id));
    let hits = backend.search(ask, after, page.limit()).await?;
    let mut products: HashMap<ProductId, Product> =
        reader(ctx).load_many(hits.iter().map(|hit| hit.id)).await?;
    let total = {
        let (backend, ask) = (backend.clone(), ask.clone());
        TotalCount::new(move |max| {
            let (backend, ask) = (backend.clone(), ask.clone());
            Box::pin(async move { backend.count(&ask, max).await })
        })
    };
    let has_next = hits.len() as i64 == page.limit();
    let mut found = CountedPage::with_additional_fields(page.after.is_some(), has_next, total);
    let shown = hits.iter().take(hits.len() - usize::from(has_next));
    found.edges.extend(shown.filter_map(|hit| {
        let product = products.remove(&hit.id).filter(|product| product.visible)?;
        let cursor = platform::page::encode(&(key, hit.sort_key, hit.id.0));
        Some(Edge::new(cursor, product))
    }));
    Ok(found)
}

/// Names for a text that is being typed.
pub async fn suggest(ctx: &Context<'_>, prefix: String, limit: i32) -> Result<Vec<String>, Error> {
    let usable = prefix.chars().count() <= 100 && prefix.chars().any(char::is_alphanumeric);
    match usable {
        true => backend(ctx).suggest(&prefix, i64::from(limit.clamp(1, 20))).await,
        false => Ok(Vec::new()),
    }
}

/// How many products of the result have a value.
#[derive(Debug, SimpleObject)]
pub struct FacetValue {
    /// The value: an enum's name, the name of a category or brand, or a span of prices in minor units such as `500-999`.
    value: String,
    /// Products that have it and pass all filters but that on this facet itself, so that several values can be chosen.
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

/// What a search found. Its fields are resolved side by side: the page, the facets and the count are read at once.
pub struct ProductSearchResult {
    backend: Arc<dyn SearchBackend>,
    ask: Arc<Ask>,
    args: PageArgs<Key>,
    key: u64,
    /// Read by the first field that shows some of it.
    page: OnceCell<CountedPage<Product>>,
    facets: Vec<String>,
}

impl ProductSearchResult {
    async fn page(&self, ctx: &Context<'_>) -> Result<&CountedPage<Product>, Error> {
        self.page
            .get_or_try_init(|| found(ctx, &self.backend, &self.ask, &self.args, self.key))
            .await
    }
}

#[Object]
impl ProductSearchResult {
    /// The products of this page, with cursors.
    async fn edges(&self, ctx: &Context<'_>) -> Result<&[Edge<String, Product, EmptyFields>]> {
        Ok(&self.page(ctx).await?.edges)
    }

    /// The products of this page.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<Vec<&Product>> {
        let page = self.page(ctx).await?;
        Ok(page.edges.iter().map(|edge| &edge.node).collect())
    }

    /// Where this page lies.
    async fn page_info(&self, ctx: &Context<'_>) -> Result<PageInfo> {
        let page = self.page(ctx).await?;
        Ok(PageInfo {
            has_previous_page: page.has_previous_page,
            has_next_page: page.has_next_page,
            start_cursor: page.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: page.edges.last().map(|edge| edge.cursor.clone()),
        })
    }

    /// Counts over the whole result, in the order in which they were asked for; without `facets`: kind, category,
    /// brand and in_stock. `price` counts prices in the currency of `where.price`. A code that is neither known nor
    /// that of a filterable attribute has no values.
    async fn facets(&self) -> Result<Vec<Facet>> {
        let mut seen = HashSet::new();
        let codes: Vec<String> = self
            .facets
            .iter()
            .filter(|code| seen.insert(*code))
            .cloned()
            .collect();
        let counted = self.backend.facets(&self.ask, &codes).await?;
        let value = |(value, count): (String, i64)| FacetValue {
            value,
            count: i32::try_from(count).unwrap_or(i32::MAX),
        };
        Ok(counted
            .into_iter()
            .map(|facet| Facet {
                code: facet.code,
                label: facet.label,
                values: facet.values.into_iter().map(value).collect(),
            })
            .collect())
    }

    /// Names that may have been meant, when no product has the words of the query.
    async fn suggestions(&self, ctx: &Context<'_>) -> Result<Vec<&String>> {
        if !self.ask.text.as_ref().is_some_and(|text| text.corrected) {
            return Ok(Vec::new());
        }
        let names = self.page(ctx).await?.edges.iter().map(|edge| &edge.node.name);
        Ok(names.take(SUGGESTIONS).collect())
    }

    /// How many products were found, counting up to `max`.
    async fn total_count(
        &self,
        #[graphql(default_with = "Some(10_000)", desc = "Stop counting here, 1 to 10,000.")] max: Option<i32>,
    ) -> Option<Result<i32, Error>> {
        let max = i64::from(max.unwrap_or(10_000).clamp(1, 10_000));
        let count = self.backend.count(&self.ask, max).await;
        Some(count.map(|n| i32::try_from(n).unwrap_or(i32::MAX)))
    }
}
