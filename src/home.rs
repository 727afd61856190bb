//! Where the project's files are: the router's configuration, the supergraph, GraphiQL, and the router binary, which
//! is built here when the sources are.

use anyhow::{Context, Result, bail, ensure};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A checkout or an installation.
#[derive(Debug, Clone)]
pub struct Home(PathBuf);

impl Home {
    /// `path`, else the current folder, else the checkout this binary was built from.
    pub fn find(path: Option<&Path>) -> Result<Self> {
        let here = std::env::current_dir()?;
        let candidates = path.map_or_else(
            || vec![here.as_path(), Path::new(env!("CARGO_MANIFEST_DIR"))],
            |path| vec![path],
        );
        let home = candidates
            .into_iter()
            .find(|path| path.join("router/router.config.yaml").exists());
        let home =
            home.context("router/router.config.yaml is not here; set AGORA_HOME to the project's folder")?;
        Ok(Self(home.canonicalize()?))
    }

    pub fn join(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn can_build(&self) -> bool {
        self.0.join("router/Cargo.toml").exists()
    }

    /// The router binary: the given one, or the one built from `router/`, which Cargo brings up to date first.
    pub fn router_binary(&self, given: Option<&Path>) -> Result<PathBuf> {
        if let Some(path) = given {
            ensure!(path.exists(), "there is no router at {}", path.display());
            return Ok(path.to_owned());
        }
        ensure!(
            self.can_build(),
            "the router's sources are not here; set AGORA_ROUTER_BIN"
        );
        let target = target_dir()?.join("router");
        let mut cargo = Command::new("cargo");
        cargo
            .args(["build", "--release", "--locked", "--ignore-rust-version"])
            .current_dir(self.0.join("router"))
            .env("CARGO_TARGET_DIR", &target);
        // Under `cargo run` these describe the launcher; build scripts that look at them would all run again.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_MANIFEST_")
                || name == "LD_LIBRARY_PATH"
            {
                cargo.env_remove(&*name);
            }
        }
        let built = cargo.status().context("cannot run cargo to build the router")?;
        ensure!(built.success(), "the router does not build");
        Ok(target.join("release/agora-router"))
    }

    /// Composes the committed SDL of all services, where the composition tool was built beside the router.
    pub fn compose(&self) -> Result<()> {
        let tool = target_dir().map(|target| target.join("router/release/composition"));
        let Some(tool) = tool.ok().filter(|tool| tool.exists() && self.can_build()) else {
            return Ok(());
        };
        let done = Command::new(&tool)
            .current_dir(&self.0)
            .stdout(Stdio::null())
            .status()?;
        ensure!(done.success(), "the subgraphs do not compose");
        Ok(())
    }

    /// GraphiQL's files; built with npm if they are missing.
    pub fn graphiql(&self) -> Result<PathBuf> {
        let folder = self.0.join("router/graphiql");
        let dist = folder.join("dist");
        if !dist.join("index.html").exists() && folder.join("package.json").exists() {
            for args in [&["ci", "--no-audit", "--no-fund"][..], &["run", "build"]] {
                let done = Command::new("npm")
                    .args(args)
                    .current_dir(&folder)
                    .stdout(Stdio::null())
                    .status();
                match done {
                    Ok(status) if status.success() => {}
                    Ok(_) => bail!("npm {} failed in {}", args.join(" "), folder.display()),
                    Err(error) => bail!(
                        "GraphiQL is built with Node's npm, which does not run ({error}): see scripts/setup"
                    ),
                }
            }
        }
        Ok(dist)
    }
}

/// Cargo's target folder, as far as it can be told from where this binary lies.
fn target_dir() -> Result<PathBuf> {
    let exe = std::env::current_exe()?;
    let profile = exe.ancestors().find(|path| {
        path.file_name()
            .is_some_and(|name| name == "debug" || name == "release")
    });
    let target = profile
        .and_then(Path::parent)
        .context("not run from Cargo's target folder; set AGORA_ROUTER_BIN")?;
    Ok(target.to_owned())
}
