//! All SQL of the service.

pub mod announcements;
pub mod crowd;
pub mod deliveries;
pub mod mailboxes;
pub mod notifications;
pub mod preferences;
pub mod privacy;
pub mod templates;
pub mod topics;
pub mod vendor_messages;
