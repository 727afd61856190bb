//! Operations that go every way through the API: from each root field and each object, over every field to the next
//! object, no type twice on a way. And the way back: from a response to the fields its values stand in.

use super::{
    pool::{self, Pool},
    schema::{Schema, named},
};
use async_graphql::parser::types::{FieldDefinition, TypeKind};
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields an operation may ask for. The router plans large operations more slowly than several small ones.
const FIELDS: usize = 250;

/// Where the ways begin.
pub struct Start {
    /// The field with its arguments; after it, for `node`, the type.
    way: Vec<String>,
    ty: String,
}

impl Start {
    /// An operation that tells whether there is anything to see from here.
    pub fn probe(&self) -> String {
        let mut tree = Tree::default();
        tree.add(&self.way, vec!["__typename".to_owned()]);
        tree.to_string()
    }
}

/// One object after the other.
pub fn objects(schema: &Schema, pool: &Pool) -> Vec<Start> {
    let known = pool::objects().filter(|(name, ty)| pool.objects.contains_key(name) && schema.is_node(ty));
    known
        .map(|(name, ty)| Start {
            way: vec![format!("node(id: ${name})"), format!("... on {ty}")],
            ty: ty.to_owned(),
        })
        .collect()
}

/// All fields of `Query` that lead to objects.
pub fn roots(schema: &Schema) -> Vec<Start> {
    let fields = schema
        .fields("Query")
        .filter(|field| !["node", "nodes"].contains(&field.name.node.as_str()));
    fields
        .filter(|field| !schema.is_leaf(named(&field.ty.node)))
        .map(|field| Start {
            way: vec![call(schema, field, 5)],
            ty: named(&field.ty.node).to_owned(),
        })
        .collect()
}

/// A field with the arguments it needs, those that name an object, a page, and what shows more than it does untold.
fn call(schema: &Schema, field: &FieldDefinition, page: usize) -> String {
    let name = &field.name.node;
    let arguments = field.arguments.iter().filter_map(|argument| {
        let argument = &argument.node;
        let known = |variable: String| pool::known(&variable);
        let needed = !argument.ty.node.nullable && argument.default_value.is_none();
        let id = named(&argument.ty.node) == "ID" && known(pool::of_argument(name, &argument.name.node));
        match argument.name.node.as_str() {
            "first" => Some(format!("first: {page}")),
            only if argument.default_value.is_some() && only.ends_with("Only") => {
                Some(format!("{only}: false"))
            }
            _ => (needed || id).then(|| schema.given(name, argument)),
        }
    });
    let arguments: Vec<_> = arguments.collect();
    match arguments.len() {
        0 => name.to_string(),
        _ => format!("{name}({})", arguments.join(", ")),
    }
}

/// The end of a way and the values to ask for there.
type Stop = (Vec<String>, Vec<String>);

/// Operations that ask for everything within `depth` objects of a start, so many of a list.
pub fn operations(schema: &Schema, start: &Start, depth: usize, page: usize) -> Vec<String> {
    let mut walk = Walk {
        schema,
        page,
        seen: vec![start.ty.clone()],
        way: start.way.clone(),
        stops: Vec::new(),
    };
    walk.of(&start.ty, depth);
    let begin = || {
        let mut tree = Tree::default();
        if start.way.len() > 1 {
            tree.add(&start.way[..1], vec!["__typename".to_owned()]);
        }
        tree
    };
    let (mut operations, mut tree, mut size) = (Vec::new(), begin(), 0);
    for (way, leaves) in walk.stops.into_iter().filter(|(_, leaves)| !leaves.is_empty()) {
        if size + way.len() + leaves.len() > FIELDS && size > 0 {
            operations.push(std::mem::replace(&mut tree, begin()).to_string());
            size = 0;
        }
        size += way.len() + leaves.len();
        tree.add(&way, leaves);
    }
    operations.push(tree.to_string());
    operations
}

struct Walk<'a> {
    schema: &'a Schema,
    page: usize,
    seen: Vec<String>,
    way: Vec<String>,
    stops: Vec<Stop>,
}

