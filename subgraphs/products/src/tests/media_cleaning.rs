//! What becomes of files that nobody needs, and of work that nobody finished.

use super::{Shop, code, media::png};
use crate::{
    actions::media_files::{delete_dead, delete_orphans, delete_orphans_before, process_next},
    domain::{media, picture::samples},
};
use image::ImageFormat;
use platform::ids::MediaId;
use serde_json::{Value, json};

#[tokio::test]
async fn files_that_nobody_needs_are_deleted() {
    let shop = Shop::open().await;
    let product = shop.draft().await;
    let kept = shop.upload(&product, "image/png", png()).await;
    let removed = shop
        .upload(
            &product,
            "image/jpeg",
            samples::picture(200, 100, ImageFormat::Jpeg),
        )
        .await;
    for media in [&kept, &removed] {
        shop.attach(&shop.member, &product, media, "").await;
    }
    let unused = shop.upload(&product, "image/png", png()).await;
    shop.process().await;
    assert_eq!(
        (shop.files("public").await, shop.files("uploads").await),
        (6 + 4, 1)
    );
    let delete = format!("mediaDelete(productId: {product}, mediaId: {removed})");
    assert_eq!(
        shop.mutate(&shop.member, &delete, "").await["userErrors"],
        json!([])
    );
    assert_eq!(code(&shop.mutate(&shop.member, &delete, "").await), "NOT_FOUND");
    sqlx::query(
        "update products.media set expires_at = now() - interval '1 second' where status = 'UPLOADING'",
    )
    .execute(shop.deps.db.pool())
    .await
    .unwrap();
    assert_eq!(
        code(&shop.attach(&shop.member, &product, &unused, "").await),
        "NOT_FOUND",
        "too late"
    );
    delete_dead(&shop.deps, &shop.storage).await.unwrap();
    assert_eq!((shop.files("public").await, shop.files("uploads").await), (6, 0));
    assert_eq!(shop.sql("select count(*) from products.media").await, 1);
    assert_eq!(shop.media(&shop.member, &product).await.len(), 1);

    // What a crash or a late upload leaves has no row; young files are let alone.
    let id = |media: &Value| media.as_str().unwrap().parse::<MediaId>().unwrap();
    shop.store(&unused, png()).await;
    shop.store(&kept, png()).await;
    let stray = media::scaled(id(&removed), 160, "webp").unwrap();
    shop.storage.put(&stray, vec![1]).await.unwrap();
    assert_eq!(delete_orphans(&shop.deps, &shop.storage).await.unwrap(), 0);
    let soon = chrono::Utc::now() + chrono::TimeDelta::seconds(5);
    assert_eq!(
        delete_orphans_before(&shop.deps, &shop.storage, soon)
            .await
            .unwrap(),
        3
    );
    assert_eq!((shop.files("public").await, shop.files("uploads").await), (6, 0));
}

#[tokio::test]
async fn work_goes_on_after_a_crash() {
    let shop = Shop::open().await;
    let product = shop.draft().await;
    let media = shop.upload(&product, "image/png", png()).await;
    shop.attach(&shop.member, &product, &media, "").await;
    let taken = crate::store::media::claim(shop.deps.db.pool()).await.unwrap();
    assert!(taken.is_some());
    assert!(
        !process_next(&shop.deps, &shop.storage).await.unwrap(),
        "somebody works at it"
    );
    let later = "update products.media set claimed_until = now() - interval '1 second'";
    sqlx::query(later).execute(shop.deps.db.pool()).await.unwrap();
    shop.process().await;
    assert_eq!(shop.media(&shop.member, &product).await.len(), 1);
}
