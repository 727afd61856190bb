//! Mutations of pictures and videos.

use super::payloads::{ProductPayload, UploadPayload};
use crate::{actions::media, store::media::Owner};
use async_graphql::{Context, ID, Object, Result};
use platform::{Deps, error::Split, error::parse_id, storage::Storage, viewer::viewer};

#[derive(Default)]
pub struct MediaMutation;

#[Object]
impl MediaMutation {
    /// Opens a slot for one picture or video: PUT the file to `uploadUrl` with this `Content-Type` and exactly
    /// `sizeBytes` bytes, then call `mediaAttach`. What is not attached is deleted. Errors: INVALID (type, size),
    /// LIMIT_EXCEEDED (ten for each product).
    async fn media_upload_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] product_id: ID,
        #[graphql(desc = "image/jpeg, image/png, image/webp, video/mp4 or video/webm.")] content_type: String,
        #[graphql(desc = "Size of the file: pictures at most 5 MiB, videos 64 MiB.")] size_bytes: i32,
    ) -> Result<UploadPayload> {
        let open = async {
            let (deps, storage) = (ctx.data_unchecked::<Deps>(), ctx.data_unchecked::<Storage>());
            let file = (content_type.as_str(), size_bytes);
            media::open_slot(
                deps,
                storage,
                viewer(ctx),
                Owner::Product(parse_id(&product_id)?),
                file,
            )
            .await
        };
        let (ticket, user_errors) = open.await.split()?;
        Ok(UploadPayload::new(ticket, user_errors))
    }

    /// Shows an upload with its product as soon as it is checked and scaled, or changes the text and place of what is
    /// shown. Of a product on sale it is part of the revision, unless staff does it. Errors: CONFLICT (nothing
    /// uploaded yet), INVALID (not what was announced, too many pixels, not only a picture).
    async fn media_attach(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] product_id: ID,
        #[graphql(desc = "ID of the upload.")] media_id: ID,
        #[graphql(desc = "Text for those who do not see it, at most 500 characters; unchanged if absent.")]
        alt: Option<String>,
        #[graphql(desc = "Place in the order, 0 to 1000; unchanged, or last, if absent.")] position: Option<
            i32,
        >,
    ) -> Result<ProductPayload> {
        let attach = async {
            let (deps, storage) = (ctx.data_unchecked::<Deps>(), ctx.data_unchecked::<Storage>());
            let ids = (parse_id(&product_id)?, parse_id(&media_id)?);
            media::attach(deps, storage, viewer(ctx), ids, (alt, position)).await
        };
        ProductPayload::of(ctx, attach.await).await
    }

    /// Removes a picture or a video. Of a product on sale it is part of the revision, unless staff does it.
    async fn media_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the product.")] product_id: ID,
        #[graphql(desc = "ID of the picture or video.")] media_id: ID,
    ) -> Result<ProductPayload> {
        let remove = async {
            let ids = (parse_id(&product_id)?, parse_id(&media_id)?);
            media::remove(ctx.data_unchecked::<Deps>(), viewer(ctx), ids).await
        };
        ProductPayload::of(ctx, remove.await).await
    }
}
