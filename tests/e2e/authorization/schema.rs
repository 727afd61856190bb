//! What the API has, read from its SDL: the coordinates that need a row, and operations to try them with.

use super::pool;
use agora::services::SERVICES;
use async_graphql::parser::{
    parse_schema,
    types::{
        BaseType, ConstDirective, FieldDefinition, InputValueDefinition, ServiceDocument, Type,
        TypeDefinition, TypeKind, TypeSystemDefinition,
    },
};
use std::{collections::BTreeMap, path::Path, sync::LazyLock};

/// A schema by type name.
pub struct Schema(BTreeMap<String, TypeDefinition>);

/// Fields of the root types, and fields whose description begins a sentence with this, need a row.
const RULE: &str = "Requires:";
pub const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The innermost type.
pub fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named(item),
    }
}

fn directive<'a>(all: impl Iterator<Item = &'a ConstDirective>, name: &str) -> Option<&'a ConstDirective> {
    all.into_iter().find(|directive| directive.name.node == name)
}

impl Schema {
    /// What clients see.
    pub fn public() -> &'static Self {
        static PUBLIC: LazyLock<Schema> = LazyLock::new(|| Schema::parse(&file("router/schema.graphql")));
        &PUBLIC
    }

    /// What one service contributes.
    pub fn of_service(name: &str) -> &'static Self {
        static ALL: LazyLock<BTreeMap<&str, Schema>> = LazyLock::new(|| {
            let read = |name| Schema::parse(&file(&format!("subgraphs/{name}/schema.graphql")));
            SERVICES
                .iter()
                .map(|service| (service.name, read(service.name)))
                .collect()
        });
        &ALL[name]
    }

    fn parse(sdl: &str) -> Self {
        let document: ServiceDocument = parse_schema(sdl).expect("the SDL parses");
        let types = document
            .definitions
            .into_iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(ty) => Some((ty.node.name.node.to_string(), ty.node)),
                _ => None,
            });
        Self(types.collect())
    }

    /// Names of the object types.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        let objects = self
            .0
            .iter()
            .filter(|(_, ty)| matches!(ty.kind, TypeKind::Object(_)));
        objects.map(|(name, _)| name.as_str())
    }

    pub fn fields(&self, ty: &str) -> impl Iterator<Item = &FieldDefinition> {
        let fields = match self.0.get(ty).map(|ty| &ty.kind) {
            Some(TypeKind::Object(object)) => &object.fields[..],
            Some(TypeKind::Interface(interface)) => &interface.fields[..],
            _ => &[],
        };
        fields.iter().map(|field| &field.node)
    }

    pub fn field(&self, ty: &str, name: &str) -> Option<&FieldDefinition> {
        self.fields(ty).find(|field| field.name.node == name)
    }

    pub fn kinds(&self) -> impl Iterator<Item = (&str, &TypeKind)> {
        self.0.iter().map(|(name, ty)| (name.as_str(), &ty.kind))
    }

    pub fn kind(&self, ty: &str) -> Option<&TypeKind> {
        self.0.get(ty).map(|ty| &ty.kind)
    }

    pub fn is_leaf(&self, ty: &str) -> bool {
        !matches!(
            self.0.get(ty).map(|ty| &ty.kind),
            Some(
                TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_) | TypeKind::InputObject(_)
            )
        )
    }

    pub fn input(&self, ty: &str) -> Option<&[async_graphql::Positioned<InputValueDefinition>]> {
        match self.0.get(ty).map(|ty| &ty.kind) {
            Some(TypeKind::InputObject(input)) => Some(&input.fields),
            _ => None,
        }
    }

    /// Exactly one field of such an input may be given. Composition drops the directive; the name tells.
    pub fn is_one_of(&self, ty: &str) -> bool {
        let directives = self.0[ty].directives.iter().map(|d| &d.node);
        directive(directives, "oneOf").is_some() || ty.ends_with("By")
    }

    pub fn is_node(&self, ty: &str) -> bool {
        match self.0.get(ty).map(|ty| &ty.kind) {
            Some(TypeKind::Object(object)) => object.implements.iter().any(|name| name.node == "Node"),
            _ => false,
        }
    }

    /// Every field that needs a row, with an operation to begin with.
    pub fn coordinates(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for (name, ty) in &self.0 {
            let root = ROOTS.contains(&name.as_str());
            if !matches!(ty.kind, TypeKind::Object(_)) {
                continue;
            }
            for field in self.fields(name) {
                let ruled = field
                    .description
                    .as_ref()
                    .is_some_and(|text| text.node.contains(RULE));
                let operation = match (root, ruled) {
                    (true, _) => self.call(field),
                    (false, true) => self.reach(name, field),
                    (false, false) => continue,
                };
                found.insert(format!("{name}.{}", field.name.node), operation);
            }
        }
        found
    }

    /// Every key by which a service can be asked for an entity, with a representation to begin with.
    pub fn entities(&self, service: &str) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for (name, ty) in &self.0 {
            for key in ty.directives.iter().filter(|d| d.node.name.node == "key") {
                let argument = |name: &str| key.node.get_argument(name).map(|value| value.node.to_string());
                if argument("resolvable").as_deref() == Some("false") {
                    continue;
                }
                let fields = argument("fields").unwrap_or_default().replace('"', "");
                let variable = match fields.as_str() {
                    "id" => pool::of_type(name),
                    other => pool::of_key(name, other),
                };
                let coordinate = format!("{service}:{name}.{}", fields.replace(' ', "+"));
                found.insert(
                    coordinate,
                    format!("{{__typename: \"{name}\", {fields}: {variable}}}"),
                );
            }
        }
        found
    }

    /// A selection of all that this service says about an entity without being told more.
    pub fn everything(&self, ty: &str) -> String {
        let fields = self.fields(ty).filter_map(|field| {
            let asks = field
                .arguments
                .iter()
                .any(|argument| !argument.node.ty.node.nullable && argument.node.default_value.is_none());
            let foreign = |name| directive(field.directives.iter().map(|d| &d.node), name).is_some();
            if asks || foreign("external") || foreign("requires") {
                return None;
            }
            Some(format!(
                "{}{}",
                field.name.node,
                self.select(named(&field.ty.node))
            ))
        });
        fields.collect::<Vec<_>>().join(" ")
    }

    /// A call of a root field with plausible arguments.
    pub fn call(&self, field: &FieldDefinition) -> String {
        format!("{}{}", self.bare_call(field), self.select(named(&field.ty.node)))
    }

    fn bare_call(&self, field: &FieldDefinition) -> String {
        let arguments: Vec<String> = field
            .arguments
            .iter()
            .filter_map(|argument| {
                let argument = &argument.node;
                let required = !argument.ty.node.nullable && argument.default_value.is_none();
                let id = named(&argument.ty.node) == "ID"
                    && pool::known(&pool::of_argument(&field.name.node, &argument.name.node));
                (required || id).then(|| self.given(&field.name.node, argument))
            })
            .collect();
        match arguments.len() {
            0 => field.name.node.to_string(),
            _ => format!("{}({})", field.name.node, arguments.join(", ")),
        }
    }

    /// The way to a field of an object: through `node`, or through another object's field.
    pub fn reach(&self, ty: &str, field: &FieldDefinition) -> String {
        let call = self.call(field);
        if self.is_node(ty) {
            return format!("node(id: {}) {{ ... on {ty} {{ {call} }} }}", pool::of_type(ty));
        }
        let parent = self
            .0
            .keys()
            .filter(|parent| self.is_node(parent))
            .find_map(|parent| {
                let edge = self.fields(parent).find(|edge| named(&edge.ty.node) == ty)?;
                Some((parent, edge))
            });
        parent.map_or(call.clone(), |(parent, edge)| {
            let (id, edge) = (pool::of_type(parent), self.bare_call(edge));
            format!("node(id: {id}) {{ ... on {parent} {{ {edge} {{ {call} }} }} }}")
        })
    }

    /// Enough of a result to tell an object from none.
    fn select(&self, ty: &str) -> String {
        if self.is_leaf(ty) {
            return String::new();
        }
        let has = |name| self.field(ty, name).is_some();
        if has("userErrors") {
            return " { userErrors { code } }".to_owned();
        }
        if has("nodes") {
            return " { nodes { __typename } }".to_owned();
        }
        // A service can make up an ID and a type name; another field it has to look up.
        let known = self.fields(ty).find(|field| {
            let open = field
                .description
                .as_ref()
                .is_none_or(|text| !text.node.contains(RULE));
            open && field.name.node != "id"
                && field.arguments.is_empty()
                && !field.ty.node.nullable
                && self.is_leaf(named(&field.ty.node))
        });
        match known {
            Some(field) => format!(" {{ {} }}", field.name.node),
            None => " { __typename }".to_owned(),
        }
    }

    pub fn given(&self, field: &str, argument: &InputValueDefinition) -> String {
        let name = &argument.name.node;
        format!("{name}: {}", self.value(field, name, &argument.ty.node))
    }

    /// A plausible value of an input object, with something more in front.
    pub fn object(&self, field: &str, ty: &str, more: Option<String>) -> String {
        let one = self.is_one_of(ty);
        let inputs = self.input(ty).into_iter().flatten().map(|input| &input.node);
        let inputs = inputs.filter(|input| one || !input.ty.node.nullable && input.default_value.is_none());
        let given = inputs.map(|input| self.given(field, input));
        let given = given.take(if one { 1 } else { usize::MAX });
        format!(
            "{{{}}}",
            more.into_iter().chain(given).collect::<Vec<_>>().join(", ")
        )
    }

    /// A plausible value of an input type.
    pub fn value(&self, field: &str, name: &str, ty: &Type) -> String {
        match &ty.base {
            BaseType::List(item) => format!("[{}]", self.value(field, name, item)),
            BaseType::Named(ty) => match (ty.as_str(), self.0.get(ty.as_str()).map(|ty| &ty.kind)) {
                (_, Some(TypeKind::Enum(values))) => values.values[0].node.value.node.to_string(),
                (ty, Some(TypeKind::InputObject(_))) => self.object(field, ty, None),
                ("ID", _) => pool::of_argument(field, name),
                ("Int", _) if name == "expectedVersion" => "999999".to_owned(),
                ("Int" | "Float", _) => "1".to_owned(),
                ("MinorUnits", _) => "100".to_owned(),
                ("Boolean", _) => "true".to_owned(),
                ("CurrencyCode", _) => "\"GBP\"".to_owned(),
                ("CountryCode", _) => "\"GB\"".to_owned(),
                ("LanguageCode", _) => "\"en\"".to_owned(),
                ("DateTime", _) => "$now".to_owned(),
                ("Date", _) => "\"2020-01-31\"".to_owned(),
                _ => pool::text(name),
            },
        }
    }
}
