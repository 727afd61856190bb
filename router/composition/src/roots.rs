//! Root fields must survive composition.
//!
//! A federated SDL has no `schema { }` block, so a root struct named anything but `Query`,
//! `Mutation` or `Subscription` exports as an ordinary type. Composition then succeeds, without
//! an error or a hint, and its fields are gone.

use std::collections::HashSet;

use anyhow::anyhow;
use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;

use crate::config::Definition;

const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];
/// Added by federation itself; never part of the supergraph.
const FEDERATION_FIELDS: [&str; 2] = ["_service", "_entities"];

/// Root types with another name than `Query`, `Mutation` or `Subscription`, declared or lost.
pub fn misnamed(definitions: &[Definition]) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    for definition in definitions {
        let schema = parse(definition)?;
        for (kind, name) in schema.schema_definition.iter_root_operations() {
            if name.as_str() != kind.default_type_name().as_str() {
                problems.push(format!(
                    "error ROOT_TYPE_NAME: [{}] the {kind} root type is named {name}",
                    definition.name,
                ));
            }
        }
        problems.extend(unreachable(&schema).map(|name| {
            format!(
                "error UNREACHABLE_TYPE: [{}] nothing leads to type {name}: is it a root type \
                 that should be named Query, Mutation or Subscription?",
                definition.name,
            )
        }));
    }
    Ok(problems)
}

/// Root fields of a subgraph that the supergraph does not have.
pub fn lost(definitions: &[Definition], merged: &Schema) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    for definition in definitions {
        let schema = parse(definition)?;
        for root in ROOTS {
            let Some(ours) = schema.get_object(root) else {
                continue;
            };
            let theirs = merged.get_object(root);
            for field in ours.fields.keys() {
                let kept = theirs.is_some_and(|root| root.fields.contains_key(field));
                if !kept && !FEDERATION_FIELDS.contains(&field.as_str()) {
                    problems.push(format!(
                        "error ROOT_FIELD_LOST: [{}] {root}.{field} is not in the supergraph",
                        definition.name,
                    ));
                }
            }
        }
    }
    Ok(problems)
}

/// Object types that no field or union mentions and that are neither roots nor entities, implement
/// nothing and are not shared.
fn unreachable(schema: &Schema) -> impl Iterator<Item = &str> {
    let mentioned: HashSet<&str> = schema
        .types
        .values()
        .flat_map(|ty| -> Vec<&str> {
            match ty {
                ExtendedType::Object(object) => object
                    .fields
                    .values()
                    .map(|f| f.ty.inner_named_type().as_str())
                    .collect(),
                ExtendedType::Interface(interface) => interface
                    .fields
                    .values()
                    .map(|f| f.ty.inner_named_type().as_str())
                    .collect(),
                ExtendedType::Union(union) => union.members.iter().map(|m| m.as_str()).collect(),
                _ => Vec::new(),
            }
        })
        .collect();
    schema.types.values().filter_map(move |ty| match ty {
        ExtendedType::Object(object)
            if !object.name.starts_with("__")
                && !ROOTS.contains(&object.name.as_str())
                && !object.directives.has("key")
                && !object.directives.has("shareable")
                && object.implements_interfaces.is_empty()
                && !mentioned.contains(object.name.as_str()) =>
        {
            Some(object.name.as_str())
        }
        _ => None,
    })
}

/// Parses without validation: federation's directives are not defined in the SDL.
fn parse(definition: &Definition) -> anyhow::Result<Schema> {
    Schema::builder()
        .adopt_orphan_extensions()
        .ignore_builtin_redefinitions()
        .parse(definition.sdl.as_str(), &definition.name)
        .build()
        .map_err(|error| anyhow!("error [{}] {}", definition.name, error.errors))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(sdl: &str) -> Definition {
        Definition {
            name: "orders".into(),
            routing_url: "http://a".into(),
            sdl: sdl.into(),
        }
    }

    #[test]
    fn ordinary_types_pass() {
        let sdl = r#"
            interface Problem { message: String }
            type Stock implements Problem { message: String }
            type Cart @key(fields: "id") { id: ID! line: Line }
            type Line { id: ID! }
            type Money @shareable { amount: Int }
            type A { a: ID } type B { b: ID }
            union Either = A | B
            type Query { problem: Problem either: Either }
        "#;
        assert!(misnamed(&[definition(sdl)]).unwrap().is_empty());
    }

    #[test]
    fn a_declared_root_with_another_name_is_found() {
        let problems = misnamed(&[definition("schema { query: Root } type Root { a: ID }")]).unwrap();
        assert!(problems[0].contains("ROOT_TYPE_NAME"), "{problems:?}");
    }

    #[test]
    fn a_lost_field_is_found() {
        let merged = Schema::parse("type Query { a: ID }", "merged").unwrap();
        let subgraph = definition("type Query { a: ID b: ID _service: ID }");
        let problems = lost(&[subgraph], &merged).unwrap();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("Query.b"), "{problems:?}");
    }
}
