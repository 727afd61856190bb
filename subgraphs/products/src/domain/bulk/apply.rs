//! What a document makes of a product, by the rules of the mutations for one product.

use super::{
    catalogue::References,
    content::content,
    document::{ProductDoc, merge},
    item::{Item, ItemRevision},
    job::Stage,
    prices::PriceKey,
    steps::steps,
    variant::put_variant,
};
use crate::domain::{revision::Content, status::ProductStatus};
use platform::{
    UserError, UserErrorCode,
    ids::{ProductId, RevisionId},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Variants a product may have.
const MAX_VARIANTS: usize = 100;

/// What a document does to a product.
pub enum Change {
    None(ProductId),
    To(Box<Item>),
}

/// Applies a part of a document to a product, or makes one of it.
pub fn apply(old: Option<&Item>, patch: Value, refs: &References, stage: Stage) -> Result<Change, UserError> {
    let base = old.map_or_else(|| json!({}), |old| old.document(refs));
    let doc = ProductDoc::read(merge(base, patch))?;
    let id = old.map_or_else(ProductId::new, |old| old.id);
    let content = content(id, &doc, old, refs)?;
    let mut item = match old {
        Some(old) => old.clone(),
        None => new_item(id, &doc, &content)?,
    };
    if doc.currency.is_some_and(|currency| currency != item.currency) {
        let message = format!("the product's own currency is {}", item.currency);
        return Err(UserError::refused(UserErrorCode::CurrencyMismatch, message));
    }
    for variant in doc.variants {
        put_variant(&mut item, variant)?;
    }
    if !(1..=MAX_VARIANTS).contains(&item.variants.len()) {
        return Err(UserError::invalid(&["variants"], "1..100 variants"));
    }
    edit(&mut item, content, stage)?;
    if item.status == ProductStatus::Approved && stage == Stage::Publish && !item.published {
        (item.published, item.is_changed) = (true, true);
    }
    let changed = item.is_changed || item.variants.iter().any(|v| v.is_changed || v.are_prices_changed);
    let same = old.is_some_and(|old| {
        old.variants == item.variants
            && old.is_changed == item.is_changed
            && old.steps == item.steps
            && old.content == item.content
    });
    match (same || (old.is_some() && !changed), item.status) {
        (true, _) => Ok(Change::None(id)),
        (false, ProductStatus::Archived) => {
            let message = "an archived product cannot be changed";
            Err(UserError::refused(UserErrorCode::Conflict, message))
        }
        (false, _) => Ok(Change::To(Box::new(item))),
    }
}

fn new_item(id: ProductId, doc: &ProductDoc, content: &Content) -> Result<Item, UserError> {
    let mut currencies = BTreeSet::new();
    for key in doc.variants.iter().flat_map(|variant| variant.prices.keys()) {
        currencies.insert(PriceKey::parse(key)?.currency);
    }
    let currency = match (doc.currency, currencies.first(), currencies.len()) {
        (Some(currency), ..) => currency,
        (None, Some(only), 1) => *only,
        (None, None, _) => {
            return Err(UserError::invalid(
                &["variants"],
                "at least one variant with a price",
            ));
        }
        _ => return Err(UserError::invalid(&["currency"], "given where there are several")),
    };
    Ok(Item {
        id,
        is_new: true,
        status: ProductStatus::Draft,
        published: false,
        currency,
        stored: content.clone(),
        content: content.clone(),
        revisions: vec![ItemRevision {
            id: RevisionId::new(),
            is_new: true,
            is_changed: true,
            status: ProductStatus::Draft,
            content: content.clone(),
            changed_fields: Vec::new(),
            was_submitted: false,
        }],
        variants: Vec::new(),
        steps: Vec::new(),
        is_changed: true,
    })
}

/// Gives a product its new content: at once if nobody can buy it yet, by way of the approval if it is on sale.
fn edit(item: &mut Item, content: Content, stage: Stage) -> Result<(), UserError> {
    let is_edit = item.content != content;
    let on_sale = item.status == ProductStatus::Approved;
    let open = item.open().map(|revision| revision.status);
    // A product whose revision is not open and that is not approved either is archived.
    if item.status == ProductStatus::Archived {
        item.is_changed |= is_edit;
        return Ok(());
    }
    let steps = steps(open, is_edit, stage)?;
    if !is_edit && steps.is_empty() {
        return Ok(());
    }
    item.is_changed = true;
    let changed_fields = match on_sale {
        true => content.changes(&item.stored),
        false => Vec::new(),
    };
    if open.is_none() {
        item.revisions.push(ItemRevision {
            id: RevisionId::new(),
            is_new: true,
            is_changed: true,
            status: ProductStatus::Draft,
            content: content.clone(),
            changed_fields: changed_fields.clone(),
            was_submitted: false,
        });
    }
    let Some(revision) = item.revisions.last_mut() else {
        return Ok(());
    };
    revision.is_changed = true;
    if is_edit {
        (revision.content, revision.changed_fields) = (content.clone(), changed_fields);
    }
    for step in steps {
        item.steps.push((revision.status, step));
        revision.status = step;
        revision.was_submitted |= step == ProductStatus::Submitted;
    }
    let status = revision.status;
    item.content = content;
    if !on_sale {
        item.status = status;
    }
    // What is not on sale yet, or was approved just now, is what the product says.
    if !on_sale || status == ProductStatus::Approved {
        item.stored = item.content.clone();
    }
    Ok(())
}
