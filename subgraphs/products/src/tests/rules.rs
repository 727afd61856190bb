//! What vendors write is checked, and what customers write is kept from those it does not concern.

use super::{Shop, anonymous, code};
use platform::{Role, testing::viewer};
use serde_json::{Value, json};

impl Shop {
    /// Why a product is not made; "none" if it is.
    async fn refusal(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut input = self.generic("Thing");
        change(&mut input);
        let key = platform::ids::ProductId::new().to_string();
        let made = self.create(&self.member, input, &key[..20], 100, &key).await;
        let error = &made["userErrors"][0];
        match error.is_null() {
            true => "none".to_owned(),
            false => format!("{} {}", code(&made), error["path"]),
        }
    }
}

fn book(details: Value) -> impl FnOnce(&mut Value) {
    move |input| {
        let mut book = json!({ "isbn13": "9780306406157", "authors": ["A"], "format": "PAPERBACK" });
        for (field, value) in details.as_object().unwrap() {
            book[field] = value.clone();
        }
        input["kind"] = json!("BOOK");
        input["details"] = json!({ "book": book });
    }
}

#[tokio::test]
async fn details_and_texts_of_products_make_sense() {
    let shop = Shop::open().await;
    let details = |field: &str| format!("INVALID [\"input\",\"details\",\"book\",\"{field}\"]");
    // Null is the empty list.
    assert_eq!(shop.refusal(book(json!({ "genres": null }))).await, "none");
    for (wrong, field) in [
        (json!({ "genres": ["Crime", "crime"] }), "genres"),
        (json!({ "authors": ["A", "A"] }), "authors"),
        (json!({ "publishedOn": "-0001-01-01" }), "publishedOn"),
        (json!({ "isbn13": "9780306406158" }), "isbn13"),
        (json!({ "isbn13": "0306406152" }), "isbn13"),
    ] {
        assert_eq!(shop.refusal(book(wrong.clone())).await, details(field), "{wrong}");
    }
    let bell = shop.refusal(|input| input["description"] = json!("a\u{7}")).await;
    assert_eq!(bell, "INVALID [\"input\",\"description\"]");
    let lines = shop.refusal(|input| input["description"] = json!("a\nb")).await;
    assert_eq!(lines, "none");
    for field in ["categoryId", "brandId"] {
        for id in [
            "x",
            "cat_01900000000070008000000000000000",
            "brd_01900000000070008000000000000000",
        ] {
            let missing = shop.refusal(|input| input[field] = json!(id)).await;
            assert_eq!(missing, format!("NOT_FOUND [\"input\",\"{field}\"]"), "{id}");
        }
    }
    let value = |value: &str| json!({ "code": "country_of_origin", "value": value });
    let twice = shop
        .refusal(|input| input["attributes"] = json!([value("GB"), value("FR")]))
        .await;
    assert_eq!(twice, "INVALID [\"input\",\"attributes\",\"country_of_origin\"]");
}

#[tokio::test]
async fn variants_keep_to_their_limit_and_their_options() {
    let shop = Shop::open().await;
    let made = shop.sell(shop.generic("Mug"), "MUG", 900).await;
    let add = "mutation($id: ID!, $input: VariantInput!) {
        variantCreate(productId: $id, input: $input) { userErrors { code path } } }";
    let input = |sku: &str, options: Value| {
        json!({ "id": made["id"], "input": { "sku": sku, "name": "One", "weightGrams": 1, "options": options,
            "taxCategory": "standard", "prices": [{ "amount": 1, "currency": "GBP" }] } })
    };
    let twice = json!([{ "name": "Size", "value": "S" }, { "name": "size", "value": "M" }]);
    let refused = shop.run(&shop.member, add, input("TWO", twice)).await;
    assert_eq!(code(&refused["variantCreate"]), "INVALID");
    shop.sql(
        "with made as (insert into products.variants (id, product_id, sku, name, weight_grams, tax_category, position)
             select gen_random_uuid(), p.id, 'S' || n, 'n', 1, 'standard', n + 1
             from products.products p, generate_series(1, 98) n returning 1) select count(*) from made",
    )
    .await;
    let last = shop.run(&shop.member, add, input("LAST", json!([]))).await;
    assert_eq!(code(&last["variantCreate"]), "none");
    let more = shop.run(&shop.member, add, input("MORE", json!([]))).await;
    assert_eq!(code(&more["variantCreate"]), "LIMIT_EXCEEDED");
    assert_eq!(shop.sql("select count(*) from products.variants").await, 100);
}

