//! Names for a text that is being typed.

use super::DOCUMENTS;
use crate::store::escaped;
use sqlx::{PgExecutor, QueryBuilder};

/// Documents that are compared; of those that match, the best selling ones.
const CANDIDATES: i64 = 64;

/// Names that have `words` and then a word that begins with `begin`; those that begin with all of it first, then the
/// best selling ones.
pub async fn names(
    db: impl PgExecutor<'_>,
    words: &str,
    begin: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    let mut q = QueryBuilder::new(
        "select name from (select distinct on (plain_name) name, plain_name, sold from (\
         select p.name, p.plain_name, p.sold from ",
    );
    q.push(DOCUMENTS)
        .push(" and p.names @@ tsquery_phrase(phraseto_tsquery('simple', products.plain(");
    q.push_bind(words.to_owned()).push(")), ");
    if begin.is_empty() {
        q.push("''::tsquery");
    } else {
        // In quotes, so that it is no syntax whatever is in it.
        q.push("to_tsquery('simple', '''' || replace(replace(products.plain(")
            .push_bind(begin.to_owned());
        q.push(r"), '\', '\\'), '''', '''''') || ''':*')");
    }
    q.push(") order by p.sold desc, p.id desc limit ")
        .push_bind(CANDIDATES);
    q.push(") best order by plain_name, sold desc) names order by plain_name like products.plain(");
    q.push_bind(format!("{}%", escaped(&format!("{words}{begin}"))));
    q.push(") desc, sold desc, plain_name limit ").push_bind(limit);
    q.build_query_scalar().persistent(false).fetch_all(db).await
}
