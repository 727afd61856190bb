//! Pictures and videos, from the upload to the shop window and out of it again.

use super::{Shop, anonymous, code};
use crate::{
    actions::media_files::process_next,
    domain::{media, picture::samples},
};
use image::ImageFormat;
use platform::{Viewer, ids::MediaId};
use serde_json::{Value, json};

pub(super) fn png() -> Vec<u8> {
    samples::picture(400, 300, ImageFormat::Png)
}

impl Shop {
    pub(super) async fn slot(
        &self,
        viewer: &Viewer,
        product: &Value,
        content_type: &str,
        size: usize,
    ) -> Value {
        let field = format!(
            "mediaUploadCreate(productId: {product}, contentType: \"{content_type}\", sizeBytes: {size})"
        );
        self.mutate(viewer, &field, "uploadUrl mediaId expiresAt").await
    }

    /// What the media server does with a PUT.
    pub(super) async fn store(&self, media: &Value, bytes: Vec<u8>) {
        let id: MediaId = media.as_str().unwrap().parse().unwrap();
        self.storage
            .put(&media::upload(id).unwrap(), bytes)
            .await
            .unwrap();
    }

    pub(super) async fn upload(&self, product: &Value, content_type: &str, bytes: Vec<u8>) -> Value {
        let slot = self.slot(&self.member, product, content_type, bytes.len()).await;
        assert_eq!(slot["userErrors"], json!([]));
        self.store(&slot["mediaId"], bytes).await;
        slot["mediaId"].clone()
    }

    pub(super) async fn attach(&self, viewer: &Viewer, product: &Value, media: &Value, more: &str) -> Value {
        let field = format!("mediaAttach(productId: {product}, mediaId: {media}{more})");
        self.mutate(
            viewer,
            &field,
            "product { version pendingRevision { status changedFields } }",
        )
        .await
    }

    pub(super) async fn process(&self) {
        while process_next(&self.deps, &self.storage).await.unwrap() {}
    }

    pub(super) async fn media(&self, viewer: &Viewer, product: &Value) -> Vec<Value> {
        let query = "query($id: ID!) { product(by: {id: $id}) { media { id kind alt position url small: url(width: 200)
            jpeg: url(width: 200, format: \"jpeg\") } variants { media { id } } } }";
        let found = self.run(viewer, query, json!({ "id": product })).await;
        assert_eq!(
            found["product"]["media"].as_array().map(Vec::len),
            found["product"]["variants"][0]["media"].as_array().map(Vec::len)
        );
        found["product"]["media"].as_array().cloned().unwrap_or_default()
    }

    pub(super) async fn files(&self, folder: &str) -> usize {
        use futures::TryStreamExt;
        self.storage
            .list(folder)
            .try_collect::<Vec<_>>()
            .await
            .unwrap()
            .len()
    }

    pub(super) async fn draft(&self) -> Value {
        self.create(&self.member, self.generic("Mug"), "MUG", 900, "mug")
            .await["product"]["id"]
            .clone()
    }
}

#[tokio::test]
async fn a_picture_is_uploaded_checked_scaled_and_shown() {
    let shop = Shop::open().await;
    let product = shop.draft().await;
    let slot = shop.slot(&shop.member, &product, "image/png", png().len()).await;
    let url = slot["uploadUrl"].as_str().unwrap();
    assert!(url.starts_with("http://media.test/media/uploads/products/") && url.contains("signature="));
    let early = shop.attach(&shop.member, &product, &slot["mediaId"], "").await;
    assert_eq!(code(&early), "CONFLICT", "nothing is there yet");

    shop.store(&slot["mediaId"], png()).await;
    let attached = shop
        .attach(&shop.member, &product, &slot["mediaId"], ", alt: \"A mug\"")
        .await;
    assert_eq!(attached["userErrors"], json!([]));
    assert!(
        shop.media(&shop.member, &product).await.is_empty(),
        "not before it is scaled"
    );
    shop.process().await;
    let media = shop.media(&shop.member, &product).await;
    assert_eq!(
        (&media[0]["kind"], &media[0]["alt"], &media[0]["position"]),
        (&json!("IMAGE"), &json!("A mug"), &json!(0))
    );
    let file = |field: &str| {
        let url = media[0][field].as_str().unwrap();
        platform::storage::Key::new(url.strip_prefix("http://media.test/media/").unwrap()).unwrap()
    };
    for (field, name, width, format) in [
        ("url", "/400.webp", 400, ImageFormat::WebP),
        ("small", "/320.webp", 320, ImageFormat::WebP),
        ("jpeg", "/320.jpg", 320, ImageFormat::Jpeg),
    ] {
        assert!(file(field).as_str().ends_with(name));
        let bytes = shop.storage.get(&file(field), 1 << 20).await.unwrap().unwrap();
        assert_eq!(image::guess_format(&bytes).unwrap(), format);
        assert_eq!(image::load_from_memory(&bytes).unwrap().width(), width);
    }
    assert_eq!(shop.files("uploads").await, 0, "the upload itself is not kept");

    let again = shop
        .attach(&shop.member, &product, &slot["mediaId"], ", position: 7")
        .await;
    assert_eq!(again["userErrors"], json!([]));
    let media = shop.media(&shop.member, &product).await;
    assert_eq!(
        (media.len(), &media[0]["alt"], &media[0]["position"]),
        (1, &json!("A mug"), &json!(7))
    );
}

#[tokio::test]
async fn a_storefront_sends_and_fetches_over_http() {
    let shop = Shop::open().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let here = |url: &Value| url.as_str().unwrap().replace("http://media.test", &base);
    let stop = tokio_util::sync::CancellationToken::new();
    tokio::spawn(platform::storage::serve(shop.storage.clone(), listener, stop));
    let http = platform::http::client(std::time::Duration::from_secs(10)).unwrap();

    let product = shop.draft().await;
    let slot = shop.slot(&shop.member, &product, "image/png", png().len()).await;
    let put = |content_type: &'static str, bytes| {
        let request = http
            .put(here(&slot["uploadUrl"]))
            .header("content-type", content_type);
        let sent = request.body::<Vec<u8>>(bytes).send();
        async { sent.await.unwrap().status().as_u16() }
    };
    assert_eq!(put("image/jpeg", png()).await, 415);
    assert_eq!(put("image/png", [png(), vec![0]].concat()).await, 413);
    assert_eq!(put("image/png", png()).await, 204);
    let attached = shop.attach(&shop.member, &product, &slot["mediaId"], "").await;
    assert_eq!(attached["userErrors"], json!([]));
    shop.process().await;
    let media = shop.media(&shop.member, &product).await;
    let shown = http.get(here(&media[0]["small"])).send().await.unwrap();
    assert_eq!(
        (shown.status().as_u16(), &shown.headers()["content-type"]),
        (200, &"image/webp".parse().unwrap())
    );
    assert_eq!(
        image::load_from_memory(&shown.bytes().await.unwrap())
            .unwrap()
            .width(),
        320
    );
}

