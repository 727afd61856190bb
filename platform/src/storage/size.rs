//! How large a file may be.

use std::fmt;

/// How many bytes a file must or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Exactly(u64),
    AtMost(u64),
}

impl Size {
    /// No file may have more.
    pub fn limit(self) -> u64 {
        match self {
            Self::Exactly(bytes) | Self::AtMost(bytes) => bytes,
        }
    }

    pub fn allows(self, bytes: u64) -> bool {
        match self {
            Self::Exactly(wanted) => bytes == wanted,
            Self::AtMost(limit) => bytes <= limit,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(bytes) => write!(f, "{bytes} bytes"),
            Self::AtMost(bytes) => write!(f, "at most {bytes} bytes"),
        }
    }
}
