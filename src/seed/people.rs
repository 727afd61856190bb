//! Who is in the believable shop: registered customers, VIPs of every tier, and vendors in every state.

use super::{PASSWORD, VENDORS, Vendor, dice::Dice, ensure_vendor, logins::Logins};
use crate::client::Client;
use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use platform::Role;
use serde_json::{Value, json};

const FIRST: [&str; 20] = [
    "Amelia", "Bashir", "Carmen", "Dmitri", "Eleni", "Farid", "Grace", "Hiroshi", "Ingrid", "Jonas",
    "Kavita", "Lorenzo", "Maeve", "Nadia", "Olu", "Priya", "Quentin", "Rosa", "Stefan", "Thandi",
];
const LAST: [&str; 13] = [
    "Abbott",
    "Brandt",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fontaine",
    "Greene",
    "Hassan",
    "Ivanova",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
];
const STREETS: [(&str, &str, &str, &str); 6] = [
    ("14 Cable Street", "London", "E1 8JG", "GB"),
    ("3 Rose Terrace", "Edinburgh", "EH3 6QP", "GB"),
    ("77 Corn Street", "Bristol", "BS1 1HT", "GB"),
    ("Torstraße 112", "Berlin", "10119", "DE"),
    ("9 Rue Mercière", "Lyon", "69002", "FR"),
    ("Prinsengracht 410", "Amsterdam", "1016 JC", "NL"),
];

/// A registered customer of the shop.
#[derive(Clone)]
pub(super) struct Person {
    pub email: String,
    pub name: String,
    pub address: Value,
}

/// The `index`-th customer; the same for everybody who asks.
pub(super) fn person(index: usize) -> Person {
    let name = format!("{} {}", FIRST[index % FIRST.len()], LAST[index * 5 % LAST.len()]);
    let (line1, city, postal_code, country) = STREETS[index * 7 % STREETS.len()];
    Person {
        email: format!("customer{:02}@agora.example", index + 1),
        address: json!({
            "fullName": name, "line1": line1, "city": city, "postalCode": postal_code, "country": country
        }),
        name,
    }
}

/// How somebody signs a review: `Amelia A.`
pub(super) fn signature(dice: &mut Dice) -> String {
    let (first, last) = (dice.pick(&FIRST), dice.pick(&LAST));
    format!("{first} {}.", last.chars().next().unwrap_or('X'))
}

/// Makes so many customers, each with an address in the book. Returns them logged in.
pub(super) async fn customers(
    logins: &Logins,
    graph: &Client,
    count: usize,
) -> Result<Vec<(Person, Client)>> {
    let bar = &super::progress("customers", count);
    let made = stream::iter((0..count).map(person))
        .map(|person| async move {
            logins
                .ensure(&person.email, &person.name, vec![Role::Customer])
                .await?;
            let client = graph.stay_logged_in(&person.email, PASSWORD).await?;
            ensure_address(&client, &person.address).await?;
            bar.inc(1);
            anyhow::Ok((person, client))
        })
        .buffered(4)
        .try_collect()
        .await?;
    bar.finish();
    Ok(made)
}

