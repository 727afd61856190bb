//! What is known of a product beyond its kind-independent fields, and whether it makes sense.

use async_graphql::{Enum, InputObject, OneofObject, SimpleObject, Union};
use platform::{Date, Language, Words};
use serde::{Deserialize, Serialize};

/// What kind of thing a product is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductKind {
    /// Has `BookDetails`.
    Book,
    /// Has `LaptopDetails`.
    Laptop,
    /// Has `MobileDetails`.
    Mobile,
    /// Has `ClothesDetails`.
    Clothes,
    /// Anything else; described by attributes.
    Generic,
}

impl ProductKind {
    pub const ALL: [Self; 5] = [
        Self::Book,
        Self::Laptop,
        Self::Mobile,
        Self::Clothes,
        Self::Generic,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Book => "BOOK",
            Self::Laptop => "LAPTOP",
            Self::Mobile => "MOBILE",
            Self::Clothes => "CLOTHES",
            Self::Generic => "GENERIC",
        }
    }
}

/// How a book is bound or delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BookFormat {
    /// Bound in boards.
    Hardcover,
    /// Bound in paper.
    Paperback,
    /// A file to read.
    Ebook,
    /// A recording.
    Audiobook,
}

/// What a laptop stores its data on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StorageType {
    /// Flash over SATA.
    Ssd,
    /// Flash over PCI Express.
    Nvme,
    /// Rotating disk.
    Hdd,
    /// Soldered flash.
    Emmc,
}

/// A book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "BookDetailsInput")]
pub struct BookDetails {
    /// ISBN-13, 13 digits without hyphens; the check digit must be right.
    pub isbn13: String,
    /// 1 to 20 names.
    pub authors: Vec<String>,
    /// Who publishes it.
    pub publisher: Option<String>,
    /// Day of publication.
    pub published_on: Option<Date>,
    /// Number of pages.
    pub pages: Option<i32>,
    /// Language it is written in.
    pub language: Option<Language>,
    /// At most 20.
    #[serde(default)]
    pub genres: Words,
    /// How it is bound or delivered.
    pub format: BookFormat,
    /// Edition, in words.
    pub edition: Option<String>,
}

/// A laptop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "LaptopDetailsInput")]
pub struct LaptopDetails {
    /// Processor.
    pub cpu: String,
    /// Cores of the processor.
    pub cpu_cores: Option<i32>,
    /// Memory, GB.
    pub ram_gb: i32,
    /// Storage, GB.
    pub storage_gb: i32,
    /// What it stores data on.
    pub storage_type: StorageType,
    /// Graphics processor, if separate.
    pub gpu: Option<String>,
    /// Diagonal, inches.
    pub screen_inches: f64,
    /// Pixels, for example `2560x1600`.
    pub resolution: Option<String>,
    /// Capacity of the battery, watt-hours.
    pub battery_wh: Option<i32>,
    /// Operating system.
    pub os: Option<String>,
    /// Connectors, at most 20.
    #[serde(default)]
    pub ports: Words,
}

/// A mobile phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "MobileDetailsInput")]
pub struct MobileDetails {
    /// Diagonal, inches.
    pub screen_inches: f64,
    /// Megapixels of each camera, the main one first; 1 to 10.
    pub camera_mp: Vec<f64>,
    /// Memory, GB.
    pub ram_gb: Option<i32>,
    /// Storage, GB.
    pub storage_gb: i32,
    /// Capacity of the battery, mAh.
    pub battery_mah: Option<i32>,
    /// Operating system.
    pub os: Option<String>,
    /// Networks it can use, for example `5G`; at most 20.
    #[serde(default)]
    pub network: Words,
    /// Number of SIM cards.
    pub sim_slots: Option<i32>,
}

/// A piece of clothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "ClothesDetailsInput")]
pub struct ClothesDetails {
    /// Sizes it is made in, 1 to 20.
    pub sizes: Vec<String>,
    /// Colours it is made in, 1 to 20.
    pub colors: Vec<String>,
    /// What it is made of.
    pub material: String,
    /// Style.
    pub style: Option<String>,
    /// Who it is cut for.
    pub gender: Option<String>,
    /// Season it is meant for.
    pub season: Option<String>,
    /// How to wash it.
    pub care_instructions: Option<String>,
    /// What the sizes mean: `EU`, `UK`, `US`.
    pub size_system: Option<String>,
}

/// Details of the four typed kinds; stored with the kind as tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Union)]
#[graphql(name = "ProductDetails")]
#[serde(rename_all = "lowercase")]
pub enum Details {
    Book(BookDetails),
    Laptop(LaptopDetails),
    Mobile(MobileDetails),
    Clothes(ClothesDetails),
}

/// Details of a product: exactly the one of its kind, none for GENERIC.
#[derive(Clone, Debug, Serialize, OneofObject)]
pub enum ProductDetailsInput {
    /// For kind BOOK.
    Book(BookDetails),
    /// For kind LAPTOP.
    Laptop(LaptopDetails),
    /// For kind MOBILE.
    Mobile(MobileDetails),
    /// For kind CLOTHES.
    Clothes(ClothesDetails),
}

impl From<ProductDetailsInput> for Details {
    fn from(input: ProductDetailsInput) -> Self {
        match input {
            ProductDetailsInput::Book(details) => Self::Book(details),
            ProductDetailsInput::Laptop(details) => Self::Laptop(details),
            ProductDetailsInput::Mobile(details) => Self::Mobile(details),
            ProductDetailsInput::Clothes(details) => Self::Clothes(details),
        }
    }
}
