//! What a line of a file says about one review.

use crate::domain::{
    bulk::{
        cells::Cell,
        csv::cells,
        entry::{has_nul, without_mark},
        job::Format,
        records::Record,
    },
    prose::prose,
    review::{ReviewStatus, Text},
};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use platform::{UserError, UserErrorCode, ids::CustomerId};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Columns of a CSV file and fields of a JSON object.
const FIELDS: &[(&str, Cell)] = &[
    ("key", Cell::Text),
    ("product", Cell::Text),
    ("rating", Cell::Int),
    ("title", Cell::Text),
    ("body", Cell::Text),
    ("locale", Cell::Text),
    ("createdAt", Cell::Text),
    ("author", Cell::Text),
    ("customer", Cell::Text),
    ("order", Cell::Text),
    ("status", Cell::Text),
];
const REQUIRED: [&str; 4] = ["key", "product", "rating", "createdAt"];

/// The first line of a CSV file.
#[derive(Clone, Debug)]
pub struct Header(Vec<(&'static str, Cell)>);

impl Header {
    /// `Err` says why the file cannot be read at all.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut columns: Vec<(&'static str, Cell)> = Vec::new();
        for name in cells(line.trim_start_matches('\u{feff}').as_bytes())?.iter() {
            let name = name.trim();
            let field = FIELDS.iter().find(|(field, _)| *field == name);
            let field = *field.ok_or_else(|| format!("there is no column {name:?}"))?;
            if columns.iter().any(|(known, _)| *known == name) {
                return Err(format!("the column {name:?} is there twice"));
            }
            columns.push(field);
        }
        match REQUIRED
            .iter()
            .find(|name| !columns.iter().any(|(known, _)| known == *name))
        {
            Some(missing) => Err(format!("the column {missing:?} is missing")),
            None => Ok(Self(columns)),
        }
    }

    fn read(&self, bytes: &[u8]) -> Result<Value, UserError> {
        let cells = cells(bytes).map_err(unreadable)?;
        if cells.len() != self.0.len() {
            let (has, needs) = (cells.len(), self.0.len());
            return Err(unreadable(format!(
                "the line has {has} cells, the header {needs}"
            )));
        }
        let mut object = Map::new();
        for ((name, cell), text) in self.0.iter().zip(cells.iter()) {
            let value = cell
                .parse(text)
                .map_err(|rule| UserError::invalid(&[name], rule))?;
            object.insert((*name).to_owned(), value);
        }
        Ok(Value::Object(object))
    }
}

/// A review as a file has it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its name where it comes from.
    pub key: String,
    /// Slug of the product, or SKU of one of its variants.
    pub product: String,
    pub text: Text,
    pub locale: Option<String>,
    pub created_at: DateTime<Utc>,
    pub author: Option<String>,
    pub customer: Option<CustomerId>,
    /// Number of the order it was bought with.
    pub order: Option<String>,
    /// PENDING or PUBLISHED.
    pub status: Option<ReviewStatus>,
}

/// A line and what it says.
#[derive(Debug)]
pub struct Line {
    pub number: i32,
    /// Product as it is written, if that much can be read.
    pub product: Option<String>,
    pub draft: Result<Draft, UserError>,
}

/// Reads a line. `now` is the latest moment at which a review can have been written.
pub fn line(format: Format, header: Option<&Header>, record: &Record<'_>, now: DateTime<Utc>) -> Line {
    let object = object(format, header, record);
    let product = object
        .as_ref()
        .ok()
        .and_then(|object| object["product"].as_str())
        .map(|text| text.chars().take(200).collect());
    Line {
        number: record.line,
        product,
        draft: object.and_then(|object| draft(object, now)),
    }
}

fn unreadable(why: impl Into<String>) -> UserError {
    UserError::refused(UserErrorCode::Invalid, why)
}

