//! Sudden death at a named point, for tests of recovery.

use crate::Settings;

/// Kills this process with SIGKILL if the settings name this point.
pub fn point(settings: &Settings, name: &str) {
    if settings.crash_at.as_deref() == Some(name) {
        tracing::error!(point = name, "dying on request");
        let pid = std::process::id().to_string();
        let killed = std::process::Command::new("kill").args(["-9", &pid]).status();
        // Only reached where there is no `kill`.
        tracing::error!(?killed, "kill did not work");
        std::process::abort();
    }
}
