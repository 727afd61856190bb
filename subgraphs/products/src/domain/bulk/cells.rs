//! Cells of a CSV file: what text a value is, and what a spreadsheet must not take for a formula.

use platform::Currency;
use serde_json::{Value, json};

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Text,
    Int,
    Float,
    /// `true` or `false`.
    Bool,
    /// Texts with `|` between them; `\|` and `\\` stand for the characters.
    Texts,
    /// Numbers with `|` between them.
    Numbers,
    /// A decimal number of the currency: 12.99.
    Money(Currency),
}

impl Cell {
    /// The value of a cell; null if it is empty.
    pub fn parse(self, text: &str) -> Result<Value, &'static str> {
        let text = unescaped(text);
        let plain = text.trim();
        if plain.is_empty() {
            return Ok(Value::Null);
        }
        match self {
            Self::Text => Ok(json!(text)),
            Self::Int => plain
                .parse::<i32>()
                .map(Value::from)
                .map_err(|_| "a whole number"),
            Self::Float => number(plain).ok_or("a number"),
            Self::Bool => match plain.to_ascii_lowercase().as_str() {
                "true" => Ok(json!(true)),
                "false" => Ok(json!(false)),
                _ => Err("true or false"),
            },
            Self::Texts => Ok(Value::from(list(text))),
            Self::Numbers => {
                let numbers: Option<Vec<Value>> = plain.split('|').map(|part| number(part.trim())).collect();
                numbers.map(Value::from).ok_or("numbers with | between them")
            }
            Self::Money(currency) => minor(plain, currency)
                .map(Value::from)
                .ok_or("a decimal number such as 12.99, without a sign or separators"),
        }
    }

    /// The text of a value, safe to open in a spreadsheet.
    pub fn write(self, value: &Value) -> String {
        let text = match (self, value) {
            (_, Value::Null) => String::new(),
            (Self::Money(currency), value) => decimal(value.as_i64().unwrap_or(0), currency),
            (_, Value::String(text)) => text.clone(),
            (Self::Texts, Value::Array(parts)) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| {
                        part.as_str()
                            .unwrap_or("")
                            .replace('\\', "\\\\")
                            .replace('|', "\\|")
                    })
                    .collect();
                parts.join("|")
            }
            (_, Value::Array(parts)) => {
                let parts: Vec<String> = parts.iter().map(Value::to_string).collect();
                parts.join("|")
            }
            (_, value) => value.to_string(),
        };
        escaped(text)
    }
}

/// Whole numbers stay whole: `8`, not `8.0`.
fn number(text: &str) -> Option<Value> {
    match text.parse::<i64>() {
        Ok(number) => Some(json!(number)),
        Err(_) => text
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(|number| json!(number)),
    }
}

fn list(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut literal) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            c if literal => {
                part.push(c);
                literal = false;
            }
            '\\' => literal = true,
            '|' => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    parts.push(part);
    parts
}

/// Minor units of a decimal number with no more digits than the currency has.
pub fn minor(text: &str, currency: Currency) -> Option<i64> {
    let digits = usize::try_from(currency.exponent()).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > digits {
        return None;
    }
    format!("{whole}{fraction:0<digits$}").parse().ok()
}

fn decimal(amount: i64, currency: Currency) -> String {
    let digits = usize::try_from(currency.exponent()).unwrap_or(2);
    let text = format!("{amount:0>width$}", width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    match digits {
        0 => whole.to_owned(),
        _ => format!("{whole}.{fraction}"),
    }
}

/// Whether a spreadsheet would take the text for a formula (OWASP, "CSV Injection"), or has been told that it is none.
fn is_risky(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    text.starts_with(['\t', '\r', '\n'])
        || text
            .trim_start()
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// An apostrophe in front makes it a text. Reading takes the apostrophe away again.
fn escaped(text: String) -> String {
    match is_risky(&text) {
        true => format!("'{text}"),
        false => text,
    }
}

fn unescaped(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_risky(rest) => rest,
        _ => text,
    }
}
