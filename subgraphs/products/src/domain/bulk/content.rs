//! The texts, references and details of a document, checked.

use super::{
    catalogue::References,
    csv::DETAILS,
    document::{ProductDoc, camel, snake},
    item::Item,
};
use crate::domain::{
    catalog,
    details::{ProductDetailsInput, ProductKind},
    input::ProductInput,
    revision::Content,
};
use async_graphql::ID;
use platform::{UserError, UserErrorCode, ids::ProductId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Checks what a document says about a product, but its variants. `old` is what it replaces.
pub fn content(
    id: ProductId,
    doc: &ProductDoc,
    old: Option<&Item>,
    refs: &References,
) -> Result<Content, UserError> {
    let not_found = |field: &str, name: &str| {
        let message = format!("there is no {field} {name:?}");
        UserError::refused(UserErrorCode::NotFound, message)
    };
    let category_id = refs
        .category(&doc.category)
        .ok_or_else(|| not_found("category", &doc.category))?;
    let brand = doc.brand.as_deref();
    let brand_id = brand
        .map(|name| refs.brand(name).ok_or_else(|| not_found("brand", name)))
        .transpose()?;
    let input = ProductInput {
        name: doc.name.clone(),
        slug: doc.slug.clone(),
        description: doc.description.clone(),
        category_id: ID(category_id.to_string()),
        brand_id: None,
        kind: doc.kind,
        details: details(doc.kind, &doc.details)?,
        attributes: None,
    };
    let texts = input.texts()?;
    let slug = match texts.slug {
        Some(slug) => slug,
        None => free_slug(id, &texts.name, refs),
    };
    let is_taken = old.is_none_or(|old| old.content.slug != slug) && !refs.is_free(&slug, id);
    if is_taken {
        return Err(UserError::refused(UserErrorCode::Conflict, "the slug is in use"));
    }
    Ok(Content {
        name: texts.name,
        slug,
        description: texts.description,
        category_id,
        brand_id,
        kind: doc.kind,
        details: texts.details,
        attributes: attributes(doc, refs)?,
    })
}

/// The name's own slug, or one that nobody else can have.
fn free_slug(id: ProductId, name: &str, refs: &References) -> String {
    let (slug, unique) = (catalog::slug_of(name), id.0.simple().to_string());
    match (slug.is_empty(), refs.is_free(&slug, id)) {
        (true, _) => unique,
        (false, true) => slug,
        (false, false) => format!("{slug}-{}", &unique[20..]),
    }
}

fn attributes(doc: &ProductDoc, refs: &References) -> Result<BTreeMap<String, String>, UserError> {
    if doc.attributes.len() > 50 {
        return Err(UserError::invalid(&["attributes"], "at most 50"));
    }
    let check = |(code, value): (&String, &String)| {
        let attribute = refs
            .attributes
            .get(code)
            .ok_or_else(|| UserError::invalid(&["attributes", code], "the code of an attribute"))?;
        Ok((code.clone(), attribute.validate(doc.kind.as_str(), value)?))
    };
    doc.attributes.iter().map(check).collect()
}

/// Details of a kind, with every field known.
fn details(kind: ProductKind, fields: &Map<String, Value>) -> Result<Option<ProductDetailsInput>, UserError> {
    let fields: Map<String, Value> = fields
        .clone()
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    let known = DETAILS
        .iter()
        .find(|(of, _)| *of == kind)
        .map_or(&[][..], |(_, fields)| fields);
    if let Some(stranger) = fields
        .keys()
        .find(|field| !known.iter().any(|(name, _)| name == field))
    {
        return Err(UserError::invalid(
            &["details", stranger],
            "a detail of the product's kind",
        ));
    }
    let stored: Map<String, Value> = fields
        .into_iter()
        .map(|(field, value)| (snake(&field), value))
        .collect();
    let stored = Value::Object(stored);
    let read = match kind {
        ProductKind::Book => serde_json::from_value(stored).map(ProductDetailsInput::Book),
        ProductKind::Laptop => serde_json::from_value(stored).map(ProductDetailsInput::Laptop),
        ProductKind::Mobile => serde_json::from_value(stored).map(ProductDetailsInput::Mobile),
        ProductKind::Clothes => serde_json::from_value(stored).map(ProductDetailsInput::Clothes),
        ProductKind::Generic => return Ok(None),
    };
    read.map(Some).map_err(|error| {
        UserError::refused(
            UserErrorCode::Invalid,
            format!("details: {}", camel(&error.to_string())),
        )
    })
}
