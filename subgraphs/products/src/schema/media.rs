//! Where pictures and videos are found.

use crate::domain::media::Media;
use async_graphql::{ComplexObject, Context, Result};
use platform::{Error, storage::Storage};

#[ComplexObject]
impl Media {
    /// Where it is; for everybody, and never changing. Videos have one file only.
    async fn url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Pixels wanted: the nearest width that is enough; the widest if absent.")]
        width: Option<i32>,
        #[graphql(desc = "`webp` or `jpeg`; anything else is answered with webp.")] format: Option<String>,
    ) -> Result<String> {
        let file = self.file(width, format.as_deref());
        let file = file.ok_or_else(|| Error::internal(std::io::Error::other("media without a file")))?;
        Ok(ctx.data_unchecked::<Storage>().public_url(&file))
    }
}
