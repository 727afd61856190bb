//! Products out of word lists, as many as wanted, as a vendor would bring them in.

use serde_json::Value;

mod kinds;

/// Kinds of a hundred products: what sells most is most of the catalogue.
const SHARES: [(Kind, usize); 5] = [
    (Kind::Book, 34),
    (Kind::Clothes, 24),
    (Kind::Gift, 20),
    (Kind::Laptop, 11),
    (Kind::Mobile, 11),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Book,
    Clothes,
    Gift,
    Laptop,
    Mobile,
}

/// The lines of the `vendor`-th selling vendor, of `count` products of all vendors.
pub(super) fn lines(vendor: usize, count: usize, seed: u64) -> impl Iterator<Item = Value> {
    let sold = (0..count).filter(move |index| seller(kind(*index)) == vendor);
    sold.map(move |index| product(index, seed))
}

/// The `index`-th product.
pub(super) fn product(index: usize, seed: u64) -> Value {
    kinds::product(index, kind(index), seed)
}

/// The slug of the `index`-th product, the same for every seed number.
pub(super) fn slug(index: usize) -> String {
    let kind = match kind(index) {
        Kind::Book => "book",
        Kind::Clothes => "clothes",
        Kind::Gift => "gift",
        Kind::Laptop => "laptop",
        Kind::Mobile => "mobile",
    };
    format!("{kind}-{:06}", index + 1)
}

pub(super) fn kind(index: usize) -> Kind {
    let mut left = index % 100;
    for (kind, share) in SHARES {
        if left < share {
            return kind;
        }
        left -= share;
    }
    Kind::Gift
}

/// The first vendor has books, clothes and gifts, the second electronics.
fn seller(kind: Kind) -> usize {
    usize::from(matches!(kind, Kind::Laptop | Kind::Mobile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_every_time() {
        assert!(lines(0, 300, 7).eq(lines(0, 300, 7)));
        assert!(lines(0, 300, 7).ne(lines(0, 300, 8)));
        // More of it is more, not other.
        assert!(lines(1, 300, 7).eq(lines(1, 3000, 7).take(66)));
    }

    #[test]
    fn all_kinds_and_no_slug_twice() {
        let all: Vec<Value> = lines(0, 300, 1).chain(lines(1, 300, 1)).collect();
        assert_eq!(all.len(), 300);
        let slugs: std::collections::BTreeSet<&str> =
            all.iter().filter_map(|line| line["slug"].as_str()).collect();
        assert_eq!(slugs.len(), 300);
        for kind in ["BOOK", "CLOTHES", "GENERIC", "LAPTOP", "MOBILE"] {
            assert!(
                all.iter().filter(|line| line["kind"] == kind).count() >= 33,
                "{kind}"
            );
        }
    }
}
