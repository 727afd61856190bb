//! SQL of imports and exports: a fixed number of statements however many products there are.

pub mod export;
pub mod jobs;
pub mod load;
pub mod pieces;
pub mod report;
pub mod reviews;
pub mod write;
