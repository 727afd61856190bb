//! The index against a computation without it: random catalogues, changes and filters.

use super::{Shop, search_index::generated};
use crate::{
    domain::filter::{ProductSort, ProductWhere},
    search::{self, Ask, Place},
    store::categories,
};
use naive::Facts;
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

mod naive;

/// Texts that enough products have, so that nothing is corrected.
pub const TEXTS: [&str; 4] = ["steel", "paper", "shirt", "steel shelf"];

const SORTS: [ProductSort; 6] = [
    ProductSort::Relevance,
    ProductSort::Newest,
    ProductSort::PriceAsc,
    ProductSort::PriceDesc,
    ProductSort::Rating,
    ProductSort::BestSelling,
];

/// Numbers that look random and are the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Less than `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }

    /// One or two of these.
    pub fn some<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        (0..=self.roll(2)).map(|_| self.pick(of)).collect()
    }
}

/// All hits, read in pages.
async fn walk(shop: &Shop, ask: &Ask, page: i64) -> Vec<Place> {
    let backend = search::backend(&shop.deps);
    let mut found: Vec<Place> = Vec::new();
    loop {
        let hits = backend.search(ask, found.last().copied(), page).await.unwrap();
        found.extend(hits.iter().map(|hit| (hit.sort_key, hit.id.0)));
        if (hits.len() as i64) < page {
            return found;
        }
    }
}

/// Changes what some products are like, as the shop's tables are changed; returns their IDs.
async fn change(shop: &Shop, dice: &mut Dice) -> HashSet<Uuid> {
    let part = format!(
        "('x' || left(md5(id::text || {}), 4))::bit(16)::int % 12 = 0",
        dice.roll(1000)
    );
    let set = dice.pick(&[
        "in_stock = not in_stock",
        "sold = sold + 1000, rating_sum = rating_count",
        "published = not published",
        "kind = 'GENERIC', details = null",
        "attributes = '{\"energy_class\": \"Z\", \"recycled\": \"true\"}'",
        "brand_id = null, name = 'Steel River Lamp', min_price = min_price + 7",
        "category_id = (select id from products.categories where slug = 'leaf-11')",
    ]);
    let sql = format!("update products.products set {set} where {part} returning id");
    let changed = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(shop.deps.db.pool())
        .await
        .unwrap();
    changed.into_iter().collect()
}

/// The counts that are kept, against those of the documents.
async fn counts_are_exact(shop: &Shop) {
    let differ = shop
        .sql(
            "with kept as (select c.* from products.search_counts c join products.search_generations g
                     using (generation) where g.state = 'ACTIVE'),
                 counted as (select d.generation, f.facet, f.value, d.kind, d.in_stock, count(*)::int as n
                     from products.search_documents d join products.search_generations g using (generation)
                     cross join lateral products.facets_of(d) f where g.state = 'ACTIVE' group by 1, 2, 3, 4, 5)
             select count(*) from ((table kept except all table counted) union all
                 (table counted except all table kept)) d",
        )
        .await;
    assert_eq!(differ, 0);
}

