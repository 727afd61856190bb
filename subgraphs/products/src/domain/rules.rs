//! Whether the details of a product make sense.

use super::details::{BookDetails, ClothesDetails, Details, LaptopDetails, MobileDetails, ProductKind};
use chrono::Datelike;
use platform::{UserError, Words, address::text};
use std::collections::BTreeSet;

/// Checks the details of a product of this kind.
pub fn validate(kind: ProductKind, details: Option<Details>) -> Result<Option<Details>, UserError> {
    let details = match (kind, details) {
        (ProductKind::Generic, None) => return Ok(None),
        (ProductKind::Book, Some(Details::Book(book))) => Details::Book(book.validate()?),
        (ProductKind::Laptop, Some(Details::Laptop(laptop))) => Details::Laptop(laptop.validate()?),
        (ProductKind::Mobile, Some(Details::Mobile(mobile))) => Details::Mobile(mobile.validate()?),
        (ProductKind::Clothes, Some(Details::Clothes(clothes))) => Details::Clothes(clothes.validate()?),
        _ => {
            return Err(UserError::invalid(
                &["input", "details"],
                "the details of the product's kind",
            ));
        }
    };
    Ok(Some(details))
}

fn invalid(kind: &str, field: &str, rule: &str) -> UserError {
    UserError::invalid(&["input", "details", kind, field], rule)
}

fn some_text(kind: &str, field: &str, value: String) -> Result<String, UserError> {
    text(value, 200).ok_or_else(|| invalid(kind, field, "1..200 characters"))
}

fn texts(kind: &str, field: &str, values: Vec<String>, least: usize) -> Result<Vec<String>, UserError> {
    let fits = (least..=20).contains(&values.len());
    let values: Option<Vec<String>> = values.into_iter().map(|value| text(value, 100)).collect();
    let different = |values: &Vec<String>| {
        let lower: BTreeSet<String> = values.iter().map(|value| value.to_lowercase()).collect();
        lower.len() == values.len()
    };
    let rule = || format!("{least}..20 different values of 1..100 characters");
    values
        .filter(|values| fits && different(values))
        .ok_or_else(|| invalid(kind, field, &rule()))
}

fn optional(kind: &str, field: &str, value: Option<String>) -> Result<Option<String>, UserError> {
    value.map(|value| some_text(kind, field, value)).transpose()
}

fn positive(kind: &str, field: &str, value: Option<i32>) -> Result<(), UserError> {
    match value.is_none_or(|n| (1..=1_000_000).contains(&n)) {
        true => Ok(()),
        false => Err(invalid(kind, field, "1..1000000")),
    }
}

fn measure(kind: &str, field: &str, value: f64) -> Result<(), UserError> {
    match value > 0.0 && value <= 1000.0 {
        true => Ok(()),
        false => Err(invalid(kind, field, "above 0, at most 1000")),
    }
}

impl BookDetails {
    fn validate(self) -> Result<Self, UserError> {
        const KIND: &str = "book";
        let isbn13 =
            isbn13(&self.isbn13).ok_or_else(|| invalid(KIND, "isbn13", "an ISBN-13 with its check digit"))?;
        positive(KIND, "pages", self.pages)?;
        if self
            .published_on
            .is_some_and(|day| !(1000..=9999).contains(&day.0.year()))
        {
            return Err(invalid(KIND, "publishedOn", "a day of the years 1000..9999"));
        }
        Ok(Self {
            isbn13,
            authors: texts(KIND, "authors", self.authors, 1)?,
            publisher: optional(KIND, "publisher", self.publisher)?,
            genres: Words(texts(KIND, "genres", self.genres.0, 0)?),
            edition: optional(KIND, "edition", self.edition)?,
            ..self
        })
    }
}

