//! Relations of a brand.

use super::{
    loaders::{LogoOf, reader},
    products::{ListArgs, connection},
};
use crate::{
    domain::{catalog::Brand, media, product::Product},
    store::list::Owner,
};
use async_graphql::{ComplexObject, Context, ID, Result};
use platform::{Error, page::CountedPage, storage::Storage};

#[ComplexObject]
impl Brand {
    /// Opaque and unique.
    pub async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Where its logo is, if it has one; for everybody, and never changing.
    async fn logo_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Pixels wanted: the nearest width that is enough; the widest if absent.")]
        width: Option<i32>,
        #[graphql(desc = "`webp` or `jpeg`; anything else is answered with webp.")] format: Option<String>,
    ) -> Option<Result<String, Error>> {
        let logo = match reader(ctx).load_one(LogoOf(self.id)).await {
            Ok(logo) => logo?,
            Err(error) => return Some(Err(error)),
        };
        let file = media::picture_file(logo.id, &logo.widths, width, format.as_deref())?;
        Some(Ok(ctx.data_unchecked::<Storage>().public_url(&file)))
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
