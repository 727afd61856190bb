//! Whatever happens in whatever order, the ledger explains the counters and none falls below zero.

use super::*;
use chrono::TimeDelta;
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Copy, Debug)]
enum Op {
    Earn(usize, i32),
    Mature(usize),
    Refund(usize, i32),
    Hold(usize, i32),
    Release(usize),
    Redeem(usize),
    Cancel(usize),
    Adjust(i32),
    Wait(i64),
}

fn op() -> impl Strategy<Value = Op> {
    let order = 0..6_usize;
    prop_oneof![
        (order.clone(), 1..500).prop_map(|(o, n)| Op::Earn(o, n)),
        order.clone().prop_map(Op::Mature),
        (order.clone(), 1..500).prop_map(|(o, n)| Op::Refund(o, n)),
        (order.clone(), 0..500).prop_map(|(o, n)| Op::Hold(o, n)),
        order.clone().prop_map(Op::Release),
        order.clone().prop_map(Op::Redeem),
        order.prop_map(Op::Cancel),
        (-300..300).prop_map(Op::Adjust),
        (1..40_i64).prop_map(Op::Wait),
    ]
}

fn by() -> (String, String) {
    ("reason".to_owned(), "staff".to_owned())
}

/// What the service knows about each order besides the book.
#[derive(Default)]
struct World {
    book: Book,
    now: DateTime<Utc>,
    /// Earned, taken back, matured.
    orders: HashMap<usize, (OrderId, i32, i32, bool)>,
    held: HashMap<usize, (OrderId, Vec<Part>)>,
    spent: HashMap<usize, (OrderId, i32)>,
    refunded: i64,
    collected: i64,
}

impl World {
    fn apply(&mut self, op: Op) {
        let later = self.now + TimeDelta::days(30);
        match op {
            Op::Earn(o, n) => {
                if let std::collections::hash_map::Entry::Vacant(free) = self.orders.entry(o) {
                    let id = OrderId::new();
                    free.insert((id, self.book.promise(n, id), 0, false));
                }
            }
            Op::Mature(o) => {
                if let Some((id, earned, reversed, matured)) = self.orders.get_mut(&o).filter(|row| !row.3) {
                    *matured = true;
                    self.book.mature(*earned - *reversed, *id, self.now, later);
                }
            }
            Op::Refund(o, n) => {
                if let Some((id, earned, reversed, matured)) = self.orders.get_mut(&o) {
                    let n = n.min(*earned - *reversed);
                    *reversed += n;
                    if *matured {
                        self.refunded += i64::from(n);
                        self.book.take_back(n, *id);
                    } else {
                        self.book.break_promise(n, *id);
                    }
                }
            }
            Op::Hold(o, n) if !self.held.contains_key(&o) => {
                let id = OrderId::new();
                let available = self.book.available;
                match self.book.hold(n, id) {
                    Ok(parts) => {
                        assert_eq!(parts.iter().map(|part| part.1).sum::<i32>(), n);
                        self.held.insert(o, (id, parts));
                    }
                    Err(left) => assert!(left == available && left < n),
                }
            }
            Op::Hold(..) => {}
            Op::Release(o) => {
                if let Some((id, parts)) = self.held.remove(&o) {
                    self.book.release(&parts, id);
                }
            }
            Op::Redeem(o) => {
                if let Some((id, parts)) = self.held.remove(&o) {
                    let points = parts.iter().map(|part| part.1).sum();
                    self.book.redeem(points, id);
                    self.spent.insert(o, (id, points));
                }
            }
            Op::Cancel(o) => {
                if let Some((id, points)) = self.spent.remove(&o) {
                    self.book.give_back(points, id, later);
                }
            }
            Op::Adjust(n) => drop(self.book.adjust(n, later, by())),
            Op::Wait(days) => {
                self.now += TimeDelta::days(days);
                self.book.expire(self.now);
            }
        }
    }

