//! Text that people write, in one form: composed, trimmed, and without characters that nobody sees. What looks the
//! same is the same.

use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Text of one line, 1 to `max` characters; `None` if it is anything else.
pub fn line(text: &str, max: usize) -> Option<String> {
    let text = plain(text);
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let text = trim(&text);
    let fits = !text.is_empty() && text.chars().count() <= max && !text.chars().any(breaks);
    fits.then(|| text.to_owned())
}

/// Text of several lines, at most `max` characters, perhaps none; `None` if it is longer or has other control characters
/// than line breaks and tabs.
pub fn lines(text: &str, max: usize) -> Option<String> {
    let text = plain(text)
        .replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let text = trim(&text);
    let fits = text.chars().count() <= max && !text.chars().any(control);
    fits.then(|| text.to_owned())
}

/// An email address as accounts are told apart by: compatibility forms do not count, and neither does case. Of ASCII
/// letters before the `@` it is kept, because mail servers may tell it apart; databases compare those without it.
pub fn email(text: &str) -> String {
    let text: String = text.nfkc().collect();
    let text = trim(&text);
    let at = text.rfind('@').unwrap_or(text.len());
    let lower = |(index, c): (usize, char)| match c.is_ascii() && index < at {
        true => String::from(c),
        false => c.to_lowercase().collect(),
    };
    text.char_indices().map(lower).collect()
}

/// Composed (NFC), without invisible characters. Joiners and direction marks stay, because words of some languages, and
/// emoji, are written with them.
pub fn plain(text: &str) -> Cow<'_, str> {
    match is_nfc(text) && !text.chars().any(is_invisible) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).nfc().collect()),
    }
}

/// Neither spaces nor marks stand at an end.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_mark(c))
}

/// Characters that only hide or reorder what stands around them.
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        // Soft hyphen, Mongolian vowel separator, zero-width space, word joiner and invisible operators, byte order mark.
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
        // Embeddings, overrides and isolates of direction; deprecated controls; interlinear annotations.
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
    )
}

/// Joiners and direction marks: they mean something between letters only.
pub fn is_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200c}'..='\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_become_one() {
        let ada = line("Ad\u{e9}l", 10).unwrap();
        for twin in [
            "Ade\u{301}l",
            " Ad\u{e9}l\u{feff}",
            "\u{202e}A\u{200b}d\u{e9}\u{ad}l\u{2069}",
            "\u{200f}Ad\u{e9}l\u{200d}",
        ] {
            assert_eq!(line(twin, 10).as_ref(), Some(&ada), "{twin:?}");
        }
    }

    #[test]
    fn legitimate_text_stays_as_it_is() {
        for text in [
            "Zoë O’Brien-Šmíd",
            "Nguyễn Thị Ánh",
            "می‌خواهم",
            "👨‍👩‍👧 family",
            "שלום (עולם)",
            "क्‍ष",
            "ﬁne print №5",
            "İstanbul ß Σίσυφος",
            "山田　太郎",
        ] {
            assert_eq!(line(text, 100).as_deref(), Some(text));
            assert_eq!(lines(text, 100).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_nothing_or_too_much_is_refused() {
        for text in [
            "",
            " ",
            "\u{200b}",
            "\u{200d}\u{200e}",
            "a\0b",
            "a\nb",
            "a\u{1b}[31mb",
            "a\u{2028}b",
            "a\u{85}b",
            "12345678901",
        ] {
            assert_eq!(line(text, 10), None, "{text:?}");
        }
        assert_eq!(lines("a\r\nb\u{2028}c\td", 10).as_deref(), Some("a\nb\nc\td"));
        assert_eq!(lines(" \u{feff} ", 10).as_deref(), Some(""));
        for text in ["a\0b", "\u{1b}[2J", "12345678901"] {
            assert_eq!(lines(text, 10), None, "{text:?}");
        }
    }

    #[test]
    fn emails_have_no_twins() {
        for twin in [
            "Éva@Example.org",
            "e\u{301}va@example.org",
            " éva@ＥXAMPLE.org\u{200e}",
        ] {
            assert_eq!(email(twin), "éva@example.org", "{twin:?}");
        }
        assert_eq!(email("Ada.L@Example.org"), "Ada.L@example.org");
    }
}
