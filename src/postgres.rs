//! A private Postgres cluster in the data folder, made from the binaries on this machine. The server refuses to run
//! as root, so root starts it as an unprivileged user. It listens on a Unix socket only: no port can be taken.

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Unix socket paths end at 107 bytes; the socket's own name takes 18.
const MAX_SOCKET_DIR: usize = 85;
const OWNER: &str = "agora";
const DATABASE: &str = "agora";

/// A cluster; dropping it leaves the server running.
#[derive(Debug)]
pub struct Cluster {
    bin: PathBuf,
    data: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    password: String,
    user: Option<Unprivileged>,
}

/// Whom root starts the server as.
#[derive(Debug, Clone)]
struct Unprivileged {
    name: String,
    /// The capability it keeps where the folder lies below one this user may not enter, `/root` say.
    keeps: Option<&'static str>,
}

impl Cluster {
    /// Prepares the cluster in `folder`: runs `initdb` at the first time. `bin` overrides where the binaries are.
    pub fn prepare(folder: &Path, password: &str, bin: Option<&Path>) -> Result<Self> {
        let bin = bin.map_or_else(find_binaries, |path| Ok(path.to_owned()))?;
        let home = folder.join("postgres");
        fs::create_dir_all(&home)?;
        let user = unprivileged(&home)?;
        let cluster = Self {
            bin,
            data: home.join("data"),
            socket: socket_dir(&home),
            log: home.join("server.log"),
            password: password.to_owned(),
            user,
        };
        cluster.own(&home)?;
        fs::create_dir_all(&cluster.socket)?;
        cluster.own(&cluster.socket)?;
        if !cluster.data.join("PG_VERSION").exists() {
            cluster.init(&home)?;
        }
        Ok(cluster)
    }

    /// Starts the server, or joins the one that a killed launcher left running.
    pub fn start(&self) -> Result<()> {
        if self
            .run("pg_ctl", &["status", "-D", path(&self.data)?])?
            .status
            .success()
        {
            return Ok(());
        }
        // No just-in-time compiler: statements are short, and compiling them takes longer than they do.
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c max_connections=300 -c shared_buffers=256MB \
             -c max_wal_size=2GB -c wal_compression=on -c random_page_cost=1.1 -c jit=off -c work_mem=8MB \
             -c log_min_duration_statement=1000",
            self.socket.display()
        );
        let started = self.run(
            "pg_ctl",
            &[
                "start",
                "-w",
                "-t",
                "120",
                "-D",
                path(&self.data)?,
                "-l",
                path(&self.log)?,
                "-o",
                &options,
            ],
        )?;
        ensure!(
            started.status.success(),
            "Postgres does not start; see {}",
            self.log.display()
        );
        self.create_database()
    }

    /// Stops the server; open transactions are rolled back, committed ones are safe.
    pub fn stop(&self) -> Result<()> {
        let stopped = self.run("pg_ctl", &["stop", "-w", "-m", "fast", "-D", path(&self.data)?])?;
        ensure!(
            stopped.status.success(),
            "Postgres does not stop: {}",
            String::from_utf8_lossy(&stopped.stderr)
        );
        Ok(())
    }

    /// URL of the database for its owner.
    pub fn url(&self) -> String {
        self.url_of(DATABASE)
    }

    fn url_of(&self, database: &str) -> String {
        let socket = self.socket.display().to_string().replace('/', "%2F");
        format!(
            "postgres://{OWNER}:{}@localhost/{database}?host={socket}",
            self.password
        )
    }

    fn init(&self, home: &Path) -> Result<()> {
        let password_file = home.join("password");
        fs::write(&password_file, &self.password)?;
        self.own(&password_file)?;
        let args = [
            "-D",
            path(&self.data)?,
            "-U",
            OWNER,
            "-A",
            "scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
        ];
        let made = self.run(
            "initdb",
            &[&args[..], &["--pwfile", path(&password_file)?]].concat(),
        );
        fs::remove_file(&password_file)?;
        let made = made?;
        ensure!(
            made.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        Ok(())
    }

    fn create_database(&self) -> Result<()> {
        let sql = format!(
            "select 'create database {DATABASE}' where not exists (select from pg_database where datname = '{DATABASE}') \\gexec"
        );
        let file = self.data.with_file_name("create.sql");
        fs::write(&file, sql)?;
        let made = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", path(&file)?])
            .arg(self.url_of("postgres"))
            .output()?;
        fs::remove_file(&file)?;
        ensure!(
            made.status.success(),
            "cannot create the database: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        Ok(())
    }

    fn own(&self, path: &Path) -> Result<()> {
        if let Some(user) = &self.user {
            let done = Command::new("chown")
                .args(["-R", &user.name])
                .arg(path)
                .status()?;
            ensure!(done.success(), "cannot give {} to {}", path.display(), user.name);
        }
        Ok(())
    }

    fn run(&self, program: &str, args: &[&str]) -> Result<Output> {
        let program = self.bin.join(program);
        let mut command = match &self.user {
            None => Command::new(&program),
            Some(user) => user.command(&program),
        };
        // A terminal's Ctrl-C is for the launcher, which then stops the server in order.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
            .args(args)
            .current_dir("/")
            .output()
            .with_context(|| format!("cannot run {}", program.display()))
    }
}

impl Unprivileged {
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args([
            &format!("--reuid={}", self.name),
            &format!("--regid={}", self.name),
            "--clear-groups",
        ]);
        if let Some(capability) = self.keeps {
            command.args([
                format!("--inh-caps=+{capability}"),
                format!("--ambient-caps=+{capability}"),
            ]);
        }
        command.arg(program);
        command
    }
}