impl LaptopDetails {
    fn validate(self) -> Result<Self, UserError> {
        const KIND: &str = "laptop";
        positive(KIND, "cpuCores", self.cpu_cores)?;
        positive(KIND, "ramGb", Some(self.ram_gb))?;
        positive(KIND, "storageGb", Some(self.storage_gb))?;
        positive(KIND, "batteryWh", self.battery_wh)?;
        measure(KIND, "screenInches", self.screen_inches)?;
        Ok(Self {
            cpu: some_text(KIND, "cpu", self.cpu)?,
            gpu: optional(KIND, "gpu", self.gpu)?,
            resolution: optional(KIND, "resolution", self.resolution)?,
            os: optional(KIND, "os", self.os)?,
            ports: Words(texts(KIND, "ports", self.ports.0, 0)?),
            ..self
        })
    }
}

impl MobileDetails {
    fn validate(self) -> Result<Self, UserError> {
        const KIND: &str = "mobile";
        positive(KIND, "ramGb", self.ram_gb)?;
        positive(KIND, "storageGb", Some(self.storage_gb))?;
        positive(KIND, "batteryMah", self.battery_mah)?;
        positive(KIND, "simSlots", self.sim_slots)?;
        measure(KIND, "screenInches", self.screen_inches)?;
        if !(1..=10).contains(&self.camera_mp.len()) {
            return Err(invalid(KIND, "cameraMp", "1..10 values"));
        }
        self.camera_mp
            .iter()
            .try_for_each(|mp| measure(KIND, "cameraMp", *mp))?;
        Ok(Self {
            os: optional(KIND, "os", self.os)?,
            network: Words(texts(KIND, "network", self.network.0, 0)?),
            ..self
        })
    }
}

impl ClothesDetails {
    fn validate(self) -> Result<Self, UserError> {
        const KIND: &str = "clothes";
        Ok(Self {
            sizes: texts(KIND, "sizes", self.sizes, 1)?,
            colors: texts(KIND, "colors", self.colors, 1)?,
            material: some_text(KIND, "material", self.material)?,
            style: optional(KIND, "style", self.style)?,
            gender: optional(KIND, "gender", self.gender)?,
            season: optional(KIND, "season", self.season)?,
            care_instructions: optional(KIND, "careInstructions", self.care_instructions)?,
            size_system: optional(KIND, "sizeSystem", self.size_system)?,
        })
    }
}

/// The 13 digits of a valid ISBN-13 (ISO 2108: weights 1 and 3 in turn, sum divisible by ten); hyphens are dropped.
pub fn isbn13(value: &str) -> Option<String> {
    let digits: String = value.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    let numbers: Vec<u32> = digits.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    let sum: u32 = numbers
        .iter()
        .zip([1, 3].iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    let prefix = digits.starts_with("978") || digits.starts_with("979");
    (numbers.len() == 13 && prefix && sum.is_multiple_of(10)).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isbn_check_digits() {
        assert_eq!(isbn13("978-0-306-40615-7").as_deref(), Some("9780306406157"));
        for bad in [
            "9780306406158",
            "978030640615",
            "97803064061577",
            "1230306406157",
            "978030640615X",
            "",
        ] {
            assert_eq!(isbn13(bad), None, "{bad}");
        }
    }

    #[test]
    fn details_belong_to_their_kind_and_are_plausible() {
        let phone = MobileDetails {
            screen_inches: 6.1,
            camera_mp: vec![50.0],
            ram_gb: Some(8),
            storage_gb: 128,
            battery_mah: None,
            os: None,
            network: Words::default(),
            sim_slots: None,
        };
        let ok = |kind, details| validate(kind, details).is_ok();
        assert!(ok(ProductKind::Mobile, Some(Details::Mobile(phone.clone()))));
        assert!(!ok(ProductKind::Laptop, Some(Details::Mobile(phone.clone()))));
        assert!(!ok(ProductKind::Mobile, None));
        assert!(ok(ProductKind::Generic, None));
        let broken = [
            MobileDetails {
                screen_inches: f64::NAN,
                ..phone.clone()
            },
            MobileDetails {
                storage_gb: 0,
                ..phone.clone()
            },
            MobileDetails {
                camera_mp: vec![],
                ..phone
            },
        ];
        assert!(
            broken
                .into_iter()
                .all(|phone| !ok(ProductKind::Mobile, Some(Details::Mobile(phone))))
        );
    }
}
