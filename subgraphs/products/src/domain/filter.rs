//! What a list of products may be narrowed and sorted by.

use super::{
    details::{BookFormat, ProductKind, StorageType},
    status::ProductStatus,
};
use async_graphql::{Enum, ID, InputObject};
use platform::{Currency, Language, MinorUnits};
use serde::Serialize;

/// Order of a list of products; ties are broken by ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, Serialize)]
pub enum ProductSort {
    /// Best match first; without a query, newest first.
    Relevance,
    /// Newest first.
    Newest,
    /// Cheapest first, in the currency of `where.price`, else each in its own currency.
    PriceAsc,
    /// Dearest first, in the currency of `where.price`, else each in its own currency.
    PriceDesc,
    /// Best rated first.
    Rating,
    /// Most pieces sold first.
    BestSelling,
}

/// A span of whole numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, InputObject, Serialize)]
pub struct IntRange {
    /// Least value.
    pub min: Option<i32>,
    /// Greatest value.
    pub max: Option<i32>,
}

/// A span of numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, InputObject, Serialize)]
pub struct FloatRange {
    /// Least value.
    pub min: Option<f64>,
    /// Greatest value.
    pub max: Option<f64>,
}

impl From<IntRange> for FloatRange {
    fn from(range: IntRange) -> Self {
        Self {
            min: range.min.map(f64::from),
            max: range.max.map(f64::from),
        }
    }
}

/// A span of prices of one piece, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, InputObject, Serialize)]
pub struct MoneyRange {
    /// Least price, minor units.
    pub min: Option<MinorUnits>,
    /// Greatest price, minor units.
    pub max: Option<MinorUnits>,
    /// Currency of both, ISO 4217.
    pub currency: Currency,
}

/// Conditions on books.
#[derive(Clone, Debug, Default, PartialEq, InputObject, Serialize)]
pub struct BookFilter {
    /// Exactly this ISBN-13; hyphens are ignored.
    pub isbn13: Option<String>,
    /// Part of an author's name.
    pub author: Option<String>,
    /// Any of these genres.
    pub genre: Option<Vec<String>>,
    /// Part of the publisher's name.
    pub publisher: Option<String>,
    /// Written in this language.
    pub language: Option<Language>,
    /// Any of these formats.
    pub format: Option<Vec<BookFormat>>,
    /// Year of publication.
    pub published_year: Option<IntRange>,
}

/// Conditions on laptops.
#[derive(Clone, Debug, Default, PartialEq, InputObject, Serialize)]
pub struct LaptopFilter {
    /// Part of the processor's name.
    pub cpu: Option<String>,
    /// Memory, GB.
    pub ram_gb: Option<IntRange>,
    /// Storage, GB.
    pub storage_gb: Option<IntRange>,
    /// Any of these kinds of storage.
    pub storage_type: Option<Vec<StorageType>>,
    /// Part of the graphics processor's name.
    pub gpu: Option<String>,
    /// Diagonal, inches.
    pub screen_inches: Option<FloatRange>,
}

/// Conditions on mobile phones.
#[derive(Clone, Debug, Default, PartialEq, InputObject, Serialize)]
pub struct MobileFilter {
    /// Diagonal, inches.
    pub screen_inches: Option<FloatRange>,
    /// Megapixels of the best camera.
    pub camera_mp: Option<FloatRange>,
    /// Storage, GB.
    pub storage_gb: Option<IntRange>,
    /// Capacity of the battery, mAh.
    pub battery_mah: Option<IntRange>,
    /// Part of the operating system's name.
    pub os: Option<String>,
    /// Any of these networks.
    pub network: Option<Vec<String>>,
}

/// Conditions on clothes.
#[derive(Clone, Debug, Default, PartialEq, InputObject, Serialize)]
pub struct ClothesFilter {
    /// Made in any of these sizes.
    pub size: Option<Vec<String>>,
    /// Made in any of these colours.
    pub color: Option<Vec<String>>,
    /// Made of any of these materials.
    pub material: Option<Vec<String>>,
    /// Exactly this style, regardless of case.
    pub style: Option<String>,
    /// Exactly this gender, regardless of case.
    pub gender: Option<String>,
    /// Exactly this season, regardless of case.
    pub season: Option<String>,
}

/// A condition on one attribute.
#[derive(Clone, Debug, PartialEq, InputObject, Serialize)]
pub struct AttributeFilter {
    /// Code of the attribute.
    pub code: String,
    /// Any of these values.
    pub values: Option<Vec<String>>,
    /// For numbers: within this span.
    pub range: Option<FloatRange>,
}

