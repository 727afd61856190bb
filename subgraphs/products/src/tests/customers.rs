//! Reviews, ratings and wishlists.

use super::{Shop, anonymous, code, reviews::delivered};
use crate::consumers;
use platform::{Moment, Role, testing::viewer};
use serde_json::json;

/// Products whose sums differ from a recount of their reviews.
const DRIFT: &str = "select count(*) from products.products p where (rating_count, rating_sum, rating_histogram) <> ( \
    select count(*)::int, coalesce(sum(rating), 0)::bigint, array[count(*) filter (where rating = 1), \
        count(*) filter (where rating = 2), count(*) filter (where rating = 3), count(*) filter (where rating = 4), \
        count(*) filter (where rating = 5)]::int[] \
    from products.reviews r where r.product_id = p.id and r.status = 'PUBLISHED')";

#[tokio::test]
async fn the_rating_is_what_a_recount_gives() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 1000).await;
    let id = product["id"].as_str().unwrap();
    let mut reviews = Vec::new();
    for rating in [5, 4, 2] {
        let author = viewer(Role::Customer);
        if rating == 5 {
            let mut tx = shop.deps.db.begin(Moment::LIVE).await.unwrap();
            let fact = delivered(author.customer.unwrap(), id.parse().unwrap());
            consumers::lines_delivered(&mut tx, fact).await.unwrap();
            tx.commit().await.unwrap();
        }
        let create = format!("reviewCreate(productId: \"{id}\", rating: {rating}, title: \"So\")");
        let made = shop
            .mutate(&author, &create, "review { id status verifiedPurchase }")
            .await;
        assert_eq!(made["review"]["verifiedPurchase"], rating == 5);
        assert_eq!(code(&shop.mutate(&author, &create, "").await), "CONFLICT");
        reviews.push(made["review"]["id"].clone());
    }
    let query = format!(
        "{{ product(by: {{id: \"{id}\"}}) {{ rating {{ average count histogram }}
        reviews(where: {{verifiedOnly: true}}) {{ nodes {{ rating }} }} }} }}"
    );
    let found = shop.run(&anonymous(), &query, json!({})).await;
    assert_eq!(
        found["product"]["rating"],
        json!({ "average": null, "count": 0, "histogram": [0, 0, 0, 0, 0] })
    );
    assert_eq!(found["product"]["reviews"]["nodes"], json!([]));
    for (review, status) in [
        (0, "PUBLISHED"),
        (1, "PUBLISHED"),
        (2, "PUBLISHED"),
        (2, "PUBLISHED"),
        (1, "REJECTED"),
    ] {
        let moderate = format!("reviewModerate(id: {}, status: {status})", reviews[review]);
        assert_eq!(
            shop.mutate(&shop.staff, &moderate, "").await["userErrors"],
            json!([])
        );
        assert_eq!(shop.sql(DRIFT).await, 0, "{status}");
    }
    let found = shop.run(&anonymous(), &query, json!({})).await;
    assert_eq!(
        found["product"]["rating"],
        json!({ "average": 3.5, "count": 2, "histogram": [0, 1, 0, 0, 1] })
    );
    assert_eq!(found["product"]["reviews"]["nodes"], json!([{ "rating": 5 }]));
    let helpful = format!("reviewMarkHelpful(id: {})", reviews[0]);
    let reader = viewer(Role::Customer);
    for _ in 0..2 {
        assert_eq!(
            shop.mutate(&reader, &helpful, "review { helpfulCount }").await["review"]["helpfulCount"],
            1
        );
    }
    let reply = format!("reviewReply(id: {}, body: \"Thank you\")", reviews[0]);
    assert_eq!(code(&shop.mutate(&reader, &reply, "").await), "FORBIDDEN");
    let replied = shop.mutate(&shop.member, &reply, "review { vendorReply }").await;
    assert_eq!(replied["review"]["vendorReply"], "Thank you");
}

#[tokio::test]
async fn wishlists_are_private_until_they_are_shared() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 1000).await;
    let variant = &product["variants"][0]["id"];
    let (owner, other) = (viewer(Role::Guest), viewer(Role::Customer));
    let added = shop
        .mutate(
            &owner,
            &format!("wishlistItemAdd(variantId: {variant})"),
            "wishlist { id items { variant { sku } } }",
        )
        .await;
    assert_eq!(
        added["wishlist"]["items"],
        json!([{ "variant": { "sku": "MUG" } }])
    );
    let id = added["wishlist"]["id"].clone();
    let share = format!("wishlistShare(wishlistId: {id}, isPublic: true)");
    assert_eq!(code(&shop.mutate(&other, &share, "").await), "NOT_FOUND");
    let shared = shop.mutate(&owner, &share, "wishlist { shareToken }").await;
    let token = shared["wishlist"]["shareToken"].clone();
    let by_token =
        format!("{{ wishlistByShareToken(token: {token}) {{ shareToken items {{ variant {{ sku }} }} }} }}");
    let found = shop.run(&other, &by_token, json!({})).await;
    assert!(found["wishlistByShareToken"]["shareToken"].is_null());
    assert_eq!(
        found["wishlistByShareToken"]["items"].as_array().unwrap().len(),
        1
    );
    let entity = "query($id: ID!, $customer: ID!) { _entities(representations: [
        {__typename: \"Wishlist\", id: $id}, {__typename: \"Wishlist\", id: \"nonsense\"},
        {__typename: \"Customer\", id: $customer}]) { ... on Wishlist { name } ... on Customer { wishlists { name } } } }";
    let variables = json!({ "id": id, "customer": owner.customer.unwrap().to_string() });
    let own = shop.run(&owner, entity, variables.clone()).await;
    assert_eq!(
        own["_entities"],
        json!([{ "name": "Wishlist" }, null, { "wishlists": [{ "name": "Wishlist" }] }])
    );
    let foreign = shop.run(&other, entity, variables).await;
    assert_eq!(foreign["_entities"], json!([null, null, { "wishlists": null }]));
    shop.mutate(
        &owner,
        &format!("wishlistShare(wishlistId: {id}, isPublic: false)"),
        "",
    )
    .await;
    assert!(shop.run(&other, &by_token, json!({})).await["wishlistByShareToken"].is_null());
}
