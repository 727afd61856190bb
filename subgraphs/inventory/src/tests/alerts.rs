//! What is told by itself: alerts and live changes.

use super::{World, graphql::stranger};
use futures::StreamExt;
use platform::{
    Viewer,
    ids::{OrderId, UserId},
};
use serde_json::json;

#[tokio::test]
async fn alerts_are_raised_once_and_end_clearly_above_the_point() {
    let world = World::new().await;
    let variant = world.stocked("A", 12).await;
    let (warehouse, member) = (world.warehouse("A").await, world.member());
    let point = format!(
        r#"mutation {{ reorderPointSet(variantId: "{variant}", warehouseId: "{warehouse}", reorderPoint: 10)
        {{ stockLevels {{ reorderPoint }} userErrors {{ message }} }} }}"#
    );
    world.ask(&member, &point).await;
    let alerts = "{ lowStockAlerts(status: [OPEN]) { id available threshold status warehouse { code } } }";
    assert_eq!(
        world.ask(&member, alerts).await["data"]["lowStockAlerts"],
        json!([])
    );
    for (n, on_hand) in [10, 11, 9].into_iter().enumerate() {
        let rest = format!("onHand: {on_hand}");
        world
            .set(&member, variant, &warehouse, &rest, &format!("k{n}"))
            .await;
    }
    let open = world.ask(&member, alerts).await;
    assert_eq!(
        open["data"]["lowStockAlerts"].as_array().unwrap().len(),
        1,
        "{open}"
    );
    assert_eq!(world.events("inventory.low_stock_raised").await, 1);
    let id = open["data"]["lowStockAlerts"][0]["id"].as_str().unwrap();
    let acknowledge = format!(
        r#"mutation {{ lowStockAlertAcknowledge(id: "{id}") {{ alert {{ status }} userErrors {{ code }} }} }}"#
    );
    let foreign = world.ask(&stranger(), &acknowledge).await;
    assert_eq!(
        foreign["data"]["lowStockAlertAcknowledge"]["userErrors"][0]["code"],
        "NOT_FOUND"
    );
    let own = world.ask(&member, &acknowledge).await;
    assert_eq!(
        own["data"]["lowStockAlertAcknowledge"]["alert"]["status"],
        "ACKNOWLEDGED"
    );
    world.set(&member, variant, &warehouse, "onHand: 13", "k9").await;
    let resolved = world
        .ask(&member, "{ lowStockAlerts(status: [RESOLVED]) { id } }")
        .await;
    assert_eq!(resolved["data"]["lowStockAlerts"], json!([{ "id": id }]));
}

#[tokio::test]
async fn changes_of_state_reach_subscribers() {
    let world = World::new().await;
    let variant = world.stocked("A", 1).await;
    let viewer = Viewer {
        user: Some(UserId::new()),
        ..Viewer::anonymous()
    };
    let query = format!(r#"subscription {{ stockChanged(variantIds: ["{variant}"]) {{ state seq }} }}"#);
    let schema = crate::schema(world.deps.clone());
    let mut stream = Box::pin(schema.execute_stream(async_graphql::Request::new(query).data(viewer)));
    let first = serde_json::to_value(stream.next().await.unwrap()).unwrap();
    assert_eq!(
        first["data"]["stockChanged"],
        json!({ "state": "IN_STOCK", "seq": 1 })
    );
    world.reserve(OrderId::new(), &[(variant, 1)]).await;
    let second = tokio::time::timeout(std::time::Duration::from_secs(20), stream.next()).await;
    let second = serde_json::to_value(second.unwrap().unwrap()).unwrap();
    assert_eq!(
        second["data"]["stockChanged"],
        json!({ "state": "OUT_OF_STOCK", "seq": 2 })
    );
}

#[tokio::test]
async fn a_return_to_stock_is_told_once_for_each_crossing() {
    let world = World::new().await;
    let variant = world.stocked("A", 1).await;
    let (warehouse, member) = (world.warehouse("A").await, world.member());
    let returns = || world.events("inventory.stock_returned");
    assert_eq!(returns().await, 1, "the first stock ever");
    for (n, (on_hand, told)) in [(3, 1), (0, 1), (2, 2), (9, 2), (0, 2), (0, 2), (1, 3)]
        .into_iter()
        .enumerate()
    {
        let rest = format!("onHand: {on_hand}");
        world
            .set(&member, variant, &warehouse, &rest, &format!("k{n}"))
            .await;
        assert_eq!(returns().await, told, "after {on_hand} at step {n}");
    }
}
