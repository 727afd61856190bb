//! Words that mean the same to the search.

use async_graphql::SimpleObject;
use platform::{UserError, address::text};

/// Groups, words of a group, characters of a word, and pairs that there may be.
const MAX_GROUPS: usize = 2000;
const MAX_WORDS: usize = 50;
const MAX_LENGTH: usize = 100;
pub const MAX_PAIRS: i64 = 100_000;

/// A word, and what whoever looks for it finds too.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct SearchSynonym {
    /// The word, in lower case and without accents.
    pub word: String,
    /// What else is found, in order.
    pub synonyms: Vec<String>,
}

/// A word as it is given: one line.
pub fn word(path: &[&str], word: &str) -> Result<String, UserError> {
    text(word.to_owned(), MAX_LENGTH).ok_or_else(|| UserError::invalid(path, "1..100 characters"))
}

/// Each word of a group with each other one: words, and what they mean.
pub fn pairs(path: &[&str], groups: &[Vec<String>]) -> Result<(Vec<String>, Vec<String>), UserError> {
    let sizes = groups.iter().all(|group| (2..=MAX_WORDS).contains(&group.len()));
    if groups.len() > MAX_GROUPS || !sizes {
        return Err(UserError::invalid(path, "at most 2000 groups of 2 to 50 words"));
    }
    let (mut words, mut meanings) = (Vec::new(), Vec::new());
    for group in groups {
        let group: Vec<String> = group
            .iter()
            .map(|given| word(path, given))
            .collect::<Result<_, _>>()?;
        for one in &group {
            for other in group.iter().filter(|other| *other != one) {
                words.push(one.clone());
                meanings.push(other.clone());
            }
        }
    }
    Ok((words, meanings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_all_its_pairs() {
        let group = |words: &[&str]| vec![words.iter().map(ToString::to_string).collect::<Vec<_>>()];
        let (words, meanings) = pairs(&["groups"], &group(&[" sofa", "couch", "settee"])).unwrap();
        assert_eq!(words.len(), 6);
        assert!(words.iter().zip(&meanings).all(|(word, meaning)| word != meaning));
        for bad in [&["sofa"][..], &["sofa", " "], &["sofa", "a\nb"], &["x"; 51]] {
            assert!(pairs(&["groups"], &group(bad)).is_err(), "{bad:?}");
        }
        assert!(pairs(&["groups"], &vec![vec!["a".to_owned(), "b".to_owned()]; 2001]).is_err());
    }
}
