//! Catalogues as files: in, out, and in again.

use super::Shop;
use crate::actions::bulk::{export_jobs, step::step};
use platform::{Viewer, storage::Key};
use serde_json::{Value, json};

const FIELDS: &str =
    "id status progress createdCount updatedCount unchangedCount refusedCount error uploadUrl
    lines(first: 100) { nodes { line status sku product { slug } errors { code message path } } }";

pub(super) const CSV: &str = "slug,name,category,brand,kind,currency,details.isbn13,details.authors,details.format,sku,variant,prices.GBP,\
prices.GBP/10,prices.GBP:GOLD,prices.EUR,compareAt.GBP,weightGrams,options.cover,attributes.recycled\n\
ledger,The Ledger,books,Lumière,BOOK,GBP,978-0-306-40615-7,Ada|Bob,PAPERBACK,L-P,Paper,9.99,8.99,9.49,11.50,12.99,300,soft,true\n\
ledger,,,,,,,,,L-H,Hard,19.99,,,22,,500,hard,\n\
mug,Mug,books,,,,,,,MUG,,5,,,,,400,,\n";

impl Shop {
    pub(super) async fn work(&self) {
        while step(&self.deps, &self.storage).await.unwrap() {}
    }

    pub(super) async fn import(&self, viewer: &Viewer, args: &str, content: &str) -> Value {
        let query = format!(
            "mutation($vendor: ID!, $content: String, $key: ID!) {{
               catalogImportCreate(vendorId: $vendor, content: $content, idempotencyKey: $key, {args}) {{
                 catalogImport {{ id }} userErrors {{ code message path }} }} }}"
        );
        let key = uuid::Uuid::now_v7().to_string();
        let variables = json!({ "vendor": self.vendor.to_string(), "content": content, "key": key });
        let made = self.run(viewer, &query, variables).await["catalogImportCreate"].clone();
        assert_eq!(made["userErrors"], json!([]));
        self.work().await;
        self.read(&made["catalogImport"]["id"]).await
    }

    pub(super) async fn read(&self, id: &Value) -> Value {
        let query = format!("{{ catalogImport(id: {id}) {{ {FIELDS} }} }}");
        self.run(&self.staff, &query, json!({})).await["catalogImport"].clone()
    }

    /// The key of a file in the store, by a URL of the media server.
    pub(super) fn key(url: &Value) -> Key {
        let path = url.as_str().unwrap().split('?').next().unwrap();
        Key::new(path.strip_prefix("http://media.test/media/").unwrap()).unwrap()
    }

    pub(super) async fn export(&self, format: &str) -> String {
        let field = format!(
            "catalogExportCreate(vendorId: \"{}\", format: {format})",
            self.vendor
        );
        let made = self
            .mutate(&self.member, &field, "catalogExport { id status url }")
            .await["catalogExport"]
            .clone();
        assert_eq!((&made["status"], &made["url"]), (&json!("QUEUED"), &Value::Null));
        while export_jobs::step(&self.deps, &self.storage).await.unwrap() {}
        let query = format!("{{ catalogExport(id: {}) {{ status url }} }}", made["id"]);
        let export = self.run(&self.member, &query, json!({})).await["catalogExport"].clone();
        assert_eq!(export["status"], "COMPLETED");
        let bytes = self
            .storage
            .get(&Self::key(&export["url"]), 1 << 30)
            .await
            .unwrap();
        String::from_utf8(bytes.unwrap().to_vec()).unwrap()
    }

    async fn state(&self, slug: &str) -> Value {
        let query =
            "query($slug: String!) { product(by: { slug: $slug }) { name status isPublished kind version
            brand { slug } category { slug } attributes { value } priceRange { min { amount currency } }
            details { ... on BookDetails { isbn13 authors format } }
            pendingRevision { status changedFields } approvalHistory { to }
            variants { sku name isActive options { name value } price { amount } compareAtPrice { amount }
                priceTiers { minQuantity price { amount } } } } }";
        self.run(&self.staff, query, json!({ "slug": slug })).await["product"].clone()
    }
}

pub(super) fn counts(import: &Value) -> [i64; 4] {
    ["createdCount", "updatedCount", "unchangedCount", "refusedCount"]
        .map(|field| import[field].as_i64().unwrap())
}