#[tokio::test]
async fn a_greater_quantity_never_makes_a_piece_dearer() {
    let shop = Shop::open().await;
    let variant = shop.sell(shop.generic("Mug"), "MUG", 1000).await["variants"][0]["id"].clone();
    let tiers = |amounts: &str| {
        format!(
            "variantPriceTiersSet(id: {variant}, currency: \"GBP\", minQuantities: [1, 10], amounts: {amounts})"
        )
    };
    assert_eq!(
        code(&shop.mutate(&shop.member, &tiers("[1000, 1001]"), "").await),
        "INVALID"
    );
    assert_eq!(
        code(&shop.mutate(&shop.member, &tiers("[1000, 900]"), "").await),
        "none"
    );
    let sale = format!(
        "variantPriceSet(id: {variant}, price: {{amount: 500, currency: \"GBP\"}}, expectedVersion: 2)"
    );
    assert_eq!(code(&shop.mutate(&shop.member, &sale, "").await), "none");
    let query = format!("{{ variant(id: {variant}) {{ price(quantity: 10) {{ amount }} }} }}");
    let many = shop.run(&anonymous(), &query, json!({})).await;
    assert_eq!(many["variant"]["price"]["amount"], 500);
    let query = format!("{{ variant(id: {variant}) {{ price(quantity: 0) {{ amount }} }} }}");
    let none = shop.answer(&anonymous(), &query, json!({})).await;
    assert_eq!(none.errors.len(), 1, "{none:?}");
}

#[tokio::test]
async fn an_edit_keeps_the_slug_it_has_asked_for_and_staff_reads_what_it_says() {
    let shop = Shop::open().await;
    let id = shop.sell(shop.generic("Mug"), "MUG", 1000).await["id"].clone();
    let edit = |name: &str, slug: &str, version: i32| {
        format!(
            "productUpdate(id: {id}, expectedVersion: {version}, input: {{name: \"{name}\", kind: GENERIC, {slug}
                categoryId: {}, attributes: [{{code: \"recycled\", value: \"true\"}}]}})",
            shop.category
        )
    };
    let version = "product { version }";
    let before = format!("{{ product(by: {{id: {id}}}) {{ version }} }}");
    let at = shop.run(&shop.member, &before, json!({})).await["product"]["version"]
        .as_i64()
        .unwrap();
    let at = i32::try_from(at).unwrap();
    let first = shop
        .mutate(&shop.member, &edit("Cup", "slug: \"cup\",", at), version)
        .await;
    assert_eq!(first["userErrors"], json!([]));
    shop.mutate(&shop.member, &edit("Big cup", "", at + 1), version)
        .await;
    let query = format!(
        "{{ product(by: {{id: {id}}}) {{ name slug pendingRevision {{ name slug kind description category {{ slug }}
            brand {{ slug }} details {{ __typename }} attributes {{ value attribute {{ code }} }} changedFields }} }} }}"
    );
    let seen = shop.run(&shop.staff, &query, json!({})).await["product"].clone();
    assert_eq!((&seen["name"], &seen["slug"]), (&json!("Mug"), &json!("mug")));
    let revision = json!({ "name": "Big cup", "slug": "cup", "kind": "GENERIC", "description": null,
        "category": { "slug": "books" }, "brand": null, "details": null,
        "attributes": [{ "value": "true", "attribute": { "code": "recycled" } }],
        "changedFields": ["name", "slug", "brand", "attributes"] });
    assert_eq!(seen["pendingRevision"], revision);
}

