//! The way out: every HTTP client of Agora is made here.

use std::time::Duration;

/// A client that gives up after `timeout`, follows no redirect, and uses ring for TLS.
pub fn client(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    use_ring();
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout.min(Duration::from_secs(2)))
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// Makes ring the process's TLS provider; without one, TLS panics at its first use.
pub fn use_ring() {
    // An error says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
