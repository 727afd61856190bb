//! The composition input: `supergraph.yaml`, in rover's own format.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

/// One subgraph, ready to compose.
#[derive(Clone, Debug)]
pub struct Definition {
    pub name: String,
    pub routing_url: String,
    pub sdl: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Read by rover only; this tool composes with the version it is built on.
    #[serde(rename = "federation_version")]
    _federation_version: Option<serde_yaml_ng::Value>,
    subgraphs: BTreeMap<String, Subgraph>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subgraph {
    routing_url: String,
    schema: SchemaSource,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaSource {
    file: PathBuf,
}

/// `supergraph.yaml` in the working directory or its parent, so that the tool runs from the
/// project root and from `router/` alike.
pub fn find() -> anyhow::Result<PathBuf> {
    ["./supergraph.yaml", "../supergraph.yaml"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.is_file())
        .context("no supergraph.yaml here or one folder up; name one with --config")
}

/// Reads the input and every schema it names. Schema paths are relative to the input's folder.
pub fn load(path: &Path) -> anyhow::Result<Vec<Definition>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let file: File = serde_yaml_ng::from_str(&text).with_context(|| path.display().to_string())?;
    let folder = path.parent().unwrap_or(Path::new("."));
    file.subgraphs
        .into_iter()
        .map(|(name, subgraph)| {
            let schema = folder.join(&subgraph.schema.file);
            let sdl = fs::read_to_string(&schema)
                .with_context(|| format!("schema of {name}: {}", schema.display()))?;
            Ok(Definition {
                name,
                routing_url: subgraph.routing_url,
                sdl,
            })
        })
        .collect()
}

/// Applies `name=url` replacements. A name that is no subgraph is an error, not a no-op.
pub fn override_urls(definitions: &mut [Definition], overrides: &[String]) -> anyhow::Result<()> {
    for entry in overrides {
        let (name, url) = entry
            .split_once('=')
            .with_context(|| format!("--routing-url {entry}: expected NAME=URL"))?;
        let Some(definition) = definitions.iter_mut().find(|d| d.name == name) else {
            bail!("--routing-url {entry}: there is no subgraph {name}");
        };
        definition.routing_url = url.to_owned();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Definition {
        Definition {
            name: "users".into(),
            routing_url: "http://a".into(),
            sdl: String::new(),
        }
    }

    #[test]
    fn overrides_one_url() {
        let mut definitions = [users()];
        override_urls(&mut definitions, &["users=http://b/graphql?x=1".into()]).unwrap();
        assert_eq!(definitions[0].routing_url, "http://b/graphql?x=1");
    }

    #[test]
    fn refuses_an_unknown_subgraph() {
        let error = override_urls(&mut [users()], &["user=http://b".into()]).unwrap_err();
        assert!(error.to_string().contains("no subgraph user"));
    }

    #[test]
    fn reads_rovers_format() {
        let folder = std::env::temp_dir().join(format!("composition-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("users.graphql"), "type Query { me: ID }").unwrap();
        let config = folder.join("supergraph.yaml");
        fs::write(
            &config,
            "federation_version: =2.9.3\nsubgraphs:\n  users:\n    routing_url: http://a\n    schema:\n      file: users.graphql\n",
        )
        .unwrap();
        let definitions = load(&config).unwrap();
        assert_eq!(definitions[0].sdl, "type Query { me: ID }");
        fs::remove_dir_all(&folder).unwrap();
    }
}