    fn check(&mut self) {
        let book = &self.book;
        let sum = |of: fn(&Line) -> i32| book.lines.iter().map(of).sum::<i32>();
        assert_eq!(sum(|line| line.available), book.available);
        assert_eq!(sum(|line| line.pending), book.pending);
        assert_eq!(sum(|line| line.held), book.held);
        for counter in [book.available, book.pending, book.held, book.lifetime, book.owed] {
            assert!(counter >= 0, "{book:?}");
        }
        let lots: i32 = book.lots.iter().map(|lot| lot.remaining).sum();
        assert_eq!(lots, book.available, "the lots hold what is available");
        assert!(
            book.lots
                .iter()
                .all(|lot| (0..=lot.points).contains(&lot.remaining))
        );
        assert!(book.lots.is_sorted_by_key(|lot| lot.expires_at));
        assert!(
            book.owed == 0 || book.available == 0,
            "debts are collected at once"
        );
        let promised: i32 = self
            .orders
            .values()
            .filter(|row| !row.3)
            .map(|row| row.1 - row.2)
            .sum();
        assert_eq!(promised, book.pending);
        let set_aside: i32 = self
            .held
            .values()
            .flat_map(|(_, parts)| parts)
            .map(|part| part.1)
            .sum();
        assert_eq!(set_aside, book.held);
        self.collected = book
            .lines
            .iter()
            .filter(|line| line.kind == LoyaltyTxKind::Reverse && line.available < 0)
            .map(|line| -i64::from(line.available))
            .sum();
        assert_eq!(
            self.refunded,
            self.collected + i64::from(book.owed),
            "no debt is lost or doubled"
        );
    }
}

proptest! {
    #[test]
    fn no_order_of_operations_breaks_the_book(ops in prop::collection::vec(op(), 1..120)) {
        let mut world = World::default();
        for op in ops {
            world.apply(op);
            world.check();
        }
    }
}

#[test]
fn points_that_expire_first_are_spent_first_and_keep_their_date_when_released() {
    let day = |n: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(n);
    let mut book = Book::default();
    book.adjust(10, day(20), by()).unwrap();
    book.adjust(10, day(10), by()).unwrap();
    let order = OrderId::new();
    let parts = book.hold(15, order).unwrap();
    assert_eq!(parts.iter().map(|part| part.1).collect::<Vec<_>>(), [10, 5]);
    book.release(&parts, order);
    book.expire(day(10));
    assert_eq!(book.available, 10);
    book.expire(day(20));
    assert_eq!(book.available, 0);
}

#[test]
fn spent_points_of_a_refunded_order_are_taken_from_the_next_ones() {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    let (first, second, third) = (OrderId::new(), OrderId::new(), OrderId::new());
    let mut book = Book::default();
    book.promise(100, first);
    book.mature(100, first, at, at);
    book.hold(80, second).unwrap();
    book.redeem(80, second);
    book.take_back(100, first);
    assert_eq!((book.available, book.owed), (0, 80));
    book.promise(90, third);
    book.mature(90, third, at, at);
    assert_eq!((book.available, book.owed, book.lifetime), (10, 0, 90));
}

#[test]
fn an_account_does_not_overflow() {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    let mut book = Book::default();
    assert_eq!(book.promise(i32::MAX, OrderId::new()), MOST);
    assert_eq!(book.adjust(1, at, by()), Err(0));
    assert_eq!(book.promise(1, OrderId::new()), 0);
}

#[test]
fn a_guests_points_come_along_once_and_pay_its_debts() {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    let (mut account, mut guest) = (Book::default(), Book::default());
    guest.adjust(50, at, by()).unwrap();
    guest.promise(30, OrderId::new());
    guest.hold(10, OrderId::new()).unwrap();
    account.take_back(15, OrderId::new());
    for _ in 0..2 {
        account.take_over(&mut guest);
        assert_eq!((account.available, account.pending, account.owed), (25, 30, 0));
        assert_eq!((guest.available, guest.pending, guest.held), (0, 0, 10));
    }
    for book in [&account, &guest] {
        assert_eq!(
            book.lines.iter().map(|line| line.available).sum::<i32>(),
            book.available
        );
        assert_eq!(
            book.lines.iter().map(|line| line.pending).sum::<i32>(),
            book.pending
        );
        assert_eq!(
            book.lots.iter().map(|lot| lot.remaining).sum::<i32>(),
            book.available
        );
    }
}
