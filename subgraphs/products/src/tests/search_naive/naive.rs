//! Search as it would be without an index: facts of the catalogue's own tables, compared one by one.

use super::{Dice, TEXTS};
use crate::{
    domain::{
        details::ProductKind,
        filter::{
            AttributeFilter, BookFilter, ClothesFilter, IntRange, LaptopFilter, MoneyRange, ProductSort,
            ProductWhere,
        },
    },
    tests::Shop,
};
use platform::{
    Currency, MinorUnits,
    ids::{BrandId, CategoryId},
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// Facets that are computed here.
pub const FACETS: [&str; 15] = [
    "kind",
    "category",
    "brand",
    "in_stock",
    "rating",
    "price",
    "author",
    "genre",
    "format",
    "ram_gb",
    "size",
    "color",
    "material",
    "energy_class",
    "recycled",
];

/// What a product on sale is like.
#[derive(Debug, Deserialize)]
pub struct Facts {
    pub id: Uuid,
    kind: String,
    category_id: Uuid,
    parent_id: Option<Uuid>,
    category: String,
    brand_id: Option<Uuid>,
    brand: Option<String>,
    in_stock: bool,
    rating_milli: i64,
    created: i64,
    sold: i64,
    min_price: i64,
    /// In GBP, ascending.
    prices: Vec<i64>,
    details: Value,
    attributes: Value,
    /// Of each text.
    pub ranks: Vec<Option<i64>>,
}

/// Reads them without the index.
pub async fn read(shop: &Shop) -> Vec<Facts> {
    let sql = "select coalesce(jsonb_agg(to_jsonb(f)), '[]') from (
        select p.id, p.kind, p.category_id, c.parent_id, c.name as category, p.brand_id, b.name as brand, p.in_stock,
            p.rating_milli, (extract(epoch from p.created_at) * 1000000)::bigint as created, p.sold, p.min_price,
            coalesce((select jsonb_agg(distinct v.amount) from products.variants n
                join products.variant_prices v on v.variant_id = n.id
                where n.product_id = p.id and v.currency = 'GBP'), '[]') as prices,
            coalesce(p.details, '{}') as details, p.attributes,
            (select jsonb_agg(case when words @@ q then (ts_rank('{0.05,0.2,0.4,1}', words, q) * 1000000)::bigint end
                order by place)
             from unnest($1::text[]) with ordinality t(text, place), plainto_tsquery('english', text) q) as ranks
        from products.products p join products.categories c on c.id = p.category_id
        left join products.brands b on b.id = p.brand_id join products.search_source s on s.id = p.id
        cross join lateral (select setweight(to_tsvector('english', s.plain_name), 'A')
            || setweight(to_tsvector('english', s.text_b), 'B') || setweight(to_tsvector('english', s.text_c), 'C')
            || setweight(to_tsvector('english', s.text_d), 'D') as words) w
        where p.status = 'APPROVED' and p.published) f";
    let facts: Value = sqlx::query_scalar(sql)
        .bind(TEXTS.map(str::to_owned).to_vec())
        .fetch_one(shop.deps.db.pool())
        .await
        .unwrap();
    serde_json::from_value(facts).unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn one(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

impl Facts {
    /// Key of the order.
    pub fn key(&self, sort: ProductSort, text: Option<usize>, filter: &ProductWhere) -> i64 {
        match (sort, text) {
            (ProductSort::Relevance, Some(text)) => self.ranks[text].unwrap(),
            (ProductSort::Relevance | ProductSort::Newest, _) => self.created,
            (ProductSort::PriceAsc | ProductSort::PriceDesc, _) => match filter.price {
                Some(_) => self.prices[0],
                None => self.min_price,
            },
            (ProductSort::Rating, _) => self.rating_milli,
            (ProductSort::BestSelling, _) => self.sold,
        }
    }

    /// Values in a facet.
    pub fn values(&self, facet: &str, filter: &ProductWhere) -> Vec<String> {
        let (book, clothes) = (&self.details["book"], &self.details["clothes"]);
        match facet {
            "kind" => vec![self.kind.clone()],
            "category" => vec![self.category.clone()],
            "brand" => self.brand.clone().into_iter().collect(),
            "in_stock" => vec![self.in_stock.to_string()],
            "rating" if self.rating_milli < 1000 => Vec::new(),
            "rating" => vec![(self.rating_milli / 1000).to_string()],
            "price" if filter.price.is_none() => Vec::new(),
            "price" => {
                let mut steps: Vec<String> = self.prices.iter().map(|price| step(*price)).collect();
                steps.sort();
                steps.dedup();
                steps
            }
            "author" => texts(&book["authors"]),
            "genre" => texts(&book["genres"]),
            "format" => one(&book["format"]),
            "ram_gb" => one(&self.details["laptop"]["ram_gb"]),
            "size" => texts(&clothes["sizes"]),
            "color" => texts(&clothes["colors"]),
            "material" => one(&clothes["material"]),
            attribute => one(&self.attributes[attribute]),
        }
    }
}

/// The step of the price facet.
fn step(amount: i64) -> String {
    let mut least = 0;
    for decade in (2..18).map(|power| 10_i64.pow(power)) {
        for next in [decade, 2 * decade, 5 * decade] {
            if amount < next {
                return format!("{least}-{}", next - 1);
            }
            least = next;
        }
    }
    unreachable!()
}

/// A condition.
#[derive(Clone, Debug)]
pub enum Filter {
    Kind(Vec<ProductKind>),
    InStock,
    Category(Uuid),
    Brand(Vec<Uuid>),
    Rating(f64),
    Price(i64, i64),
    Attribute(String),
    Genre(Vec<String>),
    Ram(i32, i32),
    Size(Vec<String>),
}

/// Up to three conditions of different sorts, with values that occur.
pub fn filters(dice: &mut Dice, facts: &[Facts]) -> Vec<Filter> {
    let kinds = [
        ProductKind::Book,
        ProductKind::Laptop,
        ProductKind::Mobile,
        ProductKind::Clothes,
    ];
    let genres = ["history", "travel", "crime", "poetry"].map(str::to_owned);
    let sizes = ["XS", "S", "M", "L", "XL"].map(str::to_owned);
    let mut chosen = Vec::new();
    for _ in 0..dice.roll(4) {
        let like = &facts[dice.roll(facts.len())];
        let least = dice.pick(&like.prices);
        chosen.push(match dice.roll(10) {
            0 => Filter::Kind(dice.some(&kinds)),
            1 => Filter::InStock,
            2 => Filter::Category(like.category_id),
            3 => Filter::Category(like.parent_id.unwrap_or(like.category_id)),
            4 => Filter::Brand(like.brand_id.into_iter().collect()),
            5 => Filter::Rating(1.0 + dice.roll(8) as f64 / 2.0),
            6 => Filter::Price(least, least + 500 * dice.roll(100) as i64),
            7 => Filter::Attribute(dice.pick(&["A", "B", "Z"]).to_owned()),
            8 if dice.roll(2) == 0 => Filter::Genre(dice.some(&genres)),
            8 => Filter::Ram(8, dice.pick(&[8, 16, 32])),
            _ => Filter::Size(dice.some(&sizes)),
        });
    }
    let mut sorts = Vec::new();
    chosen.retain(|filter| {
        let sort = std::mem::discriminant(filter);
        let new = !sorts.contains(&sort);
        sorts.push(sort);
        new
    });
    chosen
}

impl Filter {
    pub fn write(&self, filter: &mut ProductWhere) {
        match self.clone() {
            Self::Kind(kinds) => filter.kind = Some(kinds),
            Self::InStock => filter.in_stock_only = Some(true),
            Self::Category(id) => filter.category_id = Some(CategoryId(id).to_string().into()),
            Self::Brand(ids) => {
                filter.brand_id = Some(ids.into_iter().map(|id| BrandId(id).to_string().into()).collect());
            }
            Self::Rating(least) => filter.min_rating = Some(least),
            Self::Price(min, max) => {
                filter.price = Some(MoneyRange {
                    min: Some(MinorUnits(min)),
                    max: Some(MinorUnits(max)),
                    currency: Currency::GBP,
                });
            }
            Self::Attribute(value) => {
                filter.attributes = Some(vec![AttributeFilter {
                    code: "energy_class".to_owned(),
                    values: Some(vec![value]),
                    range: None,
                }]);
            }
            Self::Genre(genre) => {
                filter.book = Some(BookFilter {
                    genre: Some(genre),
                    ..Default::default()
                })
            }
            Self::Ram(min, max) => {
                let ram_gb = Some(IntRange {
                    min: Some(min),
                    max: Some(max),
                });
                filter.laptop = Some(LaptopFilter {
                    ram_gb,
                    ..Default::default()
                });
            }
            Self::Size(size) => {
                filter.clothes = Some(ClothesFilter {
                    size: Some(size),
                    ..Default::default()
                })
            }
        }
    }

    /// The facet that counts without it.
    fn facet(&self) -> &'static str {
        match self {
            Self::Kind(_) => "kind",
            Self::InStock => "in_stock",
            Self::Category(_) => "category",
            Self::Brand(_) => "brand",
            Self::Rating(_) => "rating",
            Self::Price(..) => "price",
            Self::Attribute(_) => "energy_class",
            Self::Genre(_) => "genre",
            Self::Ram(..) => "ram_gb",
            Self::Size(_) => "size",
        }
    }

    /// Whether it leaves a product to be counted in the facet `but`.
    pub fn passes(&self, one: &Facts, but: &str) -> bool {
        let kind = match self {
            Self::Genre(_) => one.kind == "BOOK",
            Self::Ram(..) => one.kind == "LAPTOP",
            Self::Size(_) => one.kind == "CLOTHES",
            _ => true,
        };
        kind && (self.facet() == but || self.holds(one))
    }

    fn holds(&self, one: &Facts) -> bool {
        let any = |values: &[String], of: &Value| texts(of).iter().any(|value| values.contains(value));
        match self {
            Self::Kind(kinds) => kinds.iter().any(|kind| kind.as_str() == one.kind),
            Self::InStock => one.in_stock,
            Self::Category(id) => one.category_id == *id || one.parent_id == Some(*id),
            Self::Brand(ids) => one.brand_id.is_some_and(|id| ids.contains(&id)),
            Self::Rating(least) => one.rating_milli as f64 >= least * 1000.0,
            Self::Price(min, max) => one.prices.iter().any(|price| (min..=max).contains(&price)),
            Self::Attribute(value) => one.attributes["energy_class"] == value.as_str(),
            Self::Genre(genres) => any(genres, &one.details["book"]["genres"]),
            Self::Ram(min, max) => {
                let ram = one.details["laptop"]["ram_gb"].as_i64();
                ram.is_some_and(|ram| (i64::from(*min)..=i64::from(*max)).contains(&ram))
            }
            Self::Size(sizes) => any(sizes, &one.details["clothes"]["sizes"]),
        }
    }
}