fn unprivileged(home: &Path) -> Result<Option<Unprivileged>> {
    use std::os::unix::fs::MetadataExt;
    // The owner of a process's own /proc entry, or of a file it just made, is its effective user.
    let probe = home.join(".owner");
    fs::write(&probe, "")?;
    let uid = fs::metadata(&probe)?.uid();
    fs::remove_file(&probe)?;
    if uid != 0 {
        return Ok(None);
    }
    let exists = |name: &str| {
        Command::new("id")
            .args(["-u", name])
            .output()
            .is_ok_and(|out| out.status.success())
    };
    let Some(name) = ["postgres", "nobody"].into_iter().find(|name| exists(name)) else {
        bail!("Postgres does not run as root, and there is no user `postgres` to run it as");
    };
    // Containers often grant the second capability but not the first.
    for keeps in [None, Some("dac_read_search"), Some("dac_override")] {
        let user = Unprivileged {
            name: name.to_owned(),
            keeps,
        };
        let tried = user
            .command(Path::new("test"))
            .args(["-x", path(home)?])
            .current_dir("/")
            .output()?;
        if tried.status.success() {
            return Ok(Some(user));
        }
    }
    bail!(
        "the user {name}, as whom Postgres runs, cannot enter {}; choose another folder with --data",
        home.display()
    )
}

fn socket_dir(home: &Path) -> PathBuf {
    let inside = home.join("run");
    if inside.as_os_str().len() <= MAX_SOCKET_DIR {
        return inside;
    }
    let digest = hex::encode(Sha256::digest(home.as_os_str().as_encoded_bytes()));
    std::env::temp_dir().join(format!("agora-{}", &digest[..16]))
}

/// The newest server among the places where Debian, Homebrew and others put them.
fn find_binaries() -> Result<PathBuf> {
    let patterns = [
        "/usr/lib/postgresql",
        "/opt/homebrew/opt",
        "/usr/local/opt",
        "/usr/pgsql",
    ];
    let mut found: Vec<PathBuf> = patterns
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists() && bin.join("pg_ctl").exists())
        .collect();
    found.sort_by_key(|bin| version(bin));
    if let Some(bin) = found.pop() {
        return Ok(bin);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .find(|folder| folder.join("initdb").exists())
        .context("no Postgres server here: run scripts/setup, or set DATABASE_URL to a database elsewhere")
}

fn version(bin: &Path) -> u32 {
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .ok()
    };
    bin.parent()
        .and_then(|folder| digits(folder.file_name()?.to_str()?))
        .unwrap_or(0)
}

fn path(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is not UTF-8", path.display()))
}
