//! How files travel, who may send them, and how long a large one takes.

use super::{
    Shop,
    bulk::{CSV, counts},
    code,
};
use crate::actions::bulk::step::step;
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use futures::StreamExt;
use platform::{Viewer, ids::VendorId};
use serde_json::{Value, json};
use std::time::Duration;

/// Two variants of each product, and texts with line breaks in them.
fn many(products: usize) -> String {
    let mut file = "slug,name,description,category,sku,prices.GBP,weightGrams\n".to_owned();
    for n in 0..products {
        let (pounds, pence) = (n % 50, n % 100);
        file.push_str(&format!(
            "p-{n},Product {n},\"Number {n}\nin two lines\",books,SKU-{n},{pounds}.{pence:02},{n}\n"
        ));
        file.push_str(&format!("p-{n},,,,SKU-{n}-B,{pounds}.99,{n}\n"));
    }
    file
}

#[tokio::test]
async fn an_upload_is_complete_or_nothing_and_a_killed_import_goes_on() {
    let shop = Shop::open().await;
    let field = format!(
        "catalogImportCreate(vendorId: \"{}\", format: CSV, idempotencyKey: \"k\")",
        shop.vendor
    );
    let made = shop
        .mutate(&shop.member, &field, "catalogImport { id uploadUrl }")
        .await;
    let (id, url) = (
        &made["catalogImport"]["id"],
        made["catalogImport"]["uploadUrl"].as_str().unwrap(),
    );
    let replay = shop.mutate(&shop.member, &field, "catalogImport { id }").await;
    assert_eq!(&replay["catalogImport"]["id"], id);

    let (status, _) = shop.send(Method::PUT, &format!("{url}0"), Body::empty()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let file = many(4000);
    let broken = futures::stream::iter([Ok(file.clone()), Err(std::io::Error::other("gone"))]);
    let (status, _) = shop.send(Method::PUT, url, Body::from_stream(broken)).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(
        shop.sql("select count(*) from products.catalog_import_pieces")
            .await,
        0
    );
    let chunks: Vec<_> = file
        .as_bytes()
        .chunks(1000)
        .map(|c| Ok::<_, std::io::Error>(c.to_vec()))
        .collect();
    let (status, answer) = shop
        .send(Method::PUT, url, Body::from_stream(futures::stream::iter(chunks)))
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    let (status, _) = shop.send(Method::PUT, url, Body::from(file.clone())).await;
    assert_eq!(status, StatusCode::CONFLICT);

    // Ends steps at any point, as a killed process does.
    for pause in (0..30).map(|n| n * 37 % 500) {
        let _ = tokio::time::timeout(Duration::from_millis(pause), step(&shop.deps)).await;
    }
    // The database may still be rolling the last one back.
    let mut import = shop.read(id).await;
    while import["status"] != "COMPLETED" && import["status"] != "FAILED" {
        shop.work().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        import = shop.read(id).await;
    }
    assert_eq!(
        (&import["status"], counts(&import)),
        (&json!("COMPLETED"), [8000, 0, 0, 0]),
        "{}",
        import["error"]
    );
    assert_eq!(shop.sql("select count(*) from products.products").await, 4000);
    assert_eq!(shop.sql("select count(*) from products.variants").await, 8000);
    assert_eq!(
        shop.sql("select count(*) from products.catalog_import_lines")
            .await,
        8000
    );
    assert_eq!(
        shop.sql("select max(line)::bigint from products.catalog_import_lines")
            .await,
        12_001
    );
    assert_eq!(
        shop.sql("select count(*) from products.outbox where topic = 'products.product_changed'")
            .await,
        4000
    );
    assert_eq!(
        shop.sql("select count(*) from products.catalog_import_pieces")
            .await,
        0
    );
    assert_eq!(
        shop.sql("select count(*) from products.catalog_import_skus")
            .await,
        0
    );
}

#[tokio::test]
async fn only_the_vendor_and_staff_and_only_staff_approves() {
    let shop = Shop::open().await;
    let create = |vendor: VendorId, stage: &str| {
        format!(
            "catalogImportCreate(vendorId: \"{vendor}\", format: CSV, stage: {stage}, content: \"sku\\n\", idempotencyKey: \"x{stage}\")"
        )
    };
    let own = create(shop.vendor, "DRAFT");
    let made = shop.mutate(&shop.member, &own, "catalogImport { id }").await;
    let id = made["catalogImport"]["id"].clone();
    for (viewer, field, expected) in [
        (&shop.member, create(shop.vendor, "APPROVE"), "FORBIDDEN"),
        (&shop.member, create(VendorId::new(), "DRAFT"), "FORBIDDEN"),
        (&super::anonymous(), own.clone(), "UNAUTHENTICATED"),
        (
            &super::anonymous(),
            format!("catalogImportCancel(id: {id})"),
            "NOT_FOUND",
        ),
    ] {
        let refused = shop.mutate(viewer, &field, "").await;
        assert_eq!(code(&refused), expected, "{field}");
    }
    let stranger = Viewer {
        vendors: vec![VendorId::new()],
        ..platform::testing::viewer(platform::Role::Vendor)
    };
    let seen = shop
        .run(
            &stranger,
            &format!("{{ catalogImport(id: {id}) {{ id }} }}"),
            json!({}),
        )
        .await;
    assert_eq!(seen["catalogImport"], Value::Null);
    let export = format!("catalogExportCreate(vendorId: \"{}\", format: CSV)", shop.vendor);
    assert_eq!(code(&shop.mutate(&stranger, &export, "url").await), "FORBIDDEN");
    let list = format!(
        "{{ catalogImports(vendorId: \"{}\") {{ nodes {{ id status }} }} }}",
        shop.vendor
    );
    assert_eq!(
        shop.run(&shop.member, &list, json!({})).await["catalogImports"]["nodes"][0]["id"],
        id
    );

    // What has ended stays ended; what has not ends.
    let cancelled = shop
        .mutate(
            &shop.member,
            &format!("catalogImportCancel(id: {id})"),
            "catalogImport { status }",
        )
        .await;
    assert_eq!(cancelled["catalogImport"]["status"], "CANCELLED");
    shop.work().await;
    assert_eq!(shop.read(&id).await["status"], "CANCELLED");
}

#[tokio::test]
async fn another_vendors_slug_and_sku_are_taken() {
    let shop = Shop::open().await;
    shop.import(&shop.member, "format: CSV", CSV).await;
    let mut other = Shop {
        vendor: VendorId::new(),
        ..shop
    };
    crate::store::vendors::learn(other.deps.db.pool(), other.vendor, true)
        .await
        .unwrap();
    other.member.vendors = vec![other.vendor];
    let file = "slug,name,category,sku,prices.GBP,weightGrams\nmug,Mug,books,M2,1,1\n,Mug,books,MUG,1,1\n,Mug,books,M3,1,1\n";
    let import = other.import(&other.member, "format: CSV", file).await;
    assert_eq!(counts(&import), [1, 0, 0, 2], "{import}");
    let made = import["lines"]["nodes"][2]["product"]["slug"]
        .as_str()
        .unwrap_or_default();
    assert!(made.starts_with("mug-"), "{import}");
}

#[tokio::test]
async fn a_follower_sees_an_import_end() {
    let shop = Shop::open().await;
    let field = format!(
        "catalogImportCreate(vendorId: \"{}\", format: CSV, content: {}, idempotencyKey: \"f\")",
        shop.vendor,
        json!(CSV)
    );
    let id = shop.mutate(&shop.member, &field, "catalogImport { id }").await["catalogImport"]["id"].clone();
    let query = format!("subscription {{ catalogImportUpdated(id: {id}) {{ status lineCount }} }}");
    let mut request = async_graphql::Request::new(query);
    crate::insert_data(&shop.deps, &shop.member, &mut request.data);
    let mut updates = shop
        .schema
        .execute_stream(request.data(shop.member.clone()))
        .boxed();
    let first = updates.next().await.unwrap().data.into_json().unwrap();
    assert_eq!(
        first["catalogImportUpdated"],
        json!({ "status": "QUEUED", "lineCount": 0 })
    );
    let (rest, ()) = tokio::join!(updates.collect::<Vec<_>>(), shop.work());
    let last = rest.last().unwrap().data.clone().into_json().unwrap();
    assert_eq!(
        last["catalogImportUpdated"],
        json!({ "status": "COMPLETED", "lineCount": 3 })
    );
}
