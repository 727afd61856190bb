//! How files come into imports and out of exports, whatever breaks off on the way.

use super::{Shop, bulk::counts};
use crate::{
    actions::bulk::{cleaning, export_jobs, step::step, uploads},
    domain::bulk::files,
    store,
};
use platform::{
    ids::CatalogImportId,
    storage::{Entry, Key},
};
use serde_json::{Value, json};
use std::time::Duration;

/// Two variants of each product, and texts with line breaks in them.
fn many(products: usize) -> String {
    let mut file = "slug,name,description,category,sku,prices.GBP,weightGrams\n".to_owned();
    for n in 0..products {
        let (pounds, pence) = (n % 50, n % 100);
        file.push_str(&format!(
            "p-{n},Product {n},\"Number {n}\nin two lines\",books,SKU-{n},{pounds}.{pence:02},{n}\n"
        ));
        file.push_str(&format!("p-{n},,,,SKU-{n}-B,{pounds}.99,{n}\n"));
    }
    file
}

impl Shop {
    async fn asked(&self, key: &str) -> Value {
        let field = format!(
            "catalogImportCreate(vendorId: \"{}\", format: CSV, idempotencyKey: \"{key}\")",
            self.vendor
        );
        let made = self
            .mutate(&self.member, &field, "catalogImport { id uploadUrl }")
            .await;
        made["catalogImport"].clone()
    }

    /// What the media server does with a PUT.
    pub(super) async fn sent(&self, import: &Value, file: &str) {
        let key = Self::key(&import["uploadUrl"]);
        self.storage.put(&key, file.as_bytes().to_vec()).await.unwrap();
    }

    /// Lets everything be looked at and tried again at once that waits.
    pub(super) async fn hurry(&self) {
        for sql in [
            "update products.catalog_imports set look_at = now(), claimed_until = null",
            "update products.catalog_exports set claimed_until = null",
        ] {
            sqlx::query(sql).execute(self.deps.db.pool()).await.unwrap();
        }
    }

    pub(super) async fn look(&self) {
        self.hurry().await;
        uploads::step(&self.deps, &self.storage).await.unwrap();
    }

    async fn stored(&self, folder: &str) -> Vec<Key> {
        use futures::TryStreamExt;
        let all: Vec<Entry> = self.storage.list(folder).try_collect().await.unwrap();
        all.into_iter().map(|entry| entry.key).collect()
    }
}

