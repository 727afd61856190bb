//! Zones, methods and what they cost.

use super::{Result, Shop, UPSERT};
use crate::commands;
use contracts::shipping::{DeliveryQuote, Destination, Parcel, QuoteDelivery};
use platform::{
    Country, Currency, Role, Viewer,
    ids::{CartId, ShippingMethodId, VendorId},
    testing::viewer,
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_cart_is_offered_every_method_that_serves_it() -> Result {
    let shop = Shop::new().await?;
    let (uk, islands) = (
        shop.zone("UK", &["GB"], &[]).await,
        shop.zone("Islands", &["GB"], &["BT*", "IM*"]).await,
    );
    shop.method("Standard", &[(&uk, 399), (&islands, 999)]).await;
    shop.method("Express", &[(&uk, 1197)]).await;
    let query = "query($carts: [_Any!]!) { _entities(representations: $carts) { ... on Cart {
        deliveryOptions { vendor { id } method { name } price { amount } estimatedFrom estimatedTo } } } }";
    let cart = |basis: Value| json!({ "__typename": "Cart", "id": CartId::new().to_string(), "shippingBasis": basis });
    let to = |code: &str| {
        json!({
            "destination": { "country": "GB", "region": null, "postalCode": code },
            "parcels": [{ "vendorId": shop.vendor.to_string(), "weightGrams": 500,
                "subtotal": { "amount": 2500, "currency": "GBP" } }]
        })
    };
    let carts = [
        cart(to("BS1 4DB")),
        cart(to("BT1 5GS")),
        cart(json!({ "parcels": [] })),
        cart(json!("junk")),
        cart(Value::Null),
    ];
    let mut data = shop.data(&shop.buyer, query, json!({ "carts": carts })).await;
    let options = |data: &Value, cart: usize| -> Vec<(String, i64)> {
        let options = data["_entities"][cart]["deliveryOptions"].as_array().unwrap();
        options
            .iter()
            .map(|o| {
                (
                    o["method"]["name"].as_str().unwrap().into(),
                    o["price"]["amount"].as_i64().unwrap(),
                )
            })
            .collect()
    };
    assert_eq!(
        options(&data, 0),
        [("Standard".to_owned(), 399), ("Express".to_owned(), 1197)]
    );
    // Express has no rate for islands, but one for their country.
    assert_eq!(
        options(&data, 1),
        [("Standard".to_owned(), 999), ("Express".to_owned(), 1197)]
    );
    assert!(
        (2..5).all(|cart| data["_entities"][cart]["deliveryOptions"].is_null()),
        "{data}"
    );
    let option = data["_entities"][0]["deliveryOptions"][0].take();
    let day = |field: &str| {
        option[field]
            .as_str()
            .unwrap()
            .parse::<chrono::NaiveDate>()
            .unwrap()
    };
    assert_eq!((day("estimatedTo") - day("estimatedFrom")).num_days(), 3);
    assert_eq!(option["vendor"]["id"], shop.vendor.to_string());
    Ok(())
}

#[tokio::test]
async fn chosen_methods_are_quoted_or_refused_with_a_reason() -> Result {
    let shop = Shop::new().await?;
    let uk = shop.zone("UK", &["GB"], &[]).await;
    let method = ShippingMethodId::parse(&shop.method("Standard", &[(&uk, 399)]).await).unwrap();
    let parcel = |method| Parcel {
        vendor: shop.vendor,
        method,
        weight_grams: 100,
        subtotal: 1000,
    };
    let quote = |country: &str, currency| QuoteDelivery {
        destination: Destination {
            country: Country::parse(country).unwrap(),
            region: None,
            postal_code: None,
        },
        currency,
        parcels: vec![parcel(method), parcel(ShippingMethodId::new())],
    };
    let quotes = commands::quote_delivery(&shop.deps, quote("GB", Currency::GBP))
        .await
        .unwrap();
    assert!(
        matches!(&quotes[0], DeliveryQuote::Priced { amount: 399, method_name } if method_name == "Standard")
    );
    assert!(matches!(&quotes[1], DeliveryQuote::NotServed { .. }));
    for refused in [quote("FR", Currency::GBP), quote("GB", Currency::EUR)] {
        let quotes = commands::quote_delivery(&shop.deps, refused).await.unwrap();
        assert!(
            matches!(&quotes[0], DeliveryQuote::NotServed { .. }),
            "{quotes:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn zones_and_methods_have_their_keepers() -> Result {
    let shop = Shop::new().await?;
    let uk = shop.zone("UK", &["GB"], &[]).await;
    let refused = shop
        .ask(
            &shop.seller,
            "mutation { shippingZoneUpsert(name: \"X\", countries: []) { zone { id } } }",
            json!({}),
        )
        .await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(refused["data"], json!({ "shippingZoneUpsert": null }));

    let rate =
        |kind: &str| json!([{ "zoneId": uk, "kind": kind, "base": { "amount": 1, "currency": "GBP" } }]);
    let upsert = async |viewer: &Viewer, id: Option<&str>, vendor: Option<VendorId>, kind: &str| {
        let vendor = vendor.map(|vendor| vendor.to_string());
        let variables = json!({ "id": id, "vendor": vendor, "name": "Bike", "rates": rate(kind) });
        shop.data(viewer, UPSERT, variables).await["shippingMethodUpsert"].take()
    };
    let platform = upsert(&shop.seller, None, None, "FLAT").await;
    assert_eq!(platform["userErrors"][0]["code"], "FORBIDDEN");
    let foreign = upsert(&shop.seller, None, Some(VendorId::new()), "FLAT").await;
    assert_eq!(foreign["userErrors"][0]["code"], "NOT_FOUND");
    let carrier = upsert(&shop.staff, None, None, "CARRIER").await;
    assert_eq!(
        carrier["userErrors"][0],
        json!({ "code": "INVALID", "path": ["rates", "0", "kind"] })
    );

    let made = upsert(&shop.staff, None, Some(shop.vendor), "FLAT").await;
    let id = made["method"]["id"].as_str().unwrap();
    let changed = upsert(&shop.seller, Some(id), None, "FLAT").await;
    assert_eq!(changed["method"]["version"], 2);
    assert_eq!(changed["method"]["rates"].as_array().unwrap().len(), 1);
    let stranger = Viewer {
        vendors: vec![VendorId::new()],
        ..viewer(Role::Vendor)
    };
    assert_eq!(
        upsert(&stranger, Some(id), None, "FLAT").await["userErrors"][0]["code"],
        "NOT_FOUND"
    );

    let offered = "query($vendor: ID) { shippingMethods(vendorId: $vendor) { id } shippingZones { methods { id vendor { id } } } }";
    let mine = shop
        .data(
            &Viewer::anonymous(),
            offered,
            json!({ "vendor": shop.vendor.to_string() }),
        )
        .await;
    assert_eq!(mine["shippingMethods"][0]["id"], id);
    assert_eq!(
        mine["shippingZones"][0]["methods"][0]["vendor"]["id"],
        shop.vendor.to_string()
    );
    let common = shop.data(&Viewer::anonymous(), offered, json!({})).await;
    assert_eq!(common["shippingMethods"], json!([]), "not everybody's");
    Ok(())
}
