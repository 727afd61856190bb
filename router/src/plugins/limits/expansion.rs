//! How large a document becomes once its fragments are spread.
//!
//! Twenty fragments that each spread the next one twice are 150 tokens and a million fields.
//! Validation and normalization walk them all, so this is counted before either.

use std::collections::HashMap;

use hive_router::graphql_tools::static_graphql::query::{Definition, Document, Selection, SelectionSet};

/// What a document has with every fragment spread in place, each fragment counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    /// Fields of all levels.
    pub fields: usize,
    /// Fields of the largest selection set, the same field each time it is there: they are compared with each other.
    pub widest: usize,
}

/// The size of all operations of a document.
pub fn size(document: &Document) -> Size {
    let fragments = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some((fragment.name.as_str(), &fragment.selection_set)),
            Definition::Operation(_) => None,
        });
    let mut count = Count {
        fragments: fragments.collect(),
        known: HashMap::new(),
        widest: 0,
    };
    let mut fields = 0_usize;
    for definition in &document.definitions {
        if let Definition::Operation(operation) = definition {
            let set = count.set(super::introspection::root(operation));
            fields = fields.saturating_add(set.fields);
            count.widest = count.widest.max(set.width);
        }
    }
    Size {
        fields,
        widest: count.widest,
    }
}

/// A selection set.
#[derive(Clone, Copy, Default)]
struct Set {
    /// Fields in it and below.
    fields: usize,
    /// Fields in it.
    width: usize,
}

struct Count<'doc> {
    fragments: HashMap<&'doc str, &'doc SelectionSet>,
    known: HashMap<&'doc str, Set>,
    widest: usize,
}

impl<'doc> Count<'doc> {
    fn set(&mut self, set: &'doc SelectionSet) -> Set {
        let mut sum = Set::default();
        for item in &set.items {
            let part = match item {
                Selection::Field(field) => {
                    let below = self.set(&field.selection_set);
                    self.widest = self.widest.max(below.width);
                    Set {
                        fields: below.fields.saturating_add(1),
                        width: 1,
                    }
                }
                Selection::InlineFragment(inline) => self.set(&inline.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            };
            sum.fields = sum.fields.saturating_add(part.fields);
            sum.width = sum.width.saturating_add(part.width);
        }
        sum
    }

    fn fragment(&mut self, name: &'doc str) -> Set {
        if let Some(set) = self.known.get(name) {
            return *set;
        }
        // Stands in while the fragment is counted: a circle, which validation refuses, ends here.
        self.known.insert(name, Set::default());
        let set = self
            .fragments
            .get(name)
            .copied()
            .map_or(Set::default(), |set| self.set(set));
        self.known.insert(name, set);
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_router::graphql_tools::parser::parse_query;

    fn count(query: &str) -> usize {
        size(&parse_query::<String>(query).unwrap().into_static()).fields
    }

    fn widest(query: &str) -> usize {
        size(&parse_query::<String>(query).unwrap().into_static()).widest
    }

    #[test]
    fn the_widest_set_counts_repetitions_and_spreads() {
        assert_eq!(widest("{ a b }"), 2);
        assert_eq!(widest("{ a { b b b } c { d } }"), 3);
        assert_eq!(
            widest("{ a { b ...F ... on T { c } } } fragment F on T { b { d e f g h } b }"),
            5
        );
        assert_eq!(widest("{ a { ...F ...F ...F } } fragment F on T { b c }"), 6);
    }

    #[test]
    fn counts_fields_at_every_spread() {
        assert_eq!(count("{ a { b } ... { c } }"), 3);
        assert_eq!(count("{ a { ...F } b { ...F } } fragment F on T { c d }"), 6);
        assert_eq!(count("{ a { ...F } } fragment F on T { a { ...F } }"), 2);
        assert_eq!(count("{ a { ...Missing } }"), 1);
    }

    #[test]
    fn a_bomb_is_counted_in_no_time() {
        let mut query = String::from("{ a { ...F0 } }");
        for i in 0..200 {
            query += &format!("fragment F{i} on T {{ ...F{0} ...F{0} }}", i + 1);
        }
        query += "fragment F200 on T { name }";
        assert_eq!(count(&query), usize::MAX);
    }
}
