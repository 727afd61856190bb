//! Lists of products: one statement for one list, or for the same list of many vendors, categories or brands.

use super::{
    Scope,
    conditions::{self, Hidden},
    products::columns,
};
use crate::domain::{
    filter::{ProductSort, ProductWhere},
    product::Product,
};
use chrono::DateTime;
use platform::ids::CategoryId;
use sqlx::{PgExecutor, Postgres, QueryBuilder};
use uuid::Uuid;

/// Whose products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// All.
    Shop,
    Vendor,
    /// A category and those below it.
    Category,
    Brand,
}

/// A list of products.
#[derive(Clone, Debug)]
pub struct List {
    pub owner: Owner,
    pub hidden: Hidden,
    pub filter: ProductWhere,
    pub sort: ProductSort,
}

/// A product and its place in the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    pub owner_id: Uuid,
    pub sort_key: i64,
    #[sqlx(flatten)]
    pub product: Product,
}

/// Which categories a list is narrowed to.
enum Categories {
    /// The owner's, and those below it.
    OfOwner,
    Below(Uuid),
}

/// How rows are ordered: an expression and a direction.
struct Order {
    ascending: bool,
    /// Compared as a time rather than as a number.
    time: bool,
}

impl List {
    fn order(&self) -> Order {
        Order {
            ascending: self.sort == ProductSort::PriceAsc,
            time: matches!(self.sort, ProductSort::Newest | ProductSort::Relevance),
        }
    }

    /// The currency that the list is ordered by prices in, unless each product's own.
    fn currency(&self) -> Option<&str> {
        let by_price = matches!(self.sort, ProductSort::PriceAsc | ProductSort::PriceDesc);
        self.filter
            .price
            .as_ref()
            .filter(|_| by_price)
            .map(|price| price.currency.as_str())
    }

    /// Adds where rows come from, so that an index has them in order, and the begin of their condition.
    fn push_source(&self, q: &mut QueryBuilder<Postgres>) {
        match self.currency() {
            Some(currency) => {
                q.push("products.price_ranges r join products.products p on p.id = r.product_id where r.currency = ");
                q.push_bind(currency.to_owned()).push(" and ");
            }
            None => {
                q.push("products.products p where ");
            }
        }
    }

    /// The ID beside the key, in the same index.
    fn id(&self) -> &'static str {
        if self.currency().is_some() {
            "r.product_id"
        } else {
            "p.id"
        }
    }

    /// A category with those below it, each to be read by its own index.
    fn categories(&self) -> Option<Categories> {
        match (self.owner, &self.filter.category_id) {
            (Owner::Category, _) => Some(Categories::OfOwner),
            (_, Some(id)) => Some(Categories::Below(
                CategoryId::parse(id).map_or(Uuid::nil(), Into::into),
            )),
            (_, None) => None,
        }
    }

    /// Adds the expression that rows are ordered by.
    fn push_key(&self, q: &mut QueryBuilder<Postgres>) {
        match (self.sort, &self.filter.price) {
            // Without a text everything is equally relevant.
            (ProductSort::Newest | ProductSort::Relevance, _) => {
                q.push("p.created_at");
            }
            (ProductSort::PriceAsc | ProductSort::PriceDesc, None) => {
                q.push("p.min_price");
            }
            // Of `source`.
            (ProductSort::PriceAsc | ProductSort::PriceDesc, Some(_)) => {
                q.push("r.min_amount");
            }
            (ProductSort::Rating, _) => {
                q.push("p.rating_milli");
            }
            (ProductSort::BestSelling, _) => {
                q.push("p.sold");
            }
        }
    }
}

/// Up to `limit` products of each owner after the sort key `after`, in order.
pub async fn page(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    list: &List,
    owners: &[Uuid],
    after: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    let Order { ascending, time } = list.order();
    let (direction, beyond) = if ascending { ("asc", ">") } else { ("desc", "<") };
    let order = format!(" order by sort_value {direction}, p.id {direction}");
    let mut q = QueryBuilder::new("select o.owner_id, ");
    q.push(if time {
        "(extract(epoch from p.sort_value) * 1000000)::bigint"
    } else {
        "p.sort_value::bigint"
    });
    q.push(" as sort_key, ").push(columns!());
    q.push(" from unnest(")
        .push_bind(owners.to_vec())
        .push(") as o(owner_id) cross join lateral (");
    // The rows of several categories, each in order, are merged.
    let categories = list.categories();
    if let Some(categories) = &categories {
        q.push("select p.* from ");
        match categories {
            Categories::OfOwner => q.push("products.subtree(o.owner_id)"),
            Categories::Below(id) => q.push("products.subtree(").push_bind(*id).push(")"),
        };
        q.push(" as c(id) cross join lateral (");
    }
    q.push("select p.*, ");
    list.push_key(&mut q);
    q.push(" as sort_value from ");
    list.push_source(&mut q);
    let mut filter = list.filter.clone();
    if categories.is_some() {
        q.push("p.category_id = c.id and ");
        filter.category_id = None;
    }
    conditions::push(&mut q, scope, list.hidden, &filter);
    match list.owner {
        Owner::Category => {}
        owner => push_owner(&mut q, owner),
    }
    if let Some((key, id)) = after {
        q.push(" and (");
        list.push_key(&mut q);
        q.push(format!(", {}) {beyond} (", list.id()));
        if time {
            q.push_bind(DateTime::from_timestamp_micros(key).unwrap_or_default());
        } else {
            q.push_bind(key);
        }
        q.push(", ").push_bind(id).push(")");
    }
    q.push(&order).push(" limit ").push_bind(limit);
    if categories.is_some() {
        q.push(") p").push(&order).push(" limit ").push_bind(limit);
    }
    q.push(format!(
        ") p order by o.owner_id, p.sort_value {direction}, p.id {direction}"
    ));
    q.build_query_as().fetch_all(db).await
}

fn push_owner(q: &mut QueryBuilder<Postgres>, owner: Owner) {
    match owner {
        Owner::Shop => {}
        Owner::Vendor => {
            q.push(" and p.vendor_id = o.owner_id");
        }
        Owner::Category => {
            q.push(" and p.category_id in (select products.subtree(o.owner_id))");
        }
        Owner::Brand => {
            q.push(" and p.brand_id = o.owner_id");
        }
    }
}

/// How many products an owner's list has, counting up to `max`.
pub async fn count(
    db: impl PgExecutor<'_>,
    scope: &Scope,
    list: &List,
    owner: Uuid,
    max: i64,
) -> Result<i64, sqlx::Error> {
    let mut q = QueryBuilder::new("select count(*) from (select from (select ");
    q.push_bind(owner)
        .push("::uuid as owner_id) o, products.products p where ");
    conditions::push(&mut q, scope, list.hidden, &list.filter);
    push_owner(&mut q, list.owner);
    q.push(" limit ").push_bind(max).push(") counted");
    q.build_query_scalar().fetch_one(db).await
}
