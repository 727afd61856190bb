//! The launcher: what `agora up`, `serve`, `migrate`, `seed`, `import`, `catalog`, `reviews`, `search` and `doctor` are made of.

pub mod catalog;
pub mod client;
pub mod database;
pub mod doctor;
pub mod home;
pub mod import;
pub mod media_role;
pub mod operator;
pub mod postgres;
pub mod reviews;
pub mod router;
pub mod sandbox_role;
pub mod search;
pub mod seed;
pub mod serve;
pub mod services;
pub mod settings;
pub mod state;
pub mod up;
pub mod upload;
