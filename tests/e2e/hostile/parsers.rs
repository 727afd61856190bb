//! Fuzzing of what services read beside GraphQL: webhooks, catalogue files, search texts, pictures, tokens in links,
//! events. What all services read stands in `platform/tests/fuzz.rs`.

use contracts::events;
use payments::provider::{
    objects::{DisputeObject, Event, Intent, RefundObject},
    signature,
};
use platform::{Currency, ids::UserId, testing::fuzz};
use products::domain::{
    bulk::{
        cells::{Cell, minor},
        csv::Header,
        document::ProductDoc,
        entry::entries,
        job::Format,
        prices::PriceKey,
        records::split,
    },
    media, picture, search,
};
use serde::{Serialize, de::DeserializeOwned};

const SECRET: &str = "whsec_test";
const NOW: i64 = 1_700_000_000;
/// Signs `{"id":"evt_1"}`.
const SIGNATURE: &str = "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
const INTENT: &str = r#"{"id":"evt_1","type":"payment_intent.succeeded","created":1700000000,"livemode":false,"data":{"object":{"id":"pi_1","object":"payment_intent","status":"succeeded","amount":1999,"amount_capturable":0,"amount_received":1999,"currency":"gbp","client_secret":"s","metadata":{"payment_id":"pay_01900000000070008000000000000000"},"last_payment_error":{"code":"card_declined","decline_code":"lost_card"},"next_action":{"redirect_to_url":{"url":"https://a.example"}}}}}"#;
const REFUND: &str = r#"{"id":"evt_2","type":"refund.updated","created":1700000000,"data":{"object":{"id":"re_1","object":"refund","status":"succeeded","amount":500,"currency":"jpy","payment_intent":"pi_1","charge":"ch_1","metadata":{},"failure_reason":null}}}"#;
const DISPUTE: &str = r#"{"id":"evt_3","type":"charge.dispute.created","created":1700000000,"data":{"object":{"id":"dp_1","object":"dispute","status":"needs_response","amount":1999,"currency":"kwd","payment_intent":"pi_1","reason":"fraudulent","evidence_details":{"due_by":1700100000}}}}"#;

#[test]
fn webhooks() {
    fuzz::run_text(&[INTENT, REFUND, DISPUTE], |text| {
        let Ok(event) = serde_json::from_str::<Event>(text) else {
            return;
        };
        event.created_at();
        let object = event.data.object;
        if let Ok(intent) = serde_json::from_value::<Intent>(object.clone()) {
            let _ = format!("{:?}", intent.fact());
        }
        if let Ok(refund) = serde_json::from_value::<RefundObject>(object.clone()) {
            let _ = format!("{:?} {}", refund.fact(), refund.total());
        }
        if let Ok(dispute) = serde_json::from_value::<DisputeObject>(object) {
            let _ = format!("{:?}", dispute.fact());
        }
    });
}

/// Another header may sign the same body: other parts, other case. But no other time, and no other secret.
#[test]
fn signatures_of_webhooks() {
    let secrets = [SECRET.to_owned()];
    let body: &[u8] = br#"{"id":"evt_1"}"#;
    assert!(signature::verify(SIGNATURE, body, &secrets, NOW));
    let digest = SIGNATURE.split("v1=").nth(1).unwrap();
    fuzz::run_text(
        &[SIGNATURE, "t=1,v1=00", "t=-9223372036854775808,v1="],
        |header| {
            if signature::verify(header, body, &secrets, NOW) {
                assert!(
                    header.to_lowercase().contains(digest) && header.contains("1700000000"),
                    "{header}"
                );
            }
            assert!(!signature::verify(header, b"{}", &secrets, NOW));
            let _ = signature::verify(header, body, &secrets, i64::MIN);
        },
    );
    fuzz::run(&[body], |other| {
        assert!(!signature::verify(SIGNATURE, other, &secrets, NOW) || other == body)
    });
}

const CSV: &str = "slug,name,kind,currency,category,brand,sku,variant,price:GBP,price:GBP:GOLD/10,weightGrams,book.isbn13,book.authors,attr.color\r\nthe-road,\"The \"\"Road\"\", again\nand again\",BOOK,GBP,books/novels,North,R-1,Paperback,12.99,9.99,300,9780306406157,A|B\\|C,'=red\r\n,,,,,,R-2,Hardback,22.99,,500,,,\r\n";
const JSONL: &str = "{\"slug\":\"the-road\",\"name\":\"The Road\",\"kind\":\"BOOK\",\"variants\":[{\"sku\":\"R-1\",\"prices\":{\"GBP\":1299,\"GBP:GOLD/10\":999},\"options\":{\"size\":\"M\"}}],\"details\":{\"isbn13\":\"9780306406157\",\"authors\":[\"A\"]}}\n{\"slug\":\"b\"}\n";

