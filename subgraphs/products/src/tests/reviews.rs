//! Reviews: edits, verified purchases, who may do what, and sums under concurrency.

use super::{Shop, anonymous, code, commands::received};
use crate::consumers;
use contracts::events::{DeliveredLine, LinesDelivered};
use futures::future::join_all;
use platform::{
    Moment, Role, Viewer,
    events::Received,
    ids::{CustomerId, OrderId, OrderLineId, ProductId, VariantId},
    testing::viewer,
};
use serde_json::{Value, json};

/// Products, reviews and vendors whose sums differ from a recount.
pub const DRIFT: &str = "select (select count(*) from products.products p where (rating_count, rating_sum, rating_histogram) <> ( \
        select count(*)::int, coalesce(sum(rating), 0)::bigint, array[count(*) filter (where rating = 1), \
            count(*) filter (where rating = 2), count(*) filter (where rating = 3), count(*) filter (where rating = 4), \
            count(*) filter (where rating = 5)]::int[] \
        from products.reviews r where r.product_id = p.id and r.status = 'PUBLISHED')) \
    + (select count(*) from products.reviews r where helpful_count <> \
        (select count(*) from products.review_votes v where v.review_id = r.id)) \
    + (select count(*) from products.vendor_ratings v where histogram <> ( \
        select array[coalesce(sum(rating_histogram[1]), 0), coalesce(sum(rating_histogram[2]), 0), \
            coalesce(sum(rating_histogram[3]), 0), coalesce(sum(rating_histogram[4]), 0), \
            coalesce(sum(rating_histogram[5]), 0)]::bigint[] \
        from products.products p where p.vendor_id = v.vendor_id and p.visible))";

pub fn delivered(customer: CustomerId, product: ProductId) -> Received<LinesDelivered> {
    let line = DeliveredLine {
        line: OrderLineId::new(),
        product,
        variant: VariantId::new(),
        delivered: 1,
    };
    received(LinesDelivered {
        order: OrderId::new(),
        customer,
        lines: vec![line],
    })
}

impl Shop {
    async fn deliver(&self, fact: Received<LinesDelivered>) {
        let mut tx = self.deps.db.begin(Moment::LIVE).await.unwrap();
        consumers::lines_delivered(&mut tx, fact).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn review(&self, author: &Viewer, product: &Value, rating: i32) -> Value {
        let create = format!("reviewCreate(productId: {product}, rating: {rating})");
        let made = self
            .mutate(author, &create, "review { id version verifiedPurchase }")
            .await;
        assert_eq!(made["userErrors"], json!([]));
        made["review"].clone()
    }
}

#[tokio::test]
async fn a_purchase_counts_when_it_has_arrived_whichever_comes_first() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 1000).await["id"].clone();
    let id: ProductId = product.as_str().unwrap().parse().unwrap();
    let (early, late) = (viewer(Role::Customer), viewer(Role::Customer));
    assert_eq!(shop.review(&early, &product, 5).await["verifiedPurchase"], false);
    let fact = delivered(early.customer.unwrap(), id);
    for _ in 0..2 {
        shop.deliver(fact.clone()).await;
    }
    shop.deliver(delivered(late.customer.unwrap(), id)).await;
    assert_eq!(shop.review(&late, &product, 4).await["verifiedPurchase"], true);
    let verified = "select count(*) from products.reviews where verified";
    assert_eq!(shop.sql(verified).await, 2);
    assert_eq!(shop.sql("select count(*) from products.purchases").await, 2);
}

#[tokio::test]
async fn a_review_and_its_delivery_at_once_end_verified() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 1000).await["id"].clone();
    let id: ProductId = product.as_str().unwrap().parse().unwrap();
    let authors: Vec<Viewer> = (0..40).map(|_| viewer(Role::Customer)).collect();
    let both = authors.iter().map(|author| async {
        let arrival = shop.deliver(delivered(author.customer.unwrap(), id));
        tokio::join!(shop.review(author, &product, 3), arrival)
    });
    join_all(both).await;
    let missed = "select count(*) from products.reviews where not verified";
    assert_eq!(shop.sql(missed).await, 0);
}