#[tokio::test]
async fn a_vendors_change_of_a_product_on_sale_waits_for_approval() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 900).await["id"].clone();
    let approve = async || {
        let query = format!("{{ product(by: {{id: {product}}}) {{ pendingRevision {{ id }} }} }}");
        let revision =
            shop.run(&shop.staff, &query, json!({})).await["product"]["pendingRevision"]["id"].clone();
        for (viewer, step) in [
            (&shop.member, format!("productSubmit(id: {product})")),
            (&shop.staff, format!("productReview(id: {product})")),
            (
                &shop.staff,
                format!("productApprove(id: {product}, revisionId: {revision})"),
            ),
        ] {
            assert_eq!(
                shop.mutate(viewer, &step, "").await["userErrors"],
                json!([]),
                "{step}"
            );
        }
    };
    let media = shop.upload(&product, "image/png", png()).await;
    let attached = shop.attach(&shop.member, &product, &media, "").await;
    assert_eq!(
        attached["product"]["pendingRevision"],
        json!({ "status": "DRAFT", "changedFields": ["media"] })
    );
    shop.process().await;
    assert!(shop.media(&anonymous(), &product).await.is_empty());
    approve().await;
    assert_eq!(shop.media(&anonymous(), &product).await[0]["id"], media);
    let variants = format!("{{ product(by: {{id: {product}}}) {{ variants {{ id }} }} }}");
    let variant = shop.run(&shop.staff, &variants, json!({})).await["product"]["variants"][0]["id"].clone();
    let ask = contracts::products::GetVariants {
        ids: vec![variant.as_str().unwrap().parse().unwrap()],
        currency: platform::Currency::GBP,
        tier: None,
    };
    let line = crate::commands::get_variants(&shop.deps, &shop.storage, ask)
        .await
        .unwrap();
    assert!(
        line[0]
            .image_url
            .as_ref()
            .is_some_and(|url| url.ends_with("/320.webp"))
    );

    let delete = format!("mediaDelete(productId: {product}, mediaId: {media})");
    assert_eq!(
        shop.mutate(&shop.member, &delete, "").await["userErrors"],
        json!([])
    );
    assert_eq!(shop.media(&anonymous(), &product).await.len(), 1, "still on sale");
    approve().await;
    assert!(shop.media(&anonymous(), &product).await.is_empty());

    let media = shop.upload(&product, "image/png", png()).await;
    let attached = shop.attach(&shop.staff, &product, &media, "").await;
    assert_eq!(
        attached["product"]["pendingRevision"],
        Value::Null,
        "staff needs no approval"
    );
    shop.process().await;
    assert_eq!(shop.media(&anonymous(), &product).await.len(), 1);
}

#[tokio::test]
async fn videos_are_passed_on_as_they_are() {
    let shop = Shop::open().await;
    let product = shop.draft().await;
    let mut video = b"\0\0\0\x20ftypisom\0\0\x02\0".to_vec();
    video.resize(3 << 20, 7);
    let media = shop.upload(&product, "video/mp4", video.clone()).await;
    assert_eq!(
        shop.attach(&shop.member, &product, &media, "").await["userErrors"],
        json!([])
    );
    shop.process().await;
    let shown = shop.media(&shop.member, &product).await;
    assert_eq!(shown[0]["kind"], "VIDEO");
    let id: MediaId = media.as_str().unwrap().parse().unwrap();
    let key = media::video(id, media::Format::Mp4).unwrap();
    assert!(shown[0]["url"].as_str().unwrap().ends_with(key.as_str()));
    assert_eq!(shop.storage.get(&key, 4 << 20).await.unwrap().unwrap(), video);
}
