//! Introspection that walks in circles: `__schema { types { fields { type { fields { … } } } } }`
//! multiplies with every round and touches no subgraph, so no other limit stops it.

use std::collections::HashSet;

use hive_router::graphql_tools::ast::{OperationVisitor, OperationVisitorContext};
use hive_router::graphql_tools::static_graphql::query::{
    Definition, Document, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use hive_router::graphql_tools::validation::rules::{ValidationRule, ValidationVisitor};
use hive_router::graphql_tools::validation::utils::{ValidationError, ValidationErrorContext};

const CODE: &str = "INTROSPECTION_DEPTH_EXCEEDED";
/// Lists of lists of a type: tools ask for one, graphql-js allows fewer than three.
const MAX_LISTS: usize = 2;
const LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];

pub struct IntrospectionDepth;

impl ValidationRule for IntrospectionDepth {
    fn error_code(&self) -> &'static str {
        CODE
    }

    fn visitor<'doc>(&self) -> ValidationVisitor<'doc> {
        Box::new(Self)
    }
}

impl<'doc> OperationVisitor<'doc, ValidationErrorContext> for IntrospectionDepth {
    fn enter_document(
        &mut self,
        context: &mut OperationVisitorContext<'doc>,
        errors: &mut ValidationErrorContext,
        document: &'doc Document,
    ) {
        let fragment = |name: &str| context.known_fragments.get(name).copied();
        let mut walk = Walk {
            fragment: &fragment,
            seen: HashSet::new(),
        };
        for definition in &document.definitions {
            if let Definition::Operation(operation) = definition
                && walk.too_deep(root(operation), Lists::Outside)
            {
                errors.report_error(ValidationError {
                    locations: Vec::new(),
                    message: "Introspection is nested too deeply.".into(),
                    error_code: CODE,
                });
            }
        }
    }
}

pub fn root(operation: &OperationDefinition) -> &SelectionSet {
    match operation {
        OperationDefinition::SelectionSet(set) => set,
        OperationDefinition::Query(query) => &query.selection_set,
        OperationDefinition::Mutation(mutation) => &mutation.selection_set,
        OperationDefinition::Subscription(subscription) => &subscription.selection_set,
    }
}

/// How many lists are open around a selection set, once inside `__schema` or `__type`.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
enum Lists {
    Outside,
    Open(usize),
}

impl Lists {
    fn enter(self, field: &str) -> Self {
        match self {
            Self::Outside if matches!(field, "__schema" | "__type") => Self::Open(0),
            Self::Outside => Self::Outside,
            Self::Open(open) => Self::Open(open + usize::from(LISTS.contains(&field))),
        }
    }
}

struct Walk<'a, 'doc> {
    fragment: &'a dyn Fn(&str) -> Option<&'doc FragmentDefinition>,
    /// A fragment is walked once per number of open lists: linear even if fragments spread
    /// each other many times, and finite if they form a circle.
    seen: HashSet<(&'doc str, Lists)>,
}

impl<'doc> Walk<'_, 'doc> {
    fn too_deep(&mut self, set: &'doc SelectionSet, lists: Lists) -> bool {
        set.items.iter().any(|item| match item {
            Selection::Field(field) => match lists.enter(&field.name) {
                Lists::Open(open) if open > MAX_LISTS => true,
                lists => self.too_deep(&field.selection_set, lists),
            },
            Selection::InlineFragment(inline) => self.too_deep(&inline.selection_set, lists),
            Selection::FragmentSpread(spread) => {
                let Some(fragment) = (self.fragment)(&spread.fragment_name) else {
                    return false;
                };
                self.seen.insert((&spread.fragment_name, lists))
                    && self.too_deep(&fragment.selection_set, lists)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hive_router::graphql_tools::parser::{parse_query, parse_schema};
    use hive_router::graphql_tools::validation::validate::{ValidationPlan, validate};

    fn refused(query: &str) -> bool {
        let schema = parse_schema::<String>("type Query { fields: Int }")
            .unwrap()
            .into_static();
        let document = parse_query::<String>(query).unwrap().into_static();
        let plan = ValidationPlan::from(vec![Box::new(IntrospectionDepth)]);
        !validate(&schema, &document, &plan).is_empty()
    }

    #[test]
    fn what_tools_ask_passes() {
        assert!(!refused(
            "{ __schema { types { fields { args { type { ofType { ofType { name } } } } }
               inputFields { type { name } } interfaces { name } possibleTypes { name } } } }"
        ));
        assert!(!refused("{ fields }"));
    }

    #[test]
    fn circles_are_refused() {
        let lists = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
        assert!(refused(lists));
        assert!(refused(
            "{ __type(name: \"A\") { ...T } }
             fragment T on __Type { fields { type { possibleTypes { ...U } } } }
             fragment U on __Type { interfaces { name } }"
        ));
    }

    #[test]
    fn many_spreads_take_no_time() {
        let mut query = String::from("{ __schema { types { ...F0 } } }");
        for i in 0..60 {
            query += &format!("fragment F{i} on __Type {{ ...F{0} ...F{0} }}", i + 1);
        }
        query += "fragment F60 on __Type { name }";
        assert!(!refused(&query));
    }
}