async fn agree(shop: &Shop, dice: &mut Dice, cases: usize) {
    let backend = search::backend(&shop.deps);
    let facts = naive::read(shop).await;
    for _ in 0..cases {
        let filters = naive::filters(dice, &facts);
        let mut filter = ProductWhere::default();
        filters.iter().for_each(|one| one.write(&mut filter));
        let text = (dice.roll(2) == 0).then(|| dice.roll(TEXTS.len()));
        let sort = dice.pick(&SORTS);
        let understood = match text {
            Some(text) => Some(backend.understand(TEXTS[text]).await.unwrap()),
            None => None,
        };
        let categories = categories::within(shop.deps.db.pool(), &filter).await.unwrap();
        let ask = Ask {
            text: understood,
            filter,
            categories,
            sort,
        };
        let passes = |one: &Facts, but: &str| {
            text.is_none_or(|text| one.ranks[text].is_some())
                && filters.iter().all(|filter| filter.passes(one, but))
        };
        let mut expected: Vec<Place> = facts
            .iter()
            .filter(|one| passes(one, ""))
            .map(|one| (one.key(sort, text, &ask.filter), one.id))
            .collect();
        expected.sort_unstable();
        if sort != ProductSort::PriceAsc {
            expected.reverse();
        }
        assert_eq!(walk(shop, &ask, 23).await, expected, "{ask:?}");
        assert_eq!(
            backend.count(&ask, 1_000_000).await.unwrap(),
            expected.len() as i64
        );

        let codes: Vec<String> = naive::FACETS
            .iter()
            .filter(|_| dice.roll(2) == 0)
            .map(|code| (*code).to_owned())
            .collect();
        for counted in backend.facets(&ask, &codes).await.unwrap() {
            let mut expected: BTreeMap<String, i64> = BTreeMap::new();
            for one in facts.iter().filter(|one| passes(one, &counted.code)) {
                for value in one.values(&counted.code, &ask.filter) {
                    *expected.entry(value).or_default() += 1;
                }
            }
            let mut most: Vec<i64> = expected.values().copied().collect();
            most.sort_unstable_by(|a, b| b.cmp(a));
            most.truncate(50);
            let counts: Vec<i64> = counted.values.iter().map(|(_, count)| *count).collect();
            assert_eq!(counts, most, "{} {ask:?}", counted.code);
            for (value, count) in &counted.values {
                assert_eq!(
                    expected.get(value),
                    Some(count),
                    "{} {value} {ask:?}",
                    counted.code
                );
            }
        }
    }
    counts_are_exact(shop).await;
}

#[tokio::test]
async fn hits_order_totals_and_facets_are_those_of_a_plain_computation() {
    for seed in 1..=2 {
        let mut dice = Dice::new(seed);
        let shop = generated(&(150 + dice.roll(250)).to_string(), seed).await;
        agree(&shop, &mut dice, 40).await;
        for _ in 0..3 {
            change(&shop, &mut dice).await;
            change(&shop, &mut dice).await;
            shop.index().await;
            agree(&shop, &mut dice, 15).await;
        }
        search::backend(&shop.deps).rebuild(None).await.unwrap();
        shop.index().await;
        agree(&shop, &mut dice, 5).await;
    }
}

#[tokio::test]
async fn what_did_not_change_is_seen_once_however_much_changes_between_pages() {
    let shop = generated("300", 3).await;
    let mut dice = Dice::new(3);
    let backend = search::backend(&shop.deps);
    for sort in SORTS {
        let text = match sort {
            ProductSort::Relevance => Some(backend.understand("steel").await.unwrap()),
            _ => None,
        };
        let ask = Ask {
            text,
            filter: ProductWhere::default(),
            categories: Vec::new(),
            sort,
        };
        let before: HashSet<Uuid> = walk(&shop, &ask, 1000)
            .await
            .into_iter()
            .map(|(_, id)| id)
            .collect();
        let (mut seen, mut changed): (Vec<Uuid>, HashSet<Uuid>) = (Vec::new(), HashSet::new());
        let mut after = None;
        loop {
            let hits = backend.search(&ask, after, 9).await.unwrap();
            seen.extend(hits.iter().map(|hit| hit.id.0));
            let Some(last) = hits.last() else { break };
            after = Some((last.sort_key, last.id.0));
            if seen.len().is_multiple_of(4) {
                changed.extend(change(&shop, &mut dice).await);
                shop.index().await;
            }
        }
        let still = seen.iter().filter(|id| !changed.contains(id));
        let once: HashSet<Uuid> = still.clone().copied().collect();
        assert_eq!(still.count(), once.len(), "{sort:?}: none twice");
        assert!(
            once.len() > 10,
            "{sort:?}: {} of {} did not change",
            once.len(),
            before.len()
        );
        for id in before.difference(&changed) {
            assert!(once.contains(id), "{sort:?}: {id} was not seen");
        }
    }
}
