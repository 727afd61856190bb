//! What only staff does: logos of brands, attributes, synonyms of the search; and that the audit hears of it.

use super::{Shop, anonymous, code};
use crate::{
    actions::media_files::{delete_dead, process_next},
    domain::{media, picture::samples},
};
use image::ImageFormat;
use platform::{Role, ids::MediaId, testing::viewer};
use serde_json::{Value, json};

/// What the audit was told.
const TOLD: &str = "select count(*) from products.outbox where topic = 'products.catalogue_changed'";

impl Shop {
    async fn logo(&self) -> Value {
        let query = "query($id: ID!) { _entities(representations: [{__typename: \"Brand\", id: $id}]) {
            ... on Brand { logoUrl small: logoUrl(width: 200, format: \"jpeg\") } } }"
            .replace("$id}", &format!("{}}}", self.brand))
            .replace("query($id: ID!) ", "");
        self.run(&anonymous(), &query, json!({})).await["_entities"][0].clone()
    }

    /// Uploads a file for the logo and asks for it.
    async fn upload_logo(&self, bytes: Vec<u8>) -> Value {
        let open = format!(
            "brandLogoUploadCreate(brandId: {}, contentType: \"image/png\", sizeBytes: {})",
            self.brand,
            bytes.len()
        );
        let slot = self.mutate(&self.staff, &open, "uploadUrl mediaId").await;
        assert_eq!(slot["userErrors"], json!([]));
        let id: MediaId = slot["mediaId"].as_str().unwrap().parse().unwrap();
        self.storage
            .put(&media::upload(id).unwrap(), bytes)
            .await
            .unwrap();
        let set = format!("brandLogoSet(brandId: {}, mediaId: \"{id}\")", self.brand);
        self.mutate(&self.staff, &set, "brand { logoUrl }").await
    }
}

#[tokio::test]
async fn a_brand_shows_its_logo_from_when_it_is_drawn_until_the_next_one_is() {
    let shop = Shop::open().await;
    let picture = |width: u32| samples::picture(width, width, ImageFormat::Png);
    assert_eq!(shop.logo().await, json!({ "logoUrl": null, "small": null }));
    let set = shop.upload_logo(picture(400)).await;
    assert_eq!(set, json!({ "brand": { "logoUrl": null }, "userErrors": [] }));
    while process_next(&shop.deps, &shop.storage).await.unwrap() {}
    let first = shop.logo().await;
    assert!(
        first["logoUrl"].as_str().unwrap().ends_with("/400.webp"),
        "{first}"
    );
    assert!(first["small"].as_str().unwrap().ends_with("/320.jpg"), "{first}");
    // The old one stays until the new one can be shown, and for good if that is nothing to be shown.
    let broken = shop.upload_logo(b"<svg onload='x'/>".to_vec()).await;
    assert_eq!(code(&broken), "INVALID");
    shop.upload_logo(picture(500)).await;
    assert_eq!(shop.logo().await, first);
    while process_next(&shop.deps, &shop.storage).await.unwrap() {}
    assert!(
        shop.logo().await["logoUrl"]
            .as_str()
            .unwrap()
            .ends_with("/500.webp")
    );
    shop.upload_logo(picture(600)).await;
    while process_next(&shop.deps, &shop.storage).await.unwrap() {}
    let live = "select count(*) from products.media where brand_id is not null and live";
    assert_eq!(shop.sql(live).await, 2, "the shown one and the one before");
    let remove = format!("brandLogoSet(brandId: {})", shop.brand);
    shop.mutate(&shop.staff, &remove, "").await;
    assert!(shop.logo().await["logoUrl"].is_null());
    while delete_dead(&shop.deps, &shop.storage).await.unwrap() {}
    assert_eq!(shop.sql(live).await, 0);
}

#[tokio::test]
async fn logos_are_for_staff_and_are_pictures_of_brands_there_are() {
    let shop = Shop::open().await;
    let open = |brand: &Value, kind: &str, size: i64| {
        format!("brandLogoUploadCreate(brandId: {brand}, contentType: \"{kind}\", sizeBytes: {size})")
    };
    for (brand, kind, size, expected) in [
        (&shop.brand, "image/png", 0, "INVALID"),
        (&shop.brand, "image/svg+xml", 9, "INVALID"),
        (&shop.brand, "video/mp4", 9, "INVALID"),
        (&shop.brand, "image/png", 6 << 20, "INVALID"),
        (&shop.category, "image/png", 9, "NOT_FOUND"),
    ] {
        let refused = shop.mutate(&shop.staff, &open(brand, kind, size), "").await;
        assert_eq!(code(&refused), expected, "{kind} {size}");
    }
    let slot = shop
        .mutate(&shop.staff, &open(&shop.brand, "image/png", 9), "mediaId")
        .await;
    let set = format!(
        "brandLogoSet(brandId: {}, mediaId: {})",
        shop.brand, slot["mediaId"]
    );
    assert_eq!(
        code(&shop.mutate(&shop.staff, &set, "").await),
        "CONFLICT",
        "nothing is there"
    );
    for field in [open(&shop.brand, "image/png", 9), set] {
        let query = format!("mutation {{ it: {field} {{ userErrors {{ code }} }} }}");
        for who in [anonymous(), viewer(Role::Customer), shop.member.clone()] {
            let answer = shop.answer(&who, &query, json!({})).await;
            assert_eq!(answer.errors.len(), 1, "{field}");
        }
    }
}

#[tokio::test]
async fn a_new_property_is_a_row_that_staff_makes() {
    let shop = Shop::open().await;
    let upsert = |code: &str, kind: &str, more: &str| {
        format!("attributeUpsert(code: \"{code}\", label: \"Weight limit\", type: \"{kind}\"{more})")
    };
    let before = shop.sql(TOLD).await;
    let made = shop
        .mutate(
            &shop.staff,
            &upsert(
                "max_load_kg",
                "NUMBER",
                ", unit: \"kg\", kinds: [GENERIC, GENERIC]",
            ),
            "attribute { code label type unit filterable kinds }",
        )
        .await;
    let expected = json!({ "code": "max_load_kg", "label": "Weight limit", "type": "NUMBER", "unit": "kg",
        "filterable": true, "kinds": ["GENERIC"] });
    assert_eq!(made["attribute"], expected);
    assert_eq!(shop.sql(TOLD).await, before + 1);
    for (name, kind) in [
        ("Max", "NUMBER"),
        ("a__b", "TEXT"),
        ("_a", "TEXT"),
        ("a", "DATE"),
        ("", "TEXT"),
    ] {
        let refused = shop.mutate(&shop.staff, &upsert(name, kind, ""), "").await;
        assert_eq!(code(&refused), "INVALID", "{name} {kind}");
    }
    let other = shop
        .mutate(&shop.staff, &upsert("max_load_kg", "TEXT", ""), "")
        .await;
    assert_eq!(code(&other), "CONFLICT");
    let query = format!(
        "mutation {{ {} {{ userErrors {{ code }} }} }}",
        upsert("x", "TEXT", "")
    );
    assert_eq!(shop.answer(&shop.member, &query, json!({})).await.errors.len(), 1);
    let mut shelf = shop.generic("Shelf");
    shelf["attributes"] = json!([{ "code": "max_load_kg", "value": "80" }]);
    shop.sell(shelf, "SHELF", 900).await;
    let query =
        "{ products(where: {attributes: [{code: \"max_load_kg\", range: {min: 50}}]}) { nodes { slug } } }";
    let found = shop.run(&anonymous(), query, json!({})).await;
    assert_eq!(found["products"]["nodes"], json!([{ "slug": "shelf" }]));
}

#[tokio::test]
async fn staff_teaches_the_search_words_and_the_audit_hears_of_it() {
    let shop = Shop::open().await;
    shop.sell(shop.generic("Velvet settee"), "SET", 900).await;
    shop.index().await;
    let search = async |text: &str| {
        let query = format!("{{ productSearch(query: \"{text}\") {{ nodes {{ slug }} }} }}");
        let found = shop.run(&anonymous(), &query, json!({})).await;
        found["productSearch"]["nodes"].as_array().unwrap().len()
    };
    let before = shop.sql(TOLD).await;
    assert_eq!(search("chesterfield").await, 0);
    let add = "searchSynonymsAdd(words: [\"Settee\", \"Chesterfield\", \"divan\"])";
    for _ in 0..2 {
        assert_eq!(shop.mutate(&shop.staff, add, "").await["userErrors"], json!([]));
    }
    assert_eq!((search("chesterfield").await, search("divan").await), (1, 1));
    let page = "{ searchSynonyms(first: 100) { nodes { word synonyms } pageInfo { hasNextPage } } }";
    let known = shop.run(&shop.staff, page, json!({})).await["searchSynonyms"]["nodes"].clone();
    let of = json!({ "word": "chesterfield", "synonyms": ["divan", "settee"] });
    assert!(known.as_array().unwrap().contains(&of), "{known}");
    shop.mutate(&shop.staff, "searchSynonymsRemove(word: \"CHESTERFIELD\")", "")
        .await;
    assert_eq!((search("chesterfield").await, search("divan").await), (0, 1));
    let set = "searchSynonymsSet(groups: [[\"sofa\", \"settee\"], [\"jug\", \"pitcher\", \"ewer\"]])";
    assert_eq!(shop.mutate(&shop.staff, set, "pairCount").await["pairCount"], 8);
    assert_eq!((search("divan").await, search("sofa").await), (0, 1));
    assert_eq!(shop.sql(TOLD).await, before + 4);
    for bad in [
        "searchSynonymsAdd(words: [\"alone\"])",
        "searchSynonymsAdd(words: [\"a\", \" \"])",
        "searchSynonymsSet(groups: [[]])",
        "searchSynonymsRemove(word: \"\")",
    ] {
        assert_eq!(code(&shop.mutate(&shop.staff, bad, "").await), "INVALID", "{bad}");
    }
    for field in [add, set, "searchSynonymsRemove(word: \"sofa\")"] {
        let query = format!("mutation {{ {field} {{ userErrors {{ code }} }} }}");
        for who in [anonymous(), viewer(Role::Customer), shop.member.clone()] {
            assert_eq!(
                shop.answer(&who, &query, json!({})).await.errors.len(),
                1,
                "{field}"
            );
        }
    }
    assert_eq!(shop.answer(&shop.member, page, json!({})).await.errors.len(), 1);
    assert_eq!(shop.sql("select count(*) from products.search_synonyms").await, 8);
}
