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
    /// A part of a document, or the number of the line that cannot be read, and why.
    pub patch: Result<Value, (i32, UserError)>,
}

impl Entry {
    pub fn first_line(&self) -> i32 {
        self.lines.first().map_or(0, |line| line.number)
    }

    pub fn slug(&self) -> Option<&str> {
        self.patch.as_ref().ok().and_then(slug)
    }

    /// In lower case.
    pub fn skus(&self) -> Vec<String> {
        let patch = self.patch.as_ref().ok();
        patch.map_or_else(Vec::new, |patch| {
            document::skus(patch).map(str::to_lowercase).collect()
        })
    }
}

fn slug(patch: &Value) -> Option<&str> {
    patch["slug"]
        .as_str()
        .map(str::trim)
        .filter(|slug| !slug.is_empty())
}

fn unreadable(why: impl Into<String>) -> UserError {
    UserError::refused(UserErrorCode::Invalid, why)
}

/// Some editors begin a file with a byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Reads one record.
fn read(format: Format, header: Option<&Header>, record: &Record<'_>) -> Result<Value, UserError> {
    if let Some(problem) = record.problem {
        return Err(unreadable(problem));
    }
    // Postgres has no text with this character in it.
    if record.bytes.contains(&0) || record.bytes.windows(6).any(|six| six == br"\u0000") {
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
        let sku = patch
            .as_ref()
            .ok()
            .and_then(|patch| document::skus(patch).next())
            .map(str::to_owned);
        let line = Line {
            number: record.line,
            sku,
        };
        match entries.last_mut() {
            Some(last) if format == Format::Csv && goes_on(last, &patch) => join(last, line, patch),
            _ => {
                starts.push(at);
                entries.push(Entry {
                    patch: patch.map_err(|error| (line.number, error)),
                    lines: vec![line],
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

/// Whether a line is about the product of the lines before it.
fn goes_on(last: &Entry, patch: &Result<Value, UserError>) -> bool {
    let slug = patch.as_ref().ok().and_then(slug);
    slug.is_some() && last.slug() == slug && last.lines.len() < MAX_LINES
}

/// Adds a variant. What a further line says about the product must be nothing, or the same again.
fn join(entry: &mut Entry, line: Line, patch: Result<Value, UserError>) {
    let number = line.number;
    entry.lines.push(line);
    let (Ok(product), Ok(Value::Object(mut more))) = (&mut entry.patch, patch) else {
        return;
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
