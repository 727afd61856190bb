//! The book of a points account: every operation writes lines whose sums are the counters, and no counter falls
//! below zero whatever the order of operations.

use crate::domain::loyalty::LoyaltyTxKind;
use chrono::{DateTime, Utc};
use platform::ids::OrderId;
use uuid::Uuid;

pub mod merge;

/// Most points an account has in all: the counters are 32-bit numbers.
const MOST: i32 = 2_000_000_000;

/// Points that became available together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    pub id: Uuid,
    /// What it began with.
    pub points: i32,
    /// What is left of it.
    pub remaining: i32,
    pub expires_at: DateTime<Utc>,
}

/// A part of a lot.
pub type Part = (Uuid, i32);

/// A line of the ledger to be. `available`, `pending` and `held` are what it does to the counters.
#[derive(Clone, Debug)]
pub struct Line {
    pub kind: LoyaltyTxKind,
    /// As it is shown.
    pub points: i32,
    pub available: i32,
    pub pending: i32,
    pub held: i32,
    pub order: Option<OrderId>,
    pub expires_at: Option<DateTime<Utc>>,
    /// When it happened, if that was not just now.
    pub at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
    pub actor: Option<String>,
}

/// Counters, lots and the lines written since it was opened.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub available: i32,
    pub pending: i32,
    pub held: i32,
    /// Points ever earned, less those taken back.
    pub lifetime: i32,
    /// Points to be taken from the next ones: they had been spent when their order was refunded.
    pub owed: i32,
    /// Soonest to expire first.
    pub lots: Vec<Lot>,
    pub lines: Vec<Line>,
}

impl Book {
    /// Points that an order will bring; answers how many fit in.
    pub fn promise(&mut self, points: i32, order: OrderId) -> i32 {
        let points = points.min(self.room()).max(0);
        if points > 0 {
            self.write(
                LoyaltyTxKind::EarnPending,
                points,
                (0, points, 0),
                Some(order),
                None,
            );
        }
        points
    }

    /// The return window of an order was over at `at`: its pending points can be spent until `expires_at`.
    pub fn mature(&mut self, points: i32, order: OrderId, at: DateTime<Utc>, expires_at: DateTime<Utc>) {
        let points = points.min(self.pending);
        if points <= 0 {
            return;
        }
        self.open_lot(points, expires_at);
        self.lifetime = self.lifetime.saturating_add(points);
        let deltas = (points, -points, 0);
        self.write(LoyaltyTxKind::Earn, points, deltas, Some(order), Some(expires_at));
        self.date(at);
        self.collect(Some(order));
    }

    /// Sets points aside, soonest to expire first. `Err`: so many are available.
    pub fn hold(&mut self, points: i32, order: OrderId) -> Result<Vec<Part>, i32> {
        if points < 0 || points > self.available {
            return Err(self.available);
        }
        let parts = self.draw(points);
        self.write(
            LoyaltyTxKind::Hold,
            -points,
            (-points, 0, points),
            Some(order),
            None,
        );
        Ok(parts)
    }

    /// Gives held points back to their lots.
    pub fn release(&mut self, parts: &[Part], order: OrderId) {
        let mut points = 0;
        for (id, part) in parts {
            if let Some(lot) = self.lots.iter_mut().find(|lot| lot.id == *id) {
                lot.remaining += part;
                points += part;
            }
        }
        self.write(
            LoyaltyTxKind::Release,
            points,
            (points, 0, -points),
            Some(order),
            None,
        );
        self.collect(Some(order));
    }

    /// Held points are spent.
    pub fn redeem(&mut self, points: i32, order: OrderId) {
        self.write(LoyaltyTxKind::Redeem, -points, (0, 0, -points), Some(order), None);
    }

    /// The order was called off: the points spent on it come back, as good as new.
    pub fn give_back(&mut self, points: i32, order: OrderId, expires_at: DateTime<Utc>) {
        let points = points.min(self.room());
        if points <= 0 {
            return;
        }
        self.open_lot(points, expires_at);
        let deltas = (points, 0, 0);
        self.write(
            LoyaltyTxKind::Reverse,
            points,
            deltas,
            Some(order),
            Some(expires_at),
        );
        self.collect(Some(order));
    }

