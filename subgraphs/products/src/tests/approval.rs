//! Creation, approval, publication, edits of live products, versions and permissions.

use super::{Shop, anonymous, code};
use futures::StreamExt;
use platform::{Role, ids::VendorId};
use serde_json::json;

#[tokio::test]
async fn a_product_is_seen_when_it_is_approved_published_and_its_vendor_may_sell() {
    let shop = Shop::open().await;
    let made = shop
        .create(&shop.member, shop.generic("Enamel Mug"), "MUG-1", 950, "k")
        .await;
    let id = made["product"]["id"].clone();
    let seen = |viewer| {
        let (shop, id) = (&shop, id.clone());
        async move {
            let query =
                "query($id: ID!) { product(by: {id: $id}) { status isPublished pendingRevision { id } } }";
            shop.answer(viewer, query, json!({ "id": id }))
                .await
                .data
                .into_json()
                .unwrap()["product"]
                .clone()
        }
    };
    let everybody = anonymous();
    assert!(seen(&everybody).await.is_null());
    assert_eq!(seen(&shop.member).await["status"], "DRAFT");
    let early = shop
        .mutate(&shop.member, &format!("productPublish(id: {id})"), "")
        .await;
    assert_eq!(code(&early), "CONFLICT");
    let early = shop
        .mutate(&shop.staff, &format!("productReview(id: {id})"), "")
        .await;
    assert_eq!(code(&early), "INVALID_TRANSITION");

    shop.mutate(&shop.member, &format!("productSubmit(id: {id})"), "")
        .await;
    let queue = shop
        .run(
            &shop.staff,
            "{ productApprovalQueue { totalCount nodes { id } } }",
            json!({}),
        )
        .await;
    assert_eq!(queue["productApprovalQueue"]["nodes"][0]["id"], id);
    shop.mutate(&shop.staff, &format!("productReview(id: {id})"), "")
        .await;
    let wrong = format!(
        "productApprove(id: {id}, revisionId: \"{}\")",
        platform::ids::RevisionId::new()
    );
    assert_eq!(code(&shop.mutate(&shop.staff, &wrong, "").await), "NOT_FOUND");
    let revision = seen(&shop.staff).await["pendingRevision"]["id"].clone();
    let approve = format!("productApprove(id: {id}, revisionId: {revision})");
    for _ in 0..2 {
        let approved = shop.mutate(&shop.staff, &approve, "product { status }").await;
        assert_eq!(
            approved["product"]["status"], "APPROVED",
            "also when repeated: {approved}"
        );
    }
    assert!(seen(&everybody).await.is_null());
    shop.mutate(&shop.member, &format!("productPublish(id: {id})"), "")
        .await;
    assert_eq!(seen(&everybody).await["isPublished"], true);
    let history =
        format!("query {{ product(by: {{id: {id}}}) {{ approvalHistory {{ from to by {{ id }} }} }} }}");
    let history = shop.run(&shop.member, &history, json!({})).await;
    assert_eq!(history["product"]["approvalHistory"].as_array().unwrap().len(), 3);

    let mut tx = shop.deps.db.begin(platform::Moment::LIVE).await.unwrap();
    let fact = super::commands::vendor_fact(shop.vendor, false);
    crate::consumers::vendor_status_changed(&mut tx, fact)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(seen(&everybody).await.is_null());
    let suspended = shop
        .mutate(&shop.member, &format!("productUnpublish(id: {id})"), "")
        .await;
    assert_eq!(code(&suspended), "CONFLICT");
}

