//! What other services ask and tell.

use super::{Shop, anonymous};
use crate::{commands, consumers};
use chrono::Utc;
use contracts::{
    events::{ConfirmedLine, OrderConfirmed, StockStateChanged, VendorStatusChanged},
    products::{GetVariants, ImportProduct, ImportProducts, QuantityPrice},
};
use platform::{
    Currency, Moment,
    commands::Call,
    events::{Origin, Received},
    ids::{CustomerId, OrderId, OrderLineId, ProductId, VariantId, VendorId, VendorOrderId},
};
use serde_json::json;

pub fn received<E>(event: E) -> Received<E> {
    Received {
        id: uuid::Uuid::now_v7(),
        occurred_at: Utc::now(),
        origin: Origin::Live,
        event,
    }
}

pub fn vendor_fact(vendor: VendorId, approved: bool) -> Received<VendorStatusChanged> {
    received(VendorStatusChanged {
        vendor,
        from: String::new(),
        to: String::new(),
        approved,
        members: vec![],
    })
}

fn bought(customer: CustomerId, product: ProductId, vendor: VendorId) -> Received<OrderConfirmed> {
    let line = ConfirmedLine {
        line: OrderLineId::new(),
        vendor_order: VendorOrderId::new(),
        vendor,
        product,
        variant: VariantId::new(),
        quantity: 3,
        unit_price: 1,
        discount: 0,
        tax: 0,
        total: 3,
    };
    received(OrderConfirmed {
        order: OrderId::new(),
        number: "1".to_owned(),
        customer,
        currency: Currency::GBP,
        subtotal: 3,
        discount: 0,
        loyalty: 0,
        shipping: 0,
        tax: 0,
        total: 3,
        lines: vec![line],
        vendor_orders: vec![],
    })
}

#[tokio::test]
async fn variants_for_orders_have_ladders_ancestors_and_the_truth() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 1000).await;
    let id = product["variants"][0]["id"].as_str().unwrap().to_owned();
    let tiers =
        |arguments: &str| format!("variantPriceTiersSet(id: \"{id}\", currency: \"GBP\", {arguments})");
    for list in [
        "minQuantities: [1, 10], amounts: [1000, 800]",
        "minQuantities: [1], amounts: [900], customerTier: \"GOLD\"",
    ] {
        assert_eq!(
            shop.mutate(&shop.member, &tiers(list), "").await["userErrors"],
            json!([])
        );
    }
    let ask = |tier: Option<&str>| GetVariants {
        ids: vec![id.parse().unwrap(), VariantId::new()],
        currency: Currency::GBP,
        tier: tier.map(str::to_owned),
    };
    let found = commands::get_variants(&shop.deps, &shop.storage, ask(Some("GOLD")))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].purchasable);
    assert_eq!(found[0].categories.len(), 1);
    let pairs = |prices: &[QuantityPrice]| {
        prices
            .iter()
            .map(|p| (p.min_quantity, p.amount))
            .collect::<Vec<_>>()
    };
    assert_eq!(pairs(&found[0].prices), [(1, 900), (10, 800)]);
    let found = commands::get_variants(&shop.deps, &shop.storage, ask(None))
        .await
        .unwrap();
    assert_eq!(pairs(&found[0].prices), [(1, 1000), (10, 800)]);
    shop.mutate(&shop.member, &format!("variantDeactivate(id: \"{id}\")"), "")
        .await;
    let found = commands::get_variants(&shop.deps, &shop.storage, ask(None))
        .await
        .unwrap();
    assert!(!found[0].purchasable);
}

#[tokio::test]
async fn the_same_import_again_changes_nothing() {
    let shop = Shop::open().await;
    let ask = || ImportProducts {
        vendor: shop.vendor,
        category_slug: "online-retail".to_owned(),
        category_name: "Online Retail".to_owned(),
        currency: Currency::GBP,
        products: (0..1000)
            .map(|n| ImportProduct {
                sku: format!("OR-{n}"),
                name: format!("WHITE HANGING HEART {}", n % 700),
                price: 100 + n,
                weight_grams: 250,
            })
            .collect(),
    };
    let call = Call {
        caller: "import".to_owned(),
        moment: Moment::LIVE,
    };
    let first = commands::import_products(&shop.deps, &call, ask()).await.unwrap();
    let again = commands::import_products(&shop.deps, &call, ask()).await.unwrap();
    let ids = |reply: &[contracts::products::ImportedProduct]| {
        reply.iter().map(|p| (p.product, p.variant)).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first), ids(&again));
    assert_eq!(
        shop.sql("select count(*) from products.products where visible")
            .await,
        1000
    );
    assert_eq!(
        shop.sql("select count(*) from products.outbox where topic = 'products.product_changed'")
            .await,
        2000
    );
    let query = "{ products(first: 1, sort: PRICE_DESC) { totalCount nodes { priceRange { max { amount } } variants { sku } } } }";
    let found = shop.run(&anonymous(), query, json!({})).await;
    assert_eq!(found["products"]["totalCount"], 1000);
    assert_eq!(found["products"]["nodes"][0]["priceRange"]["max"]["amount"], 1099);
}

#[tokio::test]
async fn stock_and_sales_reach_the_lists() {
    let shop = Shop::open().await;
    let mug = shop.sell(shop.generic("Mug"), "MUG", 1000).await;
    shop.sell(shop.generic("Lamp"), "LAMP", 500).await;
    let product: ProductId = mug["id"].as_str().unwrap().parse().unwrap();
    let variant: VariantId = mug["variants"][0]["id"].as_str().unwrap().parse().unwrap();
    let names = |query: &'static str| {
        let shop = &shop;
        async move { shop.run(&anonymous(), query, json!({})).await["products"]["nodes"].clone() }
    };
    let in_stock = "{ products(where: {inStockOnly: true}) { nodes { name } } }";
    assert_eq!(names(in_stock).await, json!([]));
    let mut tx = shop.deps.db.begin(Moment::LIVE).await.unwrap();
    let stock = |state: &str| {
        received(StockStateChanged {
            variant,
            product,
            vendor: shop.vendor,
            state: state.to_owned(),
        })
    };
    let earlier = stock("OUT_OF_STOCK");
    let later = stock("IN_STOCK");
    for facts in [
        vec![later.clone(), earlier.clone()],
        vec![earlier.clone()],
        vec![earlier, later],
    ] {
        consumers::stock_states_changed(&mut tx, facts).await.unwrap();
    }
    consumers::order_confirmed(&mut tx, bought(CustomerId::new(), product, shop.vendor))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(names(in_stock).await, json!([{ "name": "Mug" }]));
    let best = names("{ products(sort: BEST_SELLING) { nodes { name } } }").await;
    assert_eq!(best, json!([{ "name": "Mug" }, { "name": "Lamp" }]));
}
