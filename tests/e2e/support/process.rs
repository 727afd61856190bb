//! Child processes that end with the test process, whatever ends it: they watch their standard input.

use super::Shop;
use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

pub const AGORA: &str = env!("CARGO_BIN_EXE_agora");

/// The router as `make test` has built it. Cargo must not be run below `cargo test`: it would find another environment
/// and build everything again.
pub fn router_binary() -> PathBuf {
    let target = Path::new(AGORA).parent().and_then(Path::parent).unwrap();
    let binary = target.join("router/release/agora-router");
    assert!(
        binary.exists(),
        "{} is missing: run `make router`",
        binary.display()
    );
    binary
}

/// A folder of this test process for one instance.
pub fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("agora-e2e-{}-{name}", std::process::id()))
}

/// The first of twelve ports in a row that are free now.
pub fn ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + u16::try_from(std::process::id() % 500).unwrap() * 40;
    loop {
        let base = start + NEXT.fetch_add(12, Ordering::Relaxed) % 10_000;
        if (base..=base + 11).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return base;
        }
    }
}

/// `agora up` in a folder of its own.
pub struct Up {
    child: Child,
    shop: Shop,
}

impl Up {
    /// Starts a shop in a new folder and waits until it is up.
    pub fn start(name: &str, env: &[(&str, &str)]) -> Result<Self> {
        Self::start_in(&folder(name), ports(), env)
    }

    /// The same in a given folder, which may have been used before.
    pub fn start_in(data: &Path, port: u16, env: &[(&str, &str)]) -> Result<Self> {
        let mut child = Command::new(AGORA)
            .arg("up")
            .arg("--router-bin")
            .arg(router_binary())
            .args(["--stop-at-eof", "--port", &port.to_string(), "--data"])
            .arg(data)
            .env("AGORA_COUNT_SQL", "true")
            .env("AGORA_RATE_LIMIT_PER_ADDRESS", "0")
            .env("AGORA_RATE_LIMIT_PER_VIEWER", "0")
            .envs(env.iter().copied())
            .env_remove("DATABASE_URL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout")?).lines();
        let up = lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.starts_with("Agora is up"));
        // Somebody has to read the rest, or a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        if !up {
            let _ = child.wait();
            let log = std::fs::read_to_string(data.join("logs/agora.log")).unwrap_or_default();
            bail!(
                "the shop did not start:\n{}",
                log.lines().rev().take(20).collect::<Vec<_>>().join("\n")
            );
        }
        Ok(Self {
            child,
            shop: Shop {
                port,
                data: data.to_owned(),
            },
        })
    }

    pub fn shop(&self) -> Shop {
        self.shop.clone()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the process has died of its own.
    pub fn wait_for_death(mut self) {
        for _ in 0..600 {
            if self.child.try_wait().unwrap().is_some() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the process lives on");
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it in order and waits.
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// Runs `agora` with arguments to its end; returns success and both outputs.
pub fn agora(args: &[&str]) -> (bool, String) {
    let output = Command::new(AGORA)
        .args(args)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    (output.status.success(), text)
}
