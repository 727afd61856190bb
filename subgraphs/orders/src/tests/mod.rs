//! The service against a real Postgres and a fake of the other services.

mod flows;
mod privacy;
mod world;
