//! The launcher: what `agora up`, `serve`, `migrate`, `seed`, `import`, `search` and `doctor` are made of.

pub mod client;
pub mod database;
pub mod doctor;
pub mod home;
pub mod import;
pub mod postgres;
pub mod router;
pub mod sandbox_role;
pub mod search;
pub mod seed;
pub mod serve;
pub mod services;
pub mod settings;
pub mod state;
pub mod up;
