//! Who sees and changes what.

use super::World;
use platform::{
    Role, Viewer,
    ids::{OrderId, VariantId, WarehouseId},
    testing::viewer,
};
use serde_json::{Value, json};

impl World {
    pub(super) fn member(&self) -> Viewer {
        Viewer {
            vendors: vec![self.vendor],
            ..viewer(Role::Vendor)
        }
    }

    pub(super) async fn warehouse(&self, code: &str) -> String {
        let id = sqlx::query_scalar!("select id from inventory.warehouses where code = $1", code);
        WarehouseId(id.fetch_one(self.deps.db.pool()).await.unwrap()).to_string()
    }

    pub(super) async fn set(
        &self,
        viewer: &Viewer,
        variant: VariantId,
        warehouse: &str,
        rest: &str,
        key: &str,
    ) -> Value {
        let query = format!(
            r#"mutation {{ stockSet(quantities: [{{variantId: "{variant}", warehouseId: "{warehouse}", {rest}}}],
            reason: "count", idempotencyKey: "{key}") {{ stockLevels {{ onHand available version }}
            userErrors {{ code path }} }} }}"#
        );
        self.ask(viewer, &query).await
    }
}

pub(super) fn stranger() -> Viewer {
    Viewer {
        vendors: vec![platform::ids::VendorId::new()],
        ..viewer(Role::Vendor)
    }
}

#[tokio::test]
async fn exact_numbers_are_for_the_vendor_and_staff() {
    let world = World::new().await;
    let variant = world.stocked("A", 57).await;
    let query = format!(
        r#"{{ availability(variantIds: ["{variant}", "{}", "x"]) {{ state available maxOrderable }} }}"#,
        VariantId::new()
    );
    let missing = json!({ "state": "OUT_OF_STOCK", "available": null, "maxOrderable": 0 });
    for viewer in [Viewer::anonymous(), viewer(Role::Customer), stranger()] {
        let answer = world.ask(&viewer, &query).await;
        let coarse = json!({ "state": "IN_STOCK", "available": null, "maxOrderable": 50 });
        assert_eq!(answer["data"]["availability"], json!([coarse, missing, null]));
    }
    for viewer in [world.member(), viewer(Role::Staff)] {
        let answer = world.ask(&viewer, &query).await;
        assert_eq!(answer["data"]["availability"][0]["available"], 57);
    }
}

