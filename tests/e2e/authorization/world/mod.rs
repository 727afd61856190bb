//! The objects that the operations of the table name, made through the public operations: the owner's cart, order and
//! so on, bought from the vendor; the vendor's and the staff's things.

mod buyer;
pub mod canaries;
pub mod rivals;
mod seller;

use super::{
    pool::Pool,
    viewers::{self, Caller, VIEWERS, column},
};
use crate::support::Shop;
use agora::{
    client::Client,
    services::{SERVICES, port_offset},
};
use canaries::Canary;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A shop, everybody in it, and what they have.
pub struct World {
    pub shop: Shop,
    pub callers: [Caller; VIEWERS.len()],
    pub pool: Pool,
    /// What only some may ever see.
    pub canaries: Vec<Canary>,
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
        let services = SERVICES
            .iter()
            .map(|service| (service.name, Client::new(url(service.name)).unwrap()));
        let mut world = Self {
            callers,
            pool: Pool::default(),
            canaries: Vec::new(),
            services: services.collect(),
            shop,
        };
        world.catalogue().await;
        world.of_the_vendor().await;
        world.order().await;
        world.after_the_order().await;
        world.of_the_owner().await;
        world.of_the_staff().await;
        world.canaries().await;
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
    async fn keep(
        &mut self,
        viewer: &str,
        query: &str,
        variables: Value,
        ids: &[(&'static str, &str)],
    ) -> Value {
        let data = self.client(viewer).run(query, variables).await;
        let data = data.unwrap_or_else(|error| panic!("{query}: {error:#}"));
        for (name, pointer) in ids {
            self.pool.set(name, data.pointer(pointer).unwrap_or(&Value::Null));
        }
        data
    }

    async fn of_the_staff(&mut self) {
        let query = "mutation($id: ID!) { reviewModerate(id: $id, status: PUBLISHED) { userErrors { code message } } }";
        self.keep("staff", query, json!({ "id": self.id("review") }), &[])
            .await;
        let bystander = Caller::customer(&self.shop, "bystander").await.client;
        let bystander = bystander.run("{ me { id } }", json!({})).await.unwrap();
        self.pool.set("bystander", &bystander["me"]["id"]);
        self.keep("vendor", "{ me { id } }", json!({}), &[("member", "/me/id")])
            .await;
        let query = "mutation { announcementPublish(title: \"Sale\", body: \"For staff\", audience: STAFF, severity: \"INFO\",
            idempotencyKey: \"a\") { announcement { id } userErrors { code message path } } }";
        let ids = [("announcement", "/announcementPublish/announcement/id")];
        self.keep("staff", query, json!({}), &ids).await;
        let query = "mutation($customer: ID!) { loyaltyAdjust(customerId: $customer, points: 5, reason: \"canary-loyalty-reason\",
            idempotencyKey: \"a\") { customer { loyalty { transactions(first: 1) { nodes { id } } } } userErrors { code message } } }";
        let ids = [(
            "loyaltyTransaction",
            "/loyaltyAdjust/customer/loyalty/transactions/nodes/0/id",
        )];
        self.keep("staff", query, json!({ "customer": self.id("customer") }), &ids)
            .await;
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