fn object(format: Format, header: Option<&Header>, record: &Record<'_>) -> Result<Value, UserError> {
    if let Some(problem) = record.problem {
        return Err(unreadable(problem));
    }
    if has_nul(record.bytes) {
        return Err(unreadable("the line has a NUL character in it"));
    }
    match (format, header) {
        (Format::Csv, Some(header)) => header.read(record.bytes),
        (Format::Csv, None) => Err(unreadable("the file has no header")),
        (Format::Jsonl, _) => serde_json::from_slice(without_mark(record.bytes))
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| unreadable("the line is not a JSON object")),
    }
}

/// The object as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    key: Option<String>,
    product: Option<String>,
    rating: Option<i32>,
    title: Option<String>,
    body: Option<String>,
    locale: Option<String>,
    created_at: Option<String>,
    author: Option<String>,
    customer: Option<String>,
    order: Option<String>,
    status: Option<String>,
}

fn draft(object: Value, now: DateTime<Utc>) -> Result<Draft, UserError> {
    let written: Written = serde_json::from_value(object).map_err(|error| unreadable(error.to_string()))?;
    let text = Text {
        rating: written.rating.unwrap_or(0),
        title: written.title,
        body: written.body,
    };
    let customer = name(written.customer, "customer", 100)?;
    let parse = |id: String| {
        id.parse()
            .map_err(|_| UserError::invalid(&["customer"], "the ID of a customer"))
    };
    Ok(Draft {
        key: required(written.key, "key", 200)?,
        product: required(written.product, "product", 200)?,
        text: text.validate()?,
        locale: locale(written.locale)?,
        created_at: moment(written.created_at, now)?,
        author: name(written.author, "author", 100)?,
        customer: customer.map(parse).transpose()?,
        order: name(written.order, "order", 100)?,
        status: status(written.status)?,
    })
}

/// One line of text; nothing and blanks are the same.
fn name(value: Option<String>, field: &str, max: usize) -> Result<Option<String>, UserError> {
    let value = prose(&[field], value.as_deref(), max)?;
    match value
        .as_ref()
        .is_some_and(|text| text.contains(['\n', '\r', '\t']))
    {
        true => Err(UserError::invalid(&[field], "one line")),
        false => Ok(value),
    }
}

fn required(value: Option<String>, field: &str, max: usize) -> Result<String, UserError> {
    name(value, field, max)?.ok_or_else(|| UserError::invalid(&[field], &format!("1..{max} characters")))
}

/// A language tag (BCP 47), by its form only.
fn locale(value: Option<String>) -> Result<Option<String>, UserError> {
    let is_tag = |tag: &String| {
        tag.len() <= 35
            && tag
                .split('-')
                .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    let value = name(value, "locale", 35)?;
    match value.as_ref().is_none_or(is_tag) {
        true => Ok(value),
        false => Err(UserError::invalid(&["locale"], "a language tag such as en-GB")),
    }
}

/// `2024-05-31T12:00:00Z`, or `2024-05-31` for its begin in UTC. To the microsecond, as it is stored.
fn moment(value: Option<String>, now: DateTime<Utc>) -> Result<DateTime<Utc>, UserError> {
    let refused = || {
        UserError::invalid(
            &["createdAt"],
            "a moment of the past such as 2024-05-31T12:00:00Z",
        )
    };
    let text = value.ok_or_else(refused)?;
    let text = text.trim();
    let day = || {
        text.parse::<NaiveDate>()
            .ok()
            .map(|day| day.and_time(NaiveTime::MIN).and_utc())
    };
    let at = match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Some(at.with_timezone(&Utc)),
        Err(_) => day(),
    };
    let at = at.and_then(|at| DateTime::from_timestamp_micros(at.timestamp_micros()));
    at.filter(|at| *at <= now && at.timestamp() >= 0)
        .ok_or_else(refused)
}

fn status(value: Option<String>) -> Result<Option<ReviewStatus>, UserError> {
    match value.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some("PUBLISHED") => Ok(Some(ReviewStatus::Published)),
        Some("PENDING") => Ok(Some(ReviewStatus::Pending)),
        Some(_) => Err(UserError::invalid(&["status"], "PUBLISHED or PENDING")),
    }
}
