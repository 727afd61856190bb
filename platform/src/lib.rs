//! What would be wrong in all eight services if it changed: the service host, identity of the caller, errors,
//! pages, money, IDs, transactions with outbox and inbox, commands between services, telemetry.
//!
//! No SQL of a service, no entity, no business rule lives here.

pub mod address;
pub mod client;
pub mod commands;
pub mod config;
pub mod db;
pub mod error;
pub mod events;
pub mod http;
pub mod idempotency;
pub mod ids;
pub mod live;
pub mod loader;
pub mod money;
pub mod page;
pub mod privacy;
pub mod revocation;
pub mod scalars;
pub mod service;
pub mod storage;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod token;
pub mod viewer;
pub mod worker;

pub use address::{AddressInput, PostalAddress};
pub use commands::{Command, CommandError, Commands};
pub use db::{Db, Moment, Tx};
pub use error::{Error, Fault, Outcome, UserError, UserErrorCode};
pub use money::{Currency, Money};
pub use scalars::{Country, Date, Language, MinorUnits, Words};
pub use service::{Deps, Service};
pub use viewer::{Role, Viewer};
