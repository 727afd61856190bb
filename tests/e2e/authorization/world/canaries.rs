//! Texts and numbers that stand in private fields and nowhere else: whoever sees one sees that field.

use super::World;
use serde_json::{Value, json};

/// What the vendor pays for a piece.
pub const UNIT_COST: i64 = 7_310_931;

/// A value and who may see it.
#[derive(Debug)]
pub struct Canary {
    pub name: &'static str,
    pub value: Value,
    pub seen_by: &'static [&'static str],
}

/// The text for a field.
pub fn text(name: &str) -> String {
    format!("canary-{name}")
}

/// An address that is told by its lines.
pub fn addressed(name: &str) -> Value {
    json!({ "fullName": text(name), "line1": format!("{} lane", text(name)), "city": "Bristol",
        "postalCode": "BS1 4DB", "country": "GB", "phone": "+441174960123" })
}

const OWNER: &[&str] = &["owner", "staff", "admin"];
const VENDOR: &[&str] = &["vendor", "staff", "admin"];
const BOTH: &[&str] = &["owner", "vendor", "staff", "admin"];
const STAFF: &[&str] = &["staff", "admin"];
pub const SELF: &[&str] = &["owner"];

/// Written by this test.
const PLANTED: &[(&str, &[&str])] = &[
    ("address-book", OWNER),
    ("cart-shipping", OWNER),
    ("cart-billing", OWNER),
    ("cart-note", OWNER),
    ("order-shipping", BOTH),
    ("order-billing", OWNER),
    ("order-note", STAFF),
    ("refund-note", BOTH),
    ("loyalty-reason", OWNER),
    ("wishlist", OWNER),
    ("legal-name", VENDOR),
    ("supplier", VENDOR),
    ("warehouse", VENDOR),
    ("stock-reason", VENDOR),
];

/// Made by the shop: read by one who may, through a pointer into the answer.
const READ: &[(&str, &[&str], &str, &str, &str)] = &[
    ("owner-email", OWNER, "owner", "{ me { email } }", "/me/email"),
    ("vendor-email", VENDOR, "vendor", "{ me { email } }", "/me/email"),
    ("staff-email", STAFF, "staff", "{ me { email } }", "/me/email"),
    (
        "order-number",
        BOTH,
        "owner",
        "{ order(id: $order) { number } }",
        "/order/number",
    ),
    (
        "share-token",
        OWNER,
        "owner",
        "{ node(id: $wishlist) { ... on Wishlist { shareToken } } }",
        "/node/shareToken",
    ),
    (
        "message",
        OWNER,
        "owner",
        "{ notification(id: $notification) { body } }",
        "/notification/body",
    ),
    (
        "message-id",
        STAFF,
        "staff",
        "{ node(id: $delivery) { ... on Delivery { providerMessageId } } }",
        "/node/providerMessageId",
    ),
    (
        "intent",
        STAFF,
        "staff",
        "{ payment(id: $payment) { providerRef } }",
        "/payment/providerRef",
    ),
    (
        "audit-hash",
        STAFF,
        "staff",
        "{ order(id: $order) { auditTrail { hash } } }",
        "/order/auditTrail/0/hash",
    ),
    (
        "event-payload",
        STAFF,
        "staff",
        "{ node(id: $event) { ... on EventRecord { payload } } }",
        "/node/payload",
    ),
    (
        "commission",
        VENDOR,
        "vendor",
        "{ vendorOrder(id: $vendorOrder) { commission { amount } } }",
        "/vendorOrder/commission/amount",
    ),
    (
        "vendor-net",
        VENDOR,
        "vendor",
        "{ vendorOrder(id: $vendorOrder) { vendorNet { amount } } }",
        "/vendorOrder/vendorNet/amount",
    ),
];

impl World {
    /// Plants what is not planted yet, and reads what the shop has made.
    pub(super) async fn canaries(&mut self) {
        self.plant().await;
        for (name, seen_by) in PLANTED {
            let value = json!(text(name));
            self.canaries.push(Canary { name, value, seen_by });
        }
        for (name, seen_by, viewer, query, pointer) in READ {
            let value = self.read(viewer, query, pointer).await;
            self.canaries.push(Canary { name, value, seen_by });
        }
        self.canaries.push(Canary {
            name: "unit-cost",
            value: json!(UNIT_COST),
            seen_by: VENDOR,
        });
    }

    async fn read(&self, viewer: &str, query: &str, pointer: &str) -> Value {
        let operation = query.trim_matches(['{', '}']);
        let query = crate::authorization::pool::declare("query", operation);
        let variables = Value::Object(self.pool.values(operation));
        let data = self.client(viewer).eventually(&query, variables).await;
        let mut data = data.unwrap_or_else(|error| panic!("{query}: {error:#}"));
        let value = data.pointer_mut(pointer).map(Value::take).unwrap_or_default();
        assert!(!value.is_null(), "{query} has no {pointer}");
        value
    }

    async fn plant(&mut self) {
        let query =
            "mutation($order: ID!) { orderNoteAdd(id: $order, isPublic: false, note: \"canary-order-note\") {
            userErrors { code message } } }";
        self.keep("staff", query, json!({ "order": self.id("order") }), &[])
            .await;
        let query = "mutation($cart: ID!, $variant: ID!) {
            cartLinesAdd(cartId: $cart, lines: [{variantId: $variant, quantity: 1, note: \"canary-cart-note\"}]) {
                userErrors { code message } } }";
        let variables = json!({ "cart": self.id("cart"), "variant": self.id("variant") });
        self.keep("owner", query, variables, &[]).await;
        let query = "mutation { wishlistCreate(name: \"canary-wishlist\") { userErrors { code message } } }";
        self.keep("owner", query, json!({}), &[]).await;
        // Only what may be shared has a token.
        let query = "mutation($id: ID!) { wishlistShare(wishlistId: $id, isPublic: true) { userErrors { code message } } }";
        self.keep("owner", query, json!({ "id": self.id("wishlist") }), &[])
            .await;
        let query = "mutation($variant: ID!, $warehouse: ID!) {
            stockAdjust(changes: [{variantId: $variant, warehouseId: $warehouse, delta: 1}],
                reason: \"canary-stock-reason\", idempotencyKey: \"canary\") { userErrors { code message path } } }";
        let variables = json!({ "variant": self.id("variant"), "warehouse": self.id("warehouse") });
        self.keep("vendor", query, variables, &[]).await;
    }
}
