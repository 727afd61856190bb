//! The service over a real database and the real sandbox provider, without the other services.

mod api;
mod books;
mod coupons;
mod flow;
mod hooks;
mod privacy;
mod service;
mod support;

/// Fails when the committed SDL is not what the code says; `UPDATE_SDL=1` rewrites it.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a switch for developers")]
async fn the_committed_sdl_is_current() {
    let shop = support::shop_without_provider().await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let sdl = platform::service::sdl(&shop.schema);
    if std::env::var("UPDATE_SDL").is_ok() {
        std::fs::write(path, &sdl).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == sdl,
        "run with UPDATE_SDL=1"
    );
}
