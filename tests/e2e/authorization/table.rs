//! The table as a file: one line per field, sorted, in columns.

use super::viewers::VIEWERS;
use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

/// One field: what each viewer gets, in the order of [`VIEWERS`], and the operation that tries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub coordinate: String,
    pub outcomes: Vec<String>,
    pub operation: String,
    /// Tried after all others, because a permitted caller cannot go on afterwards.
    pub last: bool,
}

const HEAD: &str = "\
# Who gets what. One line per field with a rule: every root field, every field whose description says \"Requires:\",
# and, as service:Type.key, every key by which a service is asked for an entity. See mod.rs.
#
#   ok         allowed; a mutation may still say no for a reason of business
#   empty      allowed, and there is nothing to see for this caller
#   login      UNAUTHENTICATED
#   forbidden  FORBIDDEN
#   missing    as if there were no such object (NOT_FOUND in a mutation)
#   null       no value
#   silent     a subscription that is open and says nothing
#   401        the token is refused
#
# owner: of the cart, order, address and so on that the operation names. vendor: the owner of their vendor.
# `last` before an operation: it ends the caller's session or account, so it is tried at the end.
#
# UPDATE_AUTHORIZATION=1 adds lines for new fields, with what was observed: review the diff.
# UPDATE_AUTHORIZATION=all observes all lines anew, with the operations as they are here.
";

pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/authorization/table.txt")
}

/// Rows by coordinate.
pub fn read() -> BTreeMap<String, Row> {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            (
                line.split_whitespace().next().unwrap_or_default().to_owned(),
                parse(line),
            )
        })
        .collect()
}

fn parse(line: &str) -> Row {
    let mut rest = line;
    let mut cells = Vec::new();
    for _ in 0..=VIEWERS.len() {
        let (cell, after) = rest
            .trim_start()
            .split_once(' ')
            .unwrap_or_else(|| panic!("table.txt: a cell or the operation is missing: {line}"));
        cells.push(cell.to_owned());
        rest = after;
    }
    let operation = rest.trim();
    let last = operation.strip_prefix("last ");
    Row {
        coordinate: cells.remove(0),
        outcomes: cells,
        operation: last.unwrap_or(operation).trim().to_owned(),
        last: last.is_some(),
    }
}

pub fn write(rows: &BTreeMap<String, Row>) {
    let width = rows.keys().map(String::len).max().unwrap_or(0).max(12);
    let mut text = format!("{HEAD}\n");
    let line = |first: &str, cells: &[String], operation: &str| {
        let cells: String = cells.iter().map(|cell| format!("{cell:<12} ")).collect();
        format!("{first:<width$}  {cells}{operation}\n")
    };
    text += &line("# field", &VIEWERS.map(str::to_owned), "operation");
    let mut section = "";
    for row in rows.values() {
        let own = row.coordinate.split_once('.').map_or("", |(own, _)| own);
        if own != section && !own.contains(':') {
            let _ = writeln!(text);
            section = own;
        }
        let operation = if row.last {
            format!("last {}", row.operation)
        } else {
            row.operation.clone()
        };
        text += &line(&row.coordinate, &row.outcomes, &operation);
    }
    std::fs::write(path(), text).expect("table.txt is writable");
}
