//! No service fetches an address that a user wrote: whoever needs that one day builds the guard first.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Who speaks HTTP to others, and to whom: only addresses from the configuration.
const CALLERS: [(&str, &str); 5] = [
    (
        "platform/src/commands.rs",
        "services, by their configured addresses",
    ),
    (
        "platform/src/http.rs",
        "the one way to make a client: bounded, without redirects",
    ),
    ("platform/src/token.rs", "the configured key set"),
    (
        "subgraphs/payments/src/provider/stripe.rs",
        "the payment provider, configured",
    ),
    (
        "router/src/plugins/authentication/keys.rs",
        "the configured key set",
    ),
];
const SPEAKS_HTTP: [&str; 5] = [
    "reqwest",
    "hyper::",
    "hyper_util",
    "TcpStream::connect",
    "http::client(",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn nobody_fetches_what_users_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["platform/src", "contracts/src", "subgraphs", "router/src"] {
        sources(&root.join(folder), &mut found);
    }
    assert!(found.len() > 200, "the sources are somewhere else now");
    let callers: Vec<String> = found
        .iter()
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code = code.collect::<Vec<_>>().join("\n");
            // Tests below the code may call what they like.
            let code = code.split("#[cfg(test)]").next().unwrap_or_default();
            SPEAKS_HTTP.iter().any(|word| code.contains(word))
        })
        .map(|path| path.strip_prefix(root).unwrap().display().to_string())
        .collect();
    let known = |path: &str| CALLERS.iter().any(|(known, _)| *known == path);
    let unknown: Vec<_> = callers.iter().filter(|path| !known(path)).collect();
    assert!(
        unknown.is_empty(),
        "these speak HTTP: {unknown:#?}\nIf a user names the address, it needs a guard (no private addresses, no redirects, bounds); else list them"
    );
    assert_eq!(callers.len(), CALLERS.len(), "{callers:#?}");
}