#[tokio::test]
async fn a_file_becomes_products_once() {
    let shop = Shop::open().await;
    let dry = shop.import(&shop.member, "format: CSV, dryRun: true", CSV).await;
    assert_eq!(
        (&dry["status"], counts(&dry)),
        (&json!("COMPLETED"), [3, 0, 0, 0]),
        "{dry}"
    );
    assert_eq!(shop.sql("select count(*) from products.products").await, 0);

    let done = shop.import(&shop.member, "format: CSV", CSV).await;
    assert_eq!(
        (&done["progress"], counts(&done)),
        (&json!(1.0), [3, 0, 0, 0]),
        "{done}"
    );
    let lines: Vec<_> = done["lines"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["line"].clone())
        .collect();
    assert_eq!(lines, [2, 3, 4]);
    let ledger = shop.state("ledger").await;
    assert_eq!(ledger["status"], "DRAFT");
    assert_eq!(ledger["brand"]["slug"], "lumiere");
    assert_eq!(ledger["details"]["isbn13"], "9780306406157");
    assert_eq!(ledger["details"]["authors"], json!(["Ada", "Bob"]));
    assert_eq!(
        ledger["priceRange"]["min"],
        json!({ "amount": 999, "currency": "GBP" })
    );
    let paper = &ledger["variants"][0];
    assert_eq!(paper["compareAtPrice"]["amount"], 1299);
    assert_eq!(paper["options"], json!([{ "name": "cover", "value": "soft" }]));
    assert_eq!(shop.sql("select count(*) from products.variant_prices").await, 7);

    let again = shop.import(&shop.member, "format: CSV", CSV).await;
    assert_eq!(counts(&again), [0, 0, 3, 0], "{again}");
    assert_eq!(shop.state("ledger").await["version"], ledger["version"]);

    // A column that is not there keeps what is there, an empty cell takes it away.
    let prices = "sku,prices.GBP,prices.EUR\nl-p,7.50,\nMUG,5,\nnew,1,\n";
    let part = shop.import(&shop.member, "format: CSV", prices).await;
    assert_eq!(counts(&part), [0, 1, 1, 1], "{part}");
    let ledger = shop.state("ledger").await;
    assert_eq!(ledger["variants"][0]["price"]["amount"], 750);
    assert_eq!(ledger["variants"][0]["sku"], "l-p");
    assert_eq!(
        shop.sql("select count(*) from products.variant_prices where currency = 'EUR'")
            .await,
        1
    );
}

