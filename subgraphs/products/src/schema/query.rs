//! What can be asked of the catalogue.

use super::{
    catalog_import,
    loaders::{VariantBySku, reader},
    products::{ListArgs, approval_queue, connection},
    review,
    search::{self, ProductSearchResult},
    stubs::{Customer, Vendor},
    synonyms,
};
use crate::{
    domain::{
        bulk::{export::CatalogExport, job::CatalogImport},
        catalog::{Attribute, Brand, Category},
        details::ProductKind,
        filter::{ProductSort, ProductWhere},
        product::Product,
        review::Review,
        status::ProductStatus,
        synonyms::SearchSynonym,
        variant::Variant,
        wishlist::Wishlist,
    },
    store::{self, list::Owner},
};
use async_graphql::{Context, ID, Object, OneofObject, Result};
use platform::{
    Deps, Error,
    ids::{
        BrandId, CatalogExportId, CatalogImportId, CategoryId, CustomerId, ProductId, ReviewId, VariantId,
        VendorId, WishlistId,
    },
    page::{CountedPage, Page, PageArgs},
    viewer::viewer,
};
use uuid::Uuid;

/// One way to name a product: exactly one field.
#[derive(OneofObject)]
pub enum ProductBy {
    /// Its ID.
    Id(ID),
    /// Its slug.
    Slug(String),
    /// The SKU of one of its variants, regardless of case.
    Sku(String),
}

/// Root of all queries.
pub struct Query;

