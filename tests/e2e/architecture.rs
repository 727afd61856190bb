//! What keeps the house a house: no service depends on another, and the domain knows neither clocks nor pools.

use std::{
    fs,
    path::{Path, PathBuf},
};

const SERVICES: [&str; 8] = [
    "users",
    "products",
    "orders",
    "payments",
    "shipping",
    "inventory",
    "notifications",
    "analytics",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path => found.push(path),
        }
    }
}

#[test]
fn services_do_not_depend_on_each_other() {
    for service in SERVICES {
        let manifest = fs::read_to_string(root().join(format!("subgraphs/{service}/Cargo.toml"))).unwrap();
        for other in SERVICES.iter().filter(|other| **other != service) {
            let depends = manifest.lines().any(|line| {
                line.starts_with(&format!("{other}.")) || line.starts_with(&format!("{other} ="))
            });
            assert!(!depends, "{service} depends on {other}");
        }
    }
}

#[test]
fn the_domain_does_no_io() {
    for service in SERVICES {
        let mut found = Vec::new();
        files(
            &root().join(format!("subgraphs/{service}/src/domain")),
            &mut found,
        );
        for file in found {
            let text = fs::read_to_string(&file).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            for word in [
                "async fn",
                "PgPool",
                "PgConnection",
                "async_graphql::Context",
                "Utc::now",
            ] {
                assert!(!text.contains(word), "{} has {word}", file.display());
            }
        }
    }
}

#[test]
fn no_service_names_the_schema_of_another() {
    for service in SERVICES {
        let mut found = Vec::new();
        files(&root().join(format!("subgraphs/{service}/src/store")), &mut found);
        files(&root().join(format!("migrations/{service}")), &mut found);
        for file in found {
            let text = fs::read_to_string(&file).unwrap().to_lowercase();
            for other in SERVICES.iter().filter(|other| **other != service) {
                for verb in ["from", "join", "into", "update", "references"] {
                    assert!(
                        !text.contains(&format!("{verb} {other}.")),
                        "{} reads {other}",
                        file.display()
                    );
                }
            }
        }
    }
}
