//! Relations of a category.

use super::{
    loaders::{AncestorsOf, ChildrenOf, reader},
    products::{ListArgs, connection},
};
use crate::{
    domain::{
        catalog::{Attribute, Category},
        details::ProductKind,
        filter::ProductSort,
        product::Product,
    },
    store::list::Owner,
};
use async_graphql::{ComplexObject, Context, ID, Result};
use platform::{Error, page::CountedPage};

#[ComplexObject]
impl Category {
    /// Opaque and unique.
    pub async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// The category above.
    async fn parent(&self, ctx: &Context<'_>) -> Option<Result<Category, Error>> {
        reader(ctx).load_one(self.parent_id?).await.transpose()
    }

    /// The categories right below, by name.
    async fn children(&self, ctx: &Context<'_>) -> Result<Vec<Category>> {
        Ok(reader(ctx)
            .load_one(ChildrenOf(self.id))
            .await?
            .unwrap_or_default())
    }

    /// The categories above, the topmost first.
    async fn ancestors(&self, ctx: &Context<'_>) -> Result<Vec<Category>> {
        Ok(reader(ctx)
            .load_one(AncestorsOf(self.id))
            .await?
            .unwrap_or_default())
    }

    /// Products on sale here and in the categories below.
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Order; newest first if absent.")] sort: Option<ProductSort>,
    ) -> Result<CountedPage<Product>> {
        let args = ListArgs {
            first,
            after,
            sort,
            filter: None,
        };
        Ok(connection(ctx, (Owner::Category, self.id.0), args).await?)
    }
}

#[ComplexObject]
impl Attribute {
    /// Opaque and unique.
    async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Kinds of product it fits; empty: all.
    async fn kinds(&self) -> Vec<ProductKind> {
        let fits = |kind: &ProductKind| self.kinds.iter().any(|name| name == kind.as_str());
        ProductKind::ALL.into_iter().filter(fits).collect()
    }
}
