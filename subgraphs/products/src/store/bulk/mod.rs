//! SQL of imports and exports: a fixed number of statements however many products there are.

pub mod export;
pub mod export_jobs;
pub mod jobs;
pub mod load;
pub mod report;
pub mod reviews;
pub mod uploads;
pub mod write;
