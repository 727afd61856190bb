//! The whole supergraph, over the network, through the router.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod accounts;
mod architecture;
mod authorization;
mod counts;
mod crashes;
mod hostile;
mod import;
mod journey;
mod launcher;
mod privacy;
mod refusals;
mod seed;
mod separate;
mod support;
