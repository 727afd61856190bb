//! What becomes of the stock of an order.

use super::{World, call, line};
use crate::{actions::expire::expire, commands, consumers};
use chrono::Utc;
use contracts::{
    events::{ProductChanged, ProductVariant, ShipmentStatusChanged, ShippedItem},
    inventory::{
        CommitStock, DeallocateStock, LineQuantity, ReleaseStock, ReserveReply, RestockLines, SecureStock,
        StockLine,
    },
};
use platform::{
    Error, Moment,
    events::{Origin, Received},
    ids::{CustomerId, OrderId, OrderLineId, ShipmentId, VariantId, VendorOrderId},
};
use uuid::Uuid;

fn fact<E>(event: E) -> Received<E> {
    Received {
        id: Uuid::now_v7(),
        occurred_at: Utc::now(),
        origin: Origin::Live,
        event,
    }
}

impl World {
    pub(super) async fn ship(&self, order: OrderId, line: OrderLineId, quantity: i32) {
        let event = ShipmentStatusChanged {
            shipment: ShipmentId::new(),
            number: "S-1".to_owned(),
            order,
            vendor_order: VendorOrderId::new(),
            vendor: self.vendor,
            customer: CustomerId::new(),
            warehouse: None,
            from: Some("READY".to_owned()),
            to: "IN_TRANSIT".to_owned(),
            left_warehouse: true,
            items: vec![ShippedItem { line, quantity }],
        };
        let mut tx = self.deps.db.begin(Moment::LIVE).await.unwrap();
        consumers::shipment_status_changed(&mut tx, fact(event))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub(super) async fn restock(
        &self,
        order: OrderId,
        key: &str,
        line: OrderLineId,
        quantity: i32,
    ) -> Result<(), Error> {
        let command = RestockLines {
            order,
            key: key.to_owned(),
            lines: vec![LineQuantity { line, quantity }],
        };
        commands::restock(&self.deps, call(), command).await.map(|_| ())
    }

    pub(super) async fn deallocate(&self, order: OrderId, key: &str, line: OrderLineId, quantity: i32) {
        let command = DeallocateStock {
            order,
            key: key.to_owned(),
            lines: vec![LineQuantity { line, quantity }],
        };
        commands::deallocate(&self.deps, call(), command).await.unwrap();
    }

    /// One line, reserved; returns its ID.
    async fn held(&self, order: OrderId, variant: VariantId, quantity: i32) -> OrderLineId {
        let wanted = line(variant, quantity);
        let reply = self.reserve_lines(order, vec![wanted], 600).await;
        assert!(matches!(reply, ReserveReply::Reserved { .. }), "{reply:?}");
        wanted.line
    }
}

#[tokio::test]
async fn from_reservation_to_return() {
    let world = World::new().await;
    let (variant, order) = (world.stocked("A", 10).await, OrderId::new());
    let line = world.held(order, variant, 6).await;
    assert_eq!(world.counters(variant).await, (10, 6, 0));
    for _ in 0..2 {
        commands::secure(&world.deps, call(), SecureStock { order })
            .await
            .unwrap();
        commands::commit(&world.deps, call(), CommitStock { order })
            .await
            .unwrap();
        assert_eq!(world.counters(variant).await, (10, 0, 6));
    }
    for _ in 0..2 {
        world.deallocate(order, "cancel-1", line, 1).await;
        assert_eq!(world.counters(variant).await, (10, 0, 5));
    }
    let early = world.restock(order, "return-1", line, 2).await;
    assert!(
        matches!(early, Err(Error::Unavailable(_))),
        "nothing has left yet"
    );
    world.ship(order, line, 4).await;
    assert_eq!(world.counters(variant).await, (6, 0, 1));
    for _ in 0..2 {
        world.restock(order, "return-1", line, 2).await.unwrap();
        assert_eq!(world.counters(variant).await, (8, 0, 1));
    }
    assert_eq!(world.broken_levels().await, 0);
}

#[tokio::test]
async fn all_or_nothing() {
    let world = World::new().await;
    let (plenty, scarce) = (world.stocked("A", 10).await, world.stocked("A", 1).await);
    let reply = world
        .reserve(OrderId::new(), &[(plenty, 1), (scarce, 1), (scarce, 1)])
        .await;
    let ReserveReply::Insufficient {
        variant,
        available,
        requested,
    } = reply
    else {
        panic!("{reply:?}");
    };
    assert_eq!((variant, available, requested), (scarce, 1, 2));
    assert_eq!(world.counters(plenty).await, (10, 0, 0));
}

#[tokio::test]
async fn a_release_that_comes_first_wins() {
    let world = World::new().await;
    let (variant, order) = (world.stocked("A", 10).await, OrderId::new());
    commands::release(&world.deps, call(), ReleaseStock { order })
        .await
        .unwrap();
    let late = world.reserve(order, &[(variant, 1)]).await;
    assert!(matches!(late, ReserveReply::Insufficient { .. }), "{late:?}");
    assert_eq!(world.counters(variant).await, (10, 0, 0));
}

#[tokio::test]
async fn expired_reservations_are_made_again_if_the_pieces_are_still_there() {
    let world = World::new().await;
    let variant = world.stocked("A", 3).await;
    let (first, second, kept) = (OrderId::new(), OrderId::new(), OrderId::new());
    let wanted: Vec<StockLine> = vec![line(variant, 2)];
    world.reserve_lines(first, wanted, -1).await;
    world.reserve_lines(kept, vec![line(variant, 1)], -1).await;
    commands::secure(&world.deps, call(), SecureStock { order: kept })
        .await
        .unwrap();
    assert!(!expire(&world.deps).await.unwrap());
    assert_eq!(world.counters(variant).await, (3, 1, 0));
    let again = commands::secure(&world.deps, call(), SecureStock { order: first })
        .await
        .unwrap();
    assert!(matches!(again, ReserveReply::Reserved { .. }));
    assert_eq!(world.counters(variant).await, (3, 3, 0));
    world.receive("A", variant, 1).await;
    world.reserve_lines(second, vec![line(variant, 1)], -1).await;
    expire(&world.deps).await.unwrap();
    world.held(OrderId::new(), variant, 1).await;
    let late = commands::secure(&world.deps, call(), SecureStock { order: second })
        .await
        .unwrap();
    assert!(matches!(late, ReserveReply::Insufficient { .. }), "{late:?}");
    assert_eq!(world.broken_levels().await, 0);
}

#[tokio::test]
async fn states_are_told_when_they_change_only() {
    let world = World::new().await;
    let topic = "inventory.stock_state_changed";
    let variant = world.stocked("A", 3).await;
    assert_eq!(world.events(topic).await, 1, "in stock");
    let order = OrderId::new();
    world.held(order, variant, 1).await;
    assert_eq!(world.events(topic).await, 1);
    world.held(OrderId::new(), variant, 2).await;
    assert_eq!(world.events(topic).await, 2, "out of stock");
    commands::release(&world.deps, call(), ReleaseStock { order })
        .await
        .unwrap();
    assert_eq!(world.events(topic).await, 3, "in stock again");
}

#[tokio::test]
async fn the_catalogue_is_followed_and_late_facts_are_ignored() {
    let world = World::new().await;
    let id = VariantId::new();
    let told = |active| ProductChanged {
        product: world.product,
        vendor: world.vendor,
        published: true,
        variants: vec![ProductVariant {
            id,
            sku: "S".to_owned(),
            active,
        }],
    };
    let (old, new) = (fact(told(true)), fact(told(false)));
    // One by one, and together in both orders.
    for facts in [
        vec![new.clone()],
        vec![old.clone()],
        vec![new.clone(), old.clone()],
        vec![old, new],
    ] {
        let mut tx = world.deps.db.begin(Moment::LIVE).await.unwrap();
        consumers::products_changed(&mut tx, facts).await.unwrap();
        tx.commit().await.unwrap();
        let active = sqlx::query_scalar!("select active from inventory.variants where id = $1", id.0);
        assert!(!active.fetch_one(world.deps.db.pool()).await.unwrap());
    }
}

#[tokio::test]
async fn the_ledger_cannot_be_changed() {
    let world = World::new().await;
    world.stocked("A", 1).await;
    let change = sqlx::query!("update inventory.inventory_transactions set reason = 'x'");
    assert!(change.execute(world.deps.db.pool()).await.is_err());
    let removal = sqlx::query!("delete from inventory.inventory_transactions");
    assert!(removal.execute(world.deps.db.pool()).await.is_err());
}
