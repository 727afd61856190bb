//! Fuzzing on stable Rust: mutations of valid samples, which get further than noise. Every failure prints the seed that
//! repeats it. `AGORA_FUZZ_SECONDS` runs each target for so long instead of for its usual cases.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::{Duration, Instant},
};

const CASES: u64 = 3_000;
const MAX_BYTES: usize = 64 * 1024;

/// What parsers have stumbled over before.
const WORDS: [&str; 46] = [
    "",
    "\0",
    "\n",
    "\r\n",
    "\t",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "\\u{0}",
    ",",
    ":",
    ";",
    "=",
    ".",
    "..",
    "/",
    "_",
    "|",
    "[",
    "]",
    "{",
    "}",
    "{}",
    "[]",
    "null",
    "true",
    "-",
    "-0",
    "0",
    "1",
    "-1",
    "1e999",
    "-1e-999",
    "1.5",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "NaN",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "e\u{301}\u{1f600}",
];

/// A small generator of numbers (SplitMix64), so that a seed means the same for ever.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, 0 if there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.roll() % bound).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.below(of.len());
        of.get(at)
    }
}

/// Runs `target` with mutations of the samples. It must not panic, and may assert what holds for every input.
pub fn run(samples: &[&[u8]], mut target: impl FnMut(&[u8])) {
    for sample in samples {
        target(sample);
    }
    let until = seconds().map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let first = until.map_or(0, |_| std::process::id().into());
    let mut case = 0;
    while until.map_or(case < CASES, |until| Instant::now() < until) {
        let seed = first * 1_000_003 + case;
        let input = mutated(&mut Dice::new(seed), samples);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(&input))) {
            eprintln!("seed {seed}, input {:?}", String::from_utf8_lossy(&input));
            resume_unwind(panic);
        }
        case += 1;
    }
    if until.is_some() {
        eprintln!("{case} cases");
    }
}

/// The same with text.
pub fn run_text(samples: &[&str], mut target: impl FnMut(&str)) {
    let samples: Vec<&[u8]> = samples.iter().map(|sample| sample.as_bytes()).collect();
    run(&samples, |bytes| target(&String::from_utf8_lossy(bytes)));
}

#[expect(clippy::disallowed_methods, reason = "tests have no launcher")]
fn seconds() -> Option<u64> {
    std::env::var("AGORA_FUZZ_SECONDS").ok()?.parse().ok()
}

/// A sample with some mutations.
pub fn mutated(dice: &mut Dice, samples: &[&[u8]]) -> Vec<u8> {
    let mut bytes = dice.pick(samples).map_or(Vec::new(), |sample| sample.to_vec());
    for _ in 0..=dice.below(4) {
        mutate(dice, &mut bytes, samples);
        bytes.truncate(MAX_BYTES);
    }
    bytes
}

fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>, samples: &[&[u8]]) {
    let (from, to) = range(dice, bytes.len());
    let word = || WORDS.iter().map(|word| word.as_bytes()).collect::<Vec<_>>();
    match dice.below(9) {
        0 => {
            if let Some(byte) = bytes.get_mut(from) {
                *byte ^= 1 << dice.below(8);
            }
        }
        1 => {
            let byte = u8::try_from(dice.below(256)).unwrap_or(0);
            bytes.insert(from, byte);
        }
        2 => drop(bytes.drain(from..to)),
        3 => {
            let again = bytes[from..to].to_vec();
            bytes.splice(to..to, again);
        }
        4 => bytes.truncate(from),
        5 => {
            let words = word();
            let new = dice.pick(&words).map_or(Vec::new(), |word| word.to_vec());
            bytes.splice(from..to.min(from + 8), new);
        }
        6 => {
            let words = word();
            let new = dice.pick(&words).map_or(Vec::new(), |word| word.to_vec());
            bytes.splice(from..from, new);
        }
        7 => {
            let other = dice.pick(samples).copied().unwrap_or_default();
            let (start, end) = range(dice, other.len());
            bytes.splice(from..to, other[start..end].iter().copied());
        }
        _ => {
            let words = word();
            let new = dice.pick(&words).copied().unwrap_or_default();
            let many = new.repeat(1 << dice.below(12));
            bytes.splice(from..from, many);
        }
    }
}

/// A part of `length` bytes: small ones more often.
fn range(dice: &mut Dice, length: usize) -> (usize, usize) {
    let from = dice.below(length + 1);
    let most = if dice.below(2) == 0 { 8 } else { length };
    (from, (from + dice.below(most + 1)).min(length))
}
