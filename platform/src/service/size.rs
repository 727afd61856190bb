//! How large a document is, before anything parses it. The router lets less through from clients; what it sends itself
//! is larger, because it spreads fragments out.

/// Tokens a document may have.
const MAX_TOKENS: usize = 20_000;
/// Bytes a document may have.
const MAX_BYTES: usize = 512 * 1024;

/// Whether a document is too large to be parsed.
pub(super) fn too_large(query: &str) -> bool {
    query.len() > MAX_BYTES || tokens(query) > MAX_TOKENS
}

/// Tokens (GraphQL §2.1.6). Strings count as one; what is no GraphQL at all counts as something.
fn tokens(query: &str) -> usize {
    let (mut count, mut rest) = (0, query.as_bytes());
    while let [first, tail @ ..] = rest {
        count += usize::from(!is_ignored(*first) && *first != b'#');
        rest = match first {
            b'#' => after(tail, |b| !matches!(b, b'\n' | b'\r')),
            b'"' => after_string(rest),
            b if is_word(*b) => after(tail, is_word),
            _ => tail,
        };
    }
    count
}

fn is_ignored(b: u8) -> bool {
    b.is_ascii_whitespace() || b == b','
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'+') || !b.is_ascii()
}

fn after(text: &[u8], belongs: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().position(|b| !belongs(*b)).unwrap_or(text.len());
    &text[end..]
}

/// What follows a string, or a block string, that `text` begins with.
fn after_string(text: &[u8]) -> &[u8] {
    let quote: &[u8] = if text.starts_with(b"\"\"\"") {
        b"\"\"\""
    } else {
        b"\""
    };
    let mut at = quote.len();
    while at < text.len() {
        match &text[at..] {
            [b'\\', ..] => at += 2,
            rest if rest.starts_with(quote) => return &rest[quote.len()..],
            _ => at += 1,
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_tokens() {
        for (query, count) in [
            ("", 0),
            ("{ a, b }", 4),
            (
                "query Q($a: [Int!]! = -1.5e3) { a(b: $a) ...F } # no more { }",
                24,
            ),
            (r#"{ a(b: "c \" } {", d: """e "f" g""") }"#, 11),
            (r#"{ a(b: "never ends } "#, 6),
        ] {
            assert_eq!(tokens(query), count, "{query}");
        }
    }

    #[test]
    fn large_ones_are_too_large() {
        assert!(!too_large(&format!("{{ {} }}", "a ".repeat(MAX_TOKENS - 2))));
        assert!(too_large(&format!("{{ {} }}", "a ".repeat(MAX_TOKENS))));
        assert!(too_large(&"#".repeat(MAX_BYTES + 1)));
    }
}
