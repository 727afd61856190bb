//! The synonyms of the search, for staff.

use crate::{
    actions::synonyms::{Ask, change},
    domain::synonyms::SearchSynonym,
    store,
};
use async_graphql::{Context, Object, Result, SimpleObject};
use platform::{
    Deps, Error, UserError,
    error::Split,
    page::{Page, PageArgs},
    viewer::viewer,
};

/// The outcome of a change of the synonyms.
#[derive(SimpleObject)]
pub struct SearchSynonymsPayload {
    /// Pairs of words that mean the same, now.
    pub pair_count: Option<i32>,
    /// Why nothing happened; empty if it did.
    pub user_errors: Vec<UserError>,
}

/// All synonyms, by word.
pub async fn page(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<SearchSynonym>, Error> {
    viewer(ctx).require_staff()?;
    let args = PageArgs::<String>::new(first, after.as_deref())?;
    let db = ctx.data_unchecked::<Deps>().db.pool();
    let rows = store::search::synonyms::page(db, args.after.as_deref(), args.limit()).await?;
    Ok(args.page(rows, |row| row.word.clone()))
}

#[derive(Default)]
pub struct SynonymMutation;

async fn staff_change(ctx: &Context<'_>, ask: Ask) -> Result<SearchSynonymsPayload> {
    viewer(ctx).require_staff()?;
    let outcome = change(ctx.data_unchecked::<Deps>(), viewer(ctx), ask).await;
    let (pair_count, user_errors) = outcome.split()?;
    Ok(SearchSynonymsPayload {
        pair_count,
        user_errors,
    })
}

#[Object]
impl SynonymMutation {
    /// Replaces all synonyms of the search; they count from the next search on. Requires: STAFF.
    async fn search_synonyms_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Groups of 2 to 50 words that mean the same, at most 2,000.")] groups: Vec<
            Vec<String>,
        >,
    ) -> Option<Result<SearchSynonymsPayload>> {
        Some(staff_change(ctx, Ask::Set(groups)).await)
    }

    /// Adds words that mean the same to the synonyms of the search. Requires: STAFF.
    async fn search_synonyms_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "2 to 50 words, each of 1 to 100 characters.")] words: Vec<String>,
    ) -> Option<Result<SearchSynonymsPayload>> {
        Some(staff_change(ctx, Ask::Add(words)).await)
    }

    /// Takes a word out of the synonyms of the search. Requires: STAFF.
    async fn search_synonyms_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The word; case and accents do not matter.")] word: String,
    ) -> Option<Result<SearchSynonymsPayload>> {
        Some(staff_change(ctx, Ask::Remove(word)).await)
    }
}
