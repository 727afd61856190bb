//! Zones: which destinations they contain, and which of two zones says it more exactly.

use platform::Country;

/// Where a parcel goes, as far as prices depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub country: Country,
    pub region: Option<String>,
    pub postal_code: Option<String>,
}

/// The destinations of a zone. An empty list does not restrict.
#[derive(Clone, Debug, Default)]
pub struct Area {
    pub countries: Vec<Country>,
    pub regions: Vec<String>,
    pub postal_patterns: Vec<String>,
}

/// How exactly a zone describes a destination; the most exact one decides the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    World,
    Country,
    Region,
    PostalCode,
}

impl Area {
    /// `None` if the place lies outside.
    pub fn contains(&self, place: &Place) -> Option<Precision> {
        let country = self.countries.is_empty() || self.countries.contains(&place.country);
        let region = self.regions.is_empty() || self.has_region(place.region.as_deref());
        let postal = self.postal_patterns.is_empty() || self.has_postal_code(place.postal_code.as_deref());
        (country && region && postal).then(|| self.precision())
    }

    fn precision(&self) -> Precision {
        if !self.postal_patterns.is_empty() {
            Precision::PostalCode
        } else if !self.regions.is_empty() {
            Precision::Region
        } else if !self.countries.is_empty() {
            Precision::Country
        } else {
            Precision::World
        }
    }

    fn has_region(&self, region: Option<&str>) -> bool {
        region.is_some_and(|region| {
            let region = region.trim().to_lowercase();
            self.regions.iter().any(|known| known.to_lowercase() == region)
        })
    }

    fn has_postal_code(&self, code: Option<&str>) -> bool {
        code.is_some_and(|code| {
            let code = compact(code);
            self.postal_patterns
                .iter()
                .any(|pattern| matches(compact(pattern).as_bytes(), code.as_bytes()))
        })
    }
}

/// People write `BT1 5GS`, `bt15gs` and `BT1-5GS`: all the same.
fn compact(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .flat_map(char::to_uppercase)
        .collect()
}

/// `*` stands for any run of characters, `?` for one. Linear in the text for each star, so no pattern is a trap.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and up to where it has eaten the text.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                None => return false,
                Some((at, eaten)) => {
                    star = Some((at, eaten + 1));
                    p = at + 1;
                    t = eaten + 1;
                }
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// A pattern that [`Area`] understands: letters, digits, spaces, dashes and the two wildcards.
pub fn is_pattern(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'*' | b'?');
    (1..=20).contains(&text.len()) && text.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(country: &str, region: Option<&str>, postal_code: Option<&str>) -> Place {
        Place {
            country: Country::parse(country).unwrap(),
            region: region.map(str::to_owned),
            postal_code: postal_code.map(str::to_owned),
        }
    }

    fn area(countries: &[&str], regions: &[&str], postal_patterns: &[&str]) -> Area {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Area {
            countries: countries
                .iter()
                .map(|code| Country::parse(code).unwrap())
                .collect(),
            regions: texts(regions),
            postal_patterns: texts(postal_patterns),
        }
    }

    #[test]
    fn patterns() {
        for (pattern, code, expected) in [
            ("BT*", "BT1 5GS", true),
            ("BT*", "bt1-5gs", true),
            ("BT*", "B1 1AA", false),
            ("IV2? *", "IV21 2AA", true),
            ("IV2?", "IV2", false),
            ("*7*9", "17009", true),
            ("*7*9", "17008", false),
            ("12345", "12345", true),
            ("***", "", true),
        ] {
            let area = area(&["GB"], &[], &[pattern]);
            let found = area.contains(&place("GB", None, Some(code))).is_some();
            assert_eq!(found, expected, "{pattern} {code}");
        }
    }

    #[test]
    fn the_more_it_says_the_more_exact_it_is() {
        let belfast = place("GB", Some("northern ireland"), Some("BT1 5GS"));
        let areas = [
            (area(&[], &[], &[]), Some(Precision::World)),
            (area(&["GB", "IE"], &[], &[]), Some(Precision::Country)),
            (area(&["GB"], &["Northern Ireland"], &[]), Some(Precision::Region)),
            (area(&["GB"], &[], &["BT*"]), Some(Precision::PostalCode)),
            (area(&["GB"], &["Wales"], &["BT*"]), None),
            (area(&["IE"], &[], &[]), None),
        ];
        for (area, expected) in &areas {
            assert_eq!(area.contains(&belfast), *expected, "{area:?}");
        }
        assert!(areas[3].1 > areas[2].1 && areas[2].1 > areas[1].1 && areas[1].1 > areas[0].1);
        assert_eq!(
            areas[3].0.contains(&place("GB", None, None)),
            None,
            "no postal code, no postal zone"
        );
    }
}
