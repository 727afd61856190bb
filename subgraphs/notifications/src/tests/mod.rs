//! The service over a real database, without the other services.

mod facts;
mod hostile;
mod mails;
mod privacy;
mod staff;
mod topics;

use crate::{
    MIGRATOR, Mail, NAME, Schema,
    actions::{deliver, vendors},
    commands, consumers,
    mail::Mailer,
    request_data, schema,
};
use async_graphql::{Request, futures_util::StreamExt};
use contracts::{
    events::{LowStockRaised, OrderStatusChanged, VendorStatusChanged},
    notifications::SendAccountMessage,
};
use platform::{
    Currency, Moment, Role, Viewer,
    commands::Call,
    events::{Origin, Received},
    ids::{CustomerId, DeliveryId, LowStockAlertId, OrderId, UserId, VariantId, VendorId, WarehouseId},
    live::Live,
    service::Deps,
    testing::{TestDb, viewer},
};
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};
use uuid::Uuid;

pub struct Shop {
    pub deps: Deps,
    pub schema: Schema,
    _db: TestDb,
}

async fn shop() -> Shop {
    let db = TestDb::new(NAME, &MIGRATOR).await.unwrap();
    let mut deps = db.deps(NAME).unwrap();
    let live = Live::default();
    deps.db = deps.db.with_live(live.clone());
    deps.live = live;
    Shop {
        schema: schema(deps.clone()),
        deps,
        _db: db,
    }
}

impl Shop {
    fn request(&self, viewer: &Viewer, query: &str) -> Request {
        let mut request = Request::new(query);
        request_data(&self.deps)(viewer, &mut request.data);
        request.data(viewer.clone())
    }

    async fn run(&self, viewer: &Viewer, query: &str) -> Value {
        let response = self.schema.execute(self.request(viewer, query)).await;
        serde_json::to_value(response).unwrap()
    }

    async fn order(&self, customer: CustomerId, to: &str, origin: Origin, id: Uuid) {
        let event = OrderStatusChanged {
            order: OrderId::new(),
            number: "A-100".into(),
            customer,
            from: None,
            to: to.into(),
            currency: Currency::GBP,
            total: 1999,
            seq: 1,
        };
        let fact = Received {
            id,
            occurred_at: chrono::Utc::now(),
            origin,
            event,
        };
        let mut tx = self.deps.db.begin(Moment::LIVE).await.unwrap();
        consumers::order(&mut tx, fact).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.deps.db.pool())
            .await
            .unwrap()
    }
}

fn shopper(customer: CustomerId) -> Viewer {
    Viewer {
        customer: Some(customer),
        ..viewer(Role::Customer)
    }
}

fn mailer(folder: &std::path::Path) -> Mailer {
    Mailer::new(&Mail::Directory(folder.into()), "Agora <shop@agora.example>").unwrap()
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(DeliveryId::new().to_string())
}

#[test]
fn the_committed_sdl_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let schema = platform::service::schema(
        crate::schema::query::Query,
        crate::schema::mutation::Mutation::default(),
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
