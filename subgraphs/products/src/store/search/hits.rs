//! What a search finds: one page of it, and how many there are.

use super::{DOCUMENTS, filters};
use crate::{
    domain::filter::ProductSort,
    search::{Ask, Hit, Place},
};
use sqlx::{PgExecutor, Postgres, QueryBuilder};

type Query = QueryBuilder<Postgres>;

/// Adds the documents that `ask` finds, from `from` on, but for the conditions that `skip` says.
pub fn push_found(q: &mut Query, ask: &Ask, skip: impl Fn(&filters::Condition) -> bool) {
    q.push(DOCUMENTS);
    if let Some(text) = &ask.text {
        q.push(if text.by_name {
            " and p.names @@ "
        } else {
            " and p.search @@ "
        });
        q.push_bind(text.query.clone()).push("::text::tsquery");
    }
    for condition in filters::conditions(ask) {
        if !skip(&condition) {
            q.push(" and ");
            condition.push(q);
        }
    }
}

/// Adds the expression that hits are ordered by. All of them are whole numbers, so that cursors have one form.
fn push_key(q: &mut Query, ask: &Ask) {
    match (ask.sort, &ask.text) {
        (ProductSort::Relevance, Some(text)) => {
            q.push("(ts_rank('{0.05,0.2,0.4,1}', ");
            q.push(if text.by_name { "p.names, " } else { "p.search, " });
            q.push_bind(text.query.clone())
                .push("::text::tsquery) * 1000000)::bigint");
            if let Some(preferred) = &text.preferred {
                q.push(" + case when p.search @@ ").push_bind(preferred.clone());
                // More than any rank.
                q.push("::text::tsquery then 100000000 else 0 end");
            }
        }
        (ProductSort::Newest | ProductSort::Relevance, _) => {
            q.push("p.created");
        }
        (ProductSort::PriceAsc | ProductSort::PriceDesc, _) => match &ask.filter.price {
            None => {
                q.push("p.min_price");
            }
            Some(price) => {
                let currency = price.currency.as_str();
                q.push("coalesce((p.prices -> ").push_bind(currency.to_owned());
                q.push(" ->> 0)::bigint, p.min_price)");
            }
        },
        (ProductSort::Rating, _) => {
            q.push("p.rating");
        }
        (ProductSort::BestSelling, _) => {
            q.push("p.sold");
        }
    }
}

/// Up to `limit` hits behind `after`.
pub async fn page(
    db: impl PgExecutor<'_>,
    ask: &Ask,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Hit>, sqlx::Error> {
    let mut q = statement("", ask, after, limit);
    q.build_query_as().persistent(false).fetch_all(db).await
}

/// The statement of a page, behind `begin`.
pub fn statement(begin: &str, ask: &Ask, after: Option<Place>, limit: i64) -> Query {
    let (direction, beyond) = match ask.sort {
        ProductSort::PriceAsc => ("asc", ">"),
        _ => ("desc", "<"),
    };
    let mut q = QueryBuilder::new(begin);
    q.push("select id, sort_key from (select p.id, ");
    push_key(&mut q, ask);
    q.push(" as sort_key from ");
    push_found(&mut q, ask, |_| false);
    q.push(") hits");
    if let Some((key, id)) = after {
        q.push(" where (sort_key, id) ")
            .push(beyond)
            .push(" (")
            .push_bind(key);
        q.push(", ").push_bind(id).push(")");
    }
    q.push(format!(" order by sort_key {direction}, id {direction} limit "))
        .push_bind(limit);
    q
}

/// How many hits there are, counting up to `max`.
pub async fn count(db: impl PgExecutor<'_>, ask: &Ask, max: i64) -> Result<i64, sqlx::Error> {
    let mut q = QueryBuilder::new("select count(*) from (select from ");
    push_found(&mut q, ask, |_| false);
    q.push(" limit ").push_bind(max).push(") counted");
    q.build_query_scalar().persistent(false).fetch_one(db).await
}
