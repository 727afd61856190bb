//! CSV is the document laid flat: a column is a path in it, a line is one variant.

use super::{cells::Cell, prices::PriceKey, records::Record};
use crate::domain::details::ProductKind;
use platform::{UserError, UserErrorCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Where a column's value stands in the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Product(&'static str),
    Details(&'static str),
    Attributes(String),
    Variant(&'static str),
    Prices(String),
    CompareAt(String),
    Options(String),
}

/// One column.
#[derive(Clone, Debug)]
struct Column {
    name: String,
    place: Place,
    cell: Cell,
}

/// The first line of a file.
#[derive(Clone, Debug)]
pub struct Header(Vec<Column>);

/// Columns a file may have.
const MAX_COLUMNS: usize = 5000;

const PRODUCT: &[&str] = &[
    "slug",
    "name",
    "description",
    "category",
    "brand",
    "kind",
    "currency",
];

/// Columns of a variant: in CSV, in the document, and what they hold.
const VARIANT: &[(&str, &str, Cell)] = &[
    ("sku", "sku", Cell::Text),
    ("variant", "name", Cell::Text),
    ("weightGrams", "weightGrams", Cell::Int),
    ("dimensionsMm", "dimensionsMm", Cell::Numbers),
    ("barcode", "barcode", Cell::Text),
    ("taxCategory", "taxCategory", Cell::Text),
    ("active", "active", Cell::Bool),
];

/// Details of each kind.
pub const DETAILS: &[(ProductKind, &[(&str, Cell)])] = &[
    (
        ProductKind::Book,
        &[
            ("isbn13", Cell::Text),
            ("authors", Cell::Texts),
            ("publisher", Cell::Text),
            ("publishedOn", Cell::Text),
            ("pages", Cell::Int),
            ("language", Cell::Text),
            ("genres", Cell::Texts),
            ("format", Cell::Text),
            ("edition", Cell::Text),
        ],
    ),
    (
        ProductKind::Laptop,
        &[
            ("cpu", Cell::Text),
            ("cpuCores", Cell::Int),
            ("ramGb", Cell::Int),
            ("storageGb", Cell::Int),
            ("storageType", Cell::Text),
            ("gpu", Cell::Text),
            ("screenInches", Cell::Float),
            ("resolution", Cell::Text),
            ("batteryWh", Cell::Int),
            ("os", Cell::Text),
            ("ports", Cell::Texts),
        ],
    ),
    (
        ProductKind::Mobile,
        &[
            ("screenInches", Cell::Float),
            ("cameraMp", Cell::Numbers),
            ("ramGb", Cell::Int),
            ("storageGb", Cell::Int),
            ("batteryMah", Cell::Int),
            ("os", Cell::Text),
            ("network", Cell::Texts),
            ("simSlots", Cell::Int),
        ],
    ),
    (
        ProductKind::Clothes,
        &[
            ("sizes", Cell::Texts),
            ("colors", Cell::Texts),
            ("material", Cell::Text),
            ("style", Cell::Text),
            ("gender", Cell::Text),
            ("season", Cell::Text),
            ("careInstructions", Cell::Text),
            ("sizeSystem", Cell::Text),
        ],
    ),
];

/// What a catalogue uses of what not every catalogue has.
#[derive(Debug, Default)]
pub struct Used {
    pub kinds: BTreeSet<String>,
    pub attributes: BTreeSet<String>,
    pub prices: BTreeSet<String>,
    pub compare_at: BTreeSet<String>,
    pub options: BTreeSet<String>,
}

impl Column {
    fn parse(name: &str) -> Result<Self, String> {
        let column = |place, cell| Self {
            name: name.to_owned(),
            place,
            cell,
        };
        if let Some(field) = PRODUCT.iter().find(|field| **field == name) {
            return Ok(column(Place::Product(field), Cell::Text));
        }
        if let Some((_, field, cell)) = VARIANT.iter().find(|(field, ..)| *field == name) {
            return Ok(column(Place::Variant(field), *cell));
        }
        let (set, rest) = name.split_once('.').unwrap_or((name, ""));
        let price = |rest: &str| PriceKey::parse(rest).map_err(|_| format!("{name:?} is not a price"));
        match (set, rest) {
            (_, "") => Err(format!("there is no column {name:?}")),
            ("details", field) => DETAILS
                .iter()
                .flat_map(|(_, fields)| fields.iter())
                .find(|(known, _)| *known == field)
                .map(|(field, cell)| column(Place::Details(field), *cell))
                .ok_or_else(|| format!("no kind of product has {field:?} in its details")),
            ("attributes", code) => Ok(column(Place::Attributes(code.to_owned()), Cell::Text)),
            ("options", option) => Ok(column(Place::Options(option.to_owned()), Cell::Text)),
            ("prices", key) => {
                let key = price(key)?;
                Ok(column(Place::Prices(key.to_string()), Cell::Money(key.currency)))
            }
            ("compareAt", key) => {
                let key = price(key)?;
                Ok(column(
                    Place::CompareAt(key.to_string()),
                    Cell::Money(key.currency),
                ))
            }
            _ => Err(format!("there is no column {name:?}")),
        }
    }
}

impl Header {
    /// Reads the first line. `Err` says why the file cannot be read at all.
    pub fn parse(line: &str) -> Result<Self, String> {
        let cells = cells(line.trim_start_matches('\u{feff}').as_bytes())?;
        if cells.len() > MAX_COLUMNS {
            return Err(format!("there are more than {MAX_COLUMNS} columns"));
        }
        let columns: Vec<Column> = cells
            .iter()
            .map(|name| Column::parse(name.trim()))
            .collect::<Result<_, _>>()?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = columns.iter().find(|column| !seen.insert(&column.place)) {
            return Err(format!("the column {:?} occurs twice", twice.name));
        }
        match seen.contains(&Place::Variant("sku")) {
            true => Ok(Self(columns)),
            false => Err("the column \"sku\" is missing".to_owned()),
        }
    }

    /// The columns that a catalogue needs.
    pub fn of(used: &Used) -> Result<Self, String> {
        let mut names: Vec<String> = PRODUCT.iter().map(|name| (*name).to_owned()).collect();
        names.extend(VARIANT.iter().map(|(name, ..)| (*name).to_owned()));
        let under = |set: &str, keys: &BTreeSet<String>| -> Vec<String> {
            keys.iter().map(|key| format!("{set}.{key}")).collect()
        };
        names.extend(under("options", &used.options));
        names.extend(under("prices", &used.prices));
        names.extend(under("compareAt", &used.compare_at));
        names.extend(under("attributes", &used.attributes));
        let details: BTreeSet<String> = DETAILS
            .iter()
            .filter(|(kind, _)| used.kinds.contains(kind.as_str()))
            .flat_map(|(_, fields)| fields.iter().map(|(field, _)| (*field).to_owned()))
            .collect();
        names.extend(under("details", &details));
        names
            .iter()
            .map(|name| Column::parse(name))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|column| column.name.as_str())
    }

    /// Slug and SKU of a line in which something else cannot be read.
    pub fn names_in(&self, record: &Record<'_>) -> (Option<String>, Option<String>) {
        let cells = cells(record.bytes).unwrap_or_default();
        let of = |place: Place| {
            let at = self.0.iter().position(|column| column.place == place)?;
            let text = cells.get(at)?.trim().replace('\0', "\u{fffd}");
            (!text.is_empty()).then_some(text)
        };
        (of(Place::Product("slug")), of(Place::Variant("sku")))
    }

    /// What a line says, as a part of a document: only what has a column.
    pub fn patch(&self, record: &Record<'_>) -> Result<Value, UserError> {
        let unreadable = |why: String| UserError::refused(UserErrorCode::Invalid, why);
        let cells = cells(record.bytes).map_err(unreadable)?;
        if cells.len() != self.0.len() {
            let (has, needs) = (cells.len(), self.0.len());
            return Err(unreadable(format!(
                "the line has {has} cells, the header {needs}"
            )));
        }
        let (mut product, mut variant) = (Map::new(), Map::new());
        for (column, cell) in self.0.iter().zip(cells.iter()) {
            let value = column
                .cell
                .parse(cell)
                .map_err(|rule| UserError::invalid(&[&column.name], rule))?;
            let put = |into: &mut Map<String, Value>, set: &str, key: &str| {
                let set = into.entry(set).or_insert_with(|| json!({}));
                if let Value::Object(set) = set {
                    set.insert(key.to_owned(), value.clone());
                }
            };
            match &column.place {
                Place::Product(field) => drop(product.insert((*field).to_owned(), value)),
                Place::Variant(field) => drop(variant.insert((*field).to_owned(), value)),
                Place::Details(key) => put(&mut product, "details", key),
                Place::Attributes(key) => put(&mut product, "attributes", key),
                Place::Prices(key) => put(&mut variant, "prices", key),
                Place::CompareAt(key) => put(&mut variant, "compareAt", key),
                Place::Options(key) => put(&mut variant, "options", key),
            }
        }
        product.insert("variants".to_owned(), json!([variant]));
        Ok(Value::Object(product))
    }

    /// The lines of a document, one for each variant.
    pub fn lines(&self, document: &Value) -> Vec<Vec<String>> {
        let variants = document["variants"].as_array().map_or(&[][..], Vec::as_slice);
        let line = |variant: &Value| {
            let cell = |column: &Column| {
                let value = match &column.place {
                    Place::Product(field) => &document[*field],
                    Place::Variant(field) => &variant[*field],
                    Place::Details(key) => &document["details"][*key],
                    Place::Attributes(key) => &document["attributes"][key],
                    Place::Prices(key) => &variant["prices"][key],
                    Place::CompareAt(key) => &variant["compareAt"][key],
                    Place::Options(key) => &variant["options"][key],
                };
                column.cell.write(value)
            };
            self.0.iter().map(cell).collect()
        };
        variants.iter().map(line).collect()
    }
}

/// The cells of one record.
pub fn cells(bytes: &[u8]) -> Result<csv::StringRecord, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(bytes.len().max(16))
        .from_reader(bytes);
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(_) => Ok(record),
        Err(_) => Err("the line is not UTF-8".to_owned()),
    }
}
