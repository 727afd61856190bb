//! The tree of categories and price lists.

use super::{Shop, code};
use platform::Viewer;
use serde_json::json;

#[tokio::test]
async fn two_moves_at_once_cannot_make_a_cycle_together() {
    let shop = Shop::open().await;
    for round in 0..8 {
        let make = |slug: String| {
            let field = format!("categoryUpsert(name: \"C\", slug: \"{slug}\")");
            let shop = &shop;
            async move { shop.mutate(&shop.staff, &field, "category { id }").await["category"]["id"].clone() }
        };
        let (a, b) = (make(format!("a{round}")).await, make(format!("b{round}")).await);
        let down = |id: &serde_json::Value, slug: &str, parent: &serde_json::Value| {
            format!("categoryUpsert(id: {id}, name: \"C\", slug: \"{slug}{round}\", parentId: {parent})")
        };
        let (first, second) = (down(&a, "a", &b), down(&b, "b", &a));
        let (first, second) = tokio::join!(
            shop.mutate(&shop.staff, &first, ""),
            shop.mutate(&shop.staff, &second, "")
        );
        let mut codes = [code(&first), code(&second)];
        codes.sort_unstable();
        assert_eq!(codes, ["INVALID", "none"], "{first} {second}");
    }
    let rootless = "with recursive reached(id) as (select id from products.categories where parent_id is null
        union select c.id from products.categories c join reached on c.parent_id = reached.id)
        select count(*) from products.categories where id not in (select id from reached)";
    assert_eq!(shop.sql(rootless).await, 0);
    // A category that is used where it is stays usable where it goes.
    let moved = shop
        .run(
            &shop.staff,
            "{ category(slug: \"a0\") { slug ancestors { slug } children { slug } } }",
            json!({}),
        )
        .await;
    let near = moved["category"]["ancestors"].as_array().unwrap().len()
        + moved["category"]["children"].as_array().unwrap().len();
    assert_eq!(near, 1, "{moved}");
}

#[tokio::test]
async fn the_price_is_by_currency_quantity_and_tier() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 1000).await;
    let (variant, version) = (&product["variants"][0]["id"], &product["variants"][0]["version"]);
    let steps = [
        format!(
            "variantPriceTiersSet(id: {variant}, currency: \"GBP\", minQuantities: [1, 10], amounts: [1000, 800])"
        ),
        format!(
            "variantPriceTiersSet(id: {variant}, currency: \"GBP\", minQuantities: [1, 20], amounts: [900, 700], customerTier: \"gold\")"
        ),
    ];
    for step in steps {
        assert_eq!(
            code(&shop.mutate(&shop.member, &step, "").await),
            "none",
            "{step}"
        );
    }
    let euros = format!(
        "variantPriceSet(id: {variant}, price: {{ amount: 1200, currency: \"EUR\" }}, compareAt: {{ amount: 1500, currency: \"EUR\" }}, expectedVersion: {version})"
    );
    assert_eq!(
        code(&shop.mutate(&shop.member, &euros, "").await),
        "VERSION_CONFLICT"
    );
    let euros = euros.replace(&format!("expectedVersion: {version}"), "expectedVersion: 3");
    assert_eq!(code(&shop.mutate(&shop.member, &euros, "").await), "none");

    let query = "{ product(by: { sku: \"mug\" }) { priceRange { min { amount currency } } variants {
        one: price { amount } ten: price(quantity: 10) { amount } many: price(quantity: 999) { amount }
        euro: price(currency: \"EUR\", quantity: 50) { amount currency } before: compareAtPrice(currency: \"EUR\") { amount }
        yen: price(currency: \"JPY\") { amount } priceTiers { minQuantity customerTier price { amount } } } } }";
    let gold = Viewer {
        tier: Some("GOLD".to_owned()),
        ..platform::testing::viewer(platform::Role::Vip)
    };
    for (viewer, amounts, tiers) in [
        (super::anonymous(), [1000, 800, 800], 2),
        (gold, [900, 800, 700], 4),
    ] {
        let seen = shop.run(&viewer, query, json!({})).await["product"].clone();
        let variant = &seen["variants"][0];
        assert_eq!(
            ["one", "ten", "many"].map(|name| variant[name]["amount"].clone()),
            amounts.map(|n| json!(n))
        );
        assert_eq!(variant["euro"], json!({ "amount": 1200, "currency": "EUR" }));
        assert_eq!(
            (&variant["before"]["amount"], &variant["yen"]),
            (&json!(1500), &json!(null))
        );
        assert_eq!(variant["priceTiers"].as_array().unwrap().len(), tiers);
        assert_eq!(
            seen["priceRange"]["min"],
            json!({ "amount": 1000, "currency": "GBP" })
        );
    }
}
