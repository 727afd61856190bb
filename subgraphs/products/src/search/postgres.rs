//! Search in Postgres: full text with weights, trigrams over the vocabulary, counts by grouping sets.

use super::{Answer, Ask, FacetCounts, Hit, IndexStatus, Place, SearchBackend, Understood};
use crate::{domain::search as text, store::search as store};
use platform::{Db, Error, Moment};
use std::collections::HashMap;
use uuid::Uuid;

/// With fewer hits than this, rare words are taken for mistyped ones too.
const FEW: i64 = 3;

/// Words that stand in for a mistyped one.
const MAX_CORRECTIONS: usize = 3;

/// The backend over the service's own database.
pub struct PostgresSearch {
    db: Db,
}

impl PostgresSearch {
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    async fn build(
        &self,
        clauses: &[text::Clause],
        extra: &[text::Alternative],
    ) -> Result<store::Built, Error> {
        let mut alternatives = text::alternatives(clauses);
        alternatives.extend_from_slice(extra);
        Ok(store::query::build(self.db.pool(), &alternatives, FEW).await?)
    }

    async fn read(&self, given: &str) -> Result<Understood, Error> {
        let clauses = text::parse(given);
        if clauses.is_empty() {
            return Ok(Understood::default());
        }
        let exact = self.build(&clauses, &[]).await?;
        let Some(query) = exact.query else {
            // Nothing but stop words: "It" is a book.
            return Ok(Understood {
                query: store::query::name(self.db.pool(), given).await?,
                by_name: true,
                ..Understood::default()
            });
        };
        if exact.found < FEW
            && let Some(corrected) = self.correct(&clauses, &query, exact.found).await?
        {
            return Ok(corrected);
        }
        Ok(Understood {
            query,
            ..Understood::default()
        })
    }

    /// The same with words that may have been meant, if that finds more; if nothing is found at all, then products
    /// with only some of the words.
    async fn correct(
        &self,
        clauses: &[text::Clause],
        exact: &str,
        found: i64,
    ) -> Result<Option<Understood>, Error> {
        let extra = self.corrections(clauses, found > 0).await?;
        if !extra.is_empty() {
            let built = self.build(clauses, &extra).await?;
            if let (Some(query), true) = (built.query, built.found > found) {
                return Ok(Some(Understood {
                    query,
                    corrected: found == 0,
                    preferred: (found > 0).then(|| exact.to_owned()),
                    by_name: false,
                }));
            }
        }
        let loosened = text::loosened(clauses);
        if found > 0 || loosened.len() < 2 {
            return Ok(None);
        }
        let extra = self.corrections(&loosened, false).await?;
        let built = self.build(&loosened, &extra).await?;
        Ok(built.query.filter(|_| built.found > 0).map(|query| Understood {
            query,
            corrected: true,
            ..Understood::default()
        }))
    }

    /// Words of the vocabulary that may have been meant by the rare words of a text.
    async fn corrections(
        &self,
        clauses: &[text::Clause],
        found: bool,
    ) -> Result<Vec<text::Alternative>, Error> {
        let words = text::correctable(clauses);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let mut likely: HashMap<String, Vec<(usize, String)>> = HashMap::new();
        for similar in store::query::similar(self.db.pool(), &words, FEW).await? {
            let mistakes = text::mistakes(&similar.typed, &similar.word);
            let letters = similar.typed.chars().count();
            if (1..=text::tolerance(letters, found)).contains(&mistakes) {
                likely
                    .entry(similar.given)
                    .or_default()
                    .push((mistakes, similar.word));
            }
        }
        // Stable: among equals the more similar one stays first.
        likely
            .values_mut()
            .for_each(|words| words.sort_by_key(|(mistakes, _)| *mistakes));
        let own = text::alternatives(clauses)
            .into_iter()
            .filter(|a| !a.synonyms && !a.negated);
        Ok(own
            .flat_map(|own| {
                let words = likely.get(&own.text).map_or(&[][..], Vec::as_slice);
                let other = move |(_, word): &(usize, String)| text::Alternative {
                    text: word.clone(),
                    ..own.clone()
                };
                words.iter().take(MAX_CORRECTIONS).map(other).collect::<Vec<_>>()
            })
            .collect())
    }
}

impl SearchBackend for PostgresSearch {
    fn understand<'a>(&'a self, text: &'a str) -> Answer<'a, Understood> {
        Box::pin(self.read(text))
    }

    fn search<'a>(&'a self, ask: &'a Ask, after: Option<Place>, limit: i64) -> Answer<'a, Vec<Hit>> {
        Box::pin(async move { Ok(store::hits::page(self.db.pool(), ask, after, limit).await?) })
    }

    fn count<'a>(&'a self, ask: &'a Ask, max: i64) -> Answer<'a, i64> {
        Box::pin(async move { Ok(store::hits::count(self.db.pool(), ask, max).await?) })
    }

    fn facets<'a>(&'a self, ask: &'a Ask, codes: &'a [String]) -> Answer<'a, Vec<FacetCounts>> {
        Box::pin(async move { Ok(store::facets::count(self.db.pool(), ask, codes).await?) })
    }

    fn suggest<'a>(&'a self, given: &'a str, limit: i64) -> Answer<'a, Vec<String>> {
        let (words, begin) = text::prefix(given.trim_start());
        Box::pin(async move { Ok(store::suggest::names(self.db.pool(), words, begin, limit).await?) })
    }

    fn update<'a>(&'a self, products: &'a [Uuid]) -> Answer<'a, ()> {
        Box::pin(async move { Ok(store::index::update(self.db.pool(), products).await?) })
    }

    fn rebuild<'a>(&'a self, language: Option<&'a str>) -> Answer<'a, bool> {
        Box::pin(async move {
            if let Some(language) = language
                && !store::index::is_language(self.db.pool(), language).await?
            {
                return Err(Error::BadInput(format!("there is no language {language:?}")));
            }
            Ok(store::index::rebuild(self.db.pool(), language).await?)
        })
    }

    fn rebuild_step(&self) -> Answer<'_, bool> {
        Box::pin(async move {
            let mut tx = self.db.begin(Moment::LIVE).await?;
            let more = store::index::step(&mut tx).await?;
            tx.commit().await?;
            Ok(more)
        })
    }

    fn status(&self) -> Answer<'_, IndexStatus> {
        Box::pin(async move { Ok(store::index::status(self.db.pool()).await?) })
    }
}
