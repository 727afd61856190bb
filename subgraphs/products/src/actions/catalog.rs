//! Categories, brands and attributes: made and changed by staff, and told to the audit.

use super::NOW;
use crate::{
    domain::{
        catalog::{Attribute, Brand, Category, attribute_code, slug},
        details::ProductKind,
    },
    search::indexer,
    store,
};
use contracts::events::{CatalogueChanged, CatalogueKind};
use platform::{
    Deps, Outcome, Tx, UserError, UserErrorCode, Viewer,
    address::text,
    error::{Fault, on_constraint},
    ids::{AttributeId, BrandId, CategoryId},
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
pub async fn upsert_category(deps: &Deps, viewer: &Viewer, data: CategoryData) -> Outcome<CategoryId> {
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
    tell(
        &mut tx,
        viewer,
        (id.to_string(), CatalogueKind::Category),
        "category.upsert",
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Makes a brand or changes the one with this ID, else the one with this slug.
pub async fn upsert_brand(
    deps: &Deps,
    viewer: &Viewer,
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
    tell(
        &mut tx,
        viewer,
        (id.to_string(), CatalogueKind::Brand),
        "brand.upsert",
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// What staff writes about an attribute.
pub struct AttributeData {
    pub code: String,
    pub label: String,
    pub data_type: String,
    pub unit: Option<String>,
    pub filterable: bool,
    pub kinds: Vec<ProductKind>,
}

impl AttributeData {
    fn validate(self) -> Result<Attribute, UserError> {
        let invalid = |field: &str, rule: &str| UserError::invalid(&[field], rule);
        if !["TEXT", "NUMBER", "BOOLEAN"].contains(&self.data_type.as_str()) {
            return Err(invalid("type", "TEXT, NUMBER or BOOLEAN"));
        }
        let unit = self
            .unit
            .map(|unit| text(unit, 20).ok_or_else(|| invalid("unit", "1..20 characters")));
        let mut kinds: Vec<String> = self
            .kinds
            .into_iter()
            .map(|kind| kind.as_str().to_owned())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        Ok(Attribute {
            id: AttributeId::new(),
            code: attribute_code(&self.code).ok_or_else(|| {
                invalid(
                    "code",
                    "lower-case words joined by underscores, at most 50 characters",
                )
            })?,
            label: text(self.label, 100).ok_or_else(|| invalid("label", "1..100 characters"))?,
            data_type: self.data_type,
            unit: unit.transpose()?,
            filterable: self.filterable,
            kinds,
        })
    }
}

/// Makes an attribute or changes the one with this code. What products have of it already must stay readable, so its
/// type is for ever.
pub async fn upsert_attribute(deps: &Deps, viewer: &Viewer, data: AttributeData) -> Outcome<AttributeId> {
    let attribute = data.validate()?;
    let mut tx = deps.db.begin(NOW).await?;
    let Some(id) = store::attributes::upsert(&mut tx, &attribute).await? else {
        let message = "the attribute has another type, which cannot change";
        return Err(UserError::refused(UserErrorCode::Conflict, message).into());
    };
    tell(
        &mut tx,
        viewer,
        (id.to_string(), CatalogueKind::Attribute),
        "attribute.upsert",
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Tells the audit what staff did: to what, of which type.
pub(super) async fn tell(
    tx: &mut Tx,
    viewer: &Viewer,
    (subject, kind): (String, CatalogueKind),
    action: &str,
) -> Outcome<()> {
    let change = CatalogueChanged {
        subject,
        kind,
        staff: viewer.user,
        action: action.to_owned(),
    };
    Ok(tx.emit(&change).await?)
}
