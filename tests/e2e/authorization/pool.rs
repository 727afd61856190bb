//! The variables that operations of the table may use: `$order` is the ID of an order of the owner, and so on.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Variables with the prefix of their ID and the GraphQL type whose variable they are.
const OBJECTS: &[(&str, &str, &str)] = &[
    ("address", "adr", "Address"),
    ("announcement", "ann", "SystemAnnouncement"),
    ("applicant", "ven", ""),
    ("benefit", "ben", "VipBenefit"),
    ("brand", "brd", "Brand"),
    ("bystander", "usr", ""),
    ("cart", "crt", "Cart"),
    ("catalogImport", "imp", "CatalogImport"),
    ("category", "cat", "Category"),
    ("coupon", "cpn", "Coupon"),
    ("couponRedemption", "crd", "CouponRedemption"),
    ("customer", "cus", "Customer"),
    ("dashboard", "dsh", "Dashboard"),
    ("delivery", "dlv", "Delivery"),
    ("draft", "prd", ""),
    ("draftVariant", "var", ""),
    ("event", "evt", "EventRecord"),
    ("line", "cln", "CartLine"),
    ("loyaltyTransaction", "loy", "LoyaltyTransaction"),
    ("lowStockAlert", "lsa", "LowStockAlert"),
    ("manualOrder", "ord", ""),
    ("media", "med", ""),
    ("member", "usr", ""),
    ("method", "shm", "ShippingMethod"),
    ("notification", "ntf", "Notification"),
    ("order", "ord", "Order"),
    ("orderLine", "oln", "OrderLine"),
    ("payment", "pay", "Payment"),
    ("paymentRefund", "prf", "PaymentRefund"),
    ("product", "prd", "Product"),
    ("purchaseOrder", "pur", "PurchaseOrder"),
    ("quote", "quo", "Quote"),
    ("refund", "rfd", "Refund"),
    ("review", "rvw", "Review"),
    ("revision", "rev", "ProductRevision"),
    ("saga", "sag", "CheckoutSaga"),
    ("session", "ses", "Session"),
    ("shipment", "shp", "Shipment"),
    ("spareAddress", "adr", ""),
    ("spareDashboard", "dsh", ""),
    ("spareMedia", "med", ""),
    ("stockLevel", "stk", "StockLevel"),
    ("store", "whs", ""),
    ("supplier", "sup", "Supplier"),
    ("template", "tpl", "NotificationTemplate"),
    ("transaction", "itx", "InventoryTransaction"),
    ("unpaidOrder", "ord", ""),
    ("user", "usr", "User"),
    ("variant", "var", "ProductVariant"),
    ("vendor", "ven", "Vendor"),
    ("vendorOrder", "vor", "VendorOrder"),
    ("warehouse", "whs", "Warehouse"),
    ("wishlist", "wsh", "Wishlist"),
    ("zone", "shz", "ShippingZone"),
];

/// Texts, by name and GraphQL type. All but the first two are new for every request.
const TEXTS: &[(&str, &str)] = &[
    ("number", "String!"),
    ("sku", "String!"),
    ("key", "ID!"),
    ("now", "DateTime!"),
    ("email", "String!"),
    ("slug", "String!"),
];

/// The begin of well-formed IDs that nothing has; four digits are missing.
const NOBODY: &str = "0190000000007000800000000000";

/// Objects that anybody may know of: that they exist is no secret.
const PUBLIC: &[&str] = &[
    "brand", "category", "member", "method", "product", "review", "sku", "variant", "vendor", "zone",
];

pub fn known(variable: &str) -> bool {
    let name = variable.trim_start_matches('$');
    OBJECTS.iter().any(|(known, ..)| *known == name) || TEXTS.iter().any(|(known, _)| *known == name)
}

/// The variable for the ID of a type.
pub fn of_type(ty: &str) -> String {
    if let Some((name, ..)) = OBJECTS.iter().find(|(.., known)| *known == ty) {
        return format!("${name}");
    }
    let id = platform::ids::PREFIXES
        .iter()
        .find(|(_, name)| *name == format!("{ty}Id"));
    id.map_or("\"unknown\"".to_owned(), |(prefix, _)| {
        format!("\"{prefix}_{NOBODY}0000\"")
    })
}

/// All variables that are objects, with the GraphQL type of each.
pub fn objects() -> impl Iterator<Item = (&'static str, &'static str)> {
    OBJECTS.iter().filter_map(|(name, prefix, _)| {
        let (_, id) = platform::ids::PREFIXES
            .iter()
            .find(|(known, _)| known == prefix)?;
        let ty = id.trim_end_matches("Id");
        Some((*name, if ty == "Variant" { "ProductVariant" } else { ty }))
    })
}

