//! The service against a real Postgres and a fake of the other services.

mod completion;
mod deaths;
mod flows;
mod gifts;
mod guest_access;
mod guests;
mod privacy;
mod reversals;
mod world;
