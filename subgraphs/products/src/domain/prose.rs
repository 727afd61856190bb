//! Texts of several lines: descriptions, reviews, notes.

use platform::UserError;

/// A text of at most `max` characters, which may have lines; empty ones are absent.
pub fn prose(path: &[&str], value: Option<&str>, max: usize) -> Result<Option<String>, UserError> {
    let Some(value) = value else { return Ok(None) };
    let of = platform::text::lines(value, max).map(|value| Some(value).filter(|value| !value.is_empty()));
    of.ok_or_else(|| {
        UserError::invalid(
            path,
            &format!("at most {max} characters, none of them a control character"),
        )
    })
}

/// The same, and not empty.
pub fn some_prose(path: &[&str], value: &str, max: usize) -> Result<String, UserError> {
    prose(path, Some(value), max)?.ok_or_else(|| UserError::invalid(path, &format!("1..{max} characters")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_text_and_control_characters_are_not() {
        let of = |value: &str| prose(&["body"], Some(value), 10);
        assert_eq!(of(" a\r\n\tb ").unwrap().as_deref(), Some("a\n\tb"));
        assert_eq!(of("  \n ").unwrap(), None);
        assert_eq!(
            of("ä".repeat(10).as_str()).unwrap().map(|text| text.len()),
            Some(20)
        );
        for bad in ["a\u{7}", "\u{1b}[31m", "elf letters"] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
        assert!(some_prose(&["note"], " ", 10).is_err());
    }
}
