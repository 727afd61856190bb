//! Walks a normalized operation.

use std::fmt;

use hive_router::query_planner::ast::operation::OperationDefinition;
use hive_router::query_planner::ast::selection_item::SelectionItem;
use hive_router::query_planner::ast::selection_set::{FieldSelection, SelectionSet};
use hive_router::query_planner::ast::value::Value;
use hive_router::query_planner::state::supergraph_state::OperationKind;
use hive_router::sonic_rs::{self, JsonValueTrait};

use super::Limits;

const PAGE_ARGUMENTS: [&str; 3] = ["first", "last", "limit"];
/// Fields that only connections have: their page has a size even if nobody says which.
const CONNECTION_FIELDS: [&str; 2] = ["nodes", "edges"];
const DEFAULT_PAGE: u64 = 20;

pub type Variable<'a> = dyn Fn(&str) -> Option<&'a sonic_rs::Value> + 'a;

#[derive(Debug, PartialEq)]
pub enum Excess {
    PageSize {
        field: String,
        argument: String,
        asked: i64,
        allowed: i64,
    },
    RootFields {
        asked: usize,
        allowed: usize,
    },
    Objects {
        allowed: u64,
    },
}

impl Excess {
    pub fn code(&self) -> &'static str {
        match self {
            Self::PageSize { .. } => "PAGE_LIMIT_EXCEEDED",
            Self::RootFields { .. } => "ROOT_FIELD_LIMIT_EXCEEDED",
            Self::Objects { .. } => "OPERATION_TOO_LARGE",
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PageSize {
                field,
                argument,
                asked,
                allowed,
            } => {
                write!(f, "{field}({argument}: {asked}): at most {allowed} at a time.")
            }
            Self::RootFields { asked, allowed } => {
                write!(
                    f,
                    "The operation has {asked} root fields; at most {allowed} are allowed."
                )
            }
            Self::Objects { allowed } => {
                write!(
                    f,
                    "The pages of the operation can have more than {allowed} objects."
                )
            }
        }
    }
}

impl Limits {
    pub fn check<'a>(&self, operation: &OperationDefinition, variable: &Variable<'a>) -> Result<(), Excess> {
        let allowed = match operation.operation_kind {
            Some(OperationKind::Mutation) => self.mutation_root_fields,
            _ => self.query_root_fields,
        };
        let asked = fields(&operation.selection_set);
        if asked > allowed {
            return Err(Excess::RootFields { asked, allowed });
        }
        self.check_pages(&operation.selection_set, variable)?;
        match objects(&operation.selection_set, variable) > self.objects {
            true => Err(Excess::Objects {
                allowed: self.objects,
            }),
            false => Ok(()),
        }
    }

    fn check_pages(&self, set: &SelectionSet, variable: &Variable) -> Result<(), Excess> {
        for item in &set.items {
            match item {
                SelectionItem::Field(field) => {
                    self.check_page(field, variable)?;
                    self.check_pages(&field.selections, variable)?;
                }
                SelectionItem::InlineFragment(fragment) => {
                    self.check_pages(&fragment.selections, variable)?;
                }
                SelectionItem::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    fn check_page(&self, field: &FieldSelection, variable: &Variable) -> Result<(), Excess> {
        for (argument, value) in field.arguments.iter().flatten() {
            if !PAGE_ARGUMENTS.contains(&argument.as_str()) {
                continue;
            }
            if let Some(asked) = number(value, variable).filter(|asked| *asked > self.page_size) {
                return Err(Excess::PageSize {
                    field: field.name.clone(),
                    argument: argument.clone(),
                    asked,
                    allowed: self.page_size,
                });
            }
        }
        Ok(())
    }
}

fn number(value: &Value, variable: &Variable) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Variable(name) => variable(name).and_then(|value| value.as_i64()),
        _ => None,
    }
}

/// Objects that the pages of a selection set can have: a page inside a page multiplies.
pub fn objects(set: &SelectionSet, variable: &Variable) -> u64 {
    set.items
        .iter()
        .map(|item| match item {
            SelectionItem::Field(field) => {
                let inside = objects(&field.selections, variable);
                match page(field, variable) {
                    Some(size) => size.saturating_mul(inside.saturating_add(1)),
                    None => inside,
                }
            }
            SelectionItem::InlineFragment(fragment) => objects(&fragment.selections, variable),
            SelectionItem::FragmentSpread(_) => 0,
        })
        .fold(0, u64::saturating_add)
}

