//! Against a real database.

mod neighbours;
mod prices;
mod privacy;
mod shipments;

use crate::{
    MIGRATOR, NAME,
    actions::create::{Packing, create_from},
    schema,
    schema::loaders,
};
use async_graphql::{Request, Variables};
use chrono::{DateTime, Utc};
use contracts::{
    events::ShippedItem,
    orders::{VendorOrderInfo, VendorOrderLine},
};
use platform::{
    Country, Currency, Deps, PostalAddress, Role, Viewer,
    ids::{OrderId, OrderLineId, VariantId, VendorId, VendorOrderId},
    testing::{TestDb, viewer},
};
use serde_json::{Value, json};

type Result<T = ()> = anyhow::Result<T>;

struct Shop {
    deps: Deps,
    staff: Viewer,
    vendor: VendorId,
    seller: Viewer,
    buyer: Viewer,
}

impl Shop {
    async fn new() -> Result<Self> {
        let deps = TestDb::new(NAME, &MIGRATOR).await?.deps(NAME)?;
        let vendor = VendorId::new();
        let seller = Viewer {
            vendors: vec![vendor],
            ..viewer(Role::Vendor)
        };
        Ok(Self {
            deps,
            staff: viewer(Role::Staff),
            vendor,
            seller,
            buyer: viewer(Role::Customer),
        })
    }

    fn request(&self, viewer: &Viewer, query: &str, variables: Value) -> Request {
        Request::new(query)
            .variables(Variables::from_json(variables))
            .data(loaders::batch(&self.deps.db, viewer))
            .data(viewer.clone())
    }

    /// The whole response.
    async fn ask(&self, viewer: &Viewer, query: &str, variables: Value) -> Value {
        let response = schema(self.deps.clone())
            .execute(self.request(viewer, query, variables))
            .await;
        serde_json::to_value(response).unwrap()
    }

    async fn data(&self, viewer: &Viewer, query: &str, variables: Value) -> Value {
        let mut response = self.ask(viewer, query, variables).await;
        assert!(response.get("errors").is_none(), "{response}");
        response["data"].take()
    }

    async fn zone(&self, name: &str, countries: &[&str], postal: &[&str]) -> String {
        let query = "mutation($name: String!, $countries: [CountryCode!]!, $postal: [String!]) {
            shippingZoneUpsert(name: $name, countries: $countries, postalPatterns: $postal) {
                zone { id } userErrors { message } } }";
        let variables = json!({ "name": name, "countries": countries, "postal": postal });
        let data = self.data(&self.staff, query, variables).await;
        data["shippingZoneUpsert"]["zone"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// A method with flat rates in pence.
    async fn method(&self, name: &str, rates: &[(&str, i64)]) -> String {
        let rate = |(zone, base): &(&str, i64)| json!({ "zoneId": zone, "kind": "FLAT", "base": { "amount": base, "currency": "GBP" } });
        let rates: Vec<Value> = rates.iter().map(rate).collect();
        let data = self
            .data(&self.staff, UPSERT, json!({ "name": name, "rates": rates }))
            .await;
        data["shippingMethodUpsert"]["method"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn order(&self, pieces: &[i32]) -> VendorOrderInfo {
        let line = |quantity: &i32| VendorOrderLine {
            line: OrderLineId::new(),
            variant: VariantId::new(),
            quantity: *quantity,
            canceled: 0,
            fulfilled: 0,
        };
        VendorOrderInfo {
            id: VendorOrderId::new(),
            number: format!("A-{}", VendorOrderId::new()),
            order: OrderId::new(),
            customer: self.buyer.customer.unwrap(),
            vendor: self.vendor,
            status: "ACCEPTED".into(),
            method: None,
            destination: address(),
            currency: Currency::GBP,
            lines: pieces.iter().map(line).collect(),
        }
    }

    async fn pack(&self, info: &VendorOrderInfo, quantity: i32, key: &str) -> platform::Outcome<String> {
        let items = vec![ShippedItem {
            line: info.lines[0].line,
            quantity,
        }];
        let packing = Packing {
            vendor_order: info.id,
            items,
            method: None,
        };
        Ok(create_from(&self.deps, &self.seller, info, &packing, key)
            .await?
            .id
            .to_string())
    }

    /// Facts in the order of their making.
    async fn facts(&self) -> Result<Vec<(Value, DateTime<Utc>)>> {
        let sql = "select payload, occurred_at from shipping.outbox order by id";
        Ok(sqlx::query_as(sql).fetch_all(self.deps.db.pool()).await?)
    }
}

const UPSERT: &str = "mutation($id: ID, $vendor: ID, $name: String!, $rates: [RateInput!]!) {
    shippingMethodUpsert(id: $id, vendorId: $vendor, name: $name, minDays: 2, maxDays: 5, rates: $rates) {
        method { id version rates { base { amount } zone { name } } } userErrors { code path } } }";
fn address() -> PostalAddress {
    PostalAddress {
        full_name: "Robin Reader".into(),
        company: None,
        line1: "2 Quay Street".into(),
        line2: None,
        city: "Bristol".into(),
        region: None,
        postal_code: Some("BS1 4DB".into()),
        country: Country::parse("GB").unwrap(),
        phone: None,
    }
}

#[tokio::test]
async fn the_committed_sdl_is_current() -> Result {
    let sdl = platform::service::sdl(&schema(TestDb::new(NAME, &MIGRATOR).await?.deps(NAME)?));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    #[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
    if std::env::var("UPDATE_SDL").is_ok() {
        std::fs::write(path, &sdl)?;
    }
    assert_eq!(std::fs::read_to_string(path)?, sdl, "run with UPDATE_SDL=1");
    Ok(())
}
