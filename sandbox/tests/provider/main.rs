//! The provider over HTTP, as a shop and its customer see it.
#![expect(clippy::unwrap_used, reason = "in a test, unwrap is the assertion")]

mod customers;
mod delivery;
mod keys;
mod money;
mod payments;
mod restart;
mod support;
