//! Names of files. Whatever comes from outside becomes a name here or nowhere.

use object_store::path::Path;
use std::fmt;

const MAX_LENGTH: usize = 255;
const PUBLIC: &str = "public/";

/// Endings of names and what they mean; everything else is bytes to be saved.
const TYPES: &[(&str, &str)] = &[
    ("webp", "image/webp"),
    ("jpg", "image/jpeg"),
    ("png", "image/png"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("csv", "text/csv; charset=utf-8"),
    ("json", "application/json"),
    ("jsonl", "application/jsonl"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("pdf", "application/pdf"),
];

/// Name of a file: words of lower-case letters, digits, `-` and `_`, joined by `/` and `.`. No name leads out of the
/// store, and none has two spellings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(Path);

impl Key {
    /// `None` if the text is no name.
    pub fn new(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let word = |word: &str| !word.is_empty() && word.bytes().all(plain);
        let segment = |segment: &str| segment.split('.').all(word);
        match text.len() <= MAX_LENGTH && text.split('/').all(segment) {
            true => Path::parse(text).ok().map(Self),
            false => None,
        }
    }

    /// Whether everybody may read it.
    pub fn is_public(&self) -> bool {
        self.as_str().starts_with(PUBLIC)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// By its ending.
    pub fn content_type(&self) -> &'static str {
        let ending = self.0.extension().unwrap_or_default();
        let known = TYPES.iter().find(|(name, _)| *name == ending);
        known.map_or("application/octet-stream", |(_, content_type)| content_type)
    }

    /// Whether a browser may show it; the rest is saved.
    pub fn is_inline(&self) -> bool {
        let content_type = self.content_type();
        content_type.starts_with("image/") || content_type.starts_with("video/")
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        for good in ["a", "public/products/0a-1_b/320.webp", "exports/orders.csv.gz"] {
            assert_eq!(Key::new(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(256);
        for bad in [
            "", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/..", ".", "./a", ".hidden", "a.", "a..b",
            "a\0b", "a b", "a%2e%2e", "A", "ä", "a\\b", "c:a", "a\n", "a#1", "~", &long,
        ] {
            assert!(Key::new(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn only_pictures_and_videos_are_shown() {
        let shown = |name: &str| Key::new(name).unwrap().is_inline();
        assert!(shown("public/a.webp") && shown("public/a.mp4"));
        for saved in ["a", "a.svg", "a.html", "a.xml", "a.js", "a.csv", "a.webp.html"] {
            assert!(!shown(saved), "{saved}");
        }
    }
}
