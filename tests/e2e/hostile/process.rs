//! What the router's process costs, where the system tells (Linux).

use crate::support::Shop;
use std::{fs, time::Duration};

/// CPU time and memory of the router.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub cpu: Duration,
    pub memory: u64,
}

/// The router's process ID: another one means that it died in between.
pub fn id(shop: &Shop) -> String {
    let text = fs::read_to_string(shop.data.join("router.pid")).unwrap();
    text.split(' ').next().unwrap().to_owned()
}

/// `None` where there is no /proc.
pub fn usage(shop: &Shop) -> Option<Usage> {
    let folder = format!("/proc/{}", id(shop));
    let stat = fs::read_to_string(format!("{folder}/stat")).ok()?;
    // After the name, which may have spaces: utime and stime are the 14th and 15th field, in hundredths of a second.
    let ticks: u64 = stat
        .rsplit_once(')')?
        .1
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    let status = fs::read_to_string(format!("{folder}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(Usage {
        cpu: Duration::from_millis(ticks * 10),
        memory: line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024,
    })
}

/// Files and sockets the router has open.
pub fn open_files(shop: &Shop) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{}/fd", id(shop))).ok()?.count())
}