/// The variable for another key of a type.
pub fn of_key(_: &str, key: &str) -> String {
    let variable = format!("${key}");
    if known(&variable) {
        variable
    } else {
        "\"unknown\"".to_owned()
    }
}

/// The variable for an ID argument: `orderId` is an order; `id` is what the field's name begins with.
pub fn of_argument(field: &str, argument: &str) -> String {
    let variable = match argument {
        "idempotencyKey" | "eventId" => "$key".to_owned(),
        "id" | "ids" if ["node", "nodes"].contains(&field) => "$order".to_owned(),
        "id" | "ids" => {
            let begins = OBJECTS.iter().filter(|(name, ..)| field.starts_with(name));
            let longest = begins.max_by_key(|(name, ..)| name.len());
            longest.map_or(String::new(), |(name, ..)| format!("${name}"))
        }
        "entityId" | "subjectId" => "$order".to_owned(),
        "parentId" => "$category".to_owned(),
        "fromWarehouseId" | "toWarehouseId" => "$warehouse".to_owned(),
        _ => {
            let name = argument.trim_end_matches('s').trim_end_matches("Id");
            format!("${name}")
        }
    };
    if known(&variable) {
        variable
    } else {
        "\"unknown\"".to_owned()
    }
}

/// A plausible text.
pub fn text(name: &str) -> String {
    match name {
        "email" | "newEmail" => "$email".to_owned(),
        "slug" | "code" | "handle" | "title" => "$slug".to_owned(),
        "sku" | "number" => format!("${name}"),
        "password" | "newPassword" | "current" => "\"another-horse-battery-8\"".to_owned(),
        "isbn13" => "\"9780306406157\"".to_owned(),
        _ => "\"words\"".to_owned(),
    }
}

/// The objects of the shop under test.
#[derive(Debug, Default, Clone)]
pub struct Pool {
    pub objects: BTreeMap<&'static str, String>,
    /// Objects that go away when somebody who may tries it: one for each viewer.
    pub spares: BTreeMap<&'static str, Vec<String>>,
}

impl Pool {
    pub fn set(&mut self, name: &'static str, id: &Value) {
        let id = id.as_str().unwrap_or_else(|| panic!("no {name}: {id}"));
        assert!(known(name), "{name} is in no list");
        self.objects.insert(name, id.to_owned());
    }

    /// The pool as one viewer uses it up.
    pub fn of(&self, column: usize) -> Self {
        let mut own = self.clone();
        own.objects
            .extend(self.spares.iter().map(|(name, ids)| (*name, ids[column].clone())));
        own
    }

    /// The objects an operation names.
    pub fn used<'a>(&'a self, operation: &str) -> Vec<(&'static str, &'a str)> {
        let names = variables(operation);
        let used = self
            .objects
            .iter()
            .filter(|(name, _)| names.contains(&name.to_string()));
        used.map(|(name, id)| (*name, id.as_str())).collect()
    }

    /// Values of all variables of an operation.
    pub fn values(&self, operation: &str) -> Map<String, Value> {
        let value = |name: &String| {
            let new = || Uuid::now_v7().simple().to_string();
            let value = match name.as_str() {
                "key" => format!("key-{}", new()),
                "now" => chrono::Utc::now().to_rfc3339(),
                "email" => format!("{}@agora.example", new()),
                "slug" => format!("s-{}", new()),
                known => self.objects.get(known).cloned().unwrap_or_else(|| missing(known)),
            };
            (name.clone(), json!(value))
        };
        variables(operation).iter().map(value).collect()
    }
}

/// What an object would be called that there is not; for every variable another one.
pub fn missing(name: &str) -> String {
    match OBJECTS.iter().enumerate().find(|(_, (known, ..))| *known == name) {
        Some((number, (_, prefix, _))) => format!("{prefix}_{NOBODY}{number:04x}"),
        None => "NO-SUCH-THING".to_owned(),
    }
}

pub fn is_public(name: &str) -> bool {
    PUBLIC.contains(&name)
}

/// The names after a `$`, once each.
pub fn variables(operation: &str) -> Vec<String> {
    let mut names: Vec<String> = operation
        .split('$')
        .skip(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// GraphQL type of a variable.
pub fn type_of(name: &str) -> &'static str {
    let text = TEXTS.iter().find(|(known, _)| *known == name);
    text.map_or("ID!", |(_, ty)| ty)
}

/// The head of an operation that declares its variables.
pub fn declare(kind: &str, operation: &str) -> String {
    let declared: Vec<_> = variables(operation)
        .iter()
        .map(|name| format!("${name}: {}", type_of(name)))
        .collect();
    match declared.len() {
        0 => format!("{kind} {{ {operation} }}"),
        _ => format!("{kind}({}) {{ {operation} }}", declared.join(", ")),
    }
}
