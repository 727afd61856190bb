//! What storefronts tracked, counted.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

#[derive(Debug, Clone, Copy)]
pub struct Traffic {
    pub sessions: i64,
    pub visitors: i64,
    pub views: i64,
    /// Sessions with exactly one page view.
    pub bounced: i64,
    /// Sessions with at least one.
    pub viewing: i64,
}

pub async fn totals(
    db: impl PgExecutor<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Traffic, sqlx::Error> {
    sqlx::query_as!(
        Traffic,
        r#"with sessions as (
               select session_id, count(*) filter (where type = 'page_view') as views
               from analytics.events where tracked and occurred_at >= $1 and occurred_at < $2 group by session_id)
           select count(*) as "sessions!", coalesce(sum(views), 0)::bigint as "views!",
                  count(*) filter (where views = 1) as "bounced!", count(*) filter (where views > 0) as "viewing!",
                  (select count(distinct coalesce(actor_id, session_id)) from analytics.events
                   where tracked and occurred_at >= $1 and occurred_at < $2) as "visitors!"
           from sessions"#,
        from,
        to
    )
    .fetch_one(db)
    .await
}

/// Page views by bucket of time.
pub async fn series(
    db: impl PgExecutor<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    bucket: &str,
) -> Result<Vec<(DateTime<Utc>, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select date_trunc($3, occurred_at, 'UTC') as "at!", count(*) as "count!" from analytics.events
           where tracked and type = 'page_view' and occurred_at >= $1 and occurred_at < $2 group by 1 order by 1"#,
        from,
        to,
        bucket
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.at, row.count)).collect())
}

/// Hosts that sent most page views.
pub async fn referrers(
    db: impl PgExecutor<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select host as "host!", count(*) as "count!" from (
               select lower(substring(payload->>'referrer' from '^https?://([^/?#]+)')) as host
               from analytics.events
               where tracked and type = 'page_view' and occurred_at >= $1 and occurred_at < $2) viewed
           where host is not null group by host order by 2 desc, 1 limit 10"#,
        from,
        to
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.host, row.count)).collect())
}

/// How many sessions came to each step, one after the other.
pub async fn funnel(
    db: impl PgExecutor<'_>,
    steps: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with recursive reached (session_id, step, at) as (
               select session_id, 1, min(occurred_at) from analytics.events
               where tracked and type = ($1::text[])[1] and occurred_at >= $2 and occurred_at < $3 group by session_id
               union all
               select r.session_id, r.step + 1,
                      (select min(e.occurred_at) from analytics.events e
                       where e.session_id = r.session_id and e.type = ($1::text[])[r.step + 1]
                         and e.occurred_at >= r.at and e.occurred_at < $3)
               from reached r where r.step < cardinality($1::text[]) and r.at is not null)
           select n.step as "step!", count(r.at) as "count!"
           from generate_series(1, cardinality($1::text[])) as n (step) left join reached r on r.step = n.step
           group by n.step order by n.step"#,
        steps,
        from,
        to
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| row.count).collect())
}

/// Sessions with an event in the last five minutes.
pub async fn active_sessions(db: impl PgExecutor<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(distinct session_id) as "count!" from analytics.events
           where tracked and occurred_at > now() - interval '5 minutes'"#
    )
    .fetch_one(db)
    .await
}