#[Object]
impl Query {
    /// A product on sale; its vendor and staff see it before and after that too.
    async fn product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Exactly one of its names.")] by: ProductBy,
    ) -> Option<Result<Product, Error>> {
        let found = match by {
            ProductBy::Id(id) => reader(ctx).load_one(ProductId::parse(&id)?).await,
            ProductBy::Slug(slug) => reader(ctx).loader().by_slug(&slug).await,
            ProductBy::Sku(sku) => reader(ctx).loader().by_sku(&sku).await,
        };
        found.transpose()
    }

    /// An import of the caller's vendor, or for staff of any. Requires: VENDOR or STAFF.
    async fn catalog_import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its ID.")] id: ID,
    ) -> Option<Result<CatalogImport, Error>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error));
        }
        reader(ctx)
            .load_one(CatalogImportId::parse(&id)?)
            .await
            .transpose()
    }

    /// Imports of a vendor, the newest first. Requires: VENDOR or STAFF.
    async fn catalog_imports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the vendor.")] vendor_id: ID,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
    ) -> Option<Result<Page<CatalogImport>, Error>> {
        let vendor = VendorId::parse(&vendor_id)?;
        Some(catalog_import::of_vendor(ctx, vendor, first, after).await)
    }

    /// Imports of reviews, the newest first. Requires: STAFF.
    async fn review_imports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
    ) -> Option<Result<Page<CatalogImport>, Error>> {
        Some(catalog_import::of_shop(ctx, first, after).await)
    }

    /// An export of the caller's vendor, or for staff of any, until its file is deleted. Requires: VENDOR or STAFF.
    async fn catalog_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its ID.")] id: ID,
    ) -> Option<Result<CatalogExport, Error>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error));
        }
        let found = reader(ctx).load_one(CatalogExportId::parse(&id)?).await;
        found.transpose()
    }

    /// Products on sale. With `where.status`, vendors find their own and staff all others too.
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
        #[graphql(name = "where", desc = "Narrows the list.")] filter: Option<ProductWhere>,
        #[graphql(desc = "Order; newest first if absent.")] sort: Option<ProductSort>,
    ) -> Result<CountedPage<Product>> {
        Ok(connection(
            ctx,
            (Owner::Shop, Uuid::nil()),
            ListArgs {
                first,
                after,
                filter,
                sort,
            },
        )
        .await?)
    }

    /// A variant by its ID.
    async fn variant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the variant.")] id: ID,
    ) -> Option<Result<Variant, Error>> {
        reader(ctx).load_one(VariantId::parse(&id)?).await.transpose()
    }

    /// Variants by their IDs, in the same order; null where there is none.
    async fn variants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 IDs.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Variant>>> {
        if ids.len() > 100 {
            return Err(Error::BadInput("at most 100 ids".to_owned()).into());
        }
        let ids: Vec<Option<VariantId>> = ids.iter().map(|id| VariantId::parse(id)).collect();
        let found = reader(ctx).load_many(ids.iter().copied().flatten()).await?;
        Ok(ids.into_iter().map(|id| found.get(&id?).cloned()).collect())
    }

    /// Products on sale that fit a text, as people type it: words, "phrases", -without, this OR that. Accents, case and
    /// endings of words do not matter. If none has the words, products with the words that may have been meant. A change
    /// of a product is found within moments.
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn product_search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The text, at most 200 characters; all products if absent.")] query: Option<String>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
        #[graphql(name = "where", desc = "Narrows the list.")] filter: Option<ProductWhere>,
        #[graphql(desc = "Order; best match first if absent.")] sort: Option<ProductSort>,
        #[graphql(desc = "Codes of facets to count, at most 20.")] facets: Option<Vec<String>>,
    ) -> Result<ProductSearchResult> {
        let args = ListArgs {
            first,
            after,
            filter,
            sort,
        };
        Ok(search::search(ctx, query, args, facets).await?)
    }

    /// Names of products on sale in which a word begins with `prefix`.
    async fn search_suggest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Begin of a word, 1 to 100 characters.")] prefix: String,
        #[graphql(default_with = "Some(8)", desc = "Names at most, 1 to 20.")] limit: Option<i32>,
    ) -> Result<Vec<String>> {
        Ok(search::suggest(ctx, prefix, limit.unwrap_or(8)).await?)
    }

    /// The categories right below one, by name; without it, those at the top.
    async fn categories(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the category above.")] parent_id: Option<ID>,
    ) -> Result<Vec<Category>> {
        let db = ctx.data_unchecked::<Deps>().db.pool();
        let found = match parent_id {
            None => store::categories::roots(db).await,
            Some(id) => match CategoryId::parse(&id) {
                Some(id) => store::categories::children(db, &[id.0]).await,
                None => return Ok(Vec::new()),
            },
        };
        Ok(found.map_err(Error::from)?)
    }

    /// A category by its slug.
    async fn category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Slug of the category.")] slug: String,
    ) -> Option<Result<Category, Error>> {
        let db = ctx.data_unchecked::<Deps>().db.pool();
        store::categories::by_slug(db, &slug)
            .await
            .map_err(Error::from)
            .transpose()
    }

    /// Brands by name.
    async fn brands(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Brands after the one with this ID.")] after: Option<String>,
    ) -> Result<Vec<Brand>> {
        let rows = PageArgs::<Uuid>::new(first, None)?.limit() - 1;
        let after = match after {
            None => None,
            Some(id) => {
                Some(BrandId::parse(&id).ok_or_else(|| Error::BadInput("after is not a brand".to_owned()))?)
            }
        };
        let db = ctx.data_unchecked::<Deps>().db.pool();
        Ok(store::brands::page(db, after, rows).await.map_err(Error::from)?)
    }

    /// Properties that products may have beyond the details of their kind.
    async fn attributes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that fit this kind.")] kind: Option<ProductKind>,
    ) -> Result<Vec<Attribute>> {
        let db = ctx.data_unchecked::<Deps>().db.pool();
        let found = store::attributes::of_kind(db, kind.map(ProductKind::as_str)).await;
        Ok(found.map_err(Error::from)?)
    }

    /// Reviews that wait for `reviewModerate`, the longest waiting first. Requires: STAFF.
    async fn review_moderation_queue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
    ) -> Option<Result<Page<Review>, Error>> {
        Some(review::moderation_queue(ctx, first, after).await)
    }

    /// Products with something to review, the longest waiting first. Requires: STAFF.
    async fn product_approval_queue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only products of this vendor.")] vendor_id: Option<ID>,
        #[graphql(desc = "Only those that nobody reviews yet (SUBMITTED), or somebody does (IN_REVIEW).")]
        status: Option<ProductStatus>,
    ) -> Option<Result<CountedPage<Product>, Error>> {
        Some(approval_queue(ctx, first, after, (vendor_id, status)).await)
    }

    /// Words that mean the same to the search, by word. Requires: STAFF.
    async fn search_synonyms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
    ) -> Option<Result<Page<SearchSynonym>, Error>> {
        Some(synonyms::page(ctx, first, after).await)
    }

    /// A public wishlist, for whoever has its token.
    async fn wishlist_by_share_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`Wishlist.shareToken`.")] token: String,
    ) -> Option<Result<Wishlist, Error>> {
        let db = ctx.data_unchecked::<Deps>().db.pool();
        store::wishlists::shared(db, &token)
            .await
            .map_err(Error::from)
            .transpose()
    }

    #[graphql(entity)]
    async fn find_product_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Product>> {
        let Some(id) = ProductId::parse(&id) else {
            return Ok(None);
        };
        Ok(reader(ctx).load_one(id).await?)
    }

    #[graphql(entity)]
    async fn find_variant_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Variant>> {
        let Some(id) = VariantId::parse(&id) else {
            return Ok(None);
        };
        Ok(reader(ctx).load_one(id).await?)
    }

    #[graphql(entity)]
    async fn find_variant_by_sku(&self, ctx: &Context<'_>, sku: String) -> Result<Option<Variant>> {
        Ok(reader(ctx).load_one(VariantBySku(sku.to_lowercase())).await?)
    }

    #[graphql(entity)]
    async fn find_category_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Category>> {
        let Some(id) = CategoryId::parse(&id) else {
            return Ok(None);
        };
        Ok(reader(ctx).load_one(id).await?)
    }

    #[graphql(entity)]
    async fn find_brand_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Brand>> {
        let Some(id) = BrandId::parse(&id) else {
            return Ok(None);
        };
        Ok(reader(ctx).load_one(id).await?)
    }

    #[graphql(entity)]
    async fn find_review_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Review>> {
        let Some(id) = ReviewId::parse(&id) else {
            return Ok(None);
        };
        Ok(reader(ctx).load_one(id).await?)
    }

    #[graphql(entity)]
    async fn find_wishlist_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Wishlist>> {
        let Some(id) = WishlistId::parse(&id) else {
            return Ok(None);
        };
        Ok(reader(ctx).load_one(id).await?)
    }

    #[graphql(entity)]
    async fn find_vendor_by_id(&self, id: ID) -> Option<Vendor> {
        Some(Vendor {
            id: VendorId::parse(&id)?,
        })
    }

    #[graphql(entity)]
    async fn find_customer_by_id(&self, id: ID) -> Option<Customer> {
        Some(Customer {
            id: CustomerId::parse(&id)?,
        })
    }
}
