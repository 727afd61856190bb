//! What people who bought somewhere else thought of the products: a file of reviews, as a shop brings them along.

use super::{
    dice::{Dice, topics},
    generated::{self, Kind},
    people,
};
use serde_json::{Value, json};

/// Reviews of a hundred products: of most few, of some many; ten on average.
const CROWDS: [(usize, usize, usize); 5] = [(10, 0, 0), (30, 1, 5), (35, 6, 12), (20, 13, 23), (5, 24, 70)];
/// Stars of a hundred reviews.
const STARS: [(i32, usize); 5] = [(5, 46), (4, 27), (3, 13), (2, 6), (1, 8)];
/// One in so many waits for staff.
const HELD: usize = 500;
/// 2019-01-01 and the seconds of six years: the same whenever the shop is made.
const BEGIN: i64 = 1_546_300_800;
const YEARS: usize = 6 * 365 * 86_400;

const TITLES: [&[&str]; 5] = [
    &[
        "Broken on arrival",
        "Do not buy",
        "Not as described",
        "Sent it back",
    ],
    &["Disappointed", "Expected more", "Not for me", "Could be better"],
    &["Fine", "It is all right", "Does the job", "Mixed feelings"],
    &[
        "Good",
        "Well made",
        "Happy with it",
        "Nearly perfect",
        "Nice gift",
    ],
    &[
        "A favourite",
        "Exactly as described",
        "Excellent",
        "Would buy again",
        "Better than I hoped",
        "Lovely",
    ],
];
const VERDICTS: [&[&str]; 5] = [
    &[
        "It did not last a week.",
        "I have asked for my money back.",
        "Nothing about it is like the picture.",
    ],
    &[
        "For the price I had hoped for more.",
        "It looks better than it is.",
        "I use it less than I thought I would.",
    ],
    &[
        "It does what it should, no more.",
        "Nothing wrong with it, nothing special either.",
        "I have seen better and worse.",
    ],
    &[
        "I would recommend it.",
        "Solid, and better in the hand than in the picture.",
        "One small thing short of perfect.",
    ],
    &[
        "I gave one away and had to order a second.",
        "I would not change a thing.",
        "It has been in use every day since.",
        "My whole family wants one now.",
    ],
];
const DELIVERIES: [&str; 5] = [
    "Arrived a day early, well packed.",
    "Delivery took a little longer than promised.",
    "The box could be smaller.",
    "Came without a scratch.",
    "",
];

fn detail(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Book => &[
            "The paper is good to the touch.",
            "I read it in two evenings.",
            "The middle part is a bit long.",
            "Set in a type that is easy on the eyes.",
        ],
        Kind::Clothes => &[
            "It runs a little large.",
            "Kept its shape after ten washes.",
            "The colour is deeper than on the screen.",
            "The seams are neat.",
        ],
        Kind::Gift => &[
            "Bought for my sister, who uses it daily.",
            "Heavier than it looks.",
            "It stands on my desk now.",
            "Made with care.",
        ],
        Kind::Laptop => &[
            "The fan is hardly ever heard.",
            "The keyboard is a pleasure.",
            "A working day on one charge.",
            "The screen could be brighter.",
        ],
        Kind::Mobile => &[
            "The camera is good even at night.",
            "Fits my hand.",
            "The battery lasts until the evening.",
            "Calls are loud and clear.",
        ],
    }
}

/// Reviews of the first `products` products, product by product.
pub(super) fn lines(products: usize, seed: u64) -> impl Iterator<Item = Value> {
    (0..products).flat_map(move |index| of(index, seed))
}

/// How many that is.
pub(super) fn count(products: usize, seed: u64) -> usize {
    (0..products).map(|index| crowd(&mut dice(index, seed))).sum()
}

fn dice(index: usize, seed: u64) -> Dice {
    Dice::new(seed, topics::REVIEWS + index as u64)
}

fn crowd(dice: &mut Dice) -> usize {
    let (_, least, most) = share(dice, CROWDS, |(share, ..)| share);
    least + dice.roll(most - least + 1)
}

/// One of several that together are a hundred.
fn share<T: Copy, const N: usize>(dice: &mut Dice, all: [T; N], of: impl Fn(T) -> usize) -> T {
    let mut left = dice.roll(100);
    for one in all {
        match left.checked_sub(of(one)) {
            Some(rest) => left = rest,
            None => return one,
        }
    }
    all[N - 1]
}

fn of(index: usize, seed: u64) -> impl Iterator<Item = Value> {
    let mut dice = dice(index, seed);
    let (slug, kind) = (generated::slug(index), generated::kind(index));
    (0..crowd(&mut dice)).map(move |number| {
        let (stars, _) = share(&mut dice, STARS, |(_, share)| share);
        let of_stars = stars as usize - 1;
        let text = [
            *dice.pick(VERDICTS[of_stars]),
            *dice.pick(detail(kind)),
            *dice.pick(&DELIVERIES),
        ];
        let at = chrono::DateTime::from_timestamp(BEGIN + dice.roll(YEARS) as i64, 0);
        let status = if dice.roll(HELD) == 0 {
            "PENDING"
        } else {
            "PUBLISHED"
        };
        json!({
            "key": format!("seed-{}-{number}", index + 1), "product": slug, "rating": stars,
            "title": dice.pick(TITLES[of_stars]), "body": text.join(" ").trim_end(), "locale": "en-GB",
            "createdAt": at, "author": people::signature(&mut dice), "status": status
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_every_time_and_about_ten_each() {
        assert!(lines(100, 7).eq(lines(100, 7)));
        assert!(lines(100, 7).ne(lines(100, 8)));
        let all = count(10_000, 1);
        assert!((95_000..105_000).contains(&all), "{all}");
        assert_eq!(lines(300, 1).count(), count(300, 1));
        let keys: std::collections::BTreeSet<String> =
            lines(300, 1).map(|line| line["key"].to_string()).collect();
        assert_eq!(keys.len(), count(300, 1));
    }
}
