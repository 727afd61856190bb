//! What happens to messages, preferences, templates and announcements.

pub mod announcements;
pub mod crowd;
pub mod deliver;
pub mod links;
pub mod mailboxes;
pub mod notify;
pub mod preferences;
pub mod reading;
pub mod sending;
pub mod templates;
pub mod topics;
pub mod vendors;
