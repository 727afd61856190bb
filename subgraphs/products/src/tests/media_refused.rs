//! What is never shown, and who may not show it.

use super::{Shop, anonymous, code, media::png};
use crate::domain::picture::samples;
use image::ImageFormat;
use platform::{Role, Viewer};
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_not_only_a_picture_is_refused() {
    let shop = Shop::open().await;
    let product = shop.draft().await;
    let hidden = [png(), b"<script>alert(1)</script>".to_vec()].concat();
    let jpeg = samples::picture(8, 8, ImageFormat::Jpeg);
    for (content_type, bytes) in [
        ("image/png", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
        ("image/png", b"<!doctype html><p>hello".to_vec()),
        ("image/png", jpeg),
        ("image/png", hidden),
        ("image/png", samples::bomb(50_000, 50_000)),
        ("image/jpeg", vec![0; 100]),
        ("video/mp4", png()),
    ] {
        let media = shop.upload(&product, content_type, bytes).await;
        for _ in 0..2 {
            let attached = shop.attach(&shop.member, &product, &media, "").await;
            assert_eq!(code(&attached), "INVALID", "{attached}");
        }
    }
    let media = shop.slot(&shop.member, &product, "image/png", 10).await["mediaId"].clone();
    shop.store(&media, png()).await;
    assert_eq!(
        code(&shop.attach(&shop.member, &product, &media, "").await),
        "INVALID",
        "another size"
    );

    // Looks like a picture, is none; and another file comes over the one that was looked at.
    let mut cut = png();
    let end = cut.len();
    cut[end / 2..].fill(0);
    let broken = shop.upload(&product, "image/png", cut).await;
    let swapped = shop.upload(&product, "image/png", png()).await;
    for media in [&broken, &swapped] {
        assert_eq!(
            shop.attach(&shop.member, &product, media, "").await["userErrors"],
            json!([])
        );
    }
    shop.store(&swapped, b"<html>".to_vec()).await;
    shop.process().await;
    assert!(shop.media(&shop.member, &product).await.is_empty());
    assert_eq!(shop.files("public").await, 0);
    assert_eq!(
        code(&shop.attach(&shop.member, &product, &broken, "").await),
        "INVALID"
    );
}

#[tokio::test]
async fn slots_are_for_those_who_manage_the_product_and_limited() {
    let shop = Shop::open().await;
    let product = shop.draft().await;
    let stranger = Viewer {
        vendors: vec![platform::ids::VendorId::new()],
        ..platform::testing::viewer(Role::Vendor)
    };
    for viewer in [&anonymous(), &stranger] {
        assert_eq!(
            code(&shop.slot(viewer, &product, "image/png", 10).await),
            "NOT_FOUND"
        );
    }
    for (content_type, size) in [
        ("image/svg+xml", 10),
        ("text/html", 10),
        ("image/png\\u0000", 10),
        ("../../x", 10),
        ("image/png", 0),
        ("image/png", (5 << 20) + 1),
        ("video/mp4", (64 << 20) + 1),
    ] {
        let slot = shop.slot(&shop.member, &product, content_type, size).await;
        assert_eq!(
            (code(&slot), &slot["uploadUrl"]),
            ("INVALID", &Value::Null),
            "{content_type}"
        );
    }
    let mut first = Value::Null;
    for _ in 0..10 {
        first = shop.slot(&shop.member, &product, "image/png", 5 << 20).await["mediaId"].clone();
    }
    assert_eq!(
        code(&shop.slot(&shop.member, &product, "image/png", 10).await),
        "LIMIT_EXCEEDED"
    );
    for viewer in [&anonymous(), &stranger] {
        assert_eq!(
            code(&shop.attach(viewer, &product, &first, "").await),
            "NOT_FOUND"
        );
    }
    let other = shop
        .create(&shop.member, shop.generic("Cup"), "CUP", 900, "cup")
        .await["product"]["id"]
        .clone();
    assert_eq!(
        code(&shop.attach(&shop.member, &other, &first, "").await),
        "NOT_FOUND",
        "another product's"
    );
    for wrong in [", position: -1", ", position: 1001", ", alt: \"\""] {
        assert_eq!(
            code(&shop.attach(&shop.member, &product, &first, wrong).await),
            "INVALID",
            "{wrong}"
        );
    }
}
