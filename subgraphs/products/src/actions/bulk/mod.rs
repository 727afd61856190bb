//! A vendor's whole catalogue as a file, in and out; and the reviews of a shop, in.

pub mod export;
pub mod jobs;
pub mod links;
pub mod reviews;
pub mod step;
pub mod upload;
