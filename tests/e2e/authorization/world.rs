//! The objects that the operations of the table name, made through the public operations: the owner's cart, order and
//! so on, bought from the vendor; the vendor's and the staff's things.

use super::{
    pool::Pool,
    viewers::{self, Caller, VIEWERS, column},
};
use crate::{
    journey::{CHECKOUT, cart_with, checkout_input, quote, ship_to, version},
    support::{Shop, until, until_status},
};
use agora::{
    client::Client,
    services::{SERVICES, port_offset},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A shop, everybody in it, and what they have.
pub struct World {
    pub shop: Shop,
    pub callers: [Caller; VIEWERS.len()],
    pub pool: Pool,
    /// Anonymous callers of each service, without the router in front.
    services: BTreeMap<&'static str, Client>,
}

const CODE: &str = "AUTHORIZED";

fn address() -> Value {
    json!({ "fullName": "Robin Reader", "line1": "2 Quay Street", "city": "Bristol", "postalCode": "BS1 4DB", "country": "GB" })
}

impl World {
    pub async fn new(shop: Shop) -> Self {
        let callers = viewers::all(&shop).await;
        let url = |name| format!("http://127.0.0.1:{}/graphql", shop.port + port_offset(name));
        let services = SERVICES.iter().map(|service| (service.name, Client::new(url(service.name)).unwrap()));
        let mut world = Self { callers, pool: Pool::default(), services: services.collect(), shop };
        world.catalogue().await;
        world.of_the_vendor().await;
        world.order().await;
        world.after_the_order().await;
        world.of_the_owner().await;
        world.of_the_staff().await;
        world
    }

    pub fn client(&self, viewer: &str) -> Client {
        self.callers[column(viewer)].client.clone()
    }

    /// A viewer who asks a service directly.
    pub fn direct(&self, service: &str, column: usize) -> Client {
        match &self.callers[column].token {
            Some(token) => self.services[service].with_token(token),
            None => self.services[service].clone(),
        }
    }

    fn id(&self, name: &str) -> Value {
        json!(self.pool.objects[name])
    }

    /// Runs an operation and keeps IDs of its result: pairs of a variable and a pointer into `data`.
    async fn keep(&mut self, viewer: &str, query: &str, variables: Value, ids: &[(&'static str, &str)]) -> Value {
        let data = self.client(viewer).run(query, variables).await;
        let data = data.unwrap_or_else(|error| panic!("{query}: {error:#}"));
        for (name, pointer) in ids {
            self.pool.set(name, data.pointer(pointer).unwrap_or(&Value::Null));
        }
        data
    }

    async fn catalogue(&mut self) {
        let mine = "{ me { vendorMemberships { vendor { id } } } }";
        self.keep("vendor", mine, json!({}), &[("vendor", "/me/vendorMemberships/0/vendor/id")]).await;
        let query = "query($vendor: [ID!]) { products(first: 1, where: {vendorId: $vendor, kind: [BOOK]}) { nodes {
            id category { id } variants { id sku stockLevels { id warehouse { id } } } } } brands(first: 1) { id } }";
        let ids = [
            ("product", "/products/nodes/0/id"),
            ("category", "/products/nodes/0/category/id"),
            ("variant", "/products/nodes/0/variants/0/id"),
            ("sku", "/products/nodes/0/variants/0/sku"),
            ("stockLevel", "/products/nodes/0/variants/0/stockLevels/0/id"),
            ("warehouse", "/products/nodes/0/variants/0/stockLevels/0/warehouse/id"),
            ("brand", "/brands/0/id"),
        ];
        let vendor = json!({ "vendor": [self.id("vendor")] });
        self.keep("vendor", query, vendor, &ids).await;
    }

    async fn of_the_vendor(&mut self) {
        let (vendor, warehouse, variant) = (self.id("vendor"), self.id("warehouse"), self.id("variant"));
        let query = "mutation($vendor: ID!) { dashboardUpsert(name: \"Ours\", vendorId: $vendor, widgets: []) {
            dashboard { id } userErrors { code message path } } }";
        let ids = [("dashboard", "/dashboardUpsert/dashboard/id")];
        self.keep("vendor", query, json!({ "vendor": vendor }), &ids).await;
        let query = "mutation($vendor: ID!) { supplierUpsert(name: \"Paper mill\", currency: \"GBP\", vendorId: $vendor) {
            supplier { id } userErrors { code message path } } }";
        let ids = [("supplier", "/supplierUpsert/supplier/id")];
        self.keep("vendor", query, json!({ "vendor": vendor }), &ids).await;
        let query = "mutation($supplier: ID!, $warehouse: ID!, $variant: ID!) { purchaseOrderCreate(idempotencyKey: \"a\",
            supplierId: $supplier, warehouseId: $warehouse,
            lines: [{variantId: $variant, quantity: 9, unitCost: {amount: 100, currency: \"GBP\"}}]) {
            purchaseOrder { id } userErrors { code message path } } }";
        let variables = json!({ "supplier": self.id("supplier"), "warehouse": warehouse, "variant": variant });
        let ids = [("purchaseOrder", "/purchaseOrderCreate/purchaseOrder/id")];
        self.keep("vendor", query, variables, &ids).await;
        let query = "mutation($input: CouponInput!) { couponCreate(input: $input, idempotencyKey: \"a\") {
            coupon { id } userErrors { code message path } } }";
        let input = json!({ "code": CODE, "kind": "PERCENT", "scope": "VENDOR", "vendorId": vendor, "percentBasisPoints": 1000,
            "usageLimit": 1000 });
        let ids = [("coupon", "/couponCreate/coupon/id")];
        self.keep("vendor", query, json!({ "input": input }), &ids).await;
        self.method().await;
        self.drafts().await;
        // Everything is low now.
        let query = "mutation($variant: ID!, $warehouse: ID!) {
            reorderPointSet(variantId: $variant, warehouseId: $warehouse, reorderPoint: 100000) { userErrors { code message path } } }";
        self.keep("vendor", query, json!({ "variant": variant, "warehouse": warehouse }), &[]).await;
        let client = self.client("vendor");
        let alert = until(&client, "{ lowStockAlerts { id variant { id } } }", json!({}), |data| {
            let mut alerts = data["lowStockAlerts"].as_array()?.iter();
            alerts.find(|alert| alert["variant"]["id"] == variant).map(|alert| alert["id"].clone())
        });
        let alert = alert.await;
        self.pool.set("lowStockAlert", &alert);
    }

    async fn method(&mut self) {
        let zones = self.keep("vendor", "{ shippingZones { id countries } }", json!({}), &[]).await;
        let here = |zone: &&Value| zone["countries"].as_array().is_some_and(|all| all.contains(&json!("GB")));
        let zone = zones["shippingZones"].as_array().unwrap().iter().find(here).unwrap();
        self.pool.set("zone", &zone["id"]);
        let query = "mutation($vendor: ID!, $rates: [RateInput!]!) { shippingMethodUpsert(vendorId: $vendor, name: \"Bicycle\",
            carrier: \"Us\", minDays: 1, maxDays: 2, rates: $rates) { method { id } userErrors { code message path } } }";
        let rates = json!([{ "zoneId": self.id("zone"), "kind": "FLAT", "base": { "amount": 9900, "currency": "GBP" } }]);
        let ids = [("method", "/shippingMethodUpsert/method/id")];
        self.keep("vendor", query, json!({ "vendor": self.id("vendor"), "rates": rates }), &ids).await;
    }

    /// What nobody else may know of: a product and a vendor before their approval. And an edit of a product on sale.
    async fn drafts(&mut self) {
        let (vendor, category) = (self.id("vendor"), self.id("category"));
        let query = "mutation($vendor: ID!, $input: ProductInput!, $variants: [VariantInput!]!) {
            productCreate(vendorId: $vendor, input: $input, variants: $variants, idempotencyKey: \"a\") {
                product { id variants { id } } userErrors { code message path } } }";
        let input = json!({ "name": "Secret", "slug": "secret", "categoryId": category, "kind": "GENERIC" });
        let variants = json!([{ "sku": "SECRET", "name": "Secret", "prices": [{ "amount": 100, "currency": "GBP" }],
            "weightGrams": 1, "taxCategory": "standard" }]);
        let ids = [("draft", "/productCreate/product/id"), ("draftVariant", "/productCreate/product/variants/0/id")];
        self.keep("vendor", query, json!({ "vendor": vendor, "input": input, "variants": variants }), &ids).await;
        let query = "mutation($input: VendorInput!) { vendorApply(input: $input) { vendor { id } userErrors { code message path } } }";
        let input = json!({ "displayName": "Second", "legalName": "Second Ltd", "slug": "second", "address": address() });
        self.keep("vendor", query, json!({ "input": input }), &[("applicant", "/vendorApply/vendor/id")]).await;
        let query = "query($id: ID!) { product(by: {id: $id}) { version name slug kind category { id } } }";
        let product = self.keep("vendor", query, json!({ "id": self.id("product") }), &[]).await["product"].take();
        let query = "mutation($id: ID!, $version: Int!, $input: ProductInput!) {
            productUpdate(id: $id, expectedVersion: $version, input: $input) {
                product { pendingRevision { id } } userErrors { code message path } } }";
        let details = json!({ "book": { "isbn13": "9780306406157", "authors": ["A. Uthor"], "format": "PAPERBACK" } });
        let input = json!({ "name": "Another name", "slug": product["slug"], "kind": product["kind"],
            "categoryId": product["category"]["id"], "details": details });
        let variables = json!({ "id": self.id("product"), "version": product["version"], "input": input });
        let ids = [("revision", "/productUpdate/product/pendingRevision/id")];
        self.keep("vendor", query, variables, &ids).await;
        let query = "mutation($input: WarehouseInput!) { warehouseUpsert(input: $input) { warehouse { id } userErrors { code message path } } }";
        let input = json!({ "code": "STORE", "name": "Store", "address": address(), "vendorId": vendor, "servesCountries": ["GB"] });
        self.keep("vendor", query, json!({ "input": input }), &[("store", "/warehouseUpsert/warehouse/id")]).await;
        let query = "mutation($vendor: ID!, $name: String!) { dashboardUpsert(name: $name, vendorId: $vendor, widgets: []) {
            dashboard { id } userErrors { code message path } } }";
        for number in 0..VIEWERS.len() {
            let variables = json!({ "vendor": vendor, "name": format!("Spare {number}") });
            let made = self.client("vendor").run(query, variables).await.unwrap();
            let id = made["dashboardUpsert"]["dashboard"]["id"].as_str().unwrap().to_owned();
            self.pool.spares.entry("spareDashboard").or_default().push(id);
        }
    }

    /// The owner buys two of the vendor's variant and pays; the vendor packs one.
    async fn order(&mut self) {
        let owner = self.client("owner");
        let cart = cart_with(&owner, vec![json!({ "variantId": self.id("variant"), "quantity": 2 })]).await;
        let apply = "mutation($cart: ID!, $version: Int!, $code: String!) {
            cartCouponApply(cartId: $cart, code: $code, expectedVersion: $version) { userErrors { code message } } }";
        let variables = json!({ "cart": cart, "version": version(&owner, &cart).await, "code": CODE });
        owner.run(apply, variables).await.unwrap();
        ship_to(&owner, &cart).await;
        let quoted = quote(&owner, &cart).await;
        let input = checkout_input(&owner, &cart, &quoted, "authorization").await;
        let placed = owner.run(CHECKOUT, json!({ "input": input })).await.unwrap()["checkoutComplete"].take();
        self.shop.pay(placed["payment"]["clientSecret"].as_str().unwrap(), "pm_card_visa").await;
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
        self.keep("staff", query, json!({ "order": self.id("order") }), &ids).await;
    }

    async fn after_the_order(&mut self) {
        let part = json!({ "id": self.id("vendorOrder") });
        let query = "query($id: ID!) { vendorOrder(id: $id) { version status } }";
        let vendor = self.client("vendor");
        let version = until(&vendor, query, part, |data| {
            (data["vendorOrder"]["status"] == "AWAITING_ACCEPTANCE").then(|| data["vendorOrder"]["version"].clone())
        });
        let version = version.await;
        let query = "mutation($id: ID!, $version: Int!) {
            vendorOrderAccept(id: $id, expectedVersion: $version) { userErrors { code message } } }";
        self.keep("vendor", query, json!({ "id": self.id("vendorOrder"), "version": version }), &[]).await;
        let query = "mutation($id: ID!, $line: ID!) { shipmentCreate(vendorOrderId: $id, idempotencyKey: \"a\",
            items: [{orderLineId: $line, quantity: 1}]) { shipment { id } userErrors { code message } } }";
        let variables = json!({ "id": self.id("vendorOrder"), "line": self.id("orderLine") });
        let shipment = vendor.eventually(query, variables).await.unwrap()["shipmentCreate"]["shipment"]["id"].take();
        self.pool.set("shipment", &shipment);
        let query = "mutation($input: RefundInput!) { refundRequest(input: $input) { refund { id } userErrors { code message path } } }";
        let input = json!({ "orderId": self.id("order"), "lines": [{ "orderLineId": self.id("orderLine"), "quantity": 1 }],
            "reason": "DAMAGED", "idempotencyKey": "a" });
        self.keep("owner", query, json!({ "input": input }), &[("refund", "/refundRequest/refund/id")]).await;
        self.manual_order().await;
    }

    /// Another order, to be paid by bank transfer.
    async fn manual_order(&mut self) {
        let owner = self.client("owner");
        let cart = cart_with(&owner, vec![json!({ "variantId": self.id("variant"), "quantity": 1 })]).await;
        ship_to(&owner, &cart).await;
        let quoted = quote(&owner, &cart).await;
        let mut input = checkout_input(&owner, &cart, &quoted, "manual").await;
        input["provider"] = json!("manual");
        let placed = owner.run(CHECKOUT, json!({ "input": input })).await.unwrap();
        self.pool.set("manualOrder", &placed["checkoutComplete"]["order"]["id"]);
    }

    async fn of_the_owner(&mut self) {
        // A second login, which may be ended without harm.
        Caller::seeded(&self.shop, "customer").await;
        let query = "{ me { id customer { id } sessions { id current } } }";
        let ids = [("user", "/me/id"), ("customer", "/me/customer/id")];
        let me = self.keep("owner", query, json!({}), &ids).await;
        let sessions = me["me"]["sessions"].as_array().unwrap();
        let spare = sessions.iter().find(|session| session["current"] == false).unwrap();
        self.pool.set("session", &spare["id"]);
        let owner = self.client("owner");
        let cart = cart_with(&owner, vec![json!({ "variantId": self.id("variant"), "quantity": 1 })]).await;
        self.pool.set("cart", &json!(cart));
        let ids = [("line", "/cart/lines/0/id")];
        self.keep("owner", "query($id: ID!) { cart(id: $id) { lines { id } } }", json!({ "id": cart }), &ids).await;
        ship_to(&owner, &cart).await;
        self.pool.set("quote", &quote(&owner, &cart).await["id"]);
        let query = "mutation($to: AddressInput!) { addressCreate(input: $to, kind: BOTH) { address { id } userErrors { code message } } }";
        let ids = [("address", "/addressCreate/address/id")];
        self.keep("owner", query, json!({ "to": address() }), &ids).await;
        for _ in 0..VIEWERS.len() {
            let made = owner.run(query, json!({ "to": address() })).await.unwrap();
            let id = made["addressCreate"]["address"]["id"].as_str().unwrap().to_owned();
            self.pool.spares.entry("spareAddress").or_default().push(id);
        }
        let query = "mutation($variant: ID!) { wishlistCreate(name: \"Mine\") { wishlist { id } userErrors { code message } }
            wishlistItemAdd(variantId: $variant) { userErrors { code } } }";
        let ids = [("wishlist", "/wishlistCreate/wishlist/id")];
        self.keep("owner", query, json!({ "variant": self.id("variant") }), &ids).await;
        let query = "mutation($product: ID!) { reviewCreate(productId: $product, rating: 4, title: \"Good\", body: \"Nice paper.\") {
            review { id } userErrors { code message } } }";
        let ids = [("review", "/reviewCreate/review/id")];
        self.keep("owner", query, json!({ "product": self.id("product") }), &ids).await;
        let query = "{ me { notifications(first: 50) { nodes { id deliveries { id channel status } } } } }";
        let found = until(&owner, query, json!({}), |data| {
            let nodes = data["me"]["notifications"]["nodes"].as_array()?;
            let sent = |node: &&Value| node["deliveries"].as_array().is_some_and(|all| all.iter().any(|d| d["channel"] == "EMAIL" && d["status"] == "SENT"));
            nodes.iter().find(sent).cloned()
        });
        let found = found.await;
        let mails = found["deliveries"].as_array().unwrap();
        let mail = mails.iter().find(|delivery| delivery["channel"] == "EMAIL").unwrap();
        self.pool.set("notification", &found["id"]);
        self.pool.set("delivery", &mail["id"]);
    }

    async fn of_the_staff(&mut self) {
        let query = "mutation($id: ID!) { reviewModerate(id: $id, status: PUBLISHED) { userErrors { code message } } }";
        self.keep("staff", query, json!({ "id": self.id("review") }), &[]).await;
        let bystander = Caller::customer(&self.shop, "bystander").await.client;
        let bystander = bystander.run("{ me { id } }", json!({})).await.unwrap();
        self.pool.set("bystander", &bystander["me"]["id"]);
        self.keep("vendor", "{ me { id } }", json!({}), &[("member", "/me/id")]).await;
        let query = "mutation { announcementPublish(title: \"Sale\", body: \"For staff\", audience: STAFF, severity: \"INFO\",
            idempotencyKey: \"a\") { announcement { id } userErrors { code message path } } }";
        let ids = [("announcement", "/announcementPublish/announcement/id")];
        self.keep("staff", query, json!({}), &ids).await;
        let query = "mutation($customer: ID!) { loyaltyAdjust(customerId: $customer, points: 5, reason: \"Sorry\",
            idempotencyKey: \"a\") { customer { loyalty { transactions(first: 1) { nodes { id } } } } userErrors { code message } } }";
        let ids = [("loyaltyTransaction", "/loyaltyAdjust/customer/loyalty/transactions/nodes/0/id")];
        self.keep("staff", query, json!({ "customer": self.id("customer") }), &ids).await;
        let query = "query($coupon: ID!, $variant: ID!) { notificationTemplates { id } vipBenefits { id }
            events(first: 1) { nodes { id } } inventoryTransactions(first: 1, variantId: $variant) { nodes { id } }
            coupon(id: $coupon) { redemptions(first: 1) { nodes { id } } } }";
        let ids = [
            ("template", "/notificationTemplates/0/id"),
            ("benefit", "/vipBenefits/0/id"),
            ("event", "/events/nodes/0/id"),
            ("transaction", "/inventoryTransactions/nodes/0/id"),
            ("couponRedemption", "/coupon/redemptions/nodes/0/id"),
        ];
        let variables = json!({ "coupon": self.id("coupon"), "variant": self.id("variant") });
        self.keep("staff", query, variables, &ids).await;
    }
}
