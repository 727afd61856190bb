//! What people type into search boxes: words, "phrases", -without, this OR that. Nothing here is an error, and nothing
//! of it reaches the database as syntax.

/// Words and phrases that are looked at; the rest is ignored.
const MAX_TERMS: usize = 16;

/// Words of one synonym at most.
const MAX_SPAN: usize = 3;

/// A word or a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub text: String,
    /// What is found must not have it.
    pub negated: bool,
    pub phrase: bool,
}

/// Terms that must all hold.
pub type Clause = Vec<Term>;

/// A way to fulfil a term: the `term`-th of the `clause`-th clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    pub clause: i32,
    pub term: i32,
    pub negated: bool,
    pub text: String,
    /// Only its synonyms count, not the text itself.
    pub synonyms: bool,
}

/// Clauses of which one must hold.
pub fn parse(text: &str) -> Vec<Clause> {
    let mut clauses = vec![Clause::new()];
    let mut rest = text.trim_start();
    let mut terms = 0;
    while !rest.is_empty() && terms < MAX_TERMS {
        let bare = rest.strip_prefix('-').unwrap_or(rest);
        let negated = bare.len() < rest.len();
        let (word, phrase, tail) = match bare.strip_prefix('"') {
            Some(quoted) => {
                let (phrase, tail) = quoted.split_once('"').unwrap_or((quoted, ""));
                (phrase, true, tail)
            }
            None => {
                let end = bare
                    .find(|c: char| c.is_whitespace() || c == '"')
                    .unwrap_or(bare.len());
                (&bare[..end], false, &bare[end..])
            }
        };
        rest = tail.trim_start();
        if !phrase && !negated && word.eq_ignore_ascii_case("or") {
            clauses.push(Clause::new());
        } else if let (Some(clause), true) = (clauses.last_mut(), word.chars().any(char::is_alphanumeric)) {
            clause.push(Term {
                text: word.to_owned(),
                negated,
                phrase,
            });
            terms += 1;
        }
    }
    clauses.retain(|clause| !clause.is_empty());
    clauses
}

/// The terms themselves, and the spans of one to three words whose synonyms fulfil each of their words. That is exact:
/// `(cell OR S) AND (phone OR S)` is `(cell AND phone) OR S`.
pub fn alternatives(clauses: &[Clause]) -> Vec<Alternative> {
    let mut found = Vec::new();
    for (number, clause) in clauses.iter().enumerate() {
        for (first, term) in clause.iter().enumerate() {
            found.push(alternative(number, first, term, term.text.clone(), false));
            if term.negated {
                continue;
            }
            for length in 1..=MAX_SPAN {
                let Some(span) = clause.get(first..first + length).filter(|span| is_span(span)) else {
                    break;
                };
                let words: Vec<&str> = span.iter().map(|term| term.text.as_str()).collect();
                for (offset, term) in span.iter().enumerate() {
                    found.push(alternative(number, first + offset, term, words.join(" "), true));
                }
            }
        }
    }
    found
}

/// A term alone, or words in a row.
fn is_span(span: &[Term]) -> bool {
    span.len() == 1 || span.iter().all(|term| !term.negated && !term.phrase)
}

fn alternative(clause: usize, place: usize, term: &Term, text: String, synonyms: bool) -> Alternative {
    let int = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    Alternative {
        clause: int(clause),
        term: int(place),
        negated: term.negated,
        text,
        synonyms,
    }
}

/// The same terms, any of which is enough.
pub fn loosened(clauses: &[Clause]) -> Vec<Clause> {
    let terms = clauses.iter().flatten().filter(|term| !term.negated);
    terms.map(|term| vec![term.clone()]).collect()
}

/// Words in which somebody may have mistyped a letter: no phrases, nothing with digits, which are codes.
pub fn correctable(clauses: &[Clause]) -> Vec<String> {
    let words = clauses
        .iter()
        .flatten()
        .filter(|term| !term.negated && !term.phrase);
    words
        .filter(|term| term.text.chars().count() >= 3 && !term.text.chars().any(|c| c.is_ascii_digit()))
        .map(|term| term.text.clone())
        .collect()
}

/// Mistakes that a word of `letters` may have. `found` says that something has the word as it is written, so that only
/// an obvious mistake is worth a guess.
pub fn tolerance(letters: usize, found: bool) -> usize {
    match (letters, found) {
        (..=2, _) | (..=4, true) => 0,
        (..=4, false) | (_, true) => 1,
        (_, false) => 2,
    }
}

/// How many letters are wrong, missing, too many or swapped with their neighbour.
pub fn mistakes(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let differs = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// The finished words of a text that is being typed, and the begin of its last one.
pub fn prefix(text: &str) -> (&str, &str) {
    let end = text
        .char_indices()
        .rev()
        .find(|(_, c)| !c.is_alphanumeric())
        .map_or(0, |(at, c)| at + c.len_utf8());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let term = |term: &Term| {
            let text = match term.phrase {
                true => format!("«{}»", term.text),
                false => term.text.clone(),
            };
            format!("{}{text}", if term.negated { "!" } else { "" })
        };
        let clause = |clause: &Clause| clause.iter().map(term).collect::<Vec<_>>().join(" & ");
        parse(text).iter().map(clause).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn text_becomes_clauses_whatever_it_is() {
        let cases = [
            ("red shirt", "red & shirt"),
            ("\"salt road\" -used", "«salt road» & !used"),
            ("a b or c", "a & b | c"),
            ("-\"old stock\"", "!«old stock»"),
            ("or or", ""),
            ("x\"y z", "x & «y z»"),
            ("& | ! ( ) :* <-> ' \\ --", ""),
            ("a&b :*c", "a&b & :*c"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(parse(&"a ".repeat(50))[0].len(), MAX_TERMS);
    }

    #[test]
    fn synonyms_of_spans_stand_for_each_of_their_words() {
        let all = alternatives(&parse("cell phone -case"));
        let spans: Vec<(i32, &str)> = all
            .iter()
            .filter(|a| a.synonyms)
            .map(|a| (a.term, a.text.as_str()))
            .collect();
        assert_eq!(
            spans,
            [(0, "cell"), (0, "cell phone"), (1, "cell phone"), (1, "phone")]
        );
        assert_eq!(all.iter().filter(|a| !a.synonyms).count(), 3);
    }

    #[test]
    fn mistakes_are_counted_as_typists_make_them() {
        for (a, b, count) in [
            ("phone", "phone", 0),
            ("phnoe", "phone", 1),
            ("clokmaker", "clockmaker", 1),
            ("", "ab", 2),
            ("shrit", "skirt", 2),
        ] {
            assert_eq!((mistakes(a, b), mistakes(b, a)), (count, count), "{a} {b}");
        }
        assert_eq!(
            (tolerance(2, false), tolerance(4, true), tolerance(5, true)),
            (0, 0, 1)
        );
    }

    #[test]
    fn prefixes_end_in_the_word_that_is_being_typed() {
        for (text, expected) in [
            ("clo", ("", "clo")),
            ("the clockmaker's le", ("the clockmaker's ", "le")),
            ("the ", ("the ", "")),
            ("%", ("%", "")),
        ] {
            assert_eq!(prefix(text), expected);
        }
    }
}