#[tokio::test]
async fn a_product_has_its_time_in_the_shop_window() {
    let shop = Shop::open().await;
    let id = shop.sell(shop.generic("Lamp"), "LAMP", 900).await["id"].clone();
    let by = |verb: &str, at: &str| format!("{verb}(id: {id}, at: \"{at}\")");
    let far = "2999-01-01T00:00:00Z";
    let again = shop.mutate(&shop.member, &by("productPublish", far), "").await;
    assert_eq!(code(&again), "CONFLICT", "it would vanish until then");
    let never = by("productUnpublish", "+200000-01-01T00:00:00Z");
    assert_eq!(code(&shop.mutate(&shop.member, &never, "").await), "INVALID");
    let seen = "product { isPublished publishAt unpublishAt }";
    let planned = shop
        .mutate(&shop.member, &by("productUnpublish", far), seen)
        .await;
    assert_eq!(planned["product"]["isPublished"], true);
    assert!(
        planned["product"]["unpublishAt"]
            .as_str()
            .unwrap()
            .starts_with("2999")
    );
    let visible = "select count(*) from products.products where visible";
    crate::actions::publishing::publish_due(&shop.deps).await.unwrap();
    assert_eq!(shop.sql(visible).await, 1);
    shop.sql(
        "with due as (update products.products set unpublish_at = now() returning 1) select count(*) from due",
    )
    .await;
    crate::actions::publishing::publish_due(&shop.deps).await.unwrap();
    assert_eq!(shop.sql(visible).await, 0);
    assert_eq!(
        code(&shop.mutate(&shop.member, &by("productUnpublish", far), "").await),
        "CONFLICT",
        "there is nothing to end"
    );
    // From the one moment to the other, in either order of asking.
    shop.mutate(&shop.member, &by("productPublish", "2998-01-01T00:00:00Z"), "")
        .await;
    let before = by("productUnpublish", "2997-01-01T00:00:00Z");
    assert_eq!(code(&shop.mutate(&shop.member, &before, "").await), "INVALID");
    let span = shop
        .mutate(&shop.member, &by("productUnpublish", far), seen)
        .await;
    assert!(
        span["product"]["unpublishAt"]
            .as_str()
            .unwrap()
            .starts_with("2999")
    );
    let later = shop
        .mutate(&shop.member, &by("productPublish", "3000-01-01T00:00:00Z"), seen)
        .await;
    assert!(later["product"]["unpublishAt"].is_null(), "{later}");
}

#[tokio::test]
async fn nobody_praises_their_own_and_one_hidden_product_hides_no_other_review() {
    let shop = Shop::open().await;
    let product = |sku: &'static str| shop.sell(shop.generic(sku), sku, 1000);
    let (mug, cup) = (
        product("MUG").await["id"].clone(),
        product("CUP").await["id"].clone(),
    );
    let create = |product: &Value| format!("reviewCreate(productId: {product}, rating: 5)");
    let own = shop.mutate(&shop.member, &create(&mug), "").await;
    assert_eq!(code(&own), "CONFLICT");
    let author = viewer(Role::Customer);
    let review = shop.mutate(&author, &create(&mug), "review { id }").await["review"]["id"].clone();
    shop.mutate(&author, &create(&cup), "").await;
    shop.mutate(&shop.member, &format!("productUnpublish(id: {mug})"), "")
        .await;
    let query = format!(
        "{{ _entities(representations: [{{__typename: \"Customer\", id: \"{}\"}}]) {{
            ... on Customer {{ reviews {{ nodes {{ product {{ slug }} }} }} }} }} }}",
        author.customer.unwrap()
    );
    let seen = shop.run(&author, &query, json!({})).await;
    assert_eq!(
        seen["_entities"][0]["reviews"]["nodes"],
        json!([{ "product": { "slug": "cup" } }])
    );
    let update = format!("reviewUpdate(id: {review}, rating: 1, expectedVersion: 1)");
    assert_eq!(code(&shop.mutate(&author, &update, "").await), "NOT_FOUND");
}

