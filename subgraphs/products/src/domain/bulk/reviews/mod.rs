//! Reviews as a file: what a line says, and what becomes of the review it is about.

pub mod document;
pub mod plan;