async fn ensure_address(client: &Client, address: &Value) -> Result<()> {
    let query = "{ viewer { addresses(first: 1) { nodes { id } } } }";
    let found = client.run(query, json!({})).await?;
    if found["viewer"]["addresses"]["nodes"].get(0).is_some() {
        return Ok(());
    }
    let query = "mutation($address: AddressInput!) {
        addressCreate(input: $address, kind: BOTH, label: \"Home\") { userErrors { code message path } } }";
    client.run(query, json!({ "address": address })).await?;
    Ok(())
}

/// One VIP of each tier; the gold one is `vip@agora.example`.
pub(super) const VIPS: [(&str, &str); 4] = [
    ("bronze@agora.example", "BRONZE"),
    ("silver@agora.example", "SILVER"),
    ("vip@agora.example", "GOLD"),
    ("platinum@agora.example", "PLATINUM"),
];

pub(super) async fn vips(logins: &Logins, staff: &Client) -> Result<()> {
    for (email, tier) in VIPS {
        let name = email.split('@').next().unwrap_or(email);
        logins.ensure(email, name, vec![Role::Customer]).await?;
        super::enroll_vip(staff, email, tier).await?;
    }
    Ok(())
}

/// Vendors that do not sell: where an application can stand, and what becomes of vendors.
const APPLICANTS: [(Vendor, &str); 7] = [
    (
        Vendor::new("vendor-draft@agora.example", "larkspur-looms", "Larkspur Looms"),
        "DRAFT",
    ),
    (
        Vendor::new(
            "vendor-submitted@agora.example",
            "blue-kiln-pottery",
            "Blue Kiln Pottery",
        ),
        "SUBMITTED",
    ),
    (
        Vendor::new("vendor-review@agora.example", "cobble-and-cork", "Cobble & Cork"),
        "IN_REVIEW",
    ),
    (
        Vendor::new("vendor-changes@agora.example", "fenwick-toys", "Fenwick Toys"),
        "CHANGES_REQUESTED",
    ),
    (
        Vendor::new(
            "vendor-rejected@agora.example",
            "miracle-gadgets",
            "Miracle Gadgets",
        ),
        "REJECTED",
    ),
    (
        Vendor::new(
            "vendor-suspended@agora.example",
            "slow-parcel-trading",
            "Slow Parcel Trading",
        ),
        "SUSPENDED",
    ),
    (
        Vendor::new(
            "vendor-closed@agora.example",
            "old-mill-papers",
            "Old Mill Papers",
        ),
        "CLOSED",
    ),
];

pub(super) async fn vendors(logins: &Logins, graph: &Client, staff: &Client) -> Result<()> {
    for (vendor, state) in &APPLICANTS {
        logins
            .ensure(vendor.email, vendor.name, vec![Role::Customer])
            .await?;
        settle(graph, staff, vendor, state)
            .await
            .with_context(|| format!("vendor {}", vendor.name))?;
    }
    Ok(())
}

async fn settle(graph: &Client, staff: &Client, vendor: &Vendor, state: &str) -> Result<()> {
    let until = match state {
        "DRAFT" | "SUBMITTED" | "IN_REVIEW" => state,
        "CHANGES_REQUESTED" | "REJECTED" => "IN_REVIEW",
        _ => "APPROVED",
    };
    let query = "query($slug: String!) { vendor(by: {slug: $slug}) { status } }";
    let found = staff.run(query, json!({ "slug": vendor.slug })).await?;
    if found["vendor"]["status"] == state {
        return Ok(());
    }
    let id = ensure_vendor(graph, staff, vendor, until).await?;
    let member = graph.stay_logged_in(vendor.email, PASSWORD).await?;
    let (caller, operation) = match state {
        "CHANGES_REQUESTED" => (
            staff,
            "vendorRequestChanges(id: $id, note: \"Please add a phone number.\")",
        ),
        "REJECTED" => (
            staff,
            "vendorReject(id: $id, reason: \"The goods may not be sold here.\")",
        ),
        "SUSPENDED" => (
            staff,
            "vendorSuspend(id: $id, reason: \"Too many late parcels.\")",
        ),
        "CLOSED" => (&member, "vendorClose(id: $id)"),
        _ => return Ok(()),
    };
    let query = format!("mutation($id: ID!) {{ {operation} {{ userErrors {{ code message }} }} }}");
    caller.run(&query, json!({ "id": id })).await?;
    Ok(())
}

/// Logged-in members of the vendors that sell, by vendor ID.
pub(super) async fn sellers(graph: &Client) -> Result<Vec<(Value, Client)>> {
    let mut sellers = Vec::new();
    for vendor in &VENDORS {
        let member = graph.stay_logged_in(vendor.email, PASSWORD).await?;
        let found = member
            .run(
                "query($slug: String!) { vendor(by: {slug: $slug}) { id } }",
                json!({ "slug": vendor.slug }),
            )
            .await?;
        sellers.push((found["vendor"]["id"].clone(), member));
    }
    Ok(sellers)
}

#[cfg(test)]
mod tests {
    #[test]
    fn people_differ() {
        let people = |of: fn(super::Person) -> String, count: usize| {
            let all: std::collections::BTreeSet<String> = (0..count).map(|n| of(super::person(n))).collect();
            all.len()
        };
        assert_eq!(people(|person| person.name, 260), 260);
        assert_eq!(people(|person| person.email, 400), 400);
    }
}
