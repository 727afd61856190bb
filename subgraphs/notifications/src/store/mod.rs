//! All SQL of the service.

pub mod announcements;
pub mod deliveries;
pub mod mailboxes;
pub mod notifications;
pub mod preferences;
pub mod privacy;
pub mod templates;
pub mod vendor_messages;
