//! The federation SDL of a service as it is committed: a description stands where its subject is owned. What a
//! service only refers to (stubs, the keys of entities it extends, external fields, `Node`) is described elsewhere,
//! and composition would complain that the words differ.

use async_graphql::{ObjectType, SDLExportOptions, Schema, SubscriptionType};

/// Exports a schema.
pub fn sdl<Q, M, S>(schema: &Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let options = SDLExportOptions::new()
        .federation()
        .sorted_arguments()
        .sorted_enum_items();
    own_descriptions(&schema.sdl_with_options(options))
}

const FENCE: &str = "\"\"\"";

/// What the enclosing definition is to this service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Definition {
    Own,
    /// An entity of another service.
    Foreign,
    /// `Node`, which everybody declares.
    Shared,
    /// `Query`, `Mutation`, `Subscription`: own fields under a common name.
    Root,
}

fn own_descriptions(sdl: &str) -> String {
    let (mut out, mut pending) = (String::with_capacity(sdl.len()), String::new());
    let (mut in_description, mut definition) = (false, Definition::Own);
    for line in sdl.lines() {
        if line.trim() == FENCE || in_description {
            in_description ^= line.trim() == FENCE;
            pending.push_str(line);
            pending.push('\n');
            continue;
        }
        let described = match line.starts_with(['\t', ' ', '}']) {
            true => describes_field(definition, line),
            false => {
                definition = kind(line);
                definition == Definition::Own
            }
        };
        if described {
            out.push_str(&pending);
        }
        pending.clear();
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn kind(line: &str) -> Definition {
    let name = line.split_whitespace().nth(1).unwrap_or("");
    match line {
        line if line.starts_with("interface Node ") => Definition::Shared,
        line if line.starts_with("type ") && ["Query", "Mutation", "Subscription"].contains(&name) => {
            Definition::Root
        }
        line if line.contains("@key(")
            && (!line.contains("implements Node") || line.contains("resolvable: false")) =>
        {
            Definition::Foreign
        }
        _ => Definition::Own,
    }
}

fn describes_field(definition: Definition, line: &str) -> bool {
    let key = line.trim_start().starts_with("id: ID!");
    match definition {
        Definition::Own | Definition::Root => !line.contains("@external"),
        Definition::Foreign => !key && !line.contains("@external"),
        Definition::Shared => false,
    }
}

#[cfg(test)]
mod tests {
    use super::own_descriptions;

    #[test]
    fn only_what_is_owned_keeps_its_description() {
        let sdl = "\"\"\"\nOurs\n\"\"\"\ntype Order implements Node @key(fields: \"id\") {\n\t\"\"\"\n\tKey\n\t\"\"\"\n\tid: ID!\n}\n\
                   \"\"\"\nTheirs\n\"\"\"\ntype User @key(fields: \"id\") {\n\t\"\"\"\n\tKey\n\t\"\"\"\n\tid: ID!\n\t\"\"\"\n\tMails\n\t\"\"\"\n\tmails(\n\t\t\"\"\"\n\t\tHow many\n\t\t\"\"\"\n\t\tfirst: Int\n\t): Int\n}\n";
        let expected = "\"\"\"\nOurs\n\"\"\"\ntype Order implements Node @key(fields: \"id\") {\n\t\"\"\"\n\tKey\n\t\"\"\"\n\tid: ID!\n}\n\
                        type User @key(fields: \"id\") {\n\tid: ID!\n\t\"\"\"\n\tMails\n\t\"\"\"\n\tmails(\n\t\t\"\"\"\n\t\tHow many\n\t\t\"\"\"\n\t\tfirst: Int\n\t): Int\n}\n";
        assert_eq!(own_descriptions(sdl), expected);
    }
}
