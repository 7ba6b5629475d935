//! Whether a password is right: at the same pace whatever the answer, and not too often.

use kernel::AccountId;

use super::Rpc;
use crate::{
    domain::{PasswordHash, login_digest},
    error::IdentityError,
    store::{accounts, tries},
};

/// Whose password it was, and under what its tries are counted.
pub(super) struct Proved {
    pub account: AccountId,
    /// To be compared again under the account's lock: the password may have been changed meanwhile.
    pub hash: PasswordHash,
    pub digest: Vec<u8>,
}

impl Rpc {
    /// Counts a try and looks at the password. Unknown name and wrong password give the same answer in the same time:
    /// one transaction, one hash.
    pub(super) async fn prove(&self, login_name: &str, password: String) -> Result<Proved, IdentityError> {
        let now = self.clock.now();
        let digest = login_digest(login_name);
        let limit = self.policy.tries;
        let mut tx = self.db.begin().await?;
        let counted = tries::count(&mut tx, &digest, limit, now).await?;
        let known = accounts::credentials(&mut tx, &login_name.trim().to_lowercase()).await?;
        tx.commit().await?;
        if let Err(last) = counted {
            let retry_after_seconds = limit.retry_after_seconds(last, now);
            return Err(IdentityError::TooManyAttempts { retry_after_seconds });
        }
        let hash = known.as_ref().map(|(_, hash)| hash.clone());
        let matches = self.hasher.matches(hash, password).await?;
        match known {
            Some((account, hash)) if matches => Ok(Proved { account, hash, digest }),
            _ => Err(IdentityError::CredentialsInvalid),
        }
    }
}
