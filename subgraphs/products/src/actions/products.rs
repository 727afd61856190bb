//! Making, editing and archiving products.

use super::{
    NOW, changed, lock_editable, lock_managed, require_approved, require_manages, variants::MAX_VARIANTS,
};
use crate::{
    domain::{
        catalog,
        input::{ProductInput, VariantData, VariantInput},
        product::Product,
        revision::{Content, Revision},
        status::ProductStatus,
    },
    store::{self, products::NewProduct, revisions::Step},
};
use async_graphql::ID;
use contracts::users::GetVendors;
use platform::{
    Deps, Outcome, Tx, UserError, UserErrorCode, Viewer,
    error::{Fault, NotFoundError, check_version, on_constraint},
    idempotency::{self, Claimed},
    ids::{BrandId, CategoryId, ProductId, RevisionId, VariantId, VendorId},
};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Makes a draft. Vendors that may sell, and staff for them.
pub async fn create(
    deps: &Deps,
    viewer: &Viewer,
    vendor: VendorId,
    (input, variants): (ProductInput, Vec<VariantInput>),
    key: &str,
) -> Outcome<ProductId> {
    require_manages(viewer, vendor)?;
    learn_vendor(deps, vendor).await?;
    let mut tx = deps.db.begin(NOW).await?;
    let request = (vendor, &input, &variants);
    let claim = match idempotency::claim(&mut tx, viewer, "productCreate", key, &request).await? {
        Claimed::Replay(id) => return Ok(id),
        Claimed::Fresh(claim) => claim,
    };
    require_approved(store::vendors::lock_approved(&mut tx, vendor).await?)?;
    let id = ProductId::new();
    let variants = checked_variants(variants)?;
    let content = content(&mut tx, id, &input, None).await?;
    let currency = variants[0].prices[0].0;
    let new = NewProduct {
        id,
        vendor,
        vendor_approved: true,
        currency,
        content: &content,
    };
    store::products::insert(&mut tx, &new).await.map_err(taken_slug)?;
    super::variants::insert(&mut tx, id, currency, &variants).await?;
    store::revisions::insert(&mut tx, RevisionId::new(), id, &content, &[]).await?;
    store::copies::refresh(&mut tx, &[id.0]).await?;
    super::tell(&mut tx, &[id.0]).await?;
    claim.store(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(id)
}

/// Asks the users service about a vendor of which nothing good is known here; its event may still be on its way.
pub(crate) async fn learn_vendor(deps: &Deps, vendor: VendorId) -> Outcome<()> {
    if store::vendors::approved(deps.db.pool(), vendor).await? == Some(true) {
        return Ok(());
    }
    let reply = deps.commands.call(&GetVendors { ids: vec![vendor] }).await?;
    match reply.into_iter().find(|info| info.id == vendor) {
        Some(info) => Ok(store::vendors::learn(deps.db.pool(), vendor, info.approved).await?),
        None => Err(UserError::not_found(vendor.to_string()).into()),
    }
}

fn checked_variants(variants: Vec<VariantInput>) -> Result<Vec<VariantData>, UserError> {
    if variants.is_empty() || variants.len() > MAX_VARIANTS as usize {
        return Err(UserError::invalid(&["variants"], "1..100 variants"));
    }
    let variants = variants
        .into_iter()
        .map(VariantInput::validate)
        .collect::<Result<Vec<_>, _>>()?;
    let skus: BTreeSet<String> = variants
        .iter()
        .map(|variant| variant.sku.to_lowercase())
        .collect();
    match skus.len() == variants.len() {
        true => Ok(variants),
        false => Err(UserError::invalid(
            &["variants", "sku"],
            "different for each variant",
        )),
    }
}

/// Checks an input against the database. `old` is what it replaces.
async fn content(
    tx: &mut PgConnection,
    id: ProductId,
    input: &ProductInput,
    old: Option<&Content>,
) -> Outcome<Content> {
    let texts = input.texts()?;
    let category_id = CategoryId::parse(&input.category_id).unwrap_or(CategoryId(Uuid::nil()));
    if store::categories::by_ids(&mut *tx, &[category_id.0])
        .await?
        .is_empty()
    {
        return Err(unknown("categoryId", &input.category_id).into());
    }
    let brand_id = input
        .brand_id
        .as_ref()
        .map(|id| BrandId::parse(id).unwrap_or(BrandId(Uuid::nil())));
    if let (Some(brand), Some(given)) = (brand_id, &input.brand_id)
        && store::brands::by_ids(&mut *tx, &[brand.0]).await?.is_empty()
    {
        return Err(unknown("brandId", given).into());
    }
    let attributes = attributes(tx, input).await?;
    let slug = match (texts.slug, old) {
        (Some(slug), _) => slug,
        (None, Some(old)) => old.slug.clone(),
        (None, None) => free_slug(tx, id, &texts.name).await?,
    };
    if store::products::slug_taken(tx, &slug, id).await? {
        return Err(UserError::refused(UserErrorCode::Conflict, "the slug is in use").into());
    }
    Ok(Content {
        name: texts.name,
        slug,
        description: texts.description,
        category_id,
        brand_id,
        kind: input.kind,
        details: texts.details,
        attributes,
    })
}

/// What an input refers to is not there.
fn unknown(field: &str, id: &ID) -> UserError {
    match UserError::not_found(id.clone()) {
        UserError::NotFoundError(error) => UserError::NotFoundError(NotFoundError {
            path: Some(vec!["input".to_owned(), field.to_owned()]),
            ..error
        }),
        other => other,
    }
}

/// The name's own slug, or one that nobody else can have.
async fn free_slug(tx: &mut PgConnection, id: ProductId, name: &str) -> Outcome<String> {
    let slug = catalog::slug_of(name);
    let unique = id.0.simple().to_string();
    if slug.is_empty() {
        return Ok(unique);
    }
    match store::products::slug_taken(tx, &slug, id).await? {
        true => Ok(format!("{slug}-{}", &unique[20..])),
        false => Ok(slug),
    }
}

async fn attributes(tx: &mut PgConnection, input: &ProductInput) -> Outcome<BTreeMap<String, String>> {
    let values = input.attributes.as_deref().unwrap_or_default();
    let codes: Vec<String> = values.iter().map(|value| value.code.clone()).collect();
    let known = store::attributes::by_codes(tx, &codes).await?;
    let mut checked = BTreeMap::new();
    for value in values {
        let attribute = known.iter().find(|attribute| attribute.code == value.code);
        let rule = "the code of an attribute";
        let attribute =
            attribute.ok_or_else(|| UserError::invalid(&["input", "attributes", "code"], rule))?;
        let stored = attribute.validate(input.kind.as_str(), &value.value)?;
        if checked.insert(value.code.clone(), stored).is_some() {
            return Err(UserError::invalid(&["input", "attributes", &value.code], "given once").into());
        }
    }
    Ok(checked)
}

/// Edits a product. What was approved before stays on sale until the edit is approved too.
pub async fn update(
    deps: &Deps,
    viewer: &Viewer,
    id: ProductId,
    input: ProductInput,
    expected_version: i32,
) -> Outcome<ProductId> {
    let mut tx = deps.db.begin(NOW).await?;
    let product = lock_editable(&mut tx, viewer, id).await?;
    check_version(expected_version, product.version)?;
    let live = Content::from(&product);
    let open = store::revisions::open(&mut *tx, &[id.0]).await?.pop();
    // What the edit under way says already is kept, not what is on sale.
    let old = open.as_ref().map_or(&live, |revision| &revision.content.0);
    let content = content(&mut tx, id, &input, Some(old)).await?;
    let on_sale = product.status == ProductStatus::Approved;
    let mut changed_fields = if on_sale {
        content.changes(&live)
    } else {
        Vec::new()
    };
    if store::media::has_pending(&mut tx, id).await? {
        changed_fields.push("media".to_owned());
    }
    match open {
        Some(revision) => {
            reopen(&mut tx, viewer, &product, &revision).await?;
            store::revisions::set_content(&mut tx, revision.id, &content, &changed_fields).await?;
        }
        None => store::revisions::insert(&mut tx, RevisionId::new(), id, &content, &changed_fields).await?,
    }
    if on_sale {
        store::products::touch(&mut tx, id).await?;
    } else {
        store::products::apply(&mut tx, id, &content)
            .await
            .map_err(taken_slug)?;
        changed(&mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// An edited revision is a draft again, if that may follow its state.
pub(super) async fn reopen(
    tx: &mut Tx,
    viewer: &Viewer,
    product: &Product,
    revision: &Revision,
) -> Outcome<()> {
    if revision.status.step(ProductStatus::Draft)? {
        super::approval::set(tx, viewer, product, revision, ProductStatus::Draft, None).await?;
    }
    Ok(())
}

/// Takes a product away for good. It can be neither found nor bought; orders of it go on.
pub async fn archive(
    deps: &Deps,
    viewer: &Viewer,
    id: ProductId,
    expected_version: i32,
) -> Outcome<ProductId> {
    let mut tx = deps.db.begin(NOW).await?;
    let product = lock_managed(&mut tx, viewer, id).await?;
    if !product.status.step(ProductStatus::Archived)? {
        return Ok(id);
    }
    check_version(expected_version, product.version)?;
    if let Some(open) = store::revisions::open(&mut *tx, &[id.0]).await?.pop() {
        store::revisions::set_status(&mut tx, open.id, ProductStatus::Archived).await?;
    }
    store::products::set_status(&mut tx, id, ProductStatus::Archived).await?;
    store::products::set_published(&mut tx, id, false, None).await?;
    let step = Step {
        product: id,
        vendor: product.vendor_id,
        from: product.status,
        to: ProductStatus::Archived,
        by: viewer.user,
        note: None,
    };
    store::revisions::record(&mut tx, &step).await?;
    changed(&mut tx, id).await?;
    tx.hint("approval", id);
    tx.commit().await?;
    Ok(id)
}

/// Two products with one slug at the same moment.
pub(super) fn taken_slug(error: sqlx::Error) -> Fault {
    on_constraint(error, "products_slug_key", || {
        UserError::refused(UserErrorCode::Conflict, "the slug is in use")
    })
}

/// The product of a variant.
pub(super) async fn of_variant(tx: &mut PgConnection, id: VariantId) -> Outcome<ProductId> {
    let product = store::variants::product_of(tx, id).await?;
    product.ok_or_else(|| UserError::not_found(id.to_string()).into())
}