    /// A refund takes back points that are still pending.
    pub fn break_promise(&mut self, points: i32, order: OrderId) {
        let points = points.min(self.pending);
        if points > 0 {
            self.write(
                LoyaltyTxKind::Reverse,
                -points,
                (0, -points, 0),
                Some(order),
                None,
            );
        }
    }

    /// A refund takes back points that could be spent; those that were are owed.
    pub fn take_back(&mut self, points: i32, order: OrderId) {
        self.owed = self.owed.saturating_add(points.max(0));
        self.lifetime = (self.lifetime - points.max(0)).max(0);
        self.collect(Some(order));
    }

    /// Staff adds or takes points, `by` a reason and a person. `Err`: so many could be moved that way.
    pub fn adjust(
        &mut self,
        points: i32,
        expires_at: DateTime<Utc>,
        by: (String, String),
    ) -> Result<(), i32> {
        if points > self.room() {
            return Err(self.room());
        }
        if -points > self.available {
            return Err(self.available);
        }
        let lot = (points > 0).then_some(expires_at);
        match lot {
            Some(expires_at) => self.open_lot(points, expires_at),
            None => drop(self.draw(-points)),
        }
        self.write(LoyaltyTxKind::Adjust, points, (points, 0, 0), None, lot);
        self.sign(by);
        self.collect(None);
        Ok(())
    }

    /// Lots that are too old are worth nothing.
    pub fn expire(&mut self, now: DateTime<Utc>) {
        let due = self
            .lots
            .iter_mut()
            .filter(|lot| lot.expires_at <= now && lot.remaining > 0);
        let due: Vec<_> = due
            .map(|lot| (std::mem::take(&mut lot.remaining), lot.expires_at))
            .collect();
        for (points, at) in due {
            self.write(LoyaltyTxKind::Expire, -points, (-points, 0, 0), None, None);
            self.date(at);
        }
    }

    /// Takes what is owed from what there is.
    fn collect(&mut self, order: Option<OrderId>) {
        let points = self.owed.min(self.available);
        if points > 0 {
            self.owed -= points;
            self.draw(points);
            self.write(LoyaltyTxKind::Reverse, -points, (-points, 0, 0), order, None);
        }
    }

    /// Reason and actor of the last line.
    fn sign(&mut self, (reason, actor): (String, String)) {
        if let Some(line) = self.lines.last_mut() {
            (line.reason, line.actor) = (Some(reason), Some(actor));
        }
    }

    /// The last line happened at `at`, however late it is written.
    fn date(&mut self, at: DateTime<Utc>) {
        if let Some(line) = self.lines.last_mut() {
            line.at = Some(at);
        }
    }

    fn room(&self) -> i32 {
        MOST - self.available - self.pending - self.held
    }

    fn open_lot(&mut self, points: i32, expires_at: DateTime<Utc>) {
        let at = self.lots.partition_point(|lot| lot.expires_at <= expires_at);
        let id = Uuid::now_v7();
        let lot = Lot {
            id,
            points,
            remaining: points,
            expires_at,
        };
        self.lots.insert(at, lot);
    }

    /// Takes points out of the lots, which hold what is available.
    fn draw(&mut self, points: i32) -> Vec<Part> {
        let mut left = points;
        let mut parts = Vec::new();
        for lot in &mut self.lots {
            let part = lot.remaining.min(left);
            if part > 0 {
                lot.remaining -= part;
                left -= part;
                parts.push((lot.id, part));
            }
        }
        parts
    }

    fn write(
        &mut self,
        kind: LoyaltyTxKind,
        points: i32,
        (available, pending, held): (i32, i32, i32),
        order: Option<OrderId>,
        expires_at: Option<DateTime<Utc>>,
    ) {
        self.available += available;
        self.pending += pending;
        self.held += held;
        self.lines.push(Line {
            kind,
            points,
            available,
            pending,
            held,
            order,
            expires_at,
            at: None,
            reason: None,
            actor: None,
        });
    }
}

#[cfg(test)]
mod tests;
