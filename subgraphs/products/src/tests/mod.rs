//! The schema executed in-process over a database of its own.

use crate::{MIGRATOR, NAME, Schema, insert_data, schema, store};
use async_graphql::{Request, Variables};
use platform::{Deps, Role, Viewer, ids::VendorId, storage::Storage, testing::TestDb};
use serde_json::{Value, json};

mod approval;
mod bulk;
mod bulk_files;
mod bulk_upload;
mod catalogue;
mod commands;
mod customers;
mod media;
mod media_cleaning;
mod media_refused;
mod news;
mod privacy;
mod reviews;
mod reviews_import;
mod rules;
mod search;
mod search_facets;
mod search_index;
mod search_naive;
mod staff;
mod steps;

/// A shop with one approved vendor, one category and one brand.
struct Shop {
    deps: Deps,
    storage: Storage,
    schema: Schema,
    vendor: VendorId,
    category: Value,
    brand: Value,
    member: Viewer,
    staff: Viewer,
}

impl Shop {
    async fn open() -> Self {
        let test = TestDb::new(NAME, &MIGRATOR).await.unwrap();
        let mut deps = test.deps(NAME).unwrap();
        deps.db = deps.db.with_live(deps.live.clone());
        let vendor = VendorId::new();
        store::vendors::learn(deps.db.pool(), vendor, true).await.unwrap();
        let member = Viewer {
            vendors: vec![vendor],
            ..platform::testing::viewer(Role::Vendor)
        };
        let staff = platform::testing::viewer(Role::Staff);
        let storage = platform::testing::storage().unwrap();
        let schema = schema(deps.clone(), storage.clone());
        let mut shop = Self {
            deps,
            storage,
            schema,
            vendor,
            category: Value::Null,
            brand: Value::Null,
            member,
            staff,
        };
        let made = shop
            .run(
                &shop.staff,
                "mutation { categoryUpsert(name: \"Books\", slug: \"books\") { category { id } }
                  brandUpsert(name: \"Lumière\", slug: \"lumiere\") { brand { id } } }",
                json!({}),
            )
            .await;
        shop.category = made["categoryUpsert"]["category"]["id"].clone();
        shop.brand = made["brandUpsert"]["brand"]["id"].clone();
        shop
    }

    async fn answer(&self, viewer: &Viewer, query: &str, variables: Value) -> async_graphql::Response {
        let mut request = Request::new(query).variables(Variables::from_json(variables));
        insert_data(&self.deps, viewer, &mut request.data);
        self.schema.execute(request.data(viewer.clone())).await
    }

    /// The data of an answer without errors.
    async fn run(&self, viewer: &Viewer, query: &str, variables: Value) -> Value {
        let answer = self.answer(viewer, query, variables).await;
        assert!(answer.errors.is_empty(), "{query}: {:?}", answer.errors);
        answer.data.into_json().unwrap()
    }

    /// The payload of a mutation of one field.
    async fn mutate(&self, viewer: &Viewer, field: &str, selection: &str) -> Value {
        let query =
            format!("mutation {{ it: {field} {{ {selection} userErrors {{ code path message }} }} }}");
        self.run(viewer, &query, json!({})).await["it"].clone()
    }

    fn generic(&self, name: &str) -> Value {
        json!({ "name": name, "categoryId": self.category, "brandId": self.brand, "kind": "GENERIC" })
    }

    async fn create(&self, viewer: &Viewer, input: Value, sku: &str, pence: i64, key: &str) -> Value {
        let query = "mutation($vendor: ID!, $input: ProductInput!, $variants: [VariantInput!]!, $key: ID!) {
            productCreate(vendorId: $vendor, input: $input, variants: $variants, idempotencyKey: $key) {
                product { id slug version status variants { id sku version } pendingRevision { id } }
                userErrors { code path message } } }";
        let variants = json!([{ "sku": sku, "name": "One", "weightGrams": 100, "taxCategory": "standard",
            "prices": [{ "amount": pence, "currency": "GBP" }] }]);
        let variables =
            json!({ "vendor": self.vendor.to_string(), "input": input, "variants": variants, "key": key });
        self.run(viewer, query, variables).await["productCreate"].clone()
    }

    /// A product on sale.
    async fn sell(&self, input: Value, sku: &str, pence: i64) -> Value {
        let made = self.create(&self.member, input, sku, pence, sku).await;
        assert_eq!(made["userErrors"], json!([]), "{sku}");
        let product = made["product"].clone();
        let (id, revision) = (&product["id"], &product["pendingRevision"]["id"]);
        let steps = [
            (&self.member, format!("productSubmit(id: {id})")),
            (&self.staff, format!("productReview(id: {id})")),
            (
                &self.staff,
                format!("productApprove(id: {id}, revisionId: {revision})"),
            ),
            (&self.member, format!("productPublish(id: {id})")),
        ];
        for (viewer, step) in steps {
            assert_eq!(
                self.mutate(viewer, &step, "").await["userErrors"],
                json!([]),
                "{step}"
            );
        }
        product
    }

    /// Does all that the indexer has to do.
    async fn index(&self) {
        let backend = crate::search::backend(&self.deps);
        while crate::search::indexer::step(&self.deps, backend.as_ref())
            .await
            .unwrap()
        {}
    }

    async fn sql(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.deps.db.pool())
            .await
            .unwrap()
    }
}

fn anonymous() -> Viewer {
    Viewer::anonymous()
}

fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn the_committed_sdl_is_the_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let db = TestDb::new(NAME, &MIGRATOR).await.unwrap();
    let sdl = platform::service::sdl(&schema(
        db.deps(NAME).unwrap(),
        platform::testing::storage().unwrap(),
    ));
    #[expect(clippy::disallowed_methods, reason = "tests have no launcher")]
    if std::env::var("UPDATE_SDL").is_ok() {
        std::fs::write(path, &sdl).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == sdl,
        "schema.graphql is stale: run with UPDATE_SDL=1"
    );
}
