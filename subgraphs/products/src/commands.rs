//! What other services may ask of the catalogue.

pub mod search;

use crate::{
    domain::{catalog, price},
    store::{self, import::Batch},
};
use contracts::products::{
    GetCategories, GetVariants, ImportProducts, ImportedProduct, QuantityPrice, VariantInfo,
};
use platform::{
    Deps, Error, Fault,
    address::text,
    commands::Call,
    ids::{CategoryId, ProductId, VariantId, uuids},
    storage::Storage,
};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Pixels of the picture beside a line of an order.
const LINE_WIDTH: i32 = 320;
/// Products of one call.
const MAX_IMPORT: usize = 1000;

/// What an order needs of variants, on sale or not: three statements however many there are.
pub async fn get_variants(
    deps: &Deps,
    storage: &Storage,
    ask: GetVariants,
) -> Result<Vec<VariantInfo>, Error> {
    let ids = uuids(&ask.ids);
    let variants = store::variants::for_order(deps.db.pool(), &ids).await?;
    let mut prices: HashMap<VariantId, Vec<price::Price>> = HashMap::new();
    for price in store::prices::of(deps.db.pool(), &ids).await? {
        prices.entry(price.variant_id).or_default().push(price);
    }
    let products: Vec<Uuid> = variants.iter().map(|variant| variant.product.0).collect();
    let pictures = store::media::first_pictures(deps.db.pool(), &products).await?;
    let pictures: HashMap<ProductId, String> = pictures
        .into_iter()
        .filter_map(|picture| {
            let file = picture.file(Some(LINE_WIDTH), None)?;
            Some((picture.product_id, storage.public_url(&file)))
        })
        .collect();
    let info = |variant: store::variants::ForOrder| {
        let list = prices.get(&variant.id).map_or(&[][..], Vec::as_slice);
        let ladder = price::ladder(list, ask.currency, ask.tier.as_deref());
        VariantInfo {
            id: variant.id,
            product: variant.product,
            vendor: variant.vendor,
            categories: variant.categories.into_iter().map(Into::into).collect(),
            sku: variant.sku,
            product_name: variant.product_name,
            variant_name: variant.variant_name,
            image_url: pictures.get(&variant.product).cloned(),
            prices: ladder
                .into_iter()
                .map(|(min_quantity, amount)| QuantityPrice { min_quantity, amount })
                .collect(),
            weight_grams: variant.weight_grams,
            tax_category: variant.tax_category,
            purchasable: variant.purchasable,
        }
    };
    Ok(variants.into_iter().map(info).collect())
}

/// Makes or updates products of a vendor, found again by SKU.
pub async fn import_products(
    deps: &Deps,
    call: &Call,
    ask: ImportProducts,
) -> Result<Vec<ImportedProduct>, Error> {
    check(&ask)?;
    let mut tx = deps.db.begin(call.moment).await?;
    let lower: Vec<String> = ask
        .products
        .iter()
        .map(|product| product.sku.to_lowercase())
        .collect();
    let mut known = HashMap::new();
    for row in store::import::known(&mut *tx, &lower).await? {
        if row.vendor != ask.vendor {
            return Err(Error::BadInput(format!(
                "the SKU {} is another vendor's",
                row.sku
            )));
        }
        known.insert(row.sku, (row.product, row.variant));
    }
    let slugs = slugs(&ask);
    let used: HashSet<String> = store::import::used_slugs(&mut *tx, &slugs)
        .await?
        .into_iter()
        .collect();
    let (mut new, mut old, mut imported) = (Batch::default(), Batch::default(), Vec::new());
    for ((product, lower), slug) in ask.products.iter().zip(&lower).zip(slugs) {
        let found = known.get(lower).copied();
        let (id, variant) = found.unwrap_or_else(|| (ProductId::new(), VariantId::new()));
        let batch = if found.is_some() { &mut old } else { &mut new };
        batch.products.push(id.0);
        batch.variants.push(variant.0);
        batch.skus.push(product.sku.clone());
        batch.slugs.push(match used.contains(&slug) {
            true => format!("{slug}-{}", &id.0.simple().to_string()[20..]),
            false => slug,
        });
        batch.names.push(product.name.trim().to_owned());
        batch.prices.push(product.price);
        batch.weights.push(product.weight_grams);
        imported.push(ImportedProduct {
            sku: product.sku.clone(),
            product: id,
            variant,
        });
    }
    let category = store::import::category(&mut tx, &ask.category_slug, &ask.category_name).await?;
    store::import::insert(&mut tx, ask.vendor, category, ask.currency, &new).await?;
    store::import::update(&mut tx, &old).await?;
    let all: Vec<Uuid> = imported.iter().map(|product| product.product.0).collect();
    let variants: Vec<Uuid> = imported.iter().map(|product| product.variant.0).collect();
    let prices: Vec<i64> = ask.products.iter().map(|product| product.price).collect();
    store::import::set_prices(&mut tx, ask.currency, &variants, &prices).await?;
    store::copies::refresh(&mut tx, &all).await?;
    let changes = store::products::changes(&mut tx, &all).await?;
    tx.emit_all(&changes).await?;
    tx.commit().await?;
    Ok(imported)
}

/// Slugs of a batch: the name's own, with the SKU behind it, which no other of the batch has.
fn slugs(ask: &ImportProducts) -> Vec<String> {
    let slug = |product: &contracts::products::ImportProduct| {
        catalog::slug_of(&format!("{} {}", product.name, product.sku))
            .trim_matches('-')
            .to_owned()
    };
    let mut taken = HashSet::new();
    let unique = |slug: String| match !slug.is_empty() && taken.insert(slug.clone()) {
        true => slug,
        false => Uuid::now_v7().simple().to_string(),
    };
    ask.products.iter().map(slug).map(unique).collect()
}

fn check(ask: &ImportProducts) -> Result<(), Error> {
    let refuse = |message: &str| Err(Error::BadInput(message.to_owned()));
    if ask.products.len() > MAX_IMPORT {
        return refuse("at most 1000 products");
    }
    if catalog::slug(&["category_slug"], &ask.category_slug).is_err() {
        return refuse("the category's slug is not one");
    }
    let fits = |product: &contracts::products::ImportProduct| {
        (1..=64).contains(&product.sku.len())
            && text(product.name.clone(), 200).is_some()
            && product.price >= 0
            && product.weight_grams >= 0
    };
    let mut skus = HashSet::new();
    match ask
        .products
        .iter()
        .all(|product| fits(product) && skus.insert(product.sku.to_lowercase()))
    {
        true => Ok(()),
        false => refuse("a product has no usable SKU, name, price or weight, or a SKU occurs twice"),
    }
}

/// Asks about vendors that this service has not heard of, so that what is imported for them can be sold.
pub async fn learn_vendor(deps: &Deps, ask: &ImportProducts) -> Result<(), Error> {
    match crate::actions::products::learn_vendor(deps, ask.vendor).await {
        Ok(()) => Ok(()),
        Err(Fault::Failed(error)) => Err(error),
        Err(Fault::User(_)) => Err(Error::BadInput("there is no such vendor".to_owned())),
    }
}

/// Which of these categories there are.
pub async fn get_categories(deps: &Deps, ask: GetCategories) -> Result<Vec<CategoryId>, Error> {
    let found = store::categories::by_ids(deps.db.pool(), &uuids(&ask.ids)).await?;
    Ok(found.into_iter().map(|category| category.id).collect())
}