#[tokio::test]
async fn contributed_fields_come_in_one_statement_and_hide_foreign_rows() {
    let world = World::new().await;
    let variant = world.stocked("A", 3).await;
    let query = format!(
        r#"{{ _entities(representations: [
            {{__typename: "ProductVariant", id: "{variant}"}}, {{__typename: "Product", id: "{}"}},
            {{__typename: "Vendor", id: "{}"}}, {{__typename: "Warehouse", id: "nonsense"}}]) {{
            ... on ProductVariant {{ stockLevels {{ onHand warehouse {{ code stockLevels(first: 1) {{ nodes {{ onHand }} }} }} }} }}
            ... on Product {{ state: availability(country: "GB") }}
            ... on Vendor {{ warehouses {{ code }} lowStockAlerts {{ available }} }}
            ... on Warehouse {{ code }} }} }}"#,
        world.product, world.vendor
    );
    let own = world.ask(&world.member(), &query).await;
    let level =
        json!({ "onHand": 3, "warehouse": { "code": "A", "stockLevels": { "nodes": [{ "onHand": 3 }] } } });
    assert_eq!(
        own["data"]["_entities"][0]["stockLevels"],
        json!([level]),
        "{own}"
    );
    assert_eq!(own["data"]["_entities"][1]["state"], "IN_STOCK");
    assert_eq!(
        own["data"]["_entities"][2],
        json!({ "warehouses": [{ "code": "A" }], "lowStockAlerts": [] })
    );
    assert_eq!(own["data"]["_entities"][3], Value::Null);
    let foreign = world.ask(&stranger(), &query).await;
    assert_eq!(foreign["data"]["_entities"][0]["stockLevels"], json!([]));
    assert_eq!(foreign["data"]["_entities"][2]["warehouses"], Value::Null);
    assert_eq!(foreign["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let guest = world.ask(&Viewer::anonymous(), &query).await;
    assert_eq!(guest["data"]["_entities"][1]["state"], "IN_STOCK");
    assert_eq!(guest["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn stock_set_is_checked_replayed_and_refused_to_strangers() {
    let world = World::new().await;
    let variant = world.stocked("A", 10).await;
    let (warehouse, member) = (world.warehouse("A").await, world.member());
    let done = world
        .set(
            &member,
            variant,
            &warehouse,
            "onHand: 8, changeFromQuantity: 10",
            "k1",
        )
        .await;
    assert_eq!(done["data"]["stockSet"]["stockLevels"][0]["onHand"], 8, "{done}");
    let replay = world
        .set(
            &member,
            variant,
            &warehouse,
            "onHand: 8, changeFromQuantity: 10",
            "k1",
        )
        .await;
    assert_eq!(replay, done);
    let reused = world.set(&member, variant, &warehouse, "onHand: 9", "k1").await;
    assert_eq!(
        reused["data"]["stockSet"]["userErrors"][0]["code"],
        "IDEMPOTENCY_KEY_REUSED"
    );
    let stale = world
        .set(
            &member,
            variant,
            &warehouse,
            "onHand: 9, changeFromQuantity: 10",
            "k2",
        )
        .await;
    assert_eq!(stale["data"]["stockSet"]["userErrors"][0]["code"], "CONFLICT");
    assert_eq!(
        stale["data"]["stockSet"]["userErrors"][0]["path"],
        json!(["quantities", "0", "changeFromQuantity"])
    );
    world.reserve(OrderId::new(), &[(variant, 5)]).await;
    let promised = world.set(&member, variant, &warehouse, "onHand: 4", "k3").await;
    assert_eq!(
        promised["data"]["stockSet"]["userErrors"][0]["code"],
        "INSUFFICIENT_STOCK"
    );
    let foreign = world
        .set(&stranger(), variant, &warehouse, "onHand: 0", "k4")
        .await;
    assert_eq!(foreign["data"]["stockSet"]["userErrors"][0]["code"], "NOT_FOUND");
    let customer = world
        .set(&viewer(Role::Customer), variant, &warehouse, "onHand: 0", "k5")
        .await;
    assert_eq!(customer["data"]["stockSet"], Value::Null);
    assert_eq!(customer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(world.broken_levels().await, 0);
}

#[tokio::test]
async fn warehouses_suppliers_purchases_and_transfers() {
    let world = World::new().await;
    let variant = world.stocked("A", 4).await;
    let (member, a) = (world.member(), world.warehouse("A").await);
    let upsert = r#"mutation { warehouseUpsert(input: {code: "B", name: "Second", servesCountries: ["GB"],
        address: {fullName: "B", line1: "1 Road", city: "Leeds", postalCode: "LS1 4DY", country: "GB"}})
        { warehouse { id vendor { id } servesCountries } userErrors { code message } } }"#;
    let made = world.ask(&member, upsert).await;
    let b = made["data"]["warehouseUpsert"]["warehouse"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let again = world.ask(&member, upsert).await;
    assert_eq!(
        again["data"]["warehouseUpsert"]["userErrors"][0]["code"],
        "CONFLICT"
    );
    let transfer = format!(
        r#"mutation {{ stockTransfer(variantId: "{variant}", fromWarehouseId: "{a}", toWarehouseId: "{b}", quantity: 3,
        idempotencyKey: "t") {{ stockLevels {{ onHand }} userErrors {{ code message }} }} }}"#
    );
    for _ in 0..2 {
        let moved = world.ask(&member, &transfer).await;
        assert_eq!(moved["data"]["stockTransfer"]["userErrors"], json!([]), "{moved}");
    }
    assert_eq!(world.counters(variant).await, (4, 0, 0));
    let supplier = r#"mutation { supplierUpsert(name: "Mill", currency: "EUR", leadTimeDays: 5, email: "a@b.example")
        { supplier { id } userErrors { message } } }"#;
    let supplier = world.ask(&member, supplier).await;
    let supplier = supplier["data"]["supplierUpsert"]["supplier"]["id"]
        .as_str()
        .unwrap();
    let create = format!(
        r#"mutation {{ purchaseOrderCreate(supplierId: "{supplier}", warehouseId: "{b}", idempotencyKey: "p", lines:
        [{{variantId: "{variant}", quantity: 7, unitCost: {{amount: 150, currency: "EUR"}}}}])
        {{ purchaseOrder {{ id status expectedAt total {{ amount currency }} lines {{ quantity unitCost {{ amount }} }} }}
        userErrors {{ code message }} }} }}"#
    );
    let created = world.ask(&member, &create).await;
    let order = &created["data"]["purchaseOrderCreate"]["purchaseOrder"];
    assert_eq!(
        order["total"],
        json!({ "amount": 1050, "currency": "EUR" }),
        "{created}"
    );
    let incoming = world
        .ask(&member, "{ stockLevels { nodes { incoming onHand } } }")
        .await;
    assert_eq!(
        incoming["data"]["stockLevels"]["nodes"][1],
        json!({ "incoming": 7, "onHand": 3 })
    );
    world.reserve(OrderId::new(), &[(variant, 3), (variant, 1)]).await;
    let until = format!(r#"{{ availability(variantIds: ["{variant}"]) {{ state backorderUntil }} }}"#);
    let until = world.ask(&Viewer::anonymous(), &until).await;
    let expected = json!([{ "state": "OUT_OF_STOCK", "backorderUntil": order["expectedAt"] }]);
    assert_eq!(until["data"]["availability"], expected);
    let id = order["id"].as_str().unwrap();
    for (quantity, status) in [(3, "PARTIALLY_RECEIVED"), (4, "RECEIVED")] {
        let receive = format!(
            r#"mutation {{ purchaseOrderReceive(id: "{id}", variantId: "{variant}", quantity: {quantity},
            idempotencyKey: "r{quantity}") {{ purchaseOrder {{ status }} userErrors {{ code }} }} }}"#
        );
        for _ in 0..2 {
            let received = world.ask(&member, &receive).await;
            assert_eq!(
                received["data"]["purchaseOrderReceive"]["purchaseOrder"]["status"],
                status
            );
        }
    }
    let cancel = format!(r#"mutation {{ purchaseOrderCancel(id: "{id}") {{ userErrors {{ code }} }} }}"#);
    let late = world.ask(&member, &cancel).await;
    assert_eq!(
        late["data"]["purchaseOrderCancel"]["userErrors"][0]["code"],
        "INVALID_TRANSITION"
    );
    assert_eq!(world.counters(variant).await, (11, 4, 0));
    let ledger = "{ inventoryTransactions(first: 3, type: [RECEIPT, TRANSFER_IN]) { nodes { type delta actor refType } } }";
    let ledger = world.ask(&member, ledger).await;
    let newest = &ledger["data"]["inventoryTransactions"]["nodes"][0];
    assert_eq!(
        (&newest["type"], &newest["delta"]),
        (&json!("RECEIPT"), &json!(4)),
        "{ledger}"
    );
    assert_eq!(world.broken_levels().await, 0);
}