/// Narrows a list of products; conditions are combined with AND.
#[derive(Clone, Debug, Default, PartialEq, InputObject, Serialize)]
pub struct ProductWhere {
    /// Only these; at most 100.
    pub ids: Option<Vec<ID>>,
    /// Any of these kinds.
    pub kind: Option<Vec<ProductKind>>,
    /// In this category or one below it.
    pub category_id: Option<ID>,
    /// Of any of these brands.
    pub brand_id: Option<Vec<ID>>,
    /// Of any of these vendors.
    pub vendor_id: Option<Vec<ID>>,
    /// A variant costs this much.
    pub price: Option<MoneyRange>,
    /// Mean rating of at least this.
    pub min_rating: Option<f64>,
    /// Only what can be had now.
    pub in_stock_only: Option<bool>,
    /// Any of these states. Others than APPROVED are seen by the vendor and staff only.
    pub status: Option<Vec<ProductStatus>>,
    /// Conditions on attributes.
    pub attributes: Option<Vec<AttributeFilter>>,
    /// Only books, with these conditions.
    pub book: Option<BookFilter>,
    /// Only laptops, with these conditions.
    pub laptop: Option<LaptopFilter>,
    /// Only mobile phones, with these conditions.
    pub mobile: Option<MobileFilter>,
    /// Only clothes, with these conditions.
    pub clothes: Option<ClothesFilter>,
}

/// Values that a list in a `where` may have, attributes in it, and characters of a text.
const MAX_VALUES: usize = 100;
const MAX_ATTRIBUTES: usize = 10;
const MAX_TEXT: usize = 200;

impl ProductWhere {
    /// Whether it costs no more than a filter should.
    pub fn is_modest(&self) -> bool {
        let attributes = self.attributes.as_deref().unwrap_or_default();
        attributes.len() <= MAX_ATTRIBUTES
            && self.lengths().all(|length| length <= MAX_VALUES)
            && self.texts().all(|text| text.chars().count() <= MAX_TEXT)
    }

    /// Lengths of all lists.
    fn lengths(&self) -> impl Iterator<Item = usize> {
        fn of<T>(list: Option<&Vec<T>>) -> usize {
            list.map_or(0, Vec::len)
        }
        let (book, clothes) = (self.book.as_ref(), self.clothes.as_ref());
        let attributes = self
            .attributes
            .iter()
            .flatten()
            .map(|one| of(one.values.as_ref()));
        [
            of(self.ids.as_ref()),
            of(self.kind.as_ref()),
            of(self.brand_id.as_ref()),
            of(self.vendor_id.as_ref()),
            of(self.status.as_ref()),
            of(book.and_then(|book| book.genre.as_ref())),
            of(book.and_then(|book| book.format.as_ref())),
            of(self
                .laptop
                .as_ref()
                .and_then(|laptop| laptop.storage_type.as_ref())),
            of(self.mobile.as_ref().and_then(|mobile| mobile.network.as_ref())),
            of(clothes.and_then(|clothes| clothes.size.as_ref())),
            of(clothes.and_then(|clothes| clothes.color.as_ref())),
            of(clothes.and_then(|clothes| clothes.material.as_ref())),
        ]
        .into_iter()
        .chain(attributes)
    }

    /// All texts that are no IDs.
    fn texts(&self) -> impl Iterator<Item = &String> {
        let book = self
            .book
            .iter()
            .flat_map(|book| [&book.isbn13, &book.author, &book.publisher]);
        let laptop = self.laptop.iter().flat_map(|laptop| [&laptop.cpu, &laptop.gpu]);
        let mobile = self.mobile.iter().map(|mobile| &mobile.os);
        let clothes = self
            .clothes
            .iter()
            .flat_map(|piece| [&piece.style, &piece.gender, &piece.season]);
        let single = book.chain(laptop).chain(mobile).chain(clothes).flatten();
        let genres = self.book.iter().flat_map(|book| &book.genre);
        let networks = self.mobile.iter().flat_map(|mobile| &mobile.network);
        let pieces = self
            .clothes
            .iter()
            .flat_map(|piece| [&piece.size, &piece.color, &piece.material]);
        let attributes = self.attributes.iter().flatten().map(|one| &one.values);
        let lists = genres
            .chain(networks)
            .chain(pieces.flatten())
            .chain(attributes.flatten());
        single.chain(lists.flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_modest() {
        let book = |author: usize, genres: usize| ProductWhere {
            book: Some(BookFilter {
                author: Some("ä".repeat(author)),
                genre: Some(vec!["x".to_owned(); genres]),
                ..BookFilter::default()
            }),
            ..ProductWhere::default()
        };
        let attributes = |count: usize, values: usize| ProductWhere {
            attributes: Some(vec![
                AttributeFilter {
                    code: "a".to_owned(),
                    values: Some(vec!["y".to_owned(); values]),
                    range: None,
                };
                count
            ]),
            ..ProductWhere::default()
        };
        assert!(book(200, 100).is_modest() && attributes(10, 100).is_modest());
        for bad in [book(201, 1), book(1, 101), attributes(11, 1), attributes(1, 101)] {
            assert!(!bad.is_modest());
        }
    }
}
