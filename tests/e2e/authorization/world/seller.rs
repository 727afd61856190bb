//! What the vendor sells and has.

use super::{
    CODE, World, address,
    canaries::{UNIT_COST, addressed, text},
};
use crate::{authorization::viewers::VIEWERS, support::until};
use serde_json::{Value, json};

impl World {
    pub(super) async fn catalogue(&mut self) {
        let mine = "{ me { vendorMemberships { vendor { id } } } }";
        self.keep(
            "vendor",
            mine,
            json!({}),
            &[("vendor", "/me/vendorMemberships/0/vendor/id")],
        )
        .await;
        let query = "query($vendor: [ID!]) { products(first: 1, where: {vendorId: $vendor, kind: [BOOK]}) { nodes {
            id category { id } variants { id sku stockLevels { id warehouse { id } } } } } brands(first: 1) { id } }";
        let ids = [
            ("product", "/products/nodes/0/id"),
            ("category", "/products/nodes/0/category/id"),
            ("variant", "/products/nodes/0/variants/0/id"),
            ("sku", "/products/nodes/0/variants/0/sku"),
            ("stockLevel", "/products/nodes/0/variants/0/stockLevels/0/id"),
            (
                "warehouse",
                "/products/nodes/0/variants/0/stockLevels/0/warehouse/id",
            ),
            ("brand", "/brands/0/id"),
        ];
        let vendor = json!({ "vendor": [self.id("vendor")] });
        self.keep("vendor", query, vendor, &ids).await;
    }

    pub(super) async fn of_the_vendor(&mut self) {
        let (vendor, warehouse, variant) = (self.id("vendor"), self.id("warehouse"), self.id("variant"));
        let query =
            "mutation($vendor: ID!) { dashboardUpsert(name: \"Ours\", vendorId: $vendor, widgets: []) {
            dashboard { id } userErrors { code message path } } }";
        let ids = [("dashboard", "/dashboardUpsert/dashboard/id")];
        self.keep("vendor", query, json!({ "vendor": vendor }), &ids)
            .await;
        let query = "mutation($vendor: ID!) { supplierUpsert(name: \"Paper mill\", currency: \"GBP\", vendorId: $vendor,
            email: \"canary-supplier@agora.example\") {
            supplier { id } userErrors { code message path } } }";
        let ids = [("supplier", "/supplierUpsert/supplier/id")];
        self.keep("vendor", query, json!({ "vendor": vendor }), &ids)
            .await;
        let query = "mutation($supplier: ID!, $warehouse: ID!, $variant: ID!, $cost: MinorUnits!) { purchaseOrderCreate(idempotencyKey: \"a\",
            supplierId: $supplier, warehouseId: $warehouse,
            lines: [{variantId: $variant, quantity: 9, unitCost: {amount: $cost, currency: \"GBP\"}}]) {
            purchaseOrder { id } userErrors { code message path } } }";
        let variables = json!({ "supplier": self.id("supplier"), "warehouse": warehouse, "variant": variant, "cost": UNIT_COST });
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
        self.files().await;
        // Everything is low now.
        let query = "mutation($variant: ID!, $warehouse: ID!) {
            reorderPointSet(variantId: $variant, warehouseId: $warehouse, reorderPoint: 100000) { userErrors { code message path } } }";
        self.keep(
            "vendor",
            query,
            json!({ "variant": variant, "warehouse": warehouse }),
            &[],
        )
        .await;
        let client = self.client("vendor");
        let alert = until(
            &client,
            "{ lowStockAlerts { id variant { id } } }",
            json!({}),
            |data| {
                let mut alerts = data["lowStockAlerts"].as_array()?.iter();
                alerts
                    .find(|alert| alert["variant"]["id"] == variant)
                    .map(|alert| alert["id"].clone())
            },
        );
        let alert = alert.await;
        self.pool.set("lowStockAlert", &alert);
    }

    async fn method(&mut self) {
        let zones = self
            .keep("vendor", "{ shippingZones { id countries } }", json!({}), &[])
            .await;
        let here = |zone: &&Value| {
            zone["countries"]
                .as_array()
                .is_some_and(|all| all.contains(&json!("GB")))
        };
        let zone = zones["shippingZones"]
            .as_array()
            .unwrap()
            .iter()
            .find(here)
            .unwrap();
        self.pool.set("zone", &zone["id"]);
        let query = "mutation($vendor: ID!, $rates: [RateInput!]!) { shippingMethodUpsert(vendorId: $vendor, name: \"Bicycle\",
            carrier: \"Us\", minDays: 1, maxDays: 2, rates: $rates) { method { id } userErrors { code message path } } }";
        let rates = json!([{ "zoneId": self.id("zone"), "kind": "FLAT", "base": { "amount": 9900, "currency": "GBP" } }]);
        let ids = [("method", "/shippingMethodUpsert/method/id")];
        self.keep(
            "vendor",
            query,
            json!({ "vendor": self.id("vendor"), "rates": rates }),
            &ids,
        )
        .await;
    }

    /// Slots for pictures, a spare one for everybody, and an import that has been read.
    async fn files(&mut self) {
        let query = "mutation($id: ID!) { mediaUploadCreate(productId: $id, contentType: \"image/png\", sizeBytes: 9) {
            mediaId userErrors { code message path } } }";
        let ids = [("media", "/mediaUploadCreate/mediaId")];
        self.keep("vendor", query, json!({ "id": self.id("product") }), &ids)
            .await;
        for _ in 0..VIEWERS.len() {
            let opened = self
                .client("vendor")
                .run(query, json!({ "id": self.id("draft") }))
                .await;
            let id = opened.unwrap()["mediaUploadCreate"]["mediaId"]
                .as_str()
                .unwrap()
                .to_owned();
            self.pool.spares.entry("spareMedia").or_default().push(id);
        }
        let query =
            "mutation($vendor: ID!, $content: String!) { catalogImportCreate(vendorId: $vendor, format: CSV,
            dryRun: true, content: $content, idempotencyKey: \"a\") {
            catalogImport { id } userErrors { code message path } } }";
        let ids = [("catalogImport", "/catalogImportCreate/catalogImport/id")];
        let variables =
            json!({ "vendor": self.id("vendor"), "content": "sku,name\nNO-SUCH-THING,Nothing\n" });
        self.keep("vendor", query, variables, &ids).await;
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
        let ids = [
            ("draft", "/productCreate/product/id"),
            ("draftVariant", "/productCreate/product/variants/0/id"),
        ];
        self.keep(
            "vendor",
            query,
            json!({ "vendor": vendor, "input": input, "variants": variants }),
            &ids,
        )
        .await;
        let query = "mutation($input: VendorInput!) { vendorApply(input: $input) { vendor { id } userErrors { code message path } } }";
        let input = json!({ "displayName": "Second", "legalName": text("legal-name"), "slug": "second", "address": address() });
        self.keep(
            "vendor",
            query,
            json!({ "input": input }),
            &[("applicant", "/vendorApply/vendor/id")],
        )
        .await;
        let query = "query($id: ID!) { product(by: {id: $id}) { version name slug kind category { id } } }";
        let product = self
            .keep("vendor", query, json!({ "id": self.id("product") }), &[])
            .await["product"]
            .take();
        let query = "mutation($id: ID!, $version: Int!, $input: ProductInput!) {
            productUpdate(id: $id, expectedVersion: $version, input: $input) {
                product { pendingRevision { id } } userErrors { code message path } } }";
        let details =
            json!({ "book": { "isbn13": "9780306406157", "authors": ["A. Uthor"], "format": "PAPERBACK" } });
        let input = json!({ "name": "Another name", "slug": product["slug"], "kind": product["kind"],
            "categoryId": product["category"]["id"], "details": details });
        let variables = json!({ "id": self.id("product"), "version": product["version"], "input": input });
        let ids = [("revision", "/productUpdate/product/pendingRevision/id")];
        self.keep("vendor", query, variables, &ids).await;
        let query = "mutation($input: WarehouseInput!) { warehouseUpsert(input: $input) { warehouse { id } userErrors { code message path } } }";
        let input = json!({ "code": "STORE", "name": "Store", "address": addressed("warehouse"), "vendorId": vendor, "servesCountries": ["GB"] });
        self.keep(
            "vendor",
            query,
            json!({ "input": input }),
            &[("store", "/warehouseUpsert/warehouse/id")],
        )
        .await;
        let query = "mutation($vendor: ID!, $name: String!) { dashboardUpsert(name: $name, vendorId: $vendor, widgets: []) {
            dashboard { id } userErrors { code message path } } }";
        for number in 0..VIEWERS.len() {
            let variables = json!({ "vendor": vendor, "name": format!("Spare {number}") });
            let made = self.client("vendor").run(query, variables).await.unwrap();
            let id = made["dashboardUpsert"]["dashboard"]["id"]
                .as_str()
                .unwrap()
                .to_owned();
            self.pool.spares.entry("spareDashboard").or_default().push(id);
        }
    }
}