#[tokio::test]
async fn an_edit_waits_for_staff_who_publish_what_they_have_read() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 1000).await["id"].clone();
    let (author, other) = (viewer(Role::Customer), viewer(Role::Customer));
    let review = shop.review(&author, &product, 5).await;
    let id = &review["id"];
    let moderate = |status: &str, version: i32| {
        format!("reviewModerate(id: {id}, status: {status}, expectedVersion: {version})")
    };
    let update = |rating: i32, version: i32| {
        format!("reviewUpdate(id: {id}, rating: {rating}, body: \"Two\", expectedVersion: {version})")
    };
    assert_eq!(code(&shop.mutate(&other, &update(1, 1), "").await), "NOT_FOUND");
    let published = shop
        .mutate(&shop.staff, &moderate("PUBLISHED", 1), "review { version }")
        .await;
    assert_eq!(published["review"]["version"], 2);
    assert_eq!(code(&shop.mutate(&other, &update(1, 2), "").await), "FORBIDDEN");
    assert_eq!(
        code(&shop.mutate(&anonymous(), &update(1, 2), "").await),
        "UNAUTHENTICATED"
    );
    assert_eq!(
        code(&shop.mutate(&author, &update(1, 1), "").await),
        "VERSION_CONFLICT"
    );
    assert_eq!(code(&shop.mutate(&author, &update(6, 2), "").await), "INVALID");
    let edited = shop
        .mutate(
            &author,
            &update(2, 2),
            "review { status version editedAt rating }",
        )
        .await;
    assert_eq!(edited["review"]["status"], "PENDING");
    assert!(edited["review"]["editedAt"].is_string());
    assert_eq!(
        shop.sql("select rating_count::bigint from products.products")
            .await,
        0
    );
    assert_eq!(shop.sql(DRIFT).await, 0);

    let queue = "{ reviewModerationQueue { nodes { id rating version } } }";
    let waiting = shop.run(&shop.staff, queue, json!({})).await;
    let nodes = &waiting["reviewModerationQueue"]["nodes"];
    assert_eq!(nodes, &json!([{ "id": id, "rating": 2, "version": 3 }]));
    let denied = shop.answer(&shop.member, queue, json!({})).await;
    assert_eq!(
        denied.data.into_json().unwrap(),
        json!({ "reviewModerationQueue": null })
    );
    let stale = shop.mutate(&shop.staff, &moderate("PUBLISHED", 2), "").await;
    assert_eq!(code(&stale), "VERSION_CONFLICT");
    shop.mutate(&shop.staff, &moderate("PUBLISHED", 3), "").await;
    assert_eq!(shop.sql("select rating_sum from products.products").await, 2);
    let back = shop.mutate(&shop.staff, &moderate("PENDING", 4), "").await;
    assert_eq!(code(&back), "INVALID_TRANSITION");

    let reply = format!("reviewReply(id: {id}, body: \"Sorry\")");
    assert_eq!(code(&shop.mutate(&shop.staff, &reply, "").await), "FORBIDDEN");
    assert_eq!(
        code(&shop.mutate(&anonymous(), &reply, "").await),
        "UNAUTHENTICATED"
    );
    assert_eq!(
        shop.mutate(&shop.member, &reply, "").await["userErrors"],
        json!([])
    );
    let vote = format!("reviewMarkHelpful(id: {id})");
    assert_eq!(code(&shop.mutate(&author, &vote, "").await), "CONFLICT");
    assert_eq!(
        code(&shop.mutate(&viewer(Role::Guest), &vote, "").await),
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn the_sums_are_a_recount_after_hundreds_of_things_at_once() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 1000).await["id"].clone();
    let authors: Vec<Viewer> = (0..20).map(|_| viewer(Role::Customer)).collect();
    let product = &product;
    let made = authors.iter().zip(0_i32..);
    let reviews = join_all(made.map(|(author, n)| shop.review(author, product, n % 5 + 1))).await;
    let readers: Vec<Viewer> = (0..5).map(|_| viewer(Role::Customer)).collect();
    // A fixed sequence of steps that looks like chance.
    let mut seed = 20_261_121_u64;
    let mut next = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let steps: Vec<(usize, usize, usize)> = (0..400).map(|_| (next(6), next(20), next(5))).collect();
    let run = |(kind, n, m): &(usize, usize, usize)| {
        let (kind, n, m) = (*kind, *n, *m);
        let (shop, authors, readers, id) = (&shop, &authors, &readers, &reviews[n]["id"]);
        async move {
            let (viewer, step) = match kind {
                0 | 1 => (
                    &shop.staff,
                    format!("reviewModerate(id: {id}, status: PUBLISHED)"),
                ),
                2 => (&shop.staff, format!("reviewModerate(id: {id}, status: REJECTED)")),
                3 => {
                    let version = shop.answer(&authors[n], &entity(id), json!({})).await;
                    let version = version.data.into_json().unwrap()["_entities"][0]["version"].clone();
                    let rating = m + 1;
                    let update =
                        format!("reviewUpdate(id: {id}, rating: {rating}, expectedVersion: {version})");
                    (&authors[n], update)
                }
                _ => (&readers[m], format!("reviewMarkHelpful(id: {id})")),
            };
            let done = shop.mutate(viewer, &step, "").await;
            assert!(
                ["none", "NOT_FOUND", "VERSION_CONFLICT"].contains(&code(&done)),
                "{step}: {done}"
            );
        }
    };
    for round in steps.chunks(100) {
        join_all(round.iter().map(run)).await;
        assert_eq!(shop.sql(DRIFT).await, 0);
    }
    assert!(shop.sql("select count(*) from products.review_votes").await > 10);
    let publish = |review: &Value| format!("reviewModerate(id: {}, status: PUBLISHED)", review["id"]);
    let twice: Vec<String> = reviews.iter().chain(&reviews).map(publish).collect();
    join_all(twice.iter().map(|step| shop.mutate(&shop.staff, step, ""))).await;
    assert_eq!(shop.sql(DRIFT).await, 0);
    assert_eq!(
        shop.sql("select rating_count::bigint from products.products")
            .await,
        20
    );
}

fn entity(id: &Value) -> String {
    format!(
        "{{ _entities(representations: [{{__typename: \"Review\", id: {id}}}]) {{ ... on Review {{ version }} }} }}"
    )
}
