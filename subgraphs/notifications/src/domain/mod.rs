//! What a message is and says, who gets it and how often it is tried: without I/O.

pub mod delivery;
pub mod draft;
pub mod preference;
pub mod template;
pub mod token;
pub mod topic;
pub mod types;