#[tokio::test]
async fn an_edit_of_a_live_product_waits_while_the_old_one_sells() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Teapot"), "POT-1", 3400).await;
    let (id, everybody) = (&product["id"], anonymous());
    let version = |viewer| {
        let (shop, query) = (
            &shop,
            format!(
                "{{ product(by: {{id: {id}}}) {{ version name pendingRevision {{ id changedFields status }} }} }}"
            ),
        );
        async move {
            shop.answer(viewer, &query, json!({}))
                .await
                .data
                .into_json()
                .unwrap()["product"]
                .clone()
        }
    };
    let update = "mutation($id: ID!, $input: ProductInput!, $version: Int!) {
        productUpdate(id: $id, input: $input, expectedVersion: $version) { userErrors { code message } } }";
    let before = version(&shop.member).await["version"].clone();
    let variables = json!({ "id": id, "input": shop.generic("Stoneware Teapot"), "version": before });
    let updated = shop.run(&shop.member, update, variables.clone()).await;
    assert_eq!(updated["productUpdate"]["userErrors"], json!([]));
    let stale = shop.run(&shop.member, update, variables).await;
    assert_eq!(code(&stale["productUpdate"]), "VERSION_CONFLICT");

    let now = version(&shop.member).await;
    assert_eq!(
        (&now["name"], &now["pendingRevision"]["changedFields"]),
        (&json!("Teapot"), &json!(["name"]))
    );
    let revision = now["pendingRevision"]["id"].clone();
    shop.mutate(&shop.member, &format!("productSubmit(id: {id})"), "")
        .await;
    shop.mutate(&shop.staff, &format!("productReview(id: {id})"), "")
        .await;
    let input = json!({ "id": id, "input": shop.generic("Other"), "version": version(&shop.member).await["version"] });
    let locked = shop.run(&shop.member, update, input).await;
    assert_eq!(code(&locked["productUpdate"]), "INVALID_TRANSITION");
    assert_eq!(version(&everybody).await["name"], "Teapot");
    let approve = format!("productApprove(id: {id}, revisionId: {revision})");
    shop.mutate(&shop.staff, &approve, "").await;
    assert_eq!(version(&everybody).await["name"], "Stoneware Teapot");
    assert!(version(&shop.member).await["pendingRevision"].is_null());
}

#[tokio::test]
async fn only_the_vendor_and_staff_may_and_a_key_counts_once() {
    let shop = Shop::open().await;
    let stranger = platform::Viewer {
        vendors: vec![VendorId::new()],
        ..platform::testing::viewer(Role::Vendor)
    };
    let refused = shop.create(&stranger, shop.generic("Mug"), "A-1", 5, "k").await;
    assert_eq!(code(&refused), "FORBIDDEN");
    assert_eq!(
        code(
            &shop
                .create(&anonymous(), shop.generic("Mug"), "A-1", 5, "k")
                .await
        ),
        "UNAUTHENTICATED"
    );

    let first = shop
        .create(&shop.member, shop.generic("Mug"), "A-1", 5, "k")
        .await;
    let again = shop
        .create(&shop.member, shop.generic("Mug"), "A-1", 5, "k")
        .await;
    assert_eq!(first["product"]["id"], again["product"]["id"]);
    let reused = shop
        .create(&shop.member, shop.generic("Mug"), "A-1", 6, "k")
        .await;
    assert_eq!(code(&reused), "IDEMPOTENCY_KEY_REUSED");
    let taken = shop
        .create(&shop.member, shop.generic("Mug"), "a-1", 5, "l")
        .await;
    assert_eq!(
        (code(&taken), &taken["userErrors"][0]["message"]),
        ("CONFLICT", &json!("the SKU is in use"))
    );
    assert_eq!(shop.sql("select count(*) from products.products").await, 1);

    let id = &first["product"]["id"];
    let hidden = shop
        .mutate(&stranger, &format!("productSubmit(id: {id})"), "")
        .await;
    assert_eq!(code(&hidden), "NOT_FOUND");
    let query = format!("mutation {{ productReview(id: {id}) {{ userErrors {{ code }} }} }}");
    let denied = shop.answer(&shop.member, &query, json!({})).await;
    assert_eq!(denied.data.into_json().unwrap(), json!({ "productReview": null }));
    assert_eq!(denied.errors.len(), 1);
}