/// Size of a field's page, `None` if it has none.
fn page(field: &FieldSelection, variable: &Variable) -> Option<u64> {
    let asked = field
        .arguments
        .iter()
        .flatten()
        .filter(|(argument, _)| PAGE_ARGUMENTS.contains(&argument.as_str()))
        .find_map(|(_, value)| number(value, variable));
    let connection = || {
        field.selections.items.iter().any(|item| {
            matches!(item, SelectionItem::Field(field) if CONNECTION_FIELDS.contains(&field.name.as_str()))
        })
    };
    match asked {
        Some(asked) => Some(u64::try_from(asked).unwrap_or(0)),
        None => connection().then_some(DEFAULT_PAGE),
    }
}

/// Fields of a selection set, those inside fragments included.
pub fn fields(set: &SelectionSet) -> usize {
    set.items
        .iter()
        .map(|item| match item {
            SelectionItem::InlineFragment(fragment) => fields(&fragment.selections),
            SelectionItem::Field(_) | SelectionItem::FragmentSpread(_) => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_router::graphql_tools::parser::parse_query;
    use hive_router::graphql_tools::parser::query::Definition;

    const LIMITS: Limits = Limits {
        page_size: 100,
        expanded_fields: 100,
        set_fields: 100,
        query_root_fields: 3,
        mutation_root_fields: 2,
        objects: 10_100,
        variable_depth: 8,
    };

    fn check(query: &str, variables: &str) -> Result<(), Excess> {
        let document = parse_query::<String>(query).unwrap().into_static();
        let operation = document
            .definitions
            .into_iter()
            .find_map(|definition| match definition {
                Definition::Operation(operation) => Some(OperationDefinition::from(operation)),
                Definition::Fragment(_) => None,
            })
            .unwrap();
        let variables: sonic_rs::Value = sonic_rs::from_str(variables).unwrap();
        LIMITS.check(&operation, &|name| variables.get(name))
    }

    fn code(query: &str, variables: &str) -> Option<&'static str> {
        check(query, variables).err().map(|excess| excess.code())
    }

    #[test]
    fn pages_of_the_allowed_size_pass() {
        assert_eq!(code("{ a(first: 100) { b(last: 1, limit: null) } }", "{}"), None);
        assert_eq!(code("query($n: Int) { a(first: $n) }", r#"{"n": 100}"#), None);
        assert_eq!(code("query($n: Int) { a(first: $n) }", "{}"), None);
        assert_eq!(code("{ a(offset: 1000) }", "{}"), None);
    }

    #[test]
    fn larger_pages_are_refused_at_any_depth() {
        for query in [
            "{ a(first: 101) }",
            "{ a { b { c(last: 101) } } }",
            "{ a { ... on B { c(limit: 101) } } }",
            "query($n: Int) { a { b(first: $n) } }",
            "mutation($n: Int) { a { b(first: $n) } }",
        ] {
            assert_eq!(
                code(query, r#"{"n": 4294967296}"#),
                Some("PAGE_LIMIT_EXCEEDED"),
                "{query}"
            );
        }
    }

    #[test]
    fn the_message_names_field_and_argument() {
        let excess = check("{ shops { orders(first: 500) } }", "{}").unwrap_err();
        assert_eq!(excess.to_string(), "orders(first: 500): at most 100 at a time.");
    }

    #[test]
    fn root_fields_are_counted_through_fragments() {
        assert_eq!(code("{ a b c }", "{}"), None);
        assert_eq!(
            code("{ a ... on Query { b c d } }", "{}"),
            Some("ROOT_FIELD_LIMIT_EXCEEDED")
        );
        assert_eq!(
            code("mutation { a b c }", "{}"),
            Some("ROOT_FIELD_LIMIT_EXCEEDED")
        );
    }

    #[test]
    fn pages_inside_pages_multiply() {
        let two = "{ a(first: 100) { nodes { b(first: 100) { nodes { c } } } } }";
        assert_eq!(code(two, "{}"), None);
        for three in [
            "{ a(first: 100) { nodes { b(first: 100) { nodes { c(first: 1) { nodes { d } } } } } } }",
            "{ a(first: 100) { nodes { b { nodes { c { edges { node { d } } } } } } } }",
            "query($n: Int) { a(first: $n) { b(first: $n) { ... on B { c(limit: 2) { d } } } } }",
        ] {
            assert_eq!(
                code(three, r#"{"n": 100}"#),
                Some("OPERATION_TOO_LARGE"),
                "{three}"
            );
        }
    }
}
