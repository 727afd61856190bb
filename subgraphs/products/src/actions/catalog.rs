//! Categories and brands: made and changed by staff.

use super::NOW;
use crate::{
    domain::catalog::{Brand, Category, slug},
    search::indexer,
    store,
};
use platform::{
    Deps, Outcome, UserError, UserErrorCode,
    address::text,
    error::{Fault, on_constraint},
    ids::{BrandId, CategoryId},
};

fn name(value: String) -> Result<String, UserError> {
    text(value, 100).ok_or_else(|| UserError::invalid(&["name"], "1..100 characters"))
}

fn taken(error: sqlx::Error, constraint: &str) -> Fault {
    on_constraint(error, constraint, || {
        UserError::refused(UserErrorCode::Conflict, "the slug is in use")
    })
}

/// What staff writes about a category.
pub struct CategoryData {
    pub id: Option<CategoryId>,
    pub name: String,
    pub slug: String,
    pub parent: Option<CategoryId>,
}

/// Makes a category or changes the one with this ID, else the one with this slug.
pub async fn upsert_category(deps: &Deps, data: CategoryData) -> Outcome<CategoryId> {
    let (name, slug) = (name(data.name)?, slug(&["slug"], &data.slug)?);
    let mut tx = deps.db.begin(NOW).await?;
    store::categories::lock_tree(&mut tx).await?;
    let id = match data.id {
        Some(id) if store::categories::by_ids(&mut *tx, &[id.0]).await?.is_empty() => {
            return Err(UserError::not_found(id.to_string()).into());
        }
        Some(id) => id,
        None => match store::categories::by_slug(&mut *tx, &slug).await? {
            Some(category) => category.id,
            None => CategoryId::new(),
        },
    };
    if let Some(parent) = data.parent {
        if store::categories::by_ids(&mut *tx, &[parent.0]).await?.is_empty() {
            return Err(UserError::not_found(parent.to_string()).into());
        }
        if store::categories::is_below(&mut tx, id, parent).await? {
            return Err(UserError::invalid(&["parentId"], "not the category itself or one below it").into());
        }
    }
    let category = Category {
        id,
        slug,
        name,
        parent_id: data.parent,
    };
    store::categories::upsert(&mut tx, &category)
        .await
        .map_err(|e| taken(e, "categories_slug_key"))?;
    // A new name is a word of its products.
    tx.hint(indexer::CHANGED, id);
    tx.commit().await?;
    Ok(id)
}

/// Makes a brand or changes the one with this ID, else the one with this slug.
pub async fn upsert_brand(
    deps: &Deps,
    id: Option<BrandId>,
    label: String,
    address: &str,
) -> Outcome<BrandId> {
    let (name, slug) = (name(label)?, slug(&["slug"], address)?);
    let mut tx = deps.db.begin(NOW).await?;
    let id = match id {
        Some(id) if store::brands::by_ids(&mut *tx, &[id.0]).await?.is_empty() => {
            return Err(UserError::not_found(id.to_string()).into());
        }
        Some(id) => id,
        None => store::brands::by_slug(&mut *tx, &slug)
            .await?
            .map_or_else(BrandId::new, |brand| brand.id),
    };
    store::brands::upsert(&mut tx, &Brand { id, slug, name })
        .await
        .map_err(|e| taken(e, "brands_slug_key"))?;
    // A new name is a word of its products.
    tx.hint(indexer::CHANGED, id);
    tx.commit().await?;
    Ok(id)
}
