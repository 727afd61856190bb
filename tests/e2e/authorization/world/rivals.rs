//! What the other customer and the other vendor have: things to which they may not attach what is the owner's.

use super::World;
use crate::journey::{cart_with, quote, ship_to, version};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The objects of one viewer, by the names of the pool.
#[derive(Default)]
pub struct Rival {
    pub objects: BTreeMap<&'static str, String>,
    /// The version of the cart.
    pub version: i64,
}

impl Rival {
    fn set(&mut self, name: &'static str, id: &Value) {
        let id = id.as_str().unwrap_or_else(|| panic!("no {name}: {id}"));
        self.objects.insert(name, id.to_owned());
    }
}

impl World {
    pub async fn other_customer(&self) -> Rival {
        let (client, mut rival) = (self.client("other"), Rival::default());
        let line = json!({ "variantId": self.id("variant"), "quantity": 1 });
        let cart = cart_with(&client, vec![line]).await;
        ship_to(&client, &cart).await;
        rival.set("quote", &quote(&client, &cart).await["id"]);
        rival.version = version(&client, &cart).await;
        let query = "query($id: ID!) { cart(id: $id) { lines { id } } }";
        let lines = client.run(query, json!({ "id": cart })).await.unwrap();
        rival.set("line", &lines["cart"]["lines"][0]["id"]);
        rival.set("cart", &json!(cart));
        let query = "mutation($to: AddressInput!) { wishlistCreate(name: \"Theirs\") { wishlist { id } userErrors { code } }
            addressCreate(input: $to, kind: BOTH) { address { id } userErrors { code } } }";
        let made = client
            .run(query, json!({ "to": super::address() }))
            .await
            .unwrap();
        rival.set("wishlist", &made["wishlistCreate"]["wishlist"]["id"]);
        rival.set("address", &made["addressCreate"]["address"]["id"]);
        rival
    }

    pub async fn other_vendor(&self) -> Rival {
        let (client, mut rival) = (self.client("other-vendor"), Rival::default());
        let mine = "{ me { vendorMemberships { vendor { id } } } }";
        let mine = client.run(mine, json!({})).await.unwrap();
        rival.set("vendor", &mine["me"]["vendorMemberships"][0]["vendor"]["id"]);
        let vendor = json!({ "vendor": rival.objects["vendor"] });
        let query = "query($vendor: [ID!]) { products(first: 1, where: {vendorId: $vendor}) { nodes {
            id variants { id sku stockLevels { id warehouse { id } } } } } }";
        let found = client
            .run(query, json!({ "vendor": [rival.objects["vendor"]] }))
            .await
            .unwrap();
        let product = &found["products"]["nodes"][0];
        let variant = &product["variants"][0];
        rival.set("product", &product["id"]);
        rival.set("variant", &variant["id"]);
        rival.set("stockLevel", &variant["stockLevels"][0]["id"]);
        rival.set("warehouse", &variant["stockLevels"][0]["warehouse"]["id"]);
        let query = "mutation($vendor: ID!) {
            dashboardUpsert(name: \"Theirs\", vendorId: $vendor, widgets: []) { dashboard { id } userErrors { code } }
            supplierUpsert(name: \"Theirs\", currency: \"GBP\", vendorId: $vendor) { supplier { id } userErrors { code } }
            couponCreate(idempotencyKey: \"theirs\", input: {code: \"THEIRS\", kind: PERCENT, scope: VENDOR, vendorId: $vendor,
                percentBasisPoints: 500}) { coupon { id } userErrors { code } } }";
        let made = client.run(query, vendor).await.unwrap();
        rival.set("dashboard", &made["dashboardUpsert"]["dashboard"]["id"]);
        rival.set("supplier", &made["supplierUpsert"]["supplier"]["id"]);
        rival.set("coupon", &made["couponCreate"]["coupon"]["id"]);
        rival
    }
}
