//! Files as people write them.

use super::{
    cells::{Cell, minor},
    csv::{Header, Used},
    document::merge,
    entry::entries,
    job::Format,
    prices::PriceKey,
    records::{MAX_RECORD, split},
};
use platform::Currency;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn texts(format: Format, file: &str) -> Vec<(i32, String)> {
    let records = split(format, file.as_bytes(), 1, true);
    records
        .iter()
        .map(|r| (r.line, String::from_utf8_lossy(r.bytes).into_owned()))
        .collect()
}

#[test]
fn records_end_at_line_breaks_outside_of_quotes() {
    let file = "a,b\r\n\n\"x\ny\",\"say \"\"hi\"\"\"\n1,2\" wide\nlast";
    let expected = [
        (1, "a,b"),
        (3, "\"x\ny\",\"say \"\"hi\"\"\""),
        (5, "1,2\" wide"),
        (6, "last"),
    ];
    assert_eq!(
        texts(Format::Csv, file),
        expected.map(|(n, text)| (n, text.to_owned()))
    );
    assert_eq!(texts(Format::Jsonl, "{}\n\n{\"a\": \"\\\"\"}").len(), 2);
}

#[test]
fn what_is_not_complete_waits() {
    let file = b"a,b\n\"open\nstill";
    assert_eq!(split(Format::Csv, file, 1, false).len(), 1);
    assert_eq!(split(Format::Csv, b"a,b", 1, false).len(), 0);
}

#[test]
fn a_stray_quote_spoils_one_line() {
    let mut file = "a,b\n\"never closed,1\n".to_owned();
    file.push_str(&"x,y\n".repeat(MAX_RECORD / 2));
    let records = split(Format::Csv, file.as_bytes(), 1, true);
    let broken: Vec<i32> = records
        .iter()
        .filter(|r| r.problem.is_some())
        .map(|r| r.line)
        .collect();
    assert_eq!(broken, [2]);
    assert_eq!(records.len(), 2 + MAX_RECORD / 2);
    // At the end of the file nothing can close it any more.
    let records = split(Format::Csv, b"a\n\"b\nc\n", 1, true);
    assert_eq!(
        records.iter().map(|r| r.problem.is_some()).collect::<Vec<_>>(),
        [false, true, false]
    );
}

#[test]
fn cells_come_back_and_are_no_formulas() {
    let round = |cell: Cell, value: Value| {
        let text = cell.write(&value);
        assert_eq!(cell.parse(&text).unwrap(), value, "{text}");
        text
    };
    for formula in [
        "=1+1", "+1", "-1", "@a", "\t=1", " =1", "'=1", "''=1", "＝1", "\r=1",
    ] {
        assert!(round(Cell::Text, json!(formula)).starts_with('\''), "{formula}");
    }
    for plain in ["plain", "it's", "'quoted'", "a=b"] {
        assert_eq!(round(Cell::Text, json!(plain)), plain);
    }
    assert_eq!(round(Cell::Texts, json!(["a|b", "c\\d", "e"])), "a\\|b|c\\\\d|e");
    assert_eq!(round(Cell::Numbers, json!([12.5, 8])), "12.5|8");
    assert_eq!(round(Cell::Money(Currency::GBP), json!(1299)), "12.99");
    assert_eq!(round(Cell::Money(Currency::GBP), json!(5)), "0.05");
    assert_eq!(
        round(Cell::Money(Currency::parse("JPY").unwrap()), json!(1299)),
        "1299"
    );
    assert_eq!(round(Cell::Int, Value::Null), "");
}

#[test]
fn money_is_exact() {
    assert_eq!(minor("12.9", Currency::GBP), Some(1290));
    assert_eq!(minor("12", Currency::GBP), Some(1200));
    for bad in ["12.999", "-1", "1,5", "", ".5", "1e3", "99999999999999999999"] {
        assert_eq!(minor(bad, Currency::GBP), None, "{bad}");
    }
}

