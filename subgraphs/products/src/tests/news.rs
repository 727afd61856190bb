//! Falling prices and returning stock reach exactly those who wait for them.

use super::{Shop, commands::received};
use crate::{actions::news, consumers};
use contracts::events::{StockReturned, VariantNews, WishesFulfilled};
use platform::{
    Moment, Role, Viewer,
    events::{Origin, Received},
    ids::{CustomerId, ProductId},
    testing::viewer,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Shop {
    async fn wish(&self, who: &Viewer, variant: &Value, flags: &str) {
        let add = format!("wishlistItemAdd(variantId: {variant}, {flags})");
        assert_eq!(self.mutate(who, &add, "").await["userErrors"], json!([]));
    }

    async fn facts<E: DeserializeOwned>(&self, topic: &str) -> Vec<E> {
        let rows: Vec<Value> =
            sqlx::query_scalar("select payload from products.outbox where topic = $1 order by id")
                .bind(topic)
                .fetch_all(self.deps.db.pool())
                .await
                .unwrap();
        rows.into_iter()
            .map(|row| serde_json::from_value(row).unwrap())
            .collect()
    }

    /// Tells all news in chunks of one list; returns who was told and how often the worker ran.
    async fn tell_all(&self) -> (BTreeSet<CustomerId>, usize) {
        let before = self
            .facts::<WishesFulfilled>("products.wishes_fulfilled")
            .await
            .len();
        let mut steps = 0;
        while news::step_of(&self.deps, 1).await.unwrap() {
            steps += 1;
        }
        let told = self.facts::<WishesFulfilled>("products.wishes_fulfilled").await;
        let told = told.into_iter().skip(before).flat_map(|wishes| wishes.customers);
        (told.collect(), steps)
    }

    async fn price(&self, variant: &Value, pence: i64) {
        let version = format!("{{ variant(id: {variant}) {{ version }} }}");
        let version = self.run(&self.member, &version, json!({})).await["variant"]["version"].clone();
        let set = format!(
            "variantPriceSet(id: {variant}, price: {{amount: {pence}, currency: \"GBP\"}}, expectedVersion: {version})"
        );
        assert_eq!(self.mutate(&self.member, &set, "").await["userErrors"], json!([]));
    }

    async fn news(&self) -> Vec<VariantNews> {
        self.facts("products.variant_news").await
    }

    async fn stock(&self, fact: &Received<StockReturned>) {
        let mut tx = self.deps.db.begin(Moment::LIVE).await.unwrap();
        consumers::stock_returned(&mut tx, vec![fact.clone()])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

fn ids(viewers: &[&Viewer]) -> BTreeSet<CustomerId> {
    viewers.iter().filter_map(|viewer| viewer.customer).collect()
}

#[tokio::test]
async fn a_fall_of_the_price_is_told_once_to_those_who_waited_for_it() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 1000).await;
    let (id, variant) = (&product["id"], &product["variants"][0]["id"]);
    let [ann, bob, cat, dan] = [Role::Customer, Role::Guest, Role::Customer, Role::Customer].map(viewer);
    shop.wish(&ann, variant, "notifyPriceDrop: true").await;
    let second = shop
        .mutate(&ann, "wishlistCreate(name: \"Second\")", "wishlist { id }")
        .await;
    let second = &second["wishlist"]["id"];
    shop.wish(
        &ann,
        variant,
        &format!("wishlistId: {second}, notifyPriceDrop: true"),
    )
    .await;
    shop.wish(&bob, variant, "notifyPriceDrop: true").await;
    shop.wish(&cat, variant, "notifyBackInStock: true").await;

    for pence in [1000, 1200] {
        shop.price(variant, pence).await;
    }
    assert_eq!(
        (shop.news().await.len(), shop.tell_all().await.1),
        (0, 0),
        "it did not fall"
    );
    shop.price(variant, 900).await;
    shop.wish(&dan, variant, "notifyPriceDrop: true").await;
    let (told, steps) = shop.tell_all().await;
    assert_eq!(told, ids(&[&ann, &bob]), "Dan came too late");
    assert_eq!(steps, 4, "three lists, one at a time, and the end");
    let news = shop.news().await;
    let fall = news[0].price.unwrap();
    assert_eq!((news.len(), fall.before, fall.after), (1, 1200, 900));
    assert_eq!(news[0].product_name, "Mug");

    shop.wish(&bob, variant, "notifyPriceDrop: false").await;
    let tiers = format!(
        "variantPriceTiersSet(id: {variant}, currency: \"GBP\", minQuantities: [1, 5], amounts: [850, 800])"
    );
    assert_eq!(
        shop.mutate(&shop.member, &tiers, "").await["userErrors"],
        json!([])
    );
    assert_eq!(shop.tell_all().await.0, ids(&[&ann, &dan]));
    // Nobody can buy what is not in the shop window.
    shop.mutate(&shop.member, &format!("productUnpublish(id: {id})"), "")
        .await;
    shop.price(variant, 500).await;
    assert_eq!(shop.news().await.len(), 2);
}

#[tokio::test]
async fn a_return_is_told_once_for_each_fact() {
    let shop = Shop::open().await;
    let product = shop.sell(shop.generic("Mug"), "MUG", 1000).await;
    let variant = &product["variants"][0]["id"];
    let [ann, bob] = [Role::Customer, Role::Customer].map(viewer);
    shop.wish(&ann, variant, "notifyBackInStock: true").await;
    shop.wish(&bob, variant, "notifyPriceDrop: true").await;
    let mut fact = received(StockReturned {
        variant: variant.as_str().unwrap().parse().unwrap(),
        product: ProductId::new(),
        vendor: shop.vendor,
    });
    fact.origin = Origin::Import;
    shop.stock(&fact).await;
    assert_eq!(shop.news().await.len(), 0, "history");
    fact.origin = Origin::Live;
    shop.stock(&fact).await;
    shop.stock(&fact).await;
    let queued = "select count(*) from products.news";
    assert_eq!(
        shop.sql(queued).await,
        1,
        "the inbox lets a fact in once; should it not, the news has its name"
    );
    assert_eq!(shop.tell_all().await.0, ids(&[&ann]));
    let told = shop.facts::<WishesFulfilled>("products.wishes_fulfilled").await;
    assert!(
        told.iter()
            .all(|wishes| wishes.news.id == fact.id && wishes.news.price.is_none())
    );
}
