//! The service against a real Postgres and a fake of the other services.

mod flows;
mod guests;
mod privacy;
mod reversals;
mod world;
