//! The generated files.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

/// Writes `text`, but leaves an identical file alone: routers watch its modification time, and a
/// reload ends every running subscription.
pub fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::write(path, text).with_context(|| path.display().to_string())
}

/// Fails, naming the file, when it is not `text`.
pub fn check(path: &Path, text: &str) -> anyhow::Result<()> {
    let committed = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    if committed == text {
        return Ok(());
    }
    let line = committed
        .lines()
        .zip(text.lines())
        .take_while(|(old, new)| old == new)
        .count();
    bail!(
        "{} is out of date from line {} on: run the composition and commit the result",
        path.display(),
        line + 1,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_names_the_file_and_the_line() {
        let path = std::env::temp_dir().join(format!("drift-{}.graphql", std::process::id()));
        write(&path, "a\nb\n").unwrap();
        check(&path, "a\nb\n").unwrap();
        let error = check(&path, "a\nc\n").unwrap_err().to_string();
        assert!(error.contains("drift-") && error.contains("line 2"), "{error}");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_missing_file_is_drift() {
        assert!(check(Path::new("/nonexistent/supergraph.graphql"), "").is_err());
    }
}
