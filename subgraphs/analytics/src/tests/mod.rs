//! The service over a real database, without the other services.

mod dashboards;
mod privacy;
mod records;
mod sales;

use crate::{MIGRATOR, NAME, Schema, consumers, request_data, schema};
use async_graphql::{Request, futures_util::StreamExt};
use chrono::{DateTime, Utc};
use contracts::events::{
    ConfirmedLine, ConfirmedVendorOrder, OrderConfirmed, OrderStatusChanged, RefundStatusChanged,
    RefundedVendor,
};
use platform::{
    Currency, Moment, Role, Viewer,
    events::{Origin, Received},
    ids::{CustomerId, OrderId, OrderLineId, ProductId, RefundId, VariantId, VendorId, VendorOrderId},
    service::Deps,
    testing::{TestDb, viewer},
};
use serde_json::{Value, json};
use uuid::Uuid;

struct Shop {
    deps: Deps,
    schema: Schema,
    _db: TestDb,
}

async fn shop() -> Shop {
    let db = TestDb::new(NAME, &MIGRATOR).await.unwrap();
    let deps = db.deps(NAME).unwrap();
    Shop {
        schema: schema(deps.clone()),
        deps,
        _db: db,
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn received<E>(event: E, at: DateTime<Utc>) -> Received<E> {
    Received {
        id: Uuid::now_v7(),
        occurred_at: at,
        origin: Origin::Import,
        event,
    }
}

impl Shop {
    fn request(&self, viewer: &Viewer, query: &str) -> Request {
        let mut request = Request::new(query);
        request_data(&self.deps)(viewer, &mut request.data);
        request.data(viewer.clone())
    }

    async fn run(&self, viewer: &Viewer, query: &str) -> Value {
        serde_json::to_value(self.schema.execute(self.request(viewer, query)).await).unwrap()
    }

    async fn confirm(&self, order: OrderConfirmed, moment: &str) {
        let mut tx = self.deps.db.begin(Moment::imported(at(moment))).await.unwrap();
        consumers::order_confirmed(&mut tx, received(order, at(moment)))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn refund(&self, order: &OrderConfirmed, vendor: VendorId, amount: i64, moment: &str) {
        let event = RefundStatusChanged {
            refund: RefundId::new(),
            order: order.order,
            number: order.number.clone(),
            customer: order.customer,
            from: Some("PROCESSING".into()),
            to: "SUCCEEDED".into(),
            currency: order.currency,
            total: amount,
            parts: vec![RefundedVendor {
                vendor_order: VendorOrderId::new(),
                vendor,
                amount,
            }],
            lines: vec![],
        };
        let mut tx = self.deps.db.begin(Moment::LIVE).await.unwrap();
        consumers::refund(&mut tx, received(event, at(moment)))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn moved(&self, order: OrderId, to: &str) {
        let event = OrderStatusChanged {
            order,
            number: "A-1".into(),
            customer: CustomerId::new(),
            from: None,
            to: to.into(),
            currency: Currency::GBP,
            total: 1,
            seq: 1,
        };
        let mut tx = self.deps.db.begin(Moment::LIVE).await.unwrap();
        consumers::fact(&mut tx, received(event, Utc::now()))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

/// An order of lines (vendor, product, quantity, total), each vendor with 100 for shipping.
fn order(customer: CustomerId, lines: &[(VendorId, ProductId, i32, i64)]) -> OrderConfirmed {
    let mut vendors: Vec<VendorId> = lines.iter().map(|l| l.0).collect();
    vendors.sort_unstable();
    vendors.dedup();
    let vendor_orders: Vec<ConfirmedVendorOrder> = vendors
        .into_iter()
        .map(|vendor| ConfirmedVendorOrder {
            vendor_order: VendorOrderId::new(),
            vendor,
            shipping: 100,
            total: 100 + lines.iter().filter(|l| l.0 == vendor).map(|l| l.3).sum::<i64>(),
        })
        .collect();
    let total: i64 = vendor_orders.iter().map(|v| v.total).sum();
    OrderConfirmed {
        order: OrderId::new(),
        number: "A-1".into(),
        customer,
        currency: Currency::GBP,
        subtotal: total,
        discount: 5,
        loyalty: 2,
        shipping: 100,
        tax: 0,
        total,
        lines: lines
            .iter()
            .map(|(vendor, product, quantity, total)| ConfirmedLine {
                line: OrderLineId::new(),
                vendor_order: VendorOrderId::new(),
                vendor: *vendor,
                product: *product,
                variant: VariantId::new(),
                quantity: *quantity,
                unit_price: 1,
                discount: 3,
                tax: 0,
                total: *total,
            })
            .collect(),
        vendor_orders,
    }
}

#[test]
fn the_committed_sdl_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let schema = platform::service::schema(
        crate::schema::query::Query,
        crate::schema::mutation::Mutation,
        crate::schema::subscription::Subscription,
    )
    .register_output_type::<crate::schema::Node>()
    .finish();
    let sdl = platform::service::sdl(&schema);
    #[expect(clippy::disallowed_methods, reason = "tests have no launcher")]
    let update = std::env::var("UPDATE_SDL").is_ok();
    if update {
        std::fs::write(path, &sdl).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(committed == sdl, "run this test with UPDATE_SDL=1");
}
