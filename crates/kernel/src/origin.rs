//! Where a call came from.

use std::{borrow::Cow, fmt, net::IpAddr};

/// The program that a call came from, and its address. They are apart because what is kept for good may hold the
/// program, and never the address, which is personal data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// What the caller's software says it is; may be empty.
    pub program: Cow<'static, str>,
    /// `None` where the call came over no network.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// A program of our own, that acts by itself.
    pub const fn program(name: &'static str) -> Self {
        Self { program: Cow::Borrowed(name), address: None }
    }
}

/// As `curl/8.5.0 @ 192.0.2.7`, for those who may see both.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) => write!(f, "{} @ {address}", self.program),
            None => f.write_str(&self.program),
        }
    }
}