impl Walk<'_> {
    fn of(&mut self, ty: &str, depth: usize) {
        if let Some(types) = possible(self.schema, ty) {
            return self.each_of(ty, &types, depth);
        }
        let fields: Vec<_> = self.schema.fields(ty).cloned().collect();
        let (leaves, edges): (Vec<_>, Vec<_>) = fields
            .iter()
            .partition(|field| self.schema.is_leaf(named(&field.ty.node)));
        let leaves = leaves
            .iter()
            .map(|field| call(self.schema, field, self.page))
            .collect();
        self.stops.push((self.way.clone(), leaves));
        let page = self.schema.field(ty, "nodes").is_some();
        // `edges` are the same objects once more.
        let edges = edges
            .iter()
            .filter(|field| !page || !["edges", "pageInfo"].contains(&field.name.node.as_str()));
        for field in edges {
            self.way.push(call(self.schema, field, self.page));
            self.to(named(&field.ty.node), depth);
            self.way.pop();
        }
    }

    /// Pages and plain values are no further away than what they belong to.
    fn to(&mut self, ty: &str, depth: usize) {
        let near = self.schema.field(ty, "nodes").is_some() || is_value(self.schema, ty, 0);
        if self.seen.iter().any(|seen| seen == ty) || !near && depth == 0 {
            return;
        }
        self.seen.push(ty.to_owned());
        self.of(ty, if near { depth } else { depth - 1 });
        self.seen.pop();
    }

    /// Of fields that mean different things in two types, one operation can ask only one.
    fn each_of(&mut self, ty: &str, types: &[String], depth: usize) {
        self.stops.push((self.way.clone(), vec!["__typename".to_owned()]));
        for own in types.iter().filter(|own| *own != ty) {
            self.way.push(format!("... on {own}"));
            let before = self.stops.len();
            self.to(own, depth);
            let end = self.way.len();
            let clashes = |text: &str| clashes(self.schema, own, types, text);
            self.stops
                .drain(before..)
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|(way, mut leaves)| {
                    if way.len() > end && clashes(&way[end]) {
                        return;
                    }
                    if way.len() == end {
                        leaves.retain(|leaf| !clashes(leaf));
                    }
                    self.stops.push((way, leaves));
                });
            self.way.pop();
        }
    }
}

/// Whether a field is another one in a type that may stand in the same place.
fn clashes(schema: &Schema, own: &str, types: &[String], text: &str) -> bool {
    let name = text.split('(').next().unwrap_or_default();
    let ty = |of: &str| schema.field(of, name).map(|field| field.ty.node.to_string());
    types
        .iter()
        .any(|other| ty(other).is_some_and(|there| Some(there) != ty(own)))
}

/// The types that an interface or a union stands for.
fn possible(schema: &Schema, ty: &str) -> Option<Vec<String>> {
    match schema.kind(ty) {
        Some(TypeKind::Union(union)) => {
            Some(union.members.iter().map(|name| name.node.to_string()).collect())
        }
        Some(TypeKind::Interface(_)) => {
            let own = schema.kinds().filter(|(_, kind)| match kind {
                TypeKind::Object(object) => object.implements.iter().any(|name| name.node == ty),
                _ => false,
            });
            Some(own.map(|(name, _)| name.to_owned()).collect())
        }
        _ => None,
    }
}

/// A type without identity and without ways to others: money, an address, an entry of a list.
fn is_value(schema: &Schema, ty: &str, depth: usize) -> bool {
    depth < 3
        && !schema.is_node(ty)
        && schema.fields(ty).all(|field| {
            let to = named(&field.ty.node);
            schema.is_leaf(to) || to != ty && is_value(schema, to, depth + 1)
        })
}

/// Selections below their fields.
#[derive(Default)]
struct Tree(BTreeMap<String, Tree>);

impl Tree {
    fn add(&mut self, way: &[String], leaves: Vec<String>) {
        match way.split_first() {
            Some((first, rest)) => self.0.entry(first.clone()).or_default().add(rest, leaves),
            None => self
                .0
                .extend(leaves.into_iter().map(|leaf| (leaf, Self::default()))),
        }
    }
}

impl std::fmt::Display for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (field, below) in &self.0 {
            match below.0.is_empty() {
                true => write!(f, "{field} ")?,
                false => write!(f, "{field} {{ {below}}} ")?,
            }
        }
        Ok(())
    }
}

/// Calls `visit` with every field of a response and its value. Where a type may be one of several, only those of a
/// `__typename` are known.
pub fn fields(schema: &Schema, ty: &str, value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| fields(schema, ty, item, visit)),
        Value::Object(object) => {
            let ty = object.get("__typename").and_then(Value::as_str).unwrap_or(ty);
            for (name, value) in object {
                if let Some(field) = schema.field(ty, name) {
                    visit(&format!("{ty}.{name}"), value);
                    fields(schema, named(&field.ty.node), value, visit);
                }
            }
        }
        _ => {}
    }
}
