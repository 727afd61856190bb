//! The catalogue of a vendor, or the reviews of the shop, as a file: what a line says, and what becomes of what it is
//! about.

pub mod apply;
pub mod catalogue;
pub mod cells;
pub mod content;
pub mod csv;
pub mod document;
pub mod entry;
pub mod export;
pub mod files;
pub mod item;
pub mod job;
pub mod prices;
pub mod records;
pub mod reviews;
pub mod steps;
pub mod variant;

#[cfg(test)]
mod tests;
