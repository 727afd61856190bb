//! How many entities one request may ask for by their keys. The router gathers those of a page and needs many; whoever
//! comes another way does not.

use async_graphql::{Request, Value, parser::types::Selection};

/// For the router.
const ROUTER: usize = 10_000;
/// For everybody else.
const DIRECT: usize = 1_000;

/// Whether a request asks for more entities than it may.
pub(super) fn too_many(request: &mut Request, from_router: bool) -> bool {
    let limit = if from_router { ROUTER } else { DIRECT };
    asked(request) > limit
}

/// The representations of a request. A field in a fragment counts once: the schema limits how many there are. What
/// cannot be parsed is refused by the schema.
fn asked(request: &mut Request) -> usize {
    let Ok(document) = request.parsed_query() else {
        return 0;
    };
    let roots = document
        .operations
        .iter()
        .map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document
        .fragments
        .values()
        .map(|fragment| &fragment.node.selection_set.node);
    let (mut sets, mut given): (Vec<_>, _) = (roots.chain(fragments).collect(), Vec::new());
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if field.node.name.node == "_entities" => {
                    given.extend(
                        field
                            .node
                            .get_argument("representations")
                            .map(|value| value.node.clone()),
                    );
                }
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set.node),
                Selection::Field(_) | Selection::FragmentSpread(_) => {}
            }
        }
    }
    let variable =
        |name| Ok::<_, std::convert::Infallible>(request.variables.get(&name).cloned().unwrap_or_default());
    let lists = given
        .into_iter()
        .filter_map(|value| value.into_const_with(variable).ok());
    lists
        .map(|value| {
            if let Value::List(items) = value {
                items.len()
            } else {
                1
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::Variables;
    use serde_json::json;

    fn many(number: usize) -> [Request; 4] {
        let key = |_| "{__typename: \"Order\", id: \"1\"}";
        let written = (0..number).map(key).collect::<Vec<_>>().join(" ");
        let named = "$one ".repeat(number);
        let list = Variables::from_json(json!({ "list": vec![1; number] }));
        [
            Request::new(format!(
                "{{ _entities(representations: [{written}]) {{ __typename }} }}"
            )),
            Request::new(format!(
                "query($one: _Any!) {{ ... {{ _entities(representations: [{named}]) {{ __typename }} }} }}"
            )),
            Request::new("query($list: [_Any!]!) { _entities(representations: $list) { __typename } }")
                .variables(list.clone()),
            Request::new(
                "query($list: [_Any!]!) { ...all }
                fragment all on Query { _entities(representations: $list) { __typename } }",
            )
            .variables(list),
        ]
    }

    #[test]
    fn a_thousand_are_enough_for_whoever_is_not_the_router() {
        for mut request in many(1_000) {
            assert!(!too_many(&mut request, false), "{}", request.query);
        }
        for mut request in many(1_001) {
            assert!(
                too_many(&mut request, false) && !too_many(&mut request, true),
                "{}",
                request.query
            );
        }
        assert!(!too_many(&mut Request::new("{"), false));
    }

    #[test]
    fn many_times_a_few_are_many() {
        let field = |number| format!("f{number}: _entities(representations: $list) {{ __typename }}");
        let fields: String = (0..11).map(field).collect();
        let list = Variables::from_json(json!({ "list": vec![1; 100] }));
        let mut request = Request::new(format!("query($list: [_Any!]!) {{ {fields} }}")).variables(list);
        assert!(too_many(&mut request, false));
    }
}
