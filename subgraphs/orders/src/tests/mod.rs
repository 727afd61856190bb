//! The service against a real Postgres and a fake of the other services.

mod flows;
mod reversals;
mod world;
