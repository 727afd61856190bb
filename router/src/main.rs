//! The Agora router: Hive Router as a library, with our plugins.
//!
//! Configuration is `router.config.yaml` in the working directory, or the file named by
//! `ROUTER_CONFIG_FILE_PATH`.

// ntex nests one type per middleware.
#![recursion_limit = "256"]

mod plugins;

use hive_router::error::RouterInitError;
use hive_router::{
    RouterGlobalAllocator, configure_global_allocator, init_rustls_crypto_provider, ntex, router_entrypoint,
};

configure_global_allocator!();

#[hive_router::main]
async fn main() -> Result<(), RouterInitError> {
    init_rustls_crypto_provider();
    router_entrypoint(plugins::registry()).await
}
