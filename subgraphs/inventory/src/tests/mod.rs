//! Tests over a real database.

use crate::{MIGRATOR, NAME, commands, schema};
use chrono::{TimeDelta, Utc};
use contracts::inventory::{ImportStock, ImportStockLine, ReserveReply, ReserveStock, StockLine};
use platform::{
    Country, Moment, Viewer,
    commands::Call,
    ids::{OrderId, OrderLineId, ProductId, VariantId, VendorId},
    service::Deps,
    testing::TestDb,
};

mod alerts;
mod graphql;
mod ledger;
mod lifecycle;
mod privacy;
mod races;

/// A migrated database and the service over it.
struct World {
    deps: Deps,
    vendor: VendorId,
    product: ProductId,
}

fn call() -> Call {
    Call {
        caller: "orders".to_owned(),
        moment: Moment::LIVE,
    }
}

impl World {
    async fn new() -> Self {
        let db = TestDb::new(NAME, &MIGRATOR).await.unwrap();
        let mut deps = db.deps(NAME).unwrap();
        deps.db = deps.db.with_live(deps.live.clone());
        Self {
            deps,
            vendor: VendorId::new(),
            product: ProductId::new(),
        }
    }

    /// A new variant with so many pieces in the warehouse of this code.
    async fn stocked(&self, code: &str, quantity: i32) -> VariantId {
        let variant = VariantId::new();
        self.receive(code, variant, quantity).await;
        variant
    }

    async fn receive(&self, code: &str, variant: VariantId, quantity: i32) {
        let product = self.product;
        let import = self.import(
            code,
            vec![ImportStockLine {
                product,
                variant,
                quantity,
            }],
        );
        commands::import(&self.deps, call(), import).await.unwrap();
    }

    fn import(&self, code: &str, lines: Vec<ImportStockLine>) -> ImportStock {
        ImportStock {
            vendor: self.vendor,
            warehouse_code: code.to_owned(),
            country: Country::parse("GB").unwrap(),
            key: OrderId::new().to_string(),
            lines,
        }
    }

    async fn reserve(&self, order: OrderId, wanted: &[(VariantId, i32)]) -> ReserveReply {
        let lines = wanted.iter().map(|(variant, quantity)| line(*variant, *quantity));
        self.reserve_lines(order, lines.collect(), 600).await
    }

    async fn reserve_lines(&self, order: OrderId, lines: Vec<StockLine>, seconds: i64) -> ReserveReply {
        let command = ReserveStock {
            order,
            lines,
            country: Country::parse("GB"),
            expires_at: Utc::now() + TimeDelta::seconds(seconds),
        };
        commands::reserve(&self.deps, call(), command).await.unwrap()
    }

    /// (on hand, reserved, allocated) of a variant over all warehouses.
    async fn counters(&self, variant: VariantId) -> (i64, i64, i64) {
        let row = sqlx::query!(
            r#"select sum(on_hand) as "h!", sum(reserved) as "r!", sum(allocated) as "a!"
            from inventory.stock_levels where variant_id = $1"#,
            variant.0
        )
        .fetch_one(self.deps.db.pool())
        .await
        .unwrap();
        (row.h, row.r, row.a)
    }

    /// Levels whose counters are not the sums of their ledger, or not those of its last row.
    async fn broken_levels(&self) -> i64 {
        sqlx::query_scalar!(
            r#"select count(*) as "n!" from inventory.stock_levels l left join lateral (
                select coalesce(sum(on_hand_delta), 0) as h, coalesce(sum(reserved_delta), 0) as r,
                    coalesce(sum(allocated_delta), 0) as a from inventory.inventory_transactions t
                where t.variant_id = l.variant_id and t.warehouse_id = l.warehouse_id
            ) s on true where (l.on_hand, l.reserved, l.allocated) is distinct from (s.h, s.r, s.a)"#
        )
        .fetch_one(self.deps.db.pool())
        .await
        .unwrap()
    }

    async fn events(&self, topic: &str) -> i64 {
        sqlx::query_scalar!(
            r#"select count(*) as "n!" from inventory.outbox where topic = $1"#,
            topic
        )
        .fetch_one(self.deps.db.pool())
        .await
        .unwrap()
    }

    async fn ask(&self, viewer: &Viewer, query: &str) -> serde_json::Value {
        let loader = schema::loaders::batch(self.deps.db.clone(), viewer.clone());
        let request = async_graphql::Request::new(query)
            .data(viewer.clone())
            .data(loader);
        let response = schema(self.deps.clone()).execute(request).await;
        serde_json::to_value(response).unwrap()
    }
}

fn line(variant: VariantId, quantity: i32) -> StockLine {
    StockLine {
        line: OrderLineId::new(),
        variant,
        quantity,
    }
}

#[tokio::test]
async fn the_committed_sdl_is_current() {
    let world = World::new().await;
    let sdl = platform::service::sdl(&schema(world.deps));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    #[expect(clippy::disallowed_methods, reason = "a switch for developers")]
    if std::env::var("UPDATE_SDL").is_ok() {
        std::fs::write(file, &sdl).unwrap();
    }
    assert!(
        std::fs::read_to_string(file).unwrap_or_default() == sdl,
        "run this test with UPDATE_SDL=1"
    );
}
