//! Preferences.

use std::collections::HashMap;

use kernel::{AccountId, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::read;
use crate::domain::{NoticeKind, Preferences, QuietHours};

const TABLE: &str = "preference";

#[derive(sqlx::FromRow)]
struct Row {
    account_id: Uuid,
    language: String,
    email_task: bool,
    email_progress: bool,
    email_reminder: bool,
    quiet_from: Option<i64>,
    quiet_until: Option<i64>,
    version: i64,
}

impl Row {
    fn read(self) -> Result<(AccountId, Preferences), Error> {
        let id = self.account_id;
        let by_email = [
            (NoticeKind::Task, self.email_task),
            (NoticeKind::Progress, self.email_progress),
            (NoticeKind::Reminder, self.email_reminder),
        ];
        let quiet =
            self.quiet_from.zip(self.quiet_until).map(|(from, until)| QuietHours::try_new(from, until));
        let preferences = Preferences {
            language: read(&self.language, TABLE, "language", id)?,
            by_email: by_email.into_iter().filter(|(_, wanted)| *wanted).map(|(kind, _)| kind).collect(),
            quiet: quiet.transpose().map_err(|_| Error::unreadable(TABLE, "quiet_from", &id))?,
            version: Version::new(self.version),
        };
        Ok((AccountId::new(id), preferences))
    }
}

/// What each of them prefers; whoever never said anything is left out.
pub(crate) async fn of_accounts(
    tx: &mut Tx,
    accounts: impl IntoIterator<Item = AccountId>,
) -> Result<HashMap<AccountId, Preferences>, Error> {
    let rows = Select::new(
        "SELECT account_id, language, email_task, email_progress, email_reminder, quiet_from, quiet_until, version
        FROM preference",
    )
    .filter_by(Filter::in_list("account_id", accounts.into_iter().map(AccountId::uuid)))
    .rows::<Row>(tx, "get the preferences")
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// What one person prefers.
pub(crate) async fn get(tx: &mut Tx, owner: AccountId) -> Result<Preferences, Error> {
    Ok(of_accounts(tx, [owner]).await?.remove(&owner).unwrap_or_default())
}

/// Writes preferences over their version `before`.
pub(crate) fn save(
    batch: &mut Batch,
    owner: AccountId,
    preferences: &Preferences,
    before: Version,
    now: Timestamp,
) {
    let Preferences { language, by_email, quiet, version } = preferences;
    batch.add_one(
        "save the preferences",
        "INSERT INTO preference (account_id, language, email_task, email_progress, email_reminder, quiet_from,
            quiet_until, updated_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (account_id) DO UPDATE
        SET language = excluded.language, email_task = excluded.email_task, email_progress = excluded.email_progress,
            email_reminder = excluded.email_reminder, quiet_from = excluded.quiet_from,
            quiet_until = excluded.quiet_until, updated_at = excluded.updated_at, version = excluded.version
        WHERE preference.version = $10",
        binds![
            owner.uuid(),
            language.code(),
            by_email.contains(&NoticeKind::Task),
            by_email.contains(&NoticeKind::Progress),
            by_email.contains(&NoticeKind::Reminder),
            quiet.map(QuietHours::from),
            quiet.map(QuietHours::until),
            now,
            version.number(),
            before.number()
        ],
    );
}