#[tokio::test]
async fn bad_lines_are_reported_and_do_not_stop_it() {
    let shop = Shop::open().await;
    let lines = [
        r#"{"slug": "ok", "name": "Ok", "category": "books", "variants": [{"sku": "OK", "prices": {"GBP": 100}, "weightGrams": 1}]}"#,
        r#"{"slug": "ok2", "#,
        r#"{"name": "No category", "variants": []}"#,
        r#"{"name": "A", "category": "nowhere", "variants": [{"sku": "A", "prices": {"GBP": 1}, "weightGrams": 1}]}"#,
        r#"{"name": "B", "category": "books", "kind": "BOOK", "details": {"isbn13": "1", "authors": ["x"], "format": "EBOOK"}, "variants": [{"sku": "B", "prices": {"GBP": 1}, "weightGrams": 1}]}"#,
        r#"{"name": "C", "category": "books", "variants": [{"sku": "C", "prices": {"GBP": -1}, "weightGrams": 1}]}"#,
        r#"{"name": "D", "category": "books", "variants": [{"sku": "ok", "prices": {"GBP": 1}, "weightGrams": 1}]}"#,
        r#"{"name": "E", "category": "books", "colour": "red", "variants": [{"sku": "E", "prices": {"GBP": 1}, "weightGrams": 1}]}"#,
        "[1]",
        r#"{"name": "F", "category": "books", "variants": [{"sku": "F", "prices": {"GBP": 1, "GBP/10": 1, "EUR/5": 1}, "weightGrams": 1}]}"#,
        r#"{"name": "G\u0000", "category": "books", "variants": [{"sku": "G", "prices": {"GBP": 1}, "weightGrams": 1}]}"#,
        r#"{"name": "Last", "category": "books", "variants": [{"sku": "LAST", "prices": {"GBP": 1}, "weightGrams": 1}]}"#,
    ];
    let import = shop
        .import(&shop.member, "format: JSONL", &lines.join("\n"))
        .await;
    assert_eq!(counts(&import), [2, 0, 0, 10], "{import}");
    let nodes = import["lines"]["nodes"].as_array().unwrap();
    let code = |line: usize| nodes[line - 1]["errors"][0]["code"].as_str().unwrap_or("none");
    let codes: Vec<&str> = (1..=12).map(code).collect();
    let expected = [
        "none",
        "INVALID",
        "INVALID",
        "NOT_FOUND",
        "INVALID",
        "INVALID",
        "CONFLICT",
        "INVALID",
        "INVALID",
        "INVALID",
        "INVALID",
        "none",
    ];
    assert_eq!(codes, expected, "{import:#}");
    assert_eq!(
        nodes[4]["errors"][0]["path"],
        json!(["details", "book", "isbn13"])
    );
    assert!(
        nodes[6]["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("line 1")
    );

    for broken in ["", "name,colour\n", "sku,sku\n"] {
        let import = shop.import(&shop.member, "format: CSV", broken).await;
        assert_eq!(import["status"], "FAILED", "{broken}");
    }
    // One bad variant refuses its product, and says on which line it is.
    let file = "slug,name,category,sku,prices.GBP,weightGrams\nt,T,books,T1,1,1\nt,,,T2,one,1\n";
    let import = shop.import(&shop.member, "format: CSV", file).await;
    let codes: Vec<_> = import["lines"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["errors"][0]["code"].clone())
        .collect();
    assert_eq!(codes, ["CONFLICT", "INVALID"], "{import:#}");
}

#[tokio::test]
async fn what_is_on_sale_changes_by_approval_and_prices_at_once() {
    let shop = Shop::open().await;
    let published = shop.import(&shop.staff, "format: CSV, stage: PUBLISH", CSV).await;
    assert_eq!(counts(&published), [3, 0, 0, 0], "{published}");
    let mug = shop.state("mug").await;
    assert_eq!(
        (&mug["status"], &mug["isPublished"]),
        (&json!("APPROVED"), &json!(true))
    );
    let steps: Vec<_> = mug["approvalHistory"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["to"].clone())
        .collect();
    assert_eq!(steps, ["SUBMITTED", "IN_REVIEW", "APPROVED"]);
    let again = shop.import(&shop.staff, "format: CSV, stage: PUBLISH", CSV).await;
    assert_eq!(counts(&again), [0, 0, 3, 0], "{again}");

    let file = "slug,name,sku,prices.GBP\nmug,Big mug,MUG,6\n";
    let changed = shop
        .import(&shop.member, "format: CSV, stage: SUBMIT", file)
        .await;
    assert_eq!(counts(&changed), [0, 1, 0, 0], "{changed}");
    let mug = shop.state("mug").await;
    assert_eq!(
        (&mug["name"], &mug["variants"][0]["price"]["amount"]),
        (&json!("Mug"), &json!(600))
    );
    assert_eq!(
        mug["pendingRevision"],
        json!({ "status": "SUBMITTED", "changedFields": ["name"] })
    );
    let again = shop
        .import(&shop.member, "format: CSV, stage: SUBMIT", file)
        .await;
    assert_eq!(counts(&again), [0, 0, 1, 0], "{again}");
    // The export has what the vendor wrote last; staff may approve it by importing that.
    let export = shop.export("JSONL").await;
    assert!(export.contains("Big mug"));
    let approved = shop
        .import(&shop.staff, "format: JSONL, stage: APPROVE", &export)
        .await;
    assert_eq!(counts(&approved), [0, 1, 1, 0], "{approved}");
    assert_eq!(shop.state("mug").await["name"], "Big mug");
    assert_eq!(
        shop.sql("select count(*) from products.revisions where status <> 'APPROVED'")
            .await,
        0
    );

    // While staff looks at an edit, it is not changed under their eyes.
    shop.import(
        &shop.member,
        "format: CSV, stage: SUBMIT",
        "slug,name,sku\nmug,Huge mug,MUG\n",
    )
    .await;
    let id = shop
        .run(
            &shop.staff,
            "{ product(by: { slug: \"mug\" }) { id } }",
            json!({}),
        )
        .await["product"]["id"]
        .clone();
    shop.mutate(&shop.staff, &format!("productReview(id: {id})"), "")
        .await;
    let refused = shop
        .import(&shop.member, "format: CSV", "slug,name,sku\nmug,Other mug,MUG\n")
        .await;
    assert_eq!(
        refused["lines"]["nodes"][0]["errors"][0]["code"], "INVALID_TRANSITION",
        "{refused}"
    );
}

#[tokio::test]
async fn an_export_imported_changes_nothing() {
    let shop = Shop::open().await;
    shop.import(&shop.staff, "format: CSV, stage: PUBLISH", CSV).await;
    let odd = json!({ "slug": "odd", "name": "=HYPERLINK(\"http://x\")", "category": "books", "description": "two\r\nlines, \"quoted\"",
        "attributes": { "height_mm": "-5", "country_of_origin": "'=x" },
        "variants": [{ "sku": "@ODD", "name": "+1", "prices": { "GBP": 5, "GBP:GOLD/10": 4 }, "weightGrams": 0,
            "dimensionsMm": [10, 20, 30], "barcode": "-1", "options": { "a|b": "c\\d", "": "" }, "active": false }] });
    let bad = shop.import(&shop.member, "format: JSONL", &odd.to_string()).await;
    assert_eq!(counts(&bad), [0, 0, 0, 1], "{bad}");
    let mut odd = odd;
    odd["variants"][0]["options"] = json!({ "a|b": "c\\d" });
    let made = shop.import(&shop.member, "format: JSONL", &odd.to_string()).await;
    assert_eq!(counts(&made), [1, 0, 0, 0], "{made}");
    for format in ["CSV", "JSONL"] {
        let file = shop.export(format).await;
        if format == "CSV" {
            assert!(
                file.contains("\"'=HYPERLINK(\"\"http://x\"\")\"")
                    && file.contains("'@ODD")
                    && file.contains("'-1"),
                "{file}"
            );
        }
        let same = shop
            .import(&shop.member, &format!("format: {format}"), &file)
            .await;
        let lines = if format == "CSV" { 4 } else { 3 };
        assert_eq!(counts(&same), [0, 0, lines, 0], "{same:#}\n{file}");
    }
}
