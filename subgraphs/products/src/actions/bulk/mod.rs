//! A vendor's whole catalogue as a file, in and out.

pub mod cleaning;
pub mod export;
pub mod export_jobs;
pub mod jobs;
pub mod step;
pub mod uploads;
