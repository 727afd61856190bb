//! The service against a real Postgres and a fake of the other services.

mod flows;
mod guests;
mod reversals;
mod privacy;
mod world;
