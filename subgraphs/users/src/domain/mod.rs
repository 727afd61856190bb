//! Rules without I/O: who may become what, what counts, what is a password.

pub mod benefits;
pub mod credentials;
pub mod device;
pub mod loyalty;
pub mod permissions;
pub mod points;
pub mod throttle;
pub mod tier_rules;
pub mod vendor;
pub mod vip;