fn id(import: &Value) -> CatalogImportId {
    CatalogImportId::parse(import["id"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_killed_import_goes_on_where_it_was() {
    let shop = Shop::open().await;
    let import = shop.asked("k").await;
    assert_eq!(shop.asked("k").await["id"], import["id"]);
    shop.look().await;
    assert_eq!(shop.read(&import["id"]).await["status"], "AWAITING_UPLOAD");
    shop.sent(&import, &many(4000)).await;
    shop.look().await;
    let queued = shop.read(&import["id"]).await;
    assert_eq!(
        (&queued["status"], &queued["uploadUrl"]),
        (&json!("QUEUED"), &Value::Null)
    );
    // Who still has the URL changes nothing.
    shop.sent(&import, "sku\nanother file\n").await;

    // Ends steps at any point, as a killed process does.
    for pause in (0..30).map(|n| n * 37 % 500) {
        shop.hurry().await;
        let one = step(&shop.deps, &shop.storage);
        let _ = tokio::time::timeout(Duration::from_millis(pause), one).await;
    }
    // The database may still be rolling the last one back.
    let mut done = shop.read(&import["id"]).await;
    while done["status"] != "COMPLETED" && done["status"] != "FAILED" {
        shop.hurry().await;
        shop.work().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        done = shop.read(&import["id"]).await;
    }
    assert_eq!(
        (&done["status"], counts(&done)),
        (&json!("COMPLETED"), [8000, 0, 0, 0]),
        "{}",
        done["error"]
    );
    for (sql, expected) in [
        ("select count(*) from products.products", 4000),
        ("select count(*) from products.variants", 8000),
        ("select count(*) from products.catalog_import_lines", 8000),
        (
            "select max(line)::bigint from products.catalog_import_lines",
            12_001,
        ),
        (
            "select count(*) from products.outbox where topic = 'products.product_changed'",
            4000,
        ),
        ("select count(*) from products.catalog_import_skus", 0),
    ] {
        assert_eq!(shop.sql(sql).await, expected, "{sql}");
    }
    assert_eq!(shop.stored("").await, [], "the file is not kept");
}

#[tokio::test]
async fn two_workers_never_take_the_same_step_twice() {
    let shop = Shop::open().await;
    let import = shop.asked("k").await;
    shop.sent(&import, &many(3000)).await;
    shop.look().await;
    while shop.read(&import["id"]).await["status"] != "COMPLETED" {
        shop.hurry().await;
        let claim = store::bulk::jobs::claim(shop.deps.db.pool()).await.unwrap();
        shop.hurry().await;
        step(&shop.deps, &shop.storage).await.unwrap();
        // The first worker comes back from the store too late.
        let mut tx = shop.deps.db.begin(platform::Moment::LIVE).await.unwrap();
        assert!(!store::bulk::jobs::lock(&mut tx, &claim.unwrap()).await.unwrap());
    }
    assert_eq!(counts(&shop.read(&import["id"]).await), [6000, 0, 0, 0]);
}

#[tokio::test]
async fn a_look_that_was_interrupted_is_made_up_for() {
    let shop = Shop::open().await;
    let import = shop.asked("k").await;
    shop.sent(&import, &many(1)).await;
    let (from, to) = (
        Shop::key(&import["uploadUrl"]),
        files::reading(id(&import)).unwrap(),
    );
    // Killed behind the first of its two parts.
    assert!(shop.storage.rename(&from, &to).await.unwrap());
    shop.look().await;
    shop.work().await;
    assert_eq!(counts(&shop.read(&import["id"]).await), [2, 0, 0, 0]);
}

#[tokio::test]
async fn a_file_that_is_not_what_it_was_ends_its_import() {
    let shop = Shop::open().await;
    let ended = async |import: &Value| {
        shop.work().await;
        let import = shop.read(&import["id"]).await;
        assert_eq!(import["status"], "FAILED");
        import["error"].as_str().unwrap().to_owned()
    };
    let changed = shop.asked("changed").await;
    shop.sent(&changed, &many(1)).await;
    shop.look().await;
    let key = files::reading(id(&changed)).unwrap();
    shop.storage.put(&key, many(2).into_bytes()).await.unwrap();
    assert!(ended(&changed).await.contains("changed"));

    let gone = shop.asked("gone").await;
    shop.sent(&gone, &many(1)).await;
    shop.look().await;
    shop.storage
        .delete(vec![files::reading(id(&gone)).unwrap()])
        .await
        .unwrap();
    assert!(ended(&gone).await.contains("gone"));

    let empty = shop.asked("empty").await;
    shop.sent(&empty, "").await;
    shop.look().await;
    assert!(ended(&empty).await.contains("empty"));
    assert_eq!(shop.sql("select count(*) from products.products").await, 0);
    assert_eq!(shop.stored("").await, []);
}

#[tokio::test]
async fn files_that_no_import_and_no_export_needs_are_deleted() {
    let shop = Shop::open().await;
    let (waiting, cancelled) = (shop.asked("a").await, shop.asked("b").await);
    for import in [&waiting, &cancelled] {
        shop.sent(import, &many(1)).await;
    }
    shop.look().await;
    let cancel = format!("catalogImportCancel(id: {})", cancelled["id"]);
    shop.mutate(&shop.member, &cancel, "").await;
    assert_eq!(shop.stored("").await, [files::reading(id(&waiting)).unwrap()]);

    // Sent when it had ended, and left by a crash.
    shop.sent(&cancelled, &many(1)).await;
    let stray = files::reading(CatalogImportId::new()).unwrap();
    shop.storage.put(&stray, vec![1]).await.unwrap();
    shop.export("CSV").await;
    cleaning::clean(&shop.deps, &shop.storage).await.unwrap();
    assert_eq!(shop.stored("").await.len(), 4, "they are young");
    let soon = chrono::Utc::now() + chrono::TimeDelta::seconds(5);
    let orphans = cleaning::delete_orphans(&shop.deps, &shop.storage, soon);
    assert_eq!(orphans.await.unwrap(), 2);
    sqlx::query("update products.catalog_exports set expires_at = now() - interval '1 second'")
        .execute(shop.deps.db.pool())
        .await
        .unwrap();
    cleaning::clean(&shop.deps, &shop.storage).await.unwrap();
    let orphans = cleaning::delete_orphans(&shop.deps, &shop.storage, soon);
    assert_eq!(orphans.await.unwrap(), 1, "the export is a day old");
    shop.work().await;
    assert_eq!(counts(&shop.read(&waiting["id"]).await), [2, 0, 0, 0]);
}

#[tokio::test]
async fn a_killed_export_is_written_again() {
    let shop = Shop::open().await;
    let import = shop.asked("k").await;
    shop.sent(&import, &many(1200)).await;
    shop.look().await;
    shop.work().await;
    let whole = shop.export("CSV").await;
    assert_eq!(whole.matches("SKU-").count(), 2400);
    let field = format!("catalogExportCreate(vendorId: \"{}\", format: CSV)", shop.vendor);
    let made = shop.mutate(&shop.member, &field, "catalogExport { id }").await["catalogExport"].clone();
    for pause in [0, 5, 20, 40] {
        shop.hurry().await;
        let one = export_jobs::step(&shop.deps, &shop.storage);
        let _ = tokio::time::timeout(Duration::from_millis(pause), one).await;
    }
    shop.hurry().await;
    export_jobs::step(&shop.deps, &shop.storage).await.unwrap();
    let query = format!("{{ catalogExport(id: {}) {{ status url }} }}", made["id"]);
    let export = shop.run(&shop.member, &query, json!({})).await["catalogExport"].clone();
    let key = Shop::key(&export["url"]);
    assert!(key.as_str().ends_with("/catalog.csv"));
    let again = shop.storage.get(&key, 1 << 30).await.unwrap().unwrap();
    assert_eq!(again, whole);
}