#[test]
fn prices_have_names() {
    for name in ["GBP", "GBP/10", "GBP:GOLD", "GBP:GOLD/10", "GBP:A/B/1"] {
        assert_eq!(PriceKey::parse(name).unwrap().to_string(), name);
    }
    for bad in ["", "gbp", "GBP/0", "GBP/1000", "GBP:", "GBP/x", "GBPX", "£££"] {
        assert!(PriceKey::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_patch_changes_what_it_names() {
    let base = json!({ "name": "A", "brand": "b", "kind": "BOOK", "details": { "pages": 3, "edition": "1st" },
        "variants": [{ "sku": "X", "prices": { "GBP": 1, "EUR": 2 } }, { "sku": "Y" }] });
    let patch = json!({ "brand": null, "details": { "pages": 4 }, "variants": [{ "sku": " x ", "prices": { "EUR": null } }] });
    let expected = json!({ "name": "A", "kind": "BOOK", "details": { "pages": 4, "edition": "1st" },
        "variants": [{ "sku": " x ", "prices": { "GBP": 1 } }] });
    assert_eq!(merge(base.clone(), patch), expected);
    assert_eq!(merge(base, json!({ "kind": "GENERIC" }))["details"], Value::Null);
}

#[test]
fn headers_are_checked() {
    assert!(Header::parse("\u{feff}sku,slug,prices.GBP:GOLD/10,details.isbn13,options.size").is_ok());
    for bad in [
        "",
        "name",
        "sku,sku",
        "sku,colour",
        "sku,prices.gbp",
        "sku,details.isbn",
        "sku,attributes.",
    ] {
        assert!(Header::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn lines_of_one_slug_are_one_product() {
    let header = Header::parse("slug,name,sku,prices.GBP").unwrap();
    let file =
        "coat,Coat,C-S,9.99\ncoat,,C-M,9.99\nhat,Hat,H,5\nhat,Cap,H2,5\nshoe,Shoe,S,\"x\"\n,Bag,B,1,2\n";
    let records = split(Format::Csv, file.as_bytes(), 2, true);
    let (all, read) = entries(Format::Csv, Some(&header), &records, true);
    assert_eq!((all.len(), read), (4, 6));
    assert_eq!(all[0].skus(), ["c-s", "c-m"]);
    assert_eq!(
        all[0].lines.iter().map(|line| line.number).collect::<Vec<_>>(),
        [2, 3]
    );
    let errors: Vec<i32> = all
        .iter()
        .filter_map(|entry| entry.patch.as_ref().err().map(|e| e.0))
        .collect();
    assert_eq!(errors, [5, 6, 7]);
    assert_eq!(all[1].lines.len(), 2);
    // The last product may go on in the next piece.
    let (all, read) = entries(Format::Csv, Some(&header), &records[..2], false);
    assert_eq!((all.len(), read), (0, 0));
}

#[test]
fn an_export_is_an_import() {
    let document = json!({ "slug": "coat", "name": "=Coat", "kind": "CLOTHES", "category": "clothing/coats",
        "details": { "sizes": ["S", "M"], "material": "wool|cotton" }, "attributes": { "recycled": "true" }, "currency": "GBP",
        "variants": [
            { "sku": "C-S", "name": "S", "prices": { "GBP": 999, "GBP:GOLD/10": 899 }, "compareAt": { "GBP": 1299 },
              "weightGrams": 700, "dimensionsMm": [1, 2, 3], "options": { "size": "S" }, "taxCategory": "standard", "active": true },
            { "sku": "C-M", "name": "M", "prices": { "GBP": 999 }, "weightGrams": 700, "options": { "size": "M" },
              "taxCategory": "standard", "active": false }] });
    let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<BTreeSet<_>>();
    let used = Used {
        kinds: set(&["CLOTHES"]),
        attributes: set(&["recycled"]),
        prices: set(&["GBP", "GBP:GOLD/10"]),
        compare_at: set(&["GBP"]),
        options: set(&["size"]),
    };
    let header = Header::of(&used).unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header.names()).unwrap();
    header
        .lines(&document)
        .iter()
        .for_each(|line| writer.write_record(line).unwrap());
    let file = writer.into_inner().unwrap();
    let records = split(Format::Csv, &file, 1, true);
    let read = Header::parse(std::str::from_utf8(records[0].bytes).unwrap()).unwrap();
    let (all, _) = entries(Format::Csv, Some(&read), &records[1..], true);
    let patch = all.into_iter().next().unwrap().patch.unwrap();
    // A cell that is empty for one variant is not empty for all.
    let mut document = document;
    document["variants"][1]["compareAt"] = json!({});
    assert_eq!(merge(json!({}), patch), document);
}
