//! The operations of the authorization table with one text of their input at a time replaced, made from the schema.

use crate::authorization::{
    pool::{self, Pool},
    schema::{ROOTS, Schema, named},
    table::Row,
};
use async_graphql::{
    Name, Positioned, Value as Literal,
    parser::{
        parse_query,
        types::{BaseType, Field, InputValueDefinition, Selection, SelectionSet, Type},
    },
};
use serde_json::{Map, Value, json};

/// Types that hold no text.
const NO_TEXT: [&str; 4] = ["Int", "Float", "Boolean", "MinorUnits"];
/// Inputs inside inputs that are looked into.
const LEVELS: usize = 4;
const HOLE: &str = "payload";

/// The way to a text: names of inputs with their types.
type Way = Vec<(String, Type)>;

/// A variable as it is written, in a value that has none: names of enums are written as they are.
fn variable(name: &str) -> Literal {
    Literal::Enum(Name::new(format!("${name}")))
}

/// A literal of a document without variables, so that it can be changed and written again.
macro_rules! constant {
    ($literal:expr) => {{
        let constant = $literal
            .clone()
            .into_const_with(|name| Ok::<_, std::convert::Infallible>(variable(&name)));
        constant.unwrap()
    }};
}

/// An operation with a hole for a text.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The field and the way to its input.
    pub place: String,
    pub kind: &'static str,
    operation: String,
    /// GraphQL type of the text.
    ty: String,
}

/// A probe for every text that the field of a row takes.
pub fn of_row(schema: &Schema, row: &Row) -> Vec<Probe> {
    let Some((owner, name)) = row.coordinate.split_once('.') else {
        return Vec::new();
    };
    match owner.contains(':') || owner == "Subscription" {
        true => Vec::new(),
        false => of_operation(schema, owner, name, &row.operation),
    }
}

/// A probe for every text that fields without a rule of their own take.
pub fn of_open_fields(schema: &Schema, known: impl Fn(&str) -> bool) -> Vec<Probe> {
    let mut probes = Vec::new();
    for owner in schema.objects().filter(|owner| !ROOTS.contains(owner)) {
        for field in schema.fields(owner) {
            let name = field.name.node.as_str();
            if !field.arguments.is_empty() && !known(&format!("{owner}.{name}")) {
                probes.extend(of_operation(schema, owner, name, &schema.reach(owner, field)));
            }
        }
    }
    probes
}

fn of_operation(schema: &Schema, owner: &str, name: &str, operation: &str) -> Vec<Probe> {
    let Some(field) = schema.field(owner, name) else {
        return Vec::new();
    };
    let mut ways = Vec::new();
    for argument in &field.arguments {
        texts(schema, &argument.node, &mut vec![], &mut ways);
    }
    let probe = |way: Way| {
        let document =
            parse_query(format!("{{ {operation} }}")).unwrap_or_else(|e| panic!("{operation}: {e}"));
        let (_, parsed) = document.operations.iter().next().expect("an operation");
        let mut set = parsed.node.selection_set.node.clone();
        let call = find(&mut set, name)?;
        let given = call
            .arguments
            .iter()
            .map(|(name, value)| (name.node.clone(), constant!(value.node)));
        let mut arguments = Literal::Object(given.collect());
        fill(schema, name, &mut arguments, &way);
        if let Literal::Object(arguments) = arguments {
            let at = call.name.pos;
            let argument = |(name, value): (Name, Literal)| {
                (Positioned::new(name, at), Positioned::new(value.into_value(), at))
            };
            call.arguments = arguments.into_iter().map(argument).collect();
        }
        let names: Vec<&str> = way.iter().map(|(name, _)| name.as_str()).collect();
        Some(Probe {
            place: format!("{owner}.{name}({})", names.join(".")),
            kind: if owner == "Mutation" { "mutation" } else { "query" },
            operation: print(&set),
            ty: named(&way.last()?.1).to_owned(),
        })
    };
    ways.into_iter().filter_map(probe).collect()
}

fn texts(schema: &Schema, input: &InputValueDefinition, way: &mut Way, found: &mut Vec<Way>) {
    way.push((input.name.node.to_string(), input.ty.node.clone()));
    let ty = named(&input.ty.node);
    match schema.input(ty) {
        Some(fields) if way.len() < LEVELS => {
            for field in fields {
                texts(schema, &field.node, way, found);
            }
        }
        None if !NO_TEXT.contains(&ty) => found.push(way.clone()),
        _ => {}
    }
    way.pop();
}

