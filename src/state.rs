//! The data folder of one instance: secrets made once, keys, logs, the private database.

use anyhow::{Context, Result};
use platform::token::Signer;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// `.agora/` or what `--data` names.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

/// What an instance must keep secret. Made at its first start; a new folder has new ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// Services call each other with it.
    pub service_key: String,
    /// Password of the database's owner and, hashed with their names, of the services' roles.
    pub database: String,
    /// Sandbox provider: secret and publishable API key, webhook signing secret.
    pub stripe_secret_key: String,
    pub stripe_publishable_key: String,
    pub stripe_webhook_secret: String,
    /// Ed25519 private key of access tokens, PKCS#8 PEM.
    pub signing_key_pem: String,
}

impl DataDir {
    /// Creates the folder if it is missing.
    pub fn open(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
        let path = path.canonicalize()?;
        for folder in ["logs", "mail", "sandbox"] {
            fs::create_dir_all(path.join(folder))?;
        }
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A log file, appended to.
    pub fn log(&self, name: &str) -> Result<fs::File> {
        let path = self.0.join("logs").join(name);
        fs::File::options()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| path.display().to_string())
    }

    /// Reads the secrets, or makes them.
    pub fn secrets(&self) -> Result<Secrets> {
        let path = self.join("secrets.json");
        if path.exists() {
            let text = fs::read_to_string(&path)?;
            return serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()));
        }
        let secrets = Secrets {
            service_key: random(32)?,
            database: random(24)?,
            stripe_secret_key: format!("sk_test_{}", random(16)?),
            stripe_publishable_key: format!("pk_test_{}", random(16)?),
            stripe_webhook_secret: format!("whsec_{}", random(24)?),
            signing_key_pem: Signer::generate_pem()?,
        };
        write_private(&path, &serde_json::to_vec_pretty(&secrets)?)?;
        Ok(secrets)
    }
}

/// Written whole or not at all, readable by the owner only.
fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    let draft = path.with_extension("new");
    let mut file = fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    Ok(())
}

/// Hexadecimal digits of so many random bytes.
pub(crate) fn random(bytes: usize) -> Result<String> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).map_err(|e| anyhow::anyhow!("no randomness: {e}"))?;
    Ok(hex::encode(buffer))
}
