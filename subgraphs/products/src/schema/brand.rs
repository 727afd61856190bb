//! Relations of a brand.

use super::products::{ListArgs, connection};
use crate::{
    domain::{catalog::Brand, product::Product},
    store::list::Owner,
};
use async_graphql::{ComplexObject, Context, ID, Result};
use platform::page::CountedPage;

#[ComplexObject]
impl Brand {
    /// Opaque and unique.
    pub async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Products on sale of this brand, newest first.
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows, 1 to 100; 20 if absent.")] first: Option<i32>,
        #[graphql(desc = "Rows after this cursor.")] after: Option<String>,
    ) -> Result<CountedPage<Product>> {
        let args = ListArgs {
            first,
            after,
            ..ListArgs::default()
        };
        Ok(connection(ctx, (Owner::Brand, self.id.0), args).await?)
    }
}
