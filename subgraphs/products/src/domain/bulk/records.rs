//! Where one record of a file ends and the next one begins.

use super::job::Format;

/// Bytes a record may have. The longest description fits several times.
pub const MAX_RECORD: usize = 256 * 1024;

/// A record as it stands in the file: without its line break, but with all quotes.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Line of the file it begins in.
    pub line: i32,
    /// Where its line ends in the bytes it was split off.
    pub end: usize,
    pub bytes: &'a [u8],
    /// Why it cannot be read.
    pub problem: Option<&'static str>,
}

const OPEN_QUOTE: &str = "a quotation mark is not closed within 256 KB, or the line is longer";

/// Cuts bytes into records. What follows the last complete one is a record too if the file ends there; otherwise it
/// waits for more bytes.
pub fn split(format: Format, bytes: &[u8], first_line: i32, ends: bool) -> Vec<Record<'_>> {
    let (mut records, mut start, mut line) = (Vec::new(), 0, first_line);
    while start < bytes.len() {
        let rest = &bytes[start..];
        let (length, problem) = match end_of_record(format, rest) {
            Some(length) if length <= MAX_RECORD + 1 => (length, None),
            None if ends && !is_open(format, rest) => (rest.len(), None),
            None if !ends && rest.len() <= MAX_RECORD => break,
            // Reading goes on behind the first line break: one stray quotation mark spoils one line, not the file.
            _ => match rest.iter().position(|b| *b == b'\n') {
                Some(end) => (end + 1, Some(OPEN_QUOTE)),
                None => (rest.len(), Some(OPEN_QUOTE)),
            },
        };
        let text = trim_break(&rest[..length]);
        if !text.is_empty() {
            records.push(Record {
                line,
                end: start + length,
                bytes: text,
                problem,
            });
        }
        let breaks = rest[..length].iter().filter(|b| **b == b'\n').count();
        line = line.saturating_add(i32::try_from(breaks).unwrap_or(i32::MAX));
        start += length;
    }
    records
}

fn trim_break(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// Length of the first record with its line break. A line break between quotes belongs to the text (RFC 4180).
fn end_of_record(format: Format, bytes: &[u8]) -> Option<usize> {
    match format {
        Format::Jsonl => bytes.iter().position(|b| *b == b'\n').map(|at| at + 1),
        Format::Csv => scan(bytes).0,
    }
}

fn is_open(format: Format, bytes: &[u8]) -> bool {
    format == Format::Csv && scan(bytes).1
}

/// The end of the first record, and whether a quote is open where the bytes end.
fn scan(bytes: &[u8]) -> (Option<usize>, bool) {
    let (mut quoted, mut field_starts, mut just_closed) = (false, true, false);
    for (at, byte) in bytes.iter().enumerate().take(MAX_RECORD + 2) {
        let closes = quoted && *byte == b'"';
        match byte {
            b'"' if quoted => quoted = false,
            // A doubled quote closes and opens again; one in the middle of a bare text is a character.
            b'"' => quoted = field_starts || just_closed,
            b'\n' if !quoted => return (Some(at + 1), false),
            _ => {}
        }
        (field_starts, just_closed) = (*byte == b',' && !quoted, closes);
    }
    (None, quoted)
}