#[tokio::test]
async fn details_and_references_are_checked() {
    let shop = Shop::open().await;
    let book = |isbn: &str| {
        let mut input = shop.generic("The Salt Road");
        input["kind"] = json!("BOOK");
        input["details"] =
            json!({ "book": { "isbn13": isbn, "authors": ["Ines Calder"], "format": "PAPERBACK" } });
        input
    };
    let bad = shop
        .create(&shop.member, book("9780306406158"), "B-1", 5, "k")
        .await;
    assert_eq!(
        bad["userErrors"][0]["path"],
        json!(["input", "details", "book", "isbn13"])
    );
    let good = shop
        .create(&shop.member, book("978-0-306-40615-7"), "B-1", 5, "k")
        .await;
    assert_eq!(good["userErrors"], json!([]));
    let mut input = shop.generic("Mug");
    input["categoryId"] = json!("cat_nonsense");
    assert_eq!(
        code(&shop.create(&shop.member, input, "B-2", 5, "m").await),
        "NOT_FOUND"
    );
    let mut input = shop.generic("Mug");
    input["attributes"] = json!([{ "code": "height_mm", "value": "tall" }]);
    assert_eq!(
        code(&shop.create(&shop.member, input, "B-2", 5, "n").await),
        "INVALID"
    );
}

#[tokio::test]
async fn categories_cannot_be_moved_below_themselves() {
    let shop = Shop::open().await;
    let (top, mut parent) = (shop.category.clone(), shop.category.clone());
    for slug in ["novels", "crime"] {
        let upsert = format!("categoryUpsert(name: \"{slug}\", slug: \"{slug}\", parentId: {parent})");
        parent = shop.mutate(&shop.staff, &upsert, "category { id }").await["category"]["id"].clone();
    }
    let cycle = format!("categoryUpsert(id: {top}, name: \"Books\", slug: \"books\", parentId: {parent})");
    assert_eq!(code(&shop.mutate(&shop.staff, &cycle, "").await), "INVALID");
    let query = "{ category(slug: \"crime\") { ancestors { slug } } category2: category(slug: \"books\") { children { slug } } }";
    let found = shop.run(&anonymous(), query, json!({})).await;
    assert_eq!(
        found["category"]["ancestors"],
        json!([{ "slug": "books" }, { "slug": "novels" }])
    );
    assert_eq!(found["category2"]["children"], json!([{ "slug": "novels" }]));
}

#[tokio::test]
async fn a_scheduled_product_is_published_by_the_clock() {
    let shop = Shop::open().await;
    let id = shop.sell(shop.generic("Lamp"), "LAMP", 900).await["id"].clone();
    shop.mutate(&shop.member, &format!("productUnpublish(id: {id})"), "")
        .await;
    let later = format!("productPublish(id: {id}, at: \"2999-01-01T00:00:00Z\")");
    let planned = shop
        .mutate(&shop.member, &later, "product { isPublished publishAt }")
        .await;
    assert_eq!(planned["product"]["isPublished"], false);
    crate::actions::publishing::publish_due(&shop.deps).await.unwrap();
    assert_eq!(
        shop.sql("select count(*) from products.products where visible")
            .await,
        0
    );
    shop.sql(
        "with due as (update products.products set publish_at = now() returning 1) select count(*) from due",
    )
    .await;
    crate::actions::publishing::publish_due(&shop.deps).await.unwrap();
    assert_eq!(
        shop.sql("select count(*) from products.products where visible")
            .await,
        1
    );
}

#[tokio::test]
async fn vendors_watch_their_own_approvals() {
    let shop = Shop::open().await;
    let made = shop
        .create(&shop.member, shop.generic("Mug"), "MUG", 5, "k")
        .await;
    let watch = |viewer: &platform::Viewer| {
        let mut request =
            async_graphql::Request::new("subscription { productApprovalChanged { id status } }");
        crate::insert_data(&shop.deps, viewer, &mut request.data);
        shop.schema.execute_stream(request.data(viewer.clone()))
    };
    let mut denied = Box::pin(watch(&anonymous()));
    assert_eq!(denied.next().await.unwrap().errors.len(), 1);
    let mut steps = Box::pin(watch(&shop.member));
    let submit = async {
        // The stream has to be followed before the step.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let submit = format!("productSubmit(id: {})", made["product"]["id"]);
        shop.mutate(&shop.member, &submit, "").await
    };
    let (step, _) = tokio::join!(steps.next(), submit);
    let seen = step.unwrap().data.into_json().unwrap();
    assert_eq!(
        seen["productApprovalChanged"],
        json!({ "id": made["product"]["id"], "status": "SUBMITTED" })
    );
}
