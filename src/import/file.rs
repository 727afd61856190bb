//! Reads the CSV. Amounts are exact: thousandths of a penny in an `i64`.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, NaiveDateTime, Utc};
use std::{fs::File, io::Read, path::Path};

/// Thousandths of a penny in a penny.
pub const MILLIS: i64 = 1000;

const COLUMNS: [&str; 8] = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
];

/// One line of the file.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number in the file; the header is 1.
    pub number: u64,
    pub invoice: String,
    /// As written; the same code occurs in two letter cases.
    pub code: String,
    pub description: String,
    pub quantity: i32,
    pub at: DateTime<Utc>,
    /// Thousandths of a penny for one piece.
    pub price: i64,
    /// Empty for a guest.
    pub customer: String,
    pub country: String,
}

impl Line {
    /// Quantity × price, thousandths of a penny.
    pub fn amount(&self) -> i64 {
        i64::from(self.quantity) * self.price
    }
}

/// A line that cannot be read.
#[derive(Debug, Clone)]
pub struct Malformed {
    pub number: u64,
    pub reason: String,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Contents {
    pub lines: Vec<Line>,
    pub malformed: Vec<Malformed>,
}

/// Reads a file, gzipped or not.
pub fn read(path: &Path) -> Result<Contents> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut magic = [0; 2];
    let gzipped = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    let file = File::open(path)?;
    match gzipped {
        true => parse(flate2::read::MultiGzDecoder::new(file)),
        false => parse(file),
    }
}

/// Reads CSV text.
pub fn parse(source: impl Read) -> Result<Contents> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
    let header = reader.headers().context("not a CSV file")?;
    ensure!(
        header.iter().eq(COLUMNS),
        "the columns must be {}",
        COLUMNS.join(",")
    );
    let mut contents = Contents::default();
    for (record, index) in reader.records().zip(2..) {
        let number = record
            .as_ref()
            .ok()
            .and_then(|r| r.position())
            .map_or(index, csv::Position::line);
        match record
            .map_err(|e| e.to_string())
            .and_then(|record| line(number, &record))
        {
            Ok(line) => contents.lines.push(line),
            Err(reason) => contents.malformed.push(Malformed { number, reason }),
        }
    }
    Ok(contents)
}

fn line(number: u64, record: &csv::StringRecord) -> Result<Line, String> {
    if record.len() != COLUMNS.len() {
        return Err(format!("{} columns instead of {}", record.len(), COLUMNS.len()));
    }
    let text = |column: usize| record[column].trim().to_owned();
    let required = |column: usize| {
        let text = text(column);
        if text.is_empty() {
            Err(format!("{} is empty", COLUMNS[column]))
        } else {
            Ok(text)
        }
    };
    let quantity: i32 = required(3)?
        .parse()
        .map_err(|_| format!("Quantity {:?} is not a whole number", &record[3]))?;
    let price = price(&record[5]).ok_or_else(|| format!("UnitPrice {:?} is not a price", &record[5]))?;
    i64::from(quantity)
        .checked_mul(price)
        .filter(|amount| amount.abs() < 1 << 53)
        .ok_or("the amount is too large")?;
    Ok(Line {
        number,
        invoice: required(0)?,
        code: required(1)?,
        description: text(2),
        quantity,
        at: date(&record[4]).ok_or_else(|| format!("InvoiceDate {:?} is not a date", &record[4]))?,
        price,
        customer: text(6),
        country: text(7),
    })
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    let naive = NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M:%S").ok()?;
    Some(naive.and_utc())
}

/// Pounds with up to five decimals, as thousandths of a penny.
fn price(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (pounds, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    // "2.0" and "2.50000": zeros beyond the fifth decimal say nothing.
    let decimals = decimals.trim_end_matches('0');
    let numeric = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if pounds.is_empty() || decimals.len() > 5 || !numeric(pounds) || !numeric(decimals) {
        return None;
    }
    let fraction: i64 = format!("{decimals:0<5}").parse().ok()?;
    let amount = pounds
        .parse::<i64>()
        .ok()?
        .checked_mul(100 * MILLIS)?
        .checked_add(fraction)?;
    Some(if negative { -amount } else { amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact() {
        let cases = [
            ("2.55", Some(255_000)),
            ("0.001", Some(100)),
            ("-11062.06", Some(-1_106_206_000)),
            ("3", Some(300_000)),
        ];
        for (text, expected) in
            cases
                .into_iter()
                .chain([("", None), ("1,5", None), ("1e3", None), (".5", None)])
        {
            assert_eq!(price(text), expected, "{text}");
        }
    }

    #[test]
    fn a_malformed_line_is_reported_with_its_number_and_the_others_are_read() {
        let text = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
                    1,10002,A,2,2010-12-01 08:26:00,1.25,17850,United Kingdom\n\
                    1,10002,A,two,2010-12-01 08:26:00,1.25,17850,United Kingdom\n\
                    1,10002,A\n\
                    2,10002,\"A, B\",1,2010-12-01 08:27:00,1.25,,France\n";
        let contents = parse(text.as_bytes()).unwrap();
        assert_eq!(
            contents.lines.iter().map(|line| line.number).collect::<Vec<_>>(),
            [2, 5]
        );
        assert_eq!(
            contents
                .malformed
                .iter()
                .map(|bad| bad.number)
                .collect::<Vec<_>>(),
            [3, 4]
        );
        assert_eq!(contents.lines[0].amount(), 250_000);
    }
}
