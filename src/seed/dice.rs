//! Chance that falls the same every time for a seed number.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

pub(super) struct Dice(ChaCha8Rng);

/// Where the topics of each thing begin.
pub(super) mod topics {
    pub const ORDERS: u64 = 1_000;
    pub const OPINIONS: u64 = 2_000_000;
    pub const VOTES: u64 = 3_000_000;
    pub const STOCK: u64 = 4_000_000_000;
    pub const PRODUCT: u64 = 100_000;
    pub const REVIEWS: u64 = 200_000_000;
}

impl Dice {
    /// Each `topic` has its own, so that more of one thing does not change another.
    pub fn new(seed: u64, topic: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed.rotate_left(32) ^ topic))
    }

    /// 0 to `sides - 1`.
    pub fn roll(&mut self, sides: usize) -> usize {
        (self.0.next_u64() % sides.max(1) as u64) as usize
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}
