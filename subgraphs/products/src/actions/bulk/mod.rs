//! A vendor's whole catalogue as a file, in and out.

pub mod export;
pub mod jobs;
pub mod links;
pub mod step;
pub mod upload;
