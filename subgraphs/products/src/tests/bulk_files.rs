//! Who may bring catalogues in and take them out, and who is told.

use super::{
    Shop,
    bulk::{CSV, counts},
    code,
};
use futures::StreamExt;
use platform::{Viewer, ids::VendorId};
use serde_json::{Value, json};

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
    assert_eq!(code(&shop.mutate(&stranger, &export, "").await), "FORBIDDEN");
    let asked = shop.mutate(&shop.member, &export, "catalogExport { id }").await;
    let again = shop.mutate(&shop.member, &export, "catalogExport { id }").await;
    assert_eq!(asked, again, "it has not begun");
    let read = format!(
        "{{ catalogExport(id: {}) {{ url }} }}",
        asked["catalogExport"]["id"]
    );
    assert_eq!(
        shop.run(&stranger, &read, json!({})).await["catalogExport"],
        Value::Null
    );
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
