//! Members of enterprises in the database.

use kernel::{AccountId, EnterpriseId, MemberId, PageSize, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use crate::domain::member::Member;

/// The constraint that a second membership of an account in an enterprise fails on.
pub(crate) const CURRENT_KEY: &str = "enterprise_member_current_key";

const COLUMNS: &str = "member_id, enterprise_id, account_id, title, added_at, removed_at, version";

#[derive(sqlx::FromRow)]
struct Row {
    member_id: Uuid,
    enterprise_id: Uuid,
    account_id: Uuid,
    title: String,
    added_at: Timestamp,
    removed_at: Option<Timestamp>,
    version: i64,
}

impl TryFrom<Row> for Member {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: MemberId::new(row.member_id),
            enterprise: EnterpriseId::new(row.enterprise_id),
            account: AccountId::new(row.account_id),
            title: row
                .title
                .parse()
                .map_err(|_| Error::unreadable("enterprise_member", "title", &row.member_id))?,
            added_at: row.added_at,
            removed_at: row.removed_at,
            version: Version::new(row.version),
        })
    }
}

/// The membership, which must be one of that enterprise.
pub(crate) async fn find(
    tx: &mut Tx,
    enterprise: EnterpriseId,
    id: MemberId,
) -> Result<Option<Member>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM enterprise_member WHERE enterprise_id = $1 AND member_id = $2");
    let row = store::row!(tx, "get the member", Row, sql, enterprise.uuid(), id.uuid())?;
    row.map(TryInto::try_into).transpose()
}

/// Those who act for the enterprise now, in the order in which they were added.
pub(crate) async fn current(tx: &mut Tx, enterprise: EnterpriseId) -> Result<Vec<Member>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM enterprise_member
        WHERE enterprise_id = $1 AND removed_at IS NULL
        ORDER BY member_id"
    );
    let rows = store::rows!(tx, "get the members", Row, sql, enterprise.uuid())?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The enterprises for which the account acts now.
pub(crate) async fn enterprises_of(tx: &mut Tx, account: AccountId) -> Result<Vec<EnterpriseId>, Error> {
    let ids = store::rows!(
        tx,
        "get the account's enterprises",
        (Uuid,),
        "SELECT enterprise_id FROM enterprise_member WHERE account_id = $1 AND removed_at IS NULL",
        account.uuid()
    )?;
    Ok(ids.into_iter().map(|(id,)| EnterpriseId::new(id)).collect())
}

fn wanted(enterprise: EnterpriseId, include_removed: bool) -> Filter {
    let of = Filter::new("enterprise_id = ?", binds![enterprise.uuid()]);
    let current = (!include_removed).then(|| Filter::new("removed_at IS NULL", []));
    Filter::all([of].into_iter().chain(current))
}

/// One page of an enterprise's members, in the order in which they were added.
pub(crate) async fn list(
    tx: &mut Tx,
    enterprise: EnterpriseId,
    include_removed: bool,
    after: Option<MemberId>,
    size: PageSize,
) -> Result<Vec<Member>, Error> {
    let rows = Select::new(format!("SELECT {COLUMNS} FROM enterprise_member"))
        .filter_by(wanted(enterprise, include_removed))
        .filter_some("member_id > ?", after.map(MemberId::uuid))
        .raw(" ORDER BY member_id")
        .limit(size.limit())
        .rows::<Row>(tx, "list the members")
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(crate) async fn count(
    tx: &mut Tx,
    enterprise: EnterpriseId,
    include_removed: bool,
) -> Result<i64, Error> {
    Select::new("SELECT COUNT(*) FROM enterprise_member")
        .filter_by(wanted(enterprise, include_removed))
        .scalar(tx, "count the members")
        .await
}

/// Fails on [`CURRENT_KEY`] when the account acts for the enterprise already.
pub(crate) fn insert(batch: &mut Batch, member: &Member) {
    let Member { id, enterprise, account, title, added_at, removed_at, version } = member;
    batch.add(
        "add the member",
        "INSERT INTO enterprise_member (member_id, enterprise_id, account_id, title, added_at, removed_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
        binds![
            id.uuid(),
            enterprise.uuid(),
            account.uuid(),
            title.as_str(),
            *added_at,
            *removed_at,
            version.number()
        ],
    );
}

/// Writes the end of a membership over its version `before`.
pub(crate) fn save(batch: &mut Batch, member: &Member, before: Version) {
    batch.add_one(
        "remove the member",
        "UPDATE enterprise_member SET removed_at = $3, version = $4 WHERE member_id = $1 AND version = $2",
        binds![member.id.uuid(), before.number(), member.removed_at, member.version.number()],
    );
}