/// The first field of this name that takes arguments, or the first at all.
fn find<'a>(set: &'a mut SelectionSet, name: &str) -> Option<&'a mut Field> {
    for item in &mut set.items {
        let found = match &mut item.node {
            Selection::Field(field) => {
                let field = &mut field.node;
                if field.name.node == *name {
                    return Some(field);
                }
                find(&mut field.selection_set.node, name)
            }
            Selection::InlineFragment(fragment) => find(&mut fragment.node.selection_set.node, name),
            Selection::FragmentSpread(_) => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Writes the hole at the end of a way; what is missing on the way is made up.
fn fill(schema: &Schema, operation: &str, at: &mut Literal, way: &[(String, Type)]) {
    let (Some(((name, ty), rest)), Literal::Object(fields)) = (way.split_first(), at) else {
        return;
    };
    let value = fields.entry(Name::new(name)).or_insert(Literal::Null);
    let list = matches!(ty.base, BaseType::List(_));
    if rest.is_empty() {
        let hole = variable(HOLE);
        *value = if list { Literal::List(vec![hole]) } else { hole };
        return;
    }
    let empty = match value {
        Literal::Object(_) => false,
        Literal::List(items) => items.is_empty(),
        _ => true,
    };
    if empty {
        *value = literal(&schema.value(operation, name, ty));
    }
    let inner = match value {
        Literal::List(items) => match items.first_mut() {
            Some(first) => first,
            None => return,
        },
        value => value,
    };
    if let (true, Literal::Object(fields)) = (schema.is_one_of(named(ty)), &mut *inner) {
        fields.retain(|name, _| name.as_str() == rest[0].0);
    }
    fill(schema, operation, inner, rest);
}

fn literal(text: &str) -> Literal {
    let document = parse_query(format!("{{ a(b: {text}) }}")).unwrap_or_else(|e| panic!("{text}: {e}"));
    let (_, parsed) = document.operations.iter().next().expect("an operation");
    match &parsed.node.selection_set.node.items[0].node {
        Selection::Field(field) => constant!(field.node.arguments[0].1.node),
        _ => Literal::Null,
    }
}

/// A selection set as text, without its braces.
fn print(set: &SelectionSet) -> String {
    let items = set.items.iter().map(|item| match &item.node {
        Selection::Field(field) => {
            let Field {
                name,
                arguments,
                selection_set,
                ..
            } = &field.node;
            let arguments = arguments
                .iter()
                .map(|(name, value)| format!("{}: {}", name.node, value.node));
            let arguments = arguments.collect::<Vec<_>>().join(", ");
            let arguments = if arguments.is_empty() {
                arguments
            } else {
                format!("({arguments})")
            };
            format!("{}{arguments}{}", name.node, braces(&selection_set.node))
        }
        Selection::InlineFragment(fragment) => {
            let on = fragment.node.type_condition.as_ref();
            let on = on.map_or(String::new(), |on| format!(" on {}", on.node.on.node));
            format!("...{on}{}", braces(&fragment.node.selection_set.node))
        }
        Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
    });
    items.collect::<Vec<_>>().join(" ")
}

fn braces(set: &SelectionSet) -> String {
    match set.items.is_empty() {
        true => String::new(),
        false => format!(" {{ {} }}", print(set)),
    }
}

impl Probe {
    /// One document that runs the operation with each of these texts, and its variables.
    pub fn document(&self, pool: &Pool, payloads: &[&str]) -> (String, Value) {
        let (mut declared, mut calls, mut variables) = (Vec::new(), Vec::new(), Map::new());
        for (number, payload) in payloads.iter().enumerate() {
            let mut call = self.operation.clone();
            let mut names = pool::variables(&self.operation);
            // The longer first: one name may begin with another.
            names.sort_by_key(|name| std::cmp::Reverse(name.len()));
            let values = pool.values(&self.operation);
            for name in names {
                let own = format!("{name}_{number}");
                call = replace_variable(&call, &name, &own);
                let (ty, value) = match name.as_str() {
                    HOLE => (format!("{}!", self.ty), json!(payload)),
                    _ => (pool::type_of(&name).to_owned(), values[&name].clone()),
                };
                declared.push(format!("${own}: {ty}"));
                variables.insert(own, value);
            }
            calls.push(format!("p{number}: {call}"));
        }
        let query = format!("{}({}) {{ {} }}", self.kind, declared.join(", "), calls.join(" "));
        (query, Value::Object(variables))
    }
}

/// Renames a variable where it stands as a whole word.
fn replace_variable(text: &str, name: &str, new: &str) -> String {
    let mut parts = text.split('$');
    let mut renamed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(part.len());
        let (word, rest) = part.split_at(end);
        renamed += &format!("${}{rest}", if word == name { new } else { word });
    }
    renamed
}
