//! A vendor's whole catalogue as a file, in and out; and the reviews of a shop, in.

pub mod cleaning;
pub mod export;
pub mod export_jobs;
pub mod jobs;
mod reading;
pub mod reviews;
pub mod step;
pub mod uploads;
