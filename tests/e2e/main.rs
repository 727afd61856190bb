//! The whole supergraph, over the network, through the router.

mod architecture;
mod counts;
mod crashes;
mod import;
mod journey;
mod launcher;
mod refusals;
mod separate;
mod support;
