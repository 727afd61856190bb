//! Runs the router as a child process: Agora's own, or Apollo Router from PATH over the same supergraph.

use crate::{home::Home, services::SERVICES, services::port_offset, state::DataDir};
use anyhow::{Context, Result, bail, ensure};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// Process of the router, in the data folder.
const PID_FILE: &str = "router.pid";

/// Which router stands in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Agora's router, built on Hive Router
    Agora,
    /// Apollo Router from PATH: queries and mutations; subscriptions go to the owning service's /ws
    Apollo,
    /// No router: services only
    None,
}

/// A router, ready to be started.
#[derive(Debug, Clone)]
pub struct Router {
    kind: Kind,
    program: PathBuf,
    home: Home,
    data: DataDir,
    host: String,
    port: u16,
    graphiql: Option<PathBuf>,
    /// Secret with which it tells services who its clients are.
    key: String,
}

impl Router {
    /// Finds or builds the router's binary and GraphiQL.
    pub fn prepare(
        kind: Kind,
        home: &Home,
        data: &DataDir,
        host: &str,
        port: u16,
        binary: Option<&Path>,
    ) -> Result<Self> {
        let (program, graphiql) = match kind {
            Kind::Agora => (home.router_binary(binary)?, Some(home.graphiql()?)),
            Kind::Apollo => (apollo(binary)?, None),
            Kind::None => bail!("there is no router to prepare"),
        };
        if binary.is_none() {
            home.compose()?;
        }
        let supergraph = home.join("router/supergraph.graphql");
        ensure!(
            supergraph.exists(),
            "{} is missing: run `make compose`",
            supergraph.display()
        );
        Ok(Self {
            kind,
            program,
            home: home.clone(),
            data: data.clone(),
            host: host.to_owned(),
            port,
            graphiql,
            key: String::new(),
        })
    }

    /// With the secret that services know it by.
    pub fn with_key(self, key: &str) -> Self {
        let key = key.to_owned();
        Self { key, ..self }
    }

    /// Runs until `stop`; a router that dies is started again.
    pub async fn run(&self, stop: CancellationToken) -> Result<()> {
        while !stop.is_cancelled() {
            let mut child = self.spawn()?;
            tokio::select! {
                () = stop.cancelled() => return end(child).await,
                status = child.wait() => tracing::error!(status = ?status.ok(), "the router died; starting it again"),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }

    /// URL that answers 200 when the router can serve.
    pub fn ready_url(&self) -> String {
        match self.kind {
            Kind::Apollo => format!("http://127.0.0.1:{}/health?ready", self.health_port()),
            _ => format!("http://127.0.0.1:{}/readyz", self.port),
        }
    }

    fn health_port(&self) -> u16 {
        self.port + 9
    }

    fn spawn(&self) -> Result<Child> {
        let mut command = Command::new(&self.program);
        // What a shell has set for other programs must not reconfigure this one.
        for name in ["PORT", "HOST", "APOLLO_KEY", "APOLLO_GRAPH_REF"] {
            command.env_remove(name);
        }
        for entry in &SERVICES {
            let url = format!("http://127.0.0.1:{}/graphql", self.port + port_offset(entry.name));
            command.env(format!("{}_GRAPHQL_URL", entry.name.to_uppercase()), url);
        }
        match self.kind {
            Kind::Apollo => self.configure_apollo(&mut command),
            _ => self.configure(&mut command),
        }
        let log = self.data.log("router.log")?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        command.process_group(0);
        let child = command
            .spawn()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        if let Some(pid) = child.id() {
            std::fs::write(
                self.data.join(PID_FILE),
                format!("{pid} {}", self.program.display()),
            )?;
        }
        Ok(child)
    }

    fn configure(&self, command: &mut Command) {
        command
            .env(
                "ROUTER_CONFIG_FILE_PATH",
                self.home.join("router/router.config.yaml"),
            )
            .env(
                "SUPERGRAPH_FILE_PATH",
                self.home.join("router/supergraph.graphql"),
            )
            .env("HOST", &self.host)
            .env("PORT", self.port.to_string())
            .env("AGORA_JWKS", jwks(self.port))
            .env("AGORA_ROUTER_KEY", &self.key);
        if let Some(graphiql) = &self.graphiql {
            command.env("AGORA_GRAPHIQL_DIR", graphiql);
        }
    }

    fn configure_apollo(&self, command: &mut Command) {
        command
            .arg("--config")
            .arg(self.home.join("router/apollo/router.yaml"))
            .arg("--supergraph")
            .arg(self.home.join("router/supergraph.graphql"))
            .env("APOLLO_TELEMETRY_DISABLED", "true")
            .env("HOST", &self.host)
            .env("PORT", self.port.to_string())
            .env("AGORA_APOLLO_HEALTH", format!("127.0.0.1:{}", self.health_port()));
    }
}

/// Where the users service publishes the keys of access tokens, counted from the router's port.
pub fn jwks(port: u16) -> String {
    let port = port + port_offset("users");
    format!("http://127.0.0.1:{port}/.well-known/jwks.json")
}

/// Ends the router that a killed launcher left behind: it would keep the port.
pub fn end_orphan(data: &DataDir) {
    let path = data.join(PID_FILE);
    let Ok(text) = std::fs::read_to_string(&path) else {
        return;
    };
    let Some((pid, program)) = text.split_once(' ') else {
        return;
    };
    let name = Path::new(program)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let listed = std::process::Command::new("ps")
        .args(["-p", pid, "-o", "comm="])
        .output();
    // The number may belong to somebody else by now. Linux cuts names after 15 characters.
    if listed.is_ok_and(|out| {
        String::from_utf8_lossy(&out.stdout)
            .trim()
            .ends_with(&name[..name.len().min(15)])
    }) {
        let _ = std::process::Command::new("kill").args(["-KILL", pid]).status();
        // Its sockets are gone only when it is.
        let alive = || {
            let probed = std::process::Command::new("kill").args(["-0", pid]).output();
            probed.is_ok_and(|out| out.status.success())
        };
        for _ in 0..100 {
            if !alive() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let _ = std::fs::remove_file(path);
}

/// SIGTERM, so that requests in flight end; then the hard way.
async fn end(mut child: Child) -> Result<()> {
    if let Some(pid) = child.id() {
        let _ = Command::new("kill")
            .args(["-TERM", &pid.to_string()])
            .status()
            .await;
    }
    if tokio::time::timeout(Duration::from_secs(10), child.wait())
        .await
        .is_err()
    {
        child.kill().await?;
    }
    Ok(())
}

fn apollo(binary: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = binary {
        return Ok(path.to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("router"))
        .find(|program| program.is_file())
        .context("no `router` on PATH: scripts/setup-apollo installs Apollo Router")
}
