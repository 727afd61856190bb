//! How large a document becomes once its fragments are spread.
//!
//! Twenty fragments that each spread the next one twice are 150 tokens and a million fields.
//! Validation and normalization walk them all, so this is counted before either.

use std::collections::HashMap;

use hive_router::graphql_tools::static_graphql::query::{Definition, Document, Selection, SelectionSet};

/// Fields of the document with every fragment spread in place, each fragment counted once.
pub fn expanded_fields(document: &Document) -> usize {
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
    };
    document
        .definitions
        .iter()
        .map(|definition| match definition {
            Definition::Operation(operation) => count.fields(super::introspection::root(operation)),
            Definition::Fragment(_) => 0,
        })
        .fold(0, usize::saturating_add)
}

struct Count<'doc> {
    fragments: HashMap<&'doc str, &'doc SelectionSet>,
    known: HashMap<&'doc str, usize>,
}

impl<'doc> Count<'doc> {
    fn fields(&mut self, set: &'doc SelectionSet) -> usize {
        set.items
            .iter()
            .map(|item| match item {
                Selection::Field(field) => self.fields(&field.selection_set).saturating_add(1),
                Selection::InlineFragment(inline) => self.fields(&inline.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            })
            .fold(0, usize::saturating_add)
    }

    fn fragment(&mut self, name: &'doc str) -> usize {
        if let Some(fields) = self.known.get(name) {
            return *fields;
        }
        // Stands in while the fragment is counted: a circle, which validation refuses, ends here.
        self.known.insert(name, 0);
        let fields = self
            .fragments
            .get(name)
            .copied()
            .map_or(0, |set| self.fields(set));
        self.known.insert(name, fields);
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_router::graphql_tools::parser::parse_query;

    fn count(query: &str) -> usize {
        expanded_fields(&parse_query::<String>(query).unwrap().into_static())
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
