//! Sessions: a sign-in and all its refreshes.

use chrono::TimeDelta;
use kernel::{AccountId, SessionId, Timestamp, Version};

use super::Refused;

/// How long sessions last (policy, from the configuration).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// A session that was not refreshed for so long has ended.
    pub idle: TimeDelta,
    /// A session ends so long after its begin, however often it was refreshed.
    pub total: TimeDelta,
}

/// Why a session was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    Logout,
    Revoked,
    TokenReused,
    PasswordChanged,
    AccountDisabled,
}

/// A sign-in and all its refreshes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub account: AccountId,
    /// Program and address that signed in, as far as they were sent.
    pub client: String,
    pub started_at: Timestamp,
    pub refreshed_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    pub ended: Option<(SessionEnd, Timestamp)>,
    /// Changes with begin and end; refreshes leave it.
    pub version: Version,
}

/// One refresh token: good for one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    pub expires_at: Timestamp,
    pub used: bool,
}

/// What comes of the use of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// New tokens, the refresh token good until then.
    Rotate { expires_at: Timestamp },
    /// It was used before, so one of its two users stole it: the session must end.
    Reused,
    /// Nothing: token or session are over.
    Void,
}

impl Session {
    pub fn start(
        id: SessionId,
        account: AccountId,
        client: String,
        limits: SessionLimits,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            account,
            client,
            started_at: now,
            refreshed_at: now,
            expires_at: now + limits.total,
            ended: None,
            version: Version::FIRST,
        }
    }

    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires_at
    }

    /// When a refresh token made now ends.
    pub fn token_expires_at(&self, limits: SessionLimits, now: Timestamp) -> Timestamp {
        self.expires_at.min(now + limits.idle)
    }

    pub fn use_token(&self, token: RefreshToken, limits: SessionLimits, now: Timestamp) -> Use {
        if !self.is_live(now) {
            Use::Void
        } else if token.used {
            Use::Reused
        } else if token.expires_at <= now {
            Use::Void
        } else {
            Use::Rotate { expires_at: self.token_expires_at(limits, now) }
        }
    }

    pub fn end(&self, why: SessionEnd, now: Timestamp) -> Result<Self, Refused> {
        if !self.is_live(now) {
            return Err(Refused::SessionEnded(self.id));
        }
        Ok(Self { ended: Some((why, now)), version: self.version.next(), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const LIMITS: SessionLimits = SessionLimits { idle: TimeDelta::hours(12), total: TimeDelta::days(7) };

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn session() -> Session {
        let account = AccountId::new(Uuid::from_u128(2));
        Session::start(SessionId::new(Uuid::from_u128(1)), account, "browser".to_owned(), LIMITS, at(0))
    }

    fn token(used: bool) -> RefreshToken {
        RefreshToken { expires_at: at(12), used }
    }

    #[test]
    fn a_token_is_good_once_and_its_second_use_is_known_as_such() {
        assert_eq!(session().use_token(token(false), LIMITS, at(1)), Use::Rotate { expires_at: at(13) });
        assert_eq!(session().use_token(token(true), LIMITS, at(1)), Use::Reused);
    }

    #[test]
    fn a_token_is_void_from_the_very_instant_of_its_end() {
        assert_ne!(session().use_token(token(false), LIMITS, at(12) - TimeDelta::microseconds(1)), Use::Void);
        assert_eq!(session().use_token(token(false), LIMITS, at(12)), Use::Void);
    }

    #[test]
    fn no_refresh_outlives_the_session() {
        let late = RefreshToken { expires_at: at(24 * 7), used: false };
        assert_eq!(session().use_token(late, LIMITS, at(24 * 7 - 1)), Use::Rotate { expires_at: at(24 * 7) });
        assert_eq!(session().use_token(late, LIMITS, at(24 * 7)), Use::Void);
    }

    #[test]
    fn a_session_ends_once() {
        let ended = session().end(SessionEnd::Logout, at(1)).unwrap();
        assert_eq!(ended.end(SessionEnd::Revoked, at(2)), Err(Refused::SessionEnded(ended.id)));
        assert_eq!(ended.use_token(token(false), LIMITS, at(2)), Use::Void);
        assert_eq!(session().end(SessionEnd::Revoked, at(24 * 7)), Err(Refused::SessionEnded(ended.id)));
    }
}
