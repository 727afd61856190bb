//! What addresses of a country need, as the Universal Postal Union describes it. Countries that are not listed take any
//! postal code, or none.

use super::PostalAddress;
use crate::{error::ValidationError, scalars::Country};

/// The rules of one country.
struct Rules {
    country: &'static str,
    /// Forms of a postal code: `9` is a digit, `A` a letter, `*` either, anything else itself. Letter case, blanks and
    /// dashes do not matter in what people type; the form decides how the code is kept.
    codes: &'static [&'static str],
    /// An address is incomplete without a postal code.
    code_required: bool,
    /// An address is incomplete without a state or province.
    region_required: bool,
}

const fn with_code(country: &'static str, codes: &'static [&'static str]) -> Rules {
    Rules {
        country,
        codes,
        code_required: true,
        region_required: false,
    }
}

const fn with_region(country: &'static str, codes: &'static [&'static str]) -> Rules {
    Rules {
        country,
        codes,
        code_required: true,
        region_required: true,
    }
}

const fn optional_code(country: &'static str, codes: &'static [&'static str]) -> Rules {
    Rules {
        country,
        codes,
        code_required: false,
        region_required: false,
    }
}

const GB: &[&str] = &["A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA"];

/// By country code.
const RULES: &[Rules] = &[
    optional_code("AE", &[]),
    with_code("AT", &["9999"]),
    with_region("AU", &["9999"]),
    with_code("BE", &["9999"]),
    with_code("BG", &["9999"]),
    with_region("BR", &["99999-999"]),
    with_region("CA", &["A9A 9A9"]),
    with_code("CH", &["9999"]),
    with_code("CN", &["999999"]),
    with_code("CY", &["9999"]),
    with_code("CZ", &["999 99"]),
    with_code("DE", &["99999"]),
    with_code("DK", &["9999"]),
    with_code("EE", &["99999"]),
    with_code("ES", &["99999"]),
    with_code("FI", &["99999"]),
    with_code("FR", &["99999"]),
    with_code("GB", GB),
    with_code("GR", &["999 99"]),
    optional_code("HK", &[]),
    with_code("HR", &["99999"]),
    with_code("HU", &["9999"]),
    optional_code("IE", &["A99 ****", "A9A ****"]),
    with_code("IL", &["9999999", "99999"]),
    with_region("IN", &["999999"]),
    with_code("IS", &["999"]),
    with_code("IT", &["99999"]),
    with_code("JP", &["999-9999"]),
    with_code("KR", &["99999"]),
    with_code("LT", &["99999"]),
    with_code("LU", &["9999"]),
    with_code("LV", &["9999"]),
    optional_code("MT", &["AAA 9999"]),
    with_region("MX", &["99999"]),
    with_code("NL", &["9999 AA"]),
    with_code("NO", &["9999"]),
    with_code("NZ", &["9999"]),
    with_code("PL", &["99-999"]),
    with_code("PT", &["9999-999"]),
    with_code("RO", &["999999"]),
    with_code("SE", &["999 99"]),
    with_code("SG", &["999999"]),
    with_code("SI", &["9999"]),
    with_code("SK", &["999 99"]),
    with_code("TR", &["99999"]),
    with_code("UA", &["99999"]),
    with_region("US", &["99999", "99999-9999"]),
    with_code("ZA", &["9999"]),
];

fn rules(country: Country) -> Option<&'static Rules> {
    RULES.iter().find(|rules| rules.country == country.as_str())
}

/// Checks an address against its country's rules and writes the postal code as the country does. `at` gives the path
/// of a field.
pub(super) fn apply(
    mut address: PostalAddress,
    at: impl Fn(&str) -> Vec<String>,
) -> Result<PostalAddress, ValidationError> {
    let Some(rules) = rules(address.country) else {
        return Ok(address);
    };
    if rules.region_required && address.region.is_none() {
        return Err(ValidationError::new(
            at("region"),
            &format!("given for {}", rules.country),
        ));
    }
    match &address.postal_code {
        None if rules.code_required => Err(ValidationError::new(
            at("postalCode"),
            &format!("given for {}", rules.country),
        )),
        Some(code) if !rules.codes.is_empty() => {
            let known = rules.codes.iter().find_map(|form| written(code, form));
            address.postal_code = Some(known.ok_or_else(|| {
                let forms = rules.codes.join(" or ");
                ValidationError::new(
                    at("postalCode"),
                    &format!("of the form {forms} ({})", rules.country),
                )
            })?);
            Ok(address)
        }
        _ => Ok(address),
    }
}

/// `code` in the given form, if it has it: `sw1a1aa` is `SW1A 1AA`.
fn written(code: &str, form: &str) -> Option<String> {
    let mut typed = code.chars().filter(|c| !matches!(c, ' ' | '-'));
    let mut text = String::with_capacity(form.len());
    for place in form.chars() {
        text.push(match place {
            '9' => typed.next().filter(char::is_ascii_digit)?,
            'A' => typed
                .next()
                .filter(char::is_ascii_alphabetic)?
                .to_ascii_uppercase(),
            '*' => typed
                .next()
                .filter(char::is_ascii_alphanumeric)?
                .to_ascii_uppercase(),
            between => between,
        });
    }
    typed.next().is_none().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AddressInput;

    fn check(country: &str, region: Option<&str>, code: Option<&str>) -> Result<Option<String>, Vec<String>> {
        let input = AddressInput {
            full_name: "A".into(),
            company: None,
            line1: "B".into(),
            line2: None,
            city: "C".into(),
            region: region.map(str::to_owned),
            postal_code: code.map(str::to_owned),
            country: Country::parse(country).unwrap(),
            phone: None,
        };
        let checked = input.validate(&["input"]);
        checked.map(|a| a.postal_code).map_err(|e| e.path.unwrap())
    }

    #[test]
    fn codes_are_checked_and_written_as_their_country_does() {
        for (country, typed, kept) in [
            ("GB", "sw1a1aa", "SW1A 1AA"),
            ("GB", "M1 1AE", "M1 1AE"),
            ("NL", "1012ab", "1012 AB"),
            ("PL", "00 950", "00-950"),
            ("SE", "11455", "114 55"),
            ("JP", "1000001", "100-0001"),
            ("IE", "d02 x285", "D02 X285"),
            ("IE", "D6W XY00", "D6W XY00"),
            ("DE", "10115", "10115"),
        ] {
            assert_eq!(
                check(country, None, Some(typed)),
                Ok(Some(kept.to_owned())),
                "{country} {typed}"
            );
        }
        for (country, typed) in [
            ("GB", "12345"),
            ("GB", "SW1A 1A"),
            ("DE", "1011"),
            ("DE", "101155"),
            ("NL", "1012 1B"),
        ] {
            let path = vec!["input".to_owned(), "postalCode".to_owned()];
            assert_eq!(check(country, None, Some(typed)), Err(path), "{country} {typed}");
        }
    }

    #[test]
    fn required_fields_depend_on_the_country() {
        assert!(check("DE", None, None).is_err());
        assert_eq!(check("IE", None, None), Ok(None));
        assert_eq!(check("US", None, Some("94103")).unwrap_err()[1], "region");
        assert_eq!(
            check("US", Some("CA"), Some("941031234")),
            Ok(Some("94103-1234".to_owned()))
        );
        assert_eq!(
            check("KE", None, Some("what they say")),
            Ok(Some("what they say".to_owned()))
        );
    }

    #[test]
    fn every_country_is_there_once_and_in_order() {
        assert!(RULES.is_sorted_by(|a, b| a.country < b.country));
        for rules in RULES {
            assert!(Country::parse(rules.country).is_some(), "{}", rules.country);
            assert!(!rules.codes.is_empty() || !rules.code_required);
        }
    }
}
