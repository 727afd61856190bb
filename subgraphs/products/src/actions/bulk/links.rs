//! Links that are good for one thing for a while, for whoever has them.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use platform::Deps;

/// How long a link works.
const LIFE: Duration = Duration::hours(1);

/// A link to `path` of this service, and when it ends.
pub fn make(deps: &Deps, path: &str) -> (String, DateTime<Utc>) {
    let expires = (Utc::now() + LIFE).trunc_subsecs(0);
    let signature = deps
        .settings
        .service_key
        .sign(&message(path, expires.timestamp()));
    let base = deps
        .settings
        .urls
        .get(crate::NAME)
        .unwrap_or(&deps.settings.public_url);
    let base = base.trim_end_matches('/');
    let link = format!(
        "{base}{path}?expires={}&signature={signature}",
        expires.timestamp()
    );
    (link, expires)
}

/// Whether a link was made here and has not ended.
pub fn is_good(deps: &Deps, path: &str, expires: i64, signature: &str) -> bool {
    let known = deps
        .settings
        .service_key
        .has_signed(&message(path, expires), signature);
    known && Utc::now().timestamp() < expires
}

fn message(path: &str, expires: i64) -> String {
    format!("{}{path}?{expires}", crate::NAME)
}
