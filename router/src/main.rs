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
    tokio,
};
use std::time::Duration;

configure_global_allocator!();

/// Stack of a worker. A WebSocket frame of 64 KiB can nest JSON 65,000 deep, and it is read by recursion.
const STACK: &str = "67108864";

/// When the server has put up its handlers.
const HANDLERS: Duration = Duration::from_secs(2);

/// A stack overflow shall end the process, and whoever runs the router starts it again. ntex would write a backtrace on
/// the overflowed stack instead: that never ends, and the worker is lost.
async fn die_of_stack_overflows() {
    tokio::time::sleep(HANDLERS).await;
    // SAFETY: no handler of ours runs, the default action is the kernel's.
    unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
}

fn main() -> Result<(), RouterInitError> {
    if std::env::var_os("RUST_MIN_STACK").is_none() {
        // SAFETY: there is no other thread yet that could read the environment.
        unsafe { std::env::set_var("RUST_MIN_STACK", STACK) };
    }
    run()
}

#[hive_router::main]
async fn run() -> Result<(), RouterInitError> {
    init_rustls_crypto_provider();
    ntex::rt::spawn(die_of_stack_overflows());
    router_entrypoint(plugins::registry()).await
}
