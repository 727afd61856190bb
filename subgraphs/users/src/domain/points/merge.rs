//! Two books become one.

use super::Book;
use crate::domain::loyalty::LoyaltyTxKind;
use platform::ids::CustomerId;
use std::collections::BTreeMap;

/// Why points moved from a guest to an account.
const MERGED: &str = "a guest became part of the account";

/// [`Book::take_over`] of two open books; as often as needed.
pub fn books(books: &mut BTreeMap<CustomerId, Book>, guest: CustomerId, account: CustomerId) {
    if guest == account {
        return;
    }
    let Some(mut from) = books.remove(&guest) else {
        return;
    };
    if let Some(to) = books.get_mut(&account) {
        to.take_over(&mut from);
    }
    books.insert(guest, from);
}

impl Book {
    /// A guest has become part of this account: so have the guest's points, with the days they have left. What is held
    /// for a checkout stays until that ends; what comes back of it then is taken over, too.
    pub fn take_over(&mut self, guest: &mut Self) {
        let (available, pending) = (guest.available, guest.pending);
        if available + pending > self.room() {
            return;
        }
        for lot in guest.lots.iter_mut().filter(|lot| lot.remaining > 0) {
            let points = std::mem::take(&mut lot.remaining);
            self.open_lot(points, lot.expires_at);
            self.write(
                LoyaltyTxKind::Adjust,
                points,
                (points, 0, 0),
                None,
                Some(lot.expires_at),
            );
            self.explain(MERGED);
        }
        if pending > 0 {
            self.write(LoyaltyTxKind::Adjust, pending, (0, pending, 0), None, None);
            self.explain(MERGED);
        }
        if available + pending > 0 {
            let points = available + pending;
            guest.write(
                LoyaltyTxKind::Adjust,
                -points,
                (-available, -pending, 0),
                None,
                None,
            );
            guest.explain(MERGED);
        }
        self.lifetime = self.lifetime.saturating_add(std::mem::take(&mut guest.lifetime));
        self.owed = self.owed.saturating_add(std::mem::take(&mut guest.owed));
        self.collect(None);
    }

    fn explain(&mut self, reason: &str) {
        if let Some(line) = self.lines.last_mut() {
            line.reason = Some(reason.to_owned());
        }
    }
}
