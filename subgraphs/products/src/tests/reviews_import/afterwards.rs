//! What stays of a file later, after a kill, and for whom it is.

use super::*;

#[tokio::test]
async fn what_was_decided_here_stays() {
    let shop = Shop::open().await;
    let mug = shop.mug().await;
    let author = viewer(Role::Customer);
    let customer = author.customer.unwrap();
    let line = |key: &str, customer: Option<CustomerId>| {
        json!({ "key": key, "product": "mug", "rating": 5, "createdAt": "2024-01-01", "customer": customer,
            "status": "PUBLISHED" })
        .to_string()
    };
    let file = [line("rejected", None), line("edited", Some(customer))].join("\n");
    for round in 0..2 {
        let id = shop.start_reviews("format: JSONL", &file).await;
        shop.answer_for(&id, &[(customer, true)], &[]).await;
        shop.work().await;
        let done = shop.read(&id).await;
        let expected = if round == 0 { [2, 0, 0, 0] } else { [0, 0, 2, 0] };
        assert_eq!(counts(&done), expected, "{done}");
        if round == 0 {
            let ids = "{ product(by: { sku: \"MUG\" }) { reviews { nodes { id author { id } } } } }";
            let found = shop.run(&shop.staff, ids, json!({})).await;
            for review in found["product"]["reviews"]["nodes"].as_array().unwrap() {
                let id = &review["id"];
                let (viewer, step) = match review["author"].is_null() {
                    true => (&shop.staff, format!("reviewModerate(id: {id}, status: REJECTED)")),
                    false => (
                        &author,
                        format!("reviewUpdate(id: {id}, rating: 1, expectedVersion: 1)"),
                    ),
                };
                assert_eq!(
                    shop.mutate(viewer, &step, "").await["userErrors"],
                    json!([]),
                    "{step}"
                );
            }
        }
    }
    assert_eq!(
        shop.sql("select rating_count::bigint from products.products")
            .await,
        0
    );
    assert_eq!(
        shop.sql("select count(*) from products.reviews where rating = 1 and status = 'PENDING'")
            .await,
        1
    );
    // A customer with an imported review has reviewed the product.
    let second = format!("reviewCreate(productId: \"{mug}\", rating: 3)");
    assert_eq!(code(&shop.mutate(&author, &second, "").await), "CONFLICT");
    assert_eq!(shop.sql(DRIFT).await, 0);
}

#[tokio::test]
async fn a_killed_import_goes_on_and_two_at_once_agree() {
    let shop = Shop::open().await;
    for n in 0..20 {
        shop.sell(shop.generic(&format!("Cup {n}")), &format!("CUP-{n}"), 1000)
            .await;
    }
    let mut file = String::from("key,product,rating,body,createdAt\n");
    for n in 0..6000 {
        file.push_str(&format!(
            "r{n},cup-{},{},\"Text {n}\nand more of it to fill the pieces\",2024-01-01\n",
            n * 7 % 20,
            n % 5 + 1
        ));
    }
    let mut imports = Vec::new();
    for name in ["a", "b"] {
        let query = format!(
            "mutation {{ reviewImportCreate(format: CSV, publish: true, idempotencyKey: \"{name}\") {{
               catalogImport {{ id uploadUrl }} userErrors {{ code }} }} }}"
        );
        let made =
            shop.run(&shop.staff, &query, json!({})).await["reviewImportCreate"]["catalogImport"].clone();
        shop.sent(&made, &file).await;
        shop.look().await;
        imports.push(made["id"].clone());
    }
    // Ends steps at any point, as a killed process does.
    for pause in (0..30).map(|n| n * 37 % 400) {
        shop.hurry().await;
        let one = step(&shop.deps, &shop.storage);
        let _ = tokio::time::timeout(Duration::from_millis(pause), one).await;
        assert_eq!(shop.sql(DRIFT).await, 0);
    }
    // The rest by two workers at once, each with an import of the same reviews.
    for id in &imports {
        while shop.read(id).await["status"] != "COMPLETED" {
            shop.hurry().await;
            tokio::join!(shop.work(), shop.work());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let [a, b] = [
        counts(&shop.read(&imports[0]).await),
        counts(&shop.read(&imports[1]).await),
    ];
    assert_eq!(
        (a[0] + b[0], a[2] + b[2], a[1] + b[1] + a[3] + b[3]),
        (6000, 6000, 0),
        "{a:?} {b:?}"
    );
    assert_eq!(shop.sql("select count(*) from products.reviews").await, 6000);
    assert_eq!(
        shop.sql("select sum(rating_count)::bigint from products.products")
            .await,
        6000
    );
    assert_eq!(
        shop.sql("select count(*) from products.catalog_import_lines")
            .await,
        12_000
    );
    assert_eq!(shop.sql(DRIFT).await, 0);
}

#[tokio::test]
async fn reviews_are_brought_by_staff_only() {
    let shop = Shop::open().await;
    let create = "mutation { reviewImportCreate(format: CSV, content: \"key\\n\", idempotencyKey: \"x\") {
        catalogImport { id subject vendor { id } stage } userErrors { code } } }";
    for (viewer, expected) in [
        (&anonymous(), "UNAUTHENTICATED"),
        (&viewer(Role::Customer), "FORBIDDEN"),
        (&shop.member, "FORBIDDEN"),
    ] {
        for query in [create, "{ reviewImports { nodes { id } } }"] {
            let answer = shop.answer(viewer, query, json!({})).await;
            let code = answer
                .errors
                .first()
                .and_then(|e| e.extensions.as_ref()?.get("code").cloned());
            assert_eq!(
                code.map(|code| code.to_string()),
                Some(format!("\"{expected}\"")),
                "{query}"
            );
        }
    }
    let made = shop.run(&shop.staff, create, json!({})).await["reviewImportCreate"].clone();
    let import = made["catalogImport"].clone();
    let id = &import["id"];
    assert_eq!(
        import,
        json!({ "id": id, "subject": "REVIEWS", "vendor": null, "stage": "SUBMIT" })
    );
    let replay = shop.run(&shop.staff, create, json!({})).await["reviewImportCreate"].clone();
    assert_eq!(replay, made);
    let list = shop
        .run(&shop.staff, "{ reviewImports { nodes { id } } }", json!({}))
        .await;
    assert_eq!(list["reviewImports"]["nodes"], json!([{ "id": id }]));
    // Nobody else sees or ends it.
    let seen = format!("{{ catalogImport(id: {id}) {{ id }} }}");
    assert_eq!(
        shop.run(&shop.member, &seen, json!({})).await["catalogImport"],
        Value::Null
    );
    let cancel = format!("catalogImportCancel(id: {id})");
    let strangers: [&Viewer; 2] = [&shop.member, &anonymous()];
    for stranger in strangers {
        assert_eq!(code(&shop.mutate(stranger, &cancel, "").await), "NOT_FOUND");
    }
    let ended = shop
        .mutate(&shop.staff, &cancel, "catalogImport { status }")
        .await;
    assert_eq!(ended["catalogImport"]["status"], "CANCELLED");
    shop.work().await;
    assert_eq!(
        shop.sql("select count(*) from products.catalog_import_lines")
            .await,
        0
    );
}
