//! The other services, reduced to what they answer.

use crate::{
    MIGRATOR, NAME, Settings,
    schema::{self, loaders::Reader, mutation::Mutation, query::Query, subscription::Subscription},
};
use async_graphql::{Request, Schema, Variables};
use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use platform::{
    Deps, Role, Viewer,
    ids::*,
    testing::{TestDb, viewer},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// What the fake services know and were asked.
#[derive(Default)]
pub struct Facts {
    pub price: i64,
    pub stock: i32,
    /// Price of a delivery.
    pub delivery: i64,
    pub paid: bool,
    /// The vendor may not sell.
    pub suspended: bool,
    /// Does its work, but the answer is lost; once.
    pub lose: Option<String>,
    /// Does its work, but never answers; once. Whoever asked may as well be dead.
    pub hang: Option<String>,
    pub calls: Vec<String>,
}

pub type Shared = Arc<Mutex<Facts>>;

pub struct World {
    pub deps: Deps,
    pub settings: Settings,
    pub facts: Shared,
    pub vendor: VendorId,
    pub variant: VariantId,
    pub customer: Viewer,
    schema: Schema<Query, Mutation, Subscription>,
}

fn payment(paid: bool) -> Value {
    json!({ "payment": PaymentId::new(), "order": OrderId::new(), "provider": "stripe",
        "status": if paid { "Authorized" } else { "Created" }, "client_secret": "secret", "redirect_url": null,
        "expires_at": "2030-01-01T00:00:00Z", "authorized": 0, "captured": 0, "refunded": 0 })
}

async fn answer(
    State((facts, vendor)): State<(Shared, VendorId)>,
    Path(name): Path<String>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, axum::http::StatusCode> {
    let hangs = {
        let mut facts = facts.lock().unwrap();
        facts.hang.take_if(|hung| *hung == name).is_some()
    };
    if hangs {
        facts.lock().unwrap().calls.push(name);
        return std::future::pending().await;
    }
    let mut facts = facts.lock().unwrap();
    facts.calls.push(name.clone());
    if facts.lose.take_if(|lost| *lost == name).is_some() {
        return Err(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
    }
    let each = |of: &str, make: &dyn Fn(&Value) -> Value| {
        body[of].as_array().unwrap().iter().map(make).collect::<Vec<_>>()
    };
    let wanted: i64 = body["lines"].as_array().map_or(0, |lines| {
        lines
            .iter()
            .map(|line| line["quantity"].as_i64().unwrap_or(0))
            .sum()
    });
    Ok(Json(match name.as_str() {
        "get_variants" => json!(each(
            "ids",
            &|id| json!({ "id": id, "product": ProductId(uuid::Uuid::nil()), "vendor": vendor,
            "categories": [], "sku": "SKU", "product_name": "P", "variant_name": "V", "image_url": null,
            "prices": [{ "min_quantity": 1, "amount": facts.price }], "weight_grams": 10, "tax_category": "standard", "purchasable": true })
        )),
        "get_availability" => json!(each(
            "variants",
            &|id| json!({ "variant": id, "quantity": facts.stock })
        )),
        "get_vendors" => json!(each(
            "ids",
            &|id| json!({ "id": id, "display_name": "V", "approved": !facts.suspended, "return_policy_days": 30, "members": [] })
        )),
        "quote_delivery" => json!(each(
            "parcels",
            &|_| json!({ "Priced": { "amount": facts.delivery, "method_name": "M" } })
        )),
        "reserve_stock" if wanted > i64::from(facts.stock) => {
            json!({ "Insufficient": { "variant": body["lines"][0]["variant"], "available": facts.stock, "requested": wanted } })
        }
        "reserve_stock" | "secure_stock" => json!({ "Reserved": { "reservation": ReservationId::new() } }),
        "create_payment" => json!({ "Created": payment(false) }),
        "sync_payment" => payment(facts.paid),
        "capture_payment" => json!({ "Captured": { "commissions": body["shares"].as_array().unwrap().iter()
            .map(|share| json!({ "vendor_order": share["vendor_order"], "commission": 10, "vendor_net": 90 })).collect::<Vec<_>>() } }),
        "refund_payment" => json!("Succeeded"),
        "hold_points" => json!("Held"),
        _ => json!({}),
    }))
}

impl World {
    pub async fn new() -> Self {
        let test = TestDb::new(NAME, &MIGRATOR).await.unwrap();
        let facts: Shared = Arc::new(Mutex::new(Facts {
            price: 1000,
            stock: 10,
            delivery: 300,
            ..Facts::default()
        }));
        let vendor = VendorId::new();
        let router = Router::new()
            .route("/commands/{name}", post(answer))
            .with_state((facts.clone(), vendor));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let deps = test.deps(NAME).unwrap();
        let mut config = (*deps.settings).clone();
        let services = ["users", "products", "payments", "shipping", "inventory"];
        config.urls = Arc::new(
            services
                .iter()
                .map(|name| ((*name).to_owned(), url.clone()))
                .collect::<HashMap<_, _>>(),
        );
        let deps = Deps::new(NAME, test.db.clone(), Default::default(), Arc::new(config)).unwrap();
        let settings = Settings::default();
        let schema = schema::schema(deps.clone(), settings.clone());
        Self {
            deps,
            settings,
            facts,
            vendor,
            variant: VariantId::new(),
            customer: viewer(Role::Customer),
            schema,
        }
    }

    pub async fn run(&self, viewer: &Viewer, query: &str, variables: Value) -> Value {
        let loader = platform::loader::batch(Reader::new(self.deps.clone(), viewer.clone()));
        let request = Request::new(query)
            .variables(Variables::from_json(variables))
            .data(viewer.clone())
            .data(loader);
        let response = self.schema.execute(request).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        response.data.into_json().unwrap()
    }

    /// A cart with pieces, an address and a delivery.
    pub async fn cart(&self, quantity: i32) -> Value {
        let cart = self
            .run(
                &self.customer,
                "mutation { cartCreate { cart { id } userErrors { message } } }",
                json!({}),
            )
            .await;
        let id = &cart["cartCreate"]["cart"]["id"];
        let fill = "mutation($id: ID!, $variant: ID!, $quantity: Int!, $vendor: ID!, $method: ID!) {
            a: cartLinesAdd(cartId: $id, lines: [{variantId: $variant, quantity: $quantity}]) { userErrors { message } }
            b: cartAddressesSet(cartId: $id, expectedVersion: 2, shipping: {fullName: \"A\", line1: \"B\", city: \"C\", postalCode: \"SW1A 1AA\", country: \"GB\"}) { userErrors { message } }
            c: cartDeliverySelect(cartId: $id, expectedVersion: 3, selections: [{vendorId: $vendor, methodId: $method}]) {
                userErrors { message } cart { version lines { id quantity unitPrice { amount } } } } }";
        let variables = json!({ "id": id, "variant": self.variant.to_string(), "quantity": quantity, "vendor": self.vendor.to_string(),
            "method": ShippingMethodId::new().to_string() });
        let filled = self.run(&self.customer, fill, variables).await;
        for part in ["a", "b", "c"] {
            assert_eq!(filled[part]["userErrors"], json!([]), "{filled}");
        }
        self.quote(id).await
    }

    pub async fn quote(&self, id: &Value) -> Value {
        let query = "mutation($id: ID!) { cartQuote(cartId: $id) { cart { id version quote { id hash totals { total { amount } tax { amount } } } } userErrors { message } } }";
        self.run(&self.customer, query, json!({ "id": id })).await["cartQuote"]["cart"].take()
    }

    pub async fn checkout(&self, cart: &Value, key: &str) -> Value {
        self.checkout_with(cart, key, None).await
    }

    /// With the address that a guest gives.
    pub async fn checkout_with(&self, cart: &Value, key: &str, email: Option<&str>) -> Value {
        let query = "mutation($input: CheckoutInput!) { checkoutComplete(input: $input) {
            order { id number status vendorOrders { id version status } } sagaStatus payment { clientSecret }
            userErrors { code message ... on InsufficientStockError { available requested }
                ... on PriceChangedError { quote { id hash } newTotal { amount } } } } }";
        let input = json!({ "cartId": cart["id"], "expectedCartVersion": cart["version"], "quoteId": cart["quote"]["id"],
            "quoteHash": cart["quote"]["hash"], "provider": "stripe", "idempotencyKey": key, "email": email });
        self.run(&self.customer, query, json!({ "input": input })).await["checkoutComplete"].take()
    }

    /// Drives the order's saga as the worker would.
    pub async fn resume(&self, order: &Value) {
        let id = OrderId::parse(order.as_str().unwrap()).unwrap();
        let saga = crate::store::sagas::by_orders(self.deps.db.pool(), &[id])
            .await
            .unwrap()
            .pop()
            .unwrap();
        crate::actions::saga::run(&self.deps, &self.settings, saga.id)
            .await
            .unwrap();
    }

    pub async fn order(&self, viewer: &Viewer, id: &Value) -> Value {
        let query = "query($id: ID!) { order(id: $id) { status version canCancel totals { total { amount } } refundedTotal { amount }
            lines { id fulfilledQuantity refundable { amount } } vendorOrders { id status version } events { nodes { seq type to } } } }";
        self.run(viewer, query, json!({ "id": id })).await["order"].take()
    }
}
