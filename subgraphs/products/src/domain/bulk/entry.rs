//! What a file says about one product: a line of JSON, or the lines of CSV that name the same slug.

use super::{csv::Header, document, job::Format, records::Record};
use platform::{UserError, UserErrorCode};
use serde_json::Value;

/// Lines of CSV that are read together; more variants no product may have.
const MAX_LINES: usize = 200;

/// A line, for the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: i32,
    pub sku: Option<String>,
}

/// What a file says about one product.
#[derive(Debug)]
pub struct Entry {
    pub lines: Vec<Line>,
    slug: Option<String>,
    /// A part of a document, or the number of the line that cannot be read, and why.
    pub patch: Result<Value, (i32, UserError)>,
}

impl Entry {
    pub fn first_line(&self) -> i32 {
        self.lines.first().map_or(0, |line| line.number)
    }

    pub fn slug(&self) -> Option<&str> {
        self.slug.as_deref()
    }

    /// In lower case.
    pub fn skus(&self) -> Vec<String> {
        let patch = self.patch.as_ref().ok();
        patch.map_or_else(Vec::new, |patch| {
            document::skus(patch).map(str::to_lowercase).collect()
        })
    }
}

fn unreadable(why: impl Into<String>) -> UserError {
    UserError::refused(UserErrorCode::Invalid, why)
}

/// Some editors begin a file with a byte order mark.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Postgres has no text with this character in it.
pub fn has_nul(bytes: &[u8]) -> bool {
    bytes.contains(&0) || bytes.windows(6).any(|six| six == br"\u0000")
}

/// Reads one record.
fn read(format: Format, header: Option<&Header>, record: &Record<'_>) -> Result<Value, UserError> {
    if let Some(problem) = record.problem {
        return Err(unreadable(problem));
    }
    if has_nul(record.bytes) {
        return Err(unreadable("the line has a NUL character in it"));
    }
    match (format, header) {
        (Format::Csv, Some(header)) => header.patch(record),
        (Format::Csv, None) => Err(unreadable("the file has no header")),
        (Format::Jsonl, _) => match serde_json::from_slice::<Value>(without_mark(record.bytes)) {
            Ok(Value::Object(object)) => Ok(Value::Object(object)),
            Ok(_) => Err(unreadable("the line is not a JSON object")),
            Err(error) => Err(unreadable(format!("the line is not JSON: {error}"))),
        },
    }
}

/// Reads records. Unless the file ends with them, the last product may go on behind them: then its records are left,
/// and the second value says how many were read.
pub fn entries(
    format: Format,
    header: Option<&Header>,
    records: &[Record<'_>],
    ends: bool,
) -> (Vec<Entry>, usize) {
    let mut entries: Vec<Entry> = Vec::new();
    let mut starts = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let patch = read(format, header, record);
        let (slug, sku) = names(header, record, patch.as_ref().ok());
        let line = Line {
            number: record.line,
            sku,
        };
        match entries.last_mut() {
            Some(last) if format == Format::Csv && goes_on(last, slug.as_ref()) => join(last, line, patch),
            _ => {
                starts.push(at);
                entries.push(Entry {
                    patch: patch.map_err(|error| (line.number, error)),
                    lines: vec![line],
                    slug,
                });
            }
        }
    }
    let waits =
        format == Format::Csv && !ends && entries.last().is_some_and(|last| last.lines.len() < MAX_LINES);
    match (waits, starts.last()) {
        (true, Some(start)) => {
            entries.pop();
            (entries, *start)
        }
        _ => (entries, records.len()),
    }
}

/// Slug and SKU in a line: of a line of CSV also if something else in it is wrong, so that its product is known.
fn names(
    header: Option<&Header>,
    record: &Record<'_>,
    patch: Option<&Value>,
) -> (Option<String>, Option<String>) {
    let text = |value: Option<&str>| {
        let text = value.map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    match (patch, header) {
        (Some(patch), _) => (text(patch["slug"].as_str()), text(document::skus(patch).next())),
        (None, Some(header)) => header.names_in(record),
        (None, None) => (None, None),
    }
}

/// Whether a line is about the product of the lines before it.
fn goes_on(last: &Entry, slug: Option<&String>) -> bool {
    slug.is_some() && last.slug.as_ref() == slug && last.lines.len() < MAX_LINES
}

/// Adds a variant. What a further line says about the product must be nothing, or the same again.
fn join(entry: &mut Entry, line: Line, patch: Result<Value, UserError>) {
    let number = line.number;
    entry.lines.push(line);
    let (product, mut more) = match (&mut entry.patch, patch) {
        (Ok(product), Ok(Value::Object(more))) => (product, more),
        (Ok(_), Err(error)) => {
            entry.patch = Err((number, error));
            return;
        }
        _ => return,
    };
    let variants = more.remove("variants");
    if let Some(key) = more
        .iter()
        .find(|(key, value)| !says_nothing_else(product, key, value))
    {
        let message = format!("{} differs from the product's first line", key.0);
        entry.patch = Err((number, UserError::refused(UserErrorCode::Conflict, message)));
        return;
    }
    if let (Some(Value::Array(all)), Some(Value::Array(more))) = (product.get_mut("variants"), variants) {
        all.extend(more);
    }
}

fn says_nothing_else(product: &Value, key: &str, value: &Value) -> bool {
    let empty = match value {
        Value::Object(map) => map.values().all(Value::is_null),
        value => value.is_null(),
    };
    empty || product[key] == *value
}