#[tokio::test]
async fn what_is_wished_to_hear_is_nobody_elses_business() {
    let shop = Shop::open().await;
    let variant = shop.sell(shop.generic("Mug"), "MUG", 1000).await["variants"][0]["id"].clone();
    let owner = viewer(Role::Customer);
    let add =
        format!("wishlistItemAdd(variantId: {variant}, notifyBackInStock: true, notifyPriceDrop: true)");
    let items = "items { notifyBackInStock notifyPriceDrop }";
    let added = shop
        .mutate(&owner, &add, &format!("wishlist {{ id {items} }}"))
        .await;
    let list = &added["wishlist"]["id"];
    assert_eq!(added["wishlist"]["items"][0]["notifyPriceDrop"], true);
    let share = format!("wishlistShare(wishlistId: {list}, isPublic: true)");
    let token =
        shop.mutate(&owner, &share, "wishlist { shareToken }").await["wishlist"]["shareToken"].clone();
    let query = format!("{{ wishlistByShareToken(token: {token}) {{ {items} }} }}");
    for (who, told) in [
        (&anonymous(), false),
        (&viewer(Role::Customer), false),
        (&owner, true),
    ] {
        let seen = shop.run(who, &query, json!({})).await["wishlistByShareToken"]["items"][0].clone();
        assert_eq!(
            seen,
            json!({ "notifyBackInStock": told, "notifyPriceDrop": told })
        );
    }
}

#[tokio::test]
async fn lists_by_price_in_a_currency_and_by_category_are_whole_and_in_order() {
    let shop = Shop::open().await;
    let below = shop
        .mutate(
            &shop.staff,
            &format!(
                "categoryUpsert(name: \"Novels\", slug: \"novels\", parentId: {})",
                shop.category
            ),
            "category { id }",
        )
        .await["category"]["id"]
        .clone();
    for (n, pence) in [300, 100, 200, 100, 500].into_iter().enumerate() {
        let mut input = shop.generic(&format!("P{n}"));
        if n % 2 == 0 {
            input["categoryId"] = below.clone();
        }
        let variant = shop.sell(input, &format!("P-{n}"), pence).await["variants"][0]["id"].clone();
        // Dearer in pounds is cheaper in euros; the last one is not sold in them.
        if n < 4 {
            let euros = format!(
                "variantPriceSet(id: {variant}, price: {{amount: {}, currency: \"EUR\"}}, expectedVersion: 1)",
                1000 - pence
            );
            shop.mutate(&shop.member, &euros, "").await;
        }
    }
    let page = "query($first: Int, $after: String, $where: ProductWhere, $sort: ProductSort) {
        products(first: $first, after: $after, where: $where, sort: $sort) {
            totalCount nodes { name } pageInfo { hasNextPage endCursor } } }";
    let walk = async |filter: Value, sort: &str, first: i32| {
        let (mut names, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "first": first, "after": after, "where": filter, "sort": sort });
            let found = shop.run(&anonymous(), page, variables).await["products"].clone();
            let nodes = found["nodes"].as_array().unwrap();
            names.extend(nodes.iter().map(|node| node["name"].as_str().unwrap().to_owned()));
            after = found["pageInfo"]["endCursor"].clone();
            if found["pageInfo"]["hasNextPage"] == false {
                assert_eq!(found["totalCount"], names.len());
                return names;
            }
        }
    };
    let euros = json!({ "price": { "currency": "EUR" } });
    let cheapest = walk(euros.clone(), "PRICE_ASC", 10).await;
    assert_eq!(
        (cheapest.len(), cheapest[0].as_str(), cheapest[1].as_str()),
        (4, "P0", "P2")
    );
    let mut dearest = walk(euros.clone(), "PRICE_DESC", 1).await;
    dearest.reverse();
    assert_eq!(dearest, cheapest);
    let books = json!({ "categoryId": shop.category });
    for sort in ["NEWEST", "PRICE_ASC", "PRICE_DESC", "RATING", "BEST_SELLING"] {
        let all = walk(books.clone(), sort, 10).await;
        assert_eq!(all.len(), 5, "{sort}");
        assert_eq!(walk(books.clone(), sort, 2).await, all, "{sort}");
    }
    assert_eq!(walk(books, "NEWEST", 10).await, ["P4", "P3", "P2", "P1", "P0"]);
    let both = json!({ "categoryId": below, "price": { "currency": "EUR", "max": 850 } });
    assert_eq!(walk(both, "PRICE_ASC", 1).await, ["P0", "P2"]);
}
