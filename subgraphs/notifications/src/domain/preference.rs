//! What people may switch off.

use super::types::{Channel, NotificationCategory};
use NotificationCategory::{
    Account, LowStock, Order, Payment, Promotion, Return, Security, Shipping, System, Vendor,
};

pub const CATEGORIES: [NotificationCategory; 10] = [
    Order, Payment, Shipping, Return, Account, Security, Promotion, LowStock, Vendor, System,
];
pub const CHANNELS: [Channel; 2] = [Channel::InApp, Channel::Email];

/// Transactional messages are part of what was bought: they are always sent.
pub fn locked(category: NotificationCategory) -> bool {
    matches!(category, Order | Payment | Shipping | Return | Account | Security)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_needs_can_be_switched_off() {
        let free: Vec<_> = CATEGORIES.into_iter().filter(|c| !locked(*c)).collect();
        assert_eq!(free, [Promotion, LowStock, Vendor, System]);
    }
}
