//! What a document makes of a product, by the rules of the mutations for one product.

use super::{
    catalogue::References,
    csv::DETAILS,
    document::{ProductDoc, VariantDoc, camel, merge, snake},
    item::{Item, ItemRevision, ItemVariant, ItemVariantData},
    job::Stage,
    prices::{PriceKey, PriceList},
    steps::steps,
};
use crate::domain::{
    catalog,
    details::{ProductDetailsInput, ProductKind},
    input::{ProductInput, VariantInput},
    price,
    revision::Content,
    status::ProductStatus,
    variant::VariantOption,
};
use async_graphql::ID;
use platform::{
    Currency, MinorUnits, UserError, UserErrorCode,
    ids::{ProductId, RevisionId, VariantId},
    money::MoneyInput,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Variants a product may have.
const MAX_VARIANTS: usize = 100;
/// The greatest amount, in minor units: what every JSON reader keeps exact.
const MAX_AMOUNT: i64 = 9_007_199_254_740_991;

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

fn content(
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

/// Adds or changes a variant.
fn put_variant(item: &mut Item, doc: VariantDoc) -> Result<(), UserError> {
    let active = doc.active;
    let prices = prices(&doc, item.currency)?;
    let base: Vec<(Currency, i64, Option<i64>)> = prices
        .iter()
        .filter(|(key, _)| key.is_base())
        .map(|(key, (amount, before))| (key.currency, *amount, *before))
        .collect();
    let money = |currency, amount| MoneyInput {
        amount: MinorUnits(amount),
        currency,
    };
    let input = VariantInput {
        sku: doc.sku,
        name: doc.name,
        prices: base
            .iter()
            .map(|(currency, amount, _)| money(*currency, *amount))
            .collect(),
        compare_at: Some(
            base.iter()
                .filter_map(|(c, _, before)| Some(money(*c, (*before)?)))
                .collect(),
        ),
        weight_grams: doc.weight_grams,
        dimensions_mm: doc.dimensions_mm,
        barcode: doc.barcode,
        options: Some(
            doc.options
                .into_iter()
                .map(|(name, value)| VariantOption { name, value })
                .collect(),
        ),
        tax_category: doc.tax_category,
    };
    let valid = input.validate()?;
    let mut data = ItemVariantData {
        sku: valid.sku,
        name: valid.name,
        weight_grams: valid.weight_grams,
        dimensions_mm: valid.dimensions_mm,
        barcode: valid.barcode,
        options: valid.options,
        tax_category: valid.tax_category,
        active,
    };
    let lower = data.sku.to_lowercase();
    match item
        .variants
        .iter_mut()
        .find(|old| old.data.sku.to_lowercase() == lower)
    {
        Some(old) => {
            keep_order(&old.data.options, &mut data.options);
            old.is_changed |= old.data != data;
            old.are_prices_changed |= old.prices != prices;
            (old.data, old.prices) = (data, prices);
        }
        None => item.variants.push(ItemVariant {
            id: VariantId::new(),
            is_new: true,
            is_changed: true,
            are_prices_changed: true,
            data,
            prices,
        }),
    }
    Ok(())
}

/// A document has options by name; known ones stay where they are.
fn keep_order(old: &[VariantOption], new: &mut [VariantOption]) {
    let place = |option: &VariantOption| {
        old.iter()
            .position(|o| o.name == option.name)
            .unwrap_or(old.len())
    };
    new.sort_by_key(place);
}

fn prices(doc: &VariantDoc, own: Currency) -> Result<PriceList, UserError> {
    let mut prices = PriceList::new();
    let amount = |name: &str, amount: i64| match (0..=MAX_AMOUNT).contains(&amount) {
        true => Ok(amount),
        false => Err(UserError::invalid(&["prices", name], "0..9007199254740991")),
    };
    for (name, value) in &doc.prices {
        prices.insert(PriceKey::parse(name)?, (amount(name, *value)?, None));
    }
    for (name, before) in &doc.compare_at {
        let key = PriceKey::parse(name)?;
        match prices.get_mut(&key).filter(|_| key.is_base()) {
            Some(price) => price.1 = Some(amount(name, *before)?),
            None => {
                return Err(UserError::invalid(
                    &["compareAt", name],
                    "of a price of one piece, for everybody",
                ));
            }
        }
    }
    if !prices.contains_key(&PriceKey::base(own)) {
        let message = format!("a price in {own}, the product's own currency, is missing");
        return Err(UserError::refused(UserErrorCode::CurrencyMismatch, message));
    }
    let mut ladders: BTreeMap<(Currency, &str), (Vec<i32>, Vec<i64>)> = BTreeMap::new();
    for (key, (amount, _)) in &prices {
        let ladder = ladders
            .entry((key.currency, key.customer_tier.as_str()))
            .or_default();
        ladder.0.push(key.min_quantity);
        ladder.1.push(*amount);
    }
    for ((_, tier), (quantities, amounts)) in ladders {
        price::tiers(&quantities, &amounts, tier.is_empty())?;
    }
    Ok(prices)
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
