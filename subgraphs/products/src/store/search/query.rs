//! Texts as `tsquery`. They are put together from parts that Postgres parses as plain text, never as query syntax.

use crate::domain::search::Alternative;
use sqlx::PgExecutor;

/// A query and, up to a bound, how many documents fulfil it.
#[derive(Debug)]
pub struct Built {
    /// None if nothing but stop words is left of it.
    pub query: Option<String>,
    pub found: i64,
}

/// Alternatives of a term are joined with OR, the terms of a clause with AND, the clauses with OR. Counts up to `max`.
pub async fn build(
    db: impl PgExecutor<'_>,
    alternatives: &[Alternative],
    max: i64,
) -> Result<Built, sqlx::Error> {
    let clauses: Vec<i32> = alternatives.iter().map(|a| a.clause).collect();
    let terms: Vec<i32> = alternatives.iter().map(|a| a.term).collect();
    let negated: Vec<bool> = alternatives.iter().map(|a| a.negated).collect();
    let texts: Vec<String> = alternatives.iter().map(|a| a.text.clone()).collect();
    let synonyms: Vec<bool> = alternatives.iter().map(|a| a.synonyms).collect();
    sqlx::query_as!(
        Built,
        r#"with given as materialized (
               select clause, term, negated, products.plain(text) as text, synonyms
               from unnest($1::int[], $2::int[], $3::bool[], $4::text[], $5::bool[])
                   as given(clause, term, negated, text, synonyms)
           ), active as materialized (
               select generation, config::regconfig as config from products.search_generations where state = 'ACTIVE'
           ), alternatives as (
               select clause, term, negated, text from given where not synonyms
               union
               select g.clause, g.term, g.negated, s.expansion
               from given g join products.search_synonyms s on s.term = g.text where g.synonyms
           ), terms as (
               select clause, term, negated, products.any_of(phraseto_tsquery(active.config, text)) as query
               from alternatives, active group by clause, term, negated
           ), clauses as (
               select products.all_of(case when negated then !! query else query end) as query
               from terms where numnode(query) > 0 group by clause
           ), whole as materialized (select products.any_of(query) as query from clauses)
           select query::text as query, (
               select count(*) from (
                   select from products.search_documents p
                   where p.generation = (select generation from active) and p.search @@ whole.query limit $6) found
           ) as "found!" from whole"#,
        &clauses,
        &terms,
        &negated,
        &texts,
        &synonyms,
        max
    )
    .fetch_one(db)
    .await
}

/// A query for a name, word by word, as it is written.
pub async fn name(db: impl PgExecutor<'_>, text: &str) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select plainto_tsquery('simple', products.plain($1))::text as "query!""#,
        text
    )
    .fetch_one(db)
    .await
}

/// A word of the vocabulary that is like a given one.
#[derive(Debug)]
pub struct Similar {
    pub given: String,
    /// What was given, in the form of the vocabulary.
    pub typed: String,
    pub word: String,
}

/// Words like those of `words` that fewer than `few` documents have, most similar first.
pub async fn similar(
    db: impl PgExecutor<'_>,
    words: &[String],
    few: i64,
) -> Result<Vec<Similar>, sqlx::Error> {
    sqlx::query_as!(
        Similar,
        r#"with active as materialized (
               select generation, config::regconfig as config from products.search_generations where state = 'ACTIVE')
           select given_word as "given!", plain_word as "typed!", word as "word!"
           from products.similar_words(array(
               select distinct word from unnest($1::text[]) word, active
               where (select count(*) from (
                   select from products.search_documents p where p.generation = (select generation from active)
                       and p.search @@ phraseto_tsquery(active.config, products.plain(word)) limit $2) found) < $2))"#,
        words,
        few
    )
    .fetch_all(db)
    .await
}
