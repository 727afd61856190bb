//! What the owner has bought and has.

use super::{
    CODE, World, address,
    canaries::{Canary, SELF, addressed, text},
};
use crate::{
    authorization::viewers::{Caller, VIEWERS},
    journey::{CHECKOUT, cart_with, checkout_input, quote, ship_and_bill_to, ship_to, version},
    support::{until, until_status},
};
use serde_json::{Value, json};

impl World {
    /// The owner buys two of the vendor's variant and pays; the vendor packs one.
    pub(super) async fn order(&mut self) {
        let owner = self.client("owner");
        let cart = cart_with(
            &owner,
            vec![json!({ "variantId": self.id("variant"), "quantity": 2 })],
        )
        .await;
        let apply = "mutation($cart: ID!, $version: Int!, $code: String!) {
            cartCouponApply(cartId: $cart, code: $code, expectedVersion: $version) { userErrors { code message } } }";
        let variables = json!({ "cart": cart, "version": version(&owner, &cart).await, "code": CODE });
        owner.run(apply, variables).await.unwrap();
        let (shipping, billing) = (addressed("order-shipping"), addressed("order-billing"));
        ship_and_bill_to(&owner, &cart, &shipping, &billing).await;
        let quoted = quote(&owner, &cart).await;
        let input = checkout_input(&owner, &cart, &quoted, "authorization").await;
        let placed = owner.run(CHECKOUT, json!({ "input": input })).await.unwrap()["checkoutComplete"].take();
        self.shop
            .pay(
                placed["payment"]["clientSecret"].as_str().unwrap(),
                "pm_card_visa",
            )
            .await;
        self.pool.set("order", &placed["order"]["id"]);
        until_status(&owner, placed["order"]["id"].as_str().unwrap(), "CONFIRMED").await;
        let query = "query($order: ID!) { order(id: $order) { number saga { id } lines { id } payments { id }
            vendorOrders { id version } } }";
        let ids = [
            ("number", "/order/number"),
            ("saga", "/order/saga/id"),
            ("orderLine", "/order/lines/0/id"),
            ("vendorOrder", "/order/vendorOrders/0/id"),
            ("payment", "/order/payments/0/id"),
        ];
        self.keep("staff", query, json!({ "order": self.id("order") }), &ids)
            .await;
    }

    pub(super) async fn after_the_order(&mut self) {
        let part = json!({ "id": self.id("vendorOrder") });
        let query = "query($id: ID!) { vendorOrder(id: $id) { version status } }";
        let vendor = self.client("vendor");
        let version = until(&vendor, query, part, |data| {
            (data["vendorOrder"]["status"] == "AWAITING_ACCEPTANCE")
                .then(|| data["vendorOrder"]["version"].clone())
        });
        let version = version.await;
        let query = "mutation($id: ID!, $version: Int!) {
            vendorOrderAccept(id: $id, expectedVersion: $version) { userErrors { code message } } }";
        self.keep(
            "vendor",
            query,
            json!({ "id": self.id("vendorOrder"), "version": version }),
            &[],
        )
        .await;
        let query =
            "mutation($id: ID!, $line: ID!) { shipmentCreate(vendorOrderId: $id, idempotencyKey: \"a\",
            items: [{orderLineId: $line, quantity: 1}]) { shipment { id } userErrors { code message } } }";
        let variables = json!({ "id": self.id("vendorOrder"), "line": self.id("orderLine") });
        let shipment =
            vendor.eventually(query, variables).await.unwrap()["shipmentCreate"]["shipment"]["id"].take();
        self.pool.set("shipment", &shipment);
        let query = "mutation($input: RefundInput!) { refundRequest(input: $input) { refund { id } userErrors { code message path } } }";
        let input = json!({ "orderId": self.id("order"), "lines": [{ "orderLineId": self.id("orderLine"), "quantity": 1 }],
            "reason": "DAMAGED", "note": text("refund-note"), "idempotencyKey": "a" });
        self.keep(
            "owner",
            query,
            json!({ "input": input }),
            &[("refund", "/refundRequest/refund/id")],
        )
        .await;
        self.another_order("manualOrder", "manual").await;
        let value = self.another_order("unpaidOrder", "stripe").await;
        self.canaries.push(Canary {
            name: "client-secret",
            value,
            seen_by: SELF,
        });
    }

    /// Another order, to be paid with this provider; returns what the customer may pay with.
    async fn another_order(&mut self, name: &'static str, provider: &str) -> Value {
        let owner = self.client("owner");
        let cart = cart_with(
            &owner,
            vec![json!({ "variantId": self.id("variant"), "quantity": 1 })],
        )
        .await;
        ship_to(&owner, &cart).await;
        let quoted = quote(&owner, &cart).await;
        let mut input = checkout_input(&owner, &cart, &quoted, name).await;
        input["provider"] = json!(provider);
        let placed = owner.run(CHECKOUT, json!({ "input": input })).await.unwrap();
        let placed = &placed["checkoutComplete"];
        self.pool.set(name, &placed["order"]["id"]);
        placed["payment"]["clientSecret"].clone()
    }

    pub(super) async fn of_the_owner(&mut self) {
        // A second login, which may be ended without harm.
        Caller::seeded(&self.shop, "customer").await;
        let query = "{ me { id customer { id } sessions { id current } } }";
        let ids = [("user", "/me/id"), ("customer", "/me/customer/id")];
        let me = self.keep("owner", query, json!({}), &ids).await;
        let sessions = me["me"]["sessions"].as_array().unwrap();
        let spare = sessions
            .iter()
            .find(|session| session["current"] == false)
            .unwrap();
        self.pool.set("session", &spare["id"]);
        let owner = self.client("owner");
        let cart = cart_with(
            &owner,
            vec![json!({ "variantId": self.id("variant"), "quantity": 1 })],
        )
        .await;
        self.pool.set("cart", &json!(cart));
        let ids = [("line", "/cart/lines/0/id")];
        self.keep(
            "owner",
            "query($id: ID!) { cart(id: $id) { lines { id } } }",
            json!({ "id": cart }),
            &ids,
        )
        .await;
        let (shipping, billing) = (addressed("cart-shipping"), addressed("cart-billing"));
        ship_and_bill_to(&owner, &cart, &shipping, &billing).await;
        self.pool.set("quote", &quote(&owner, &cart).await["id"]);
        let query = "mutation($to: AddressInput!) { addressCreate(input: $to, kind: BOTH) { address { id } userErrors { code message } } }";
        let ids = [("address", "/addressCreate/address/id")];
        self.keep("owner", query, json!({ "to": addressed("address-book") }), &ids)
            .await;
        for _ in 0..VIEWERS.len() {
            let made = owner.run(query, json!({ "to": address() })).await.unwrap();
            let id = made["addressCreate"]["address"]["id"]
                .as_str()
                .unwrap()
                .to_owned();
            self.pool.spares.entry("spareAddress").or_default().push(id);
        }
        let query = "mutation($variant: ID!) { wishlistCreate(name: \"Mine\") { wishlist { id } userErrors { code message } }
            wishlistItemAdd(variantId: $variant) { userErrors { code } } }";
        let ids = [("wishlist", "/wishlistCreate/wishlist/id")];
        self.keep("owner", query, json!({ "variant": self.id("variant") }), &ids)
            .await;
        let query = "mutation($product: ID!) { reviewCreate(productId: $product, rating: 4, title: \"Good\", body: \"Nice paper.\") {
            review { id } userErrors { code message } } }";
        let ids = [("review", "/reviewCreate/review/id")];
        self.keep("owner", query, json!({ "product": self.id("product") }), &ids)
            .await;
        let query = "{ me { notifications(first: 50) { nodes { id deliveries { id channel status } } } } }";
        let found = until(&owner, query, json!({}), |data| {
            let nodes = data["me"]["notifications"]["nodes"].as_array()?;
            let sent = |node: &&Value| {
                node["deliveries"].as_array().is_some_and(|all| {
                    all.iter()
                        .any(|d| d["channel"] == "EMAIL" && d["status"] == "SENT")
                })
            };
            nodes.iter().find(sent).cloned()
        });
        let found = found.await;
        let mails = found["deliveries"].as_array().unwrap();
        let mail = mails
            .iter()
            .find(|delivery| delivery["channel"] == "EMAIL")
            .unwrap();
        self.pool.set("notification", &found["id"]);
        self.pool.set("delivery", &mail["id"]);
    }
}
