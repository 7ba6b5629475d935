//! Random bytes from the operating system.

use crate::error::IdentityError;

pub(super) fn bytes<const N: usize>() -> Result<[u8; N], IdentityError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| IdentityError::Chance)?;
    Ok(bytes)
}