#[test]
fn catalogue_files() {
    for (format, file) in [(Format::Csv, CSV), (Format::Jsonl, JSONL)] {
        fuzz::run(&[file.as_bytes()], |bytes| {
            let records = split(format, bytes, 1, true);
            let read: usize = records.iter().map(|record| record.bytes.len()).sum();
            assert!(read <= bytes.len());
            let (header, records) = match (format, records.split_first()) {
                (Format::Csv, Some((first, rest))) => {
                    (Header::parse(&String::from_utf8_lossy(first.bytes)).ok(), rest)
                }
                _ => (None, &records[..]),
            };
            let (entries, used) = entries(format, header.as_ref(), records, true);
            assert!(used <= records.len() && entries.len() <= records.len());
            for entry in entries {
                entry.first_line();
                entry.skus();
                if let Ok(patch) = entry.patch {
                    let _ = ProductDoc::read(patch);
                }
            }
        });
    }
}

#[test]
fn cells_of_catalogue_files() {
    let money = Cell::Money(Currency::GBP);
    fuzz::run_text(
        &["12.99", "-1", "a|b\\|c", "true", "1e3", "'=1+1", "0.1|2"],
        |text| {
            for cell in [
                Cell::Text,
                Cell::Int,
                Cell::Float,
                Cell::Bool,
                Cell::Texts,
                Cell::Numbers,
                money,
            ] {
                let Ok(value) = cell.parse(text) else { continue };
                let written = cell.write(&value);
                assert!(
                    !written.starts_with(['=', '+', '@', '\t', '\r']),
                    "{text:?} becomes the formula {written:?}"
                );
                let again = cell.parse(&written).map(|value| cell.write(&value));
                assert_eq!(again, Ok(written), "{text:?}");
            }
            for code in ["GBP", "JPY", "KWD"] {
                minor(text, Currency::parse(code).unwrap());
            }
        },
    );
    fuzz::run_text(&["GBP", "GBP:GOLD/10", "JPY/5", "EUR:a/b/1"], |text| {
        if let Ok(key) = PriceKey::parse(text) {
            let again = PriceKey::parse(&key.to_string());
            assert!(
                again.is_ok_and(|again| again.to_string() == key.to_string()),
                "{text:?}"
            );
        }
    });
}

#[test]
fn search_texts() {
    fuzz::run_text(
        &[
            "red \"running shoes\" -nike size:M",
            "isbn:9780306406157 or",
            "-\"",
            "a:b:c <-> !(",
        ],
        |text| {
            search::parse(text).len();
        },
    );
}

/// One pixel in each format.
#[test]
fn pictures() {
    let formats = [
        (media::Format::Png, image::ImageFormat::Png),
        (media::Format::Jpeg, image::ImageFormat::Jpeg),
        (media::Format::Webp, image::ImageFormat::WebP),
    ];
    for (format, kind) in formats {
        let mut sample = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(3, 2)
            .write_to(&mut sample, kind)
            .unwrap();
        fuzz::run(&[sample.get_ref()], |bytes| {
            // Decodes pixels too, as far as the header keeps to the limits and the picture is small.
            if let Ok(decoder) = picture::check(bytes, format)
                && image::ImageDecoder::total_bytes(&decoder) < 1 << 20
            {
                let _ = image::DynamicImage::from_decoder(decoder);
            }
        });
    }
}

#[test]
fn tokens_in_links() {
    use notifications::domain::{token, types::NotificationCategory};
    let good = token::sign(b"key", UserId::new(), NotificationCategory::LowStock).unwrap();
    fuzz::run_text(&[&good], |text| {
        // Base64 without padding has one form of a digest.
        assert!(token::verify(b"key", text).is_none() || text == good);
    });
}

/// What is read is written and read again as the same.
fn event<E: Serialize + DeserializeOwned>(sample: &str) {
    assert!(serde_json::from_str::<E>(sample).is_ok(), "{sample}");
    fuzz::run_text(&[sample], |text| {
        if let Ok(event) = serde_json::from_str::<E>(text) {
            let written = serde_json::to_string(&event).unwrap();
            let again: E = serde_json::from_str(&written).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), written);
        }
    });
}

#[test]
fn events_of_other_services() {
    let id = |prefix: &str| format!("{prefix}_01900000000070008000000000000000");
    event::<events::CustomerRegistered>(&format!(
        r#"{{"customer":"{}","user":"{}"}}"#,
        id("cus"),
        id("usr")
    ));
    event::<events::VendorStatusChanged>(&format!(
        r#"{{"vendor":"{}","from":"IN_REVIEW","to":"APPROVED","approved":true,"members":["{}"]}}"#,
        id("ven"),
        id("usr")
    ));
    event::<events::OrderStatusChanged>(&format!(
        r#"{{"order":"{}","number":"A-1","customer":"{}","from":null,"to":"CONFIRMED","currency":"GBP","total":1999,"seq":1}}"#,
        id("ord"),
        id("cus")
    ));
}
