//! Grants of roles.

use access::{Role, RoleGrant};
use kernel::{AccountId, DepartmentId, EnterpriseId, GrantId, SectionId, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{PageOf, read};
use crate::domain::{Decision, Grant, GrantState, role_target};

const TABLE: &str = "role_grant";
const COLUMNS: &str = "grant_id, account_id, role, in_charge, enterprise_id, department_id, section_id, state, \
                       reason, requested_by, requested_at, decided_by, decided_at, revoked_by, revoked_at, \
                       end_reason, version";

#[derive(sqlx::FromRow)]
struct Row {
    grant_id: Uuid,
    account_id: Uuid,
    role: String,
    in_charge: bool,
    enterprise_id: Option<Uuid>,
    department_id: Option<Uuid>,
    section_id: Option<Uuid>,
    state: String,
    reason: String,
    requested_by: Option<Uuid>,
    requested_at: Timestamp,
    decided_by: Option<Uuid>,
    decided_at: Option<Timestamp>,
    revoked_by: Option<Uuid>,
    revoked_at: Option<Timestamp>,
    end_reason: String,
    version: i64,
}

/// Which grants; `None` for all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// What the caller may see.
    pub owner: Option<AccountId>,
    pub account: Option<AccountId>,
    pub role: Option<Role>,
    /// Those of people in charge alone.
    pub in_charge: bool,
    pub enterprise: Option<EnterpriseId>,
    pub department: Option<DepartmentId>,
    pub section: Option<SectionId>,
    /// Name of the state.
    pub state: Option<&'static str>,
}

pub(crate) async fn find(tx: &mut Tx, id: GrantId) -> Result<Option<Grant>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM role_grant WHERE grant_id = $1");
    store::row!(tx, "get the grant", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// Grants of an account that are in force or have been asked for, by id.
pub(crate) async fn live_of(tx: &mut Tx, account: AccountId) -> Result<Vec<Grant>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM role_grant
        WHERE account_id = $1 AND state IN ('REQUESTED', 'ACTIVE')
        ORDER BY grant_id"
    );
    store::rows!(tx, "list the account's grants", Row, sql, account.uuid())?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// Grants of an account that are in force, by id.
pub(crate) async fn active_of(tx: &mut Tx, account: AccountId) -> Result<Vec<Grant>, Error> {
    let live = live_of(tx, account).await?;
    Ok(live.into_iter().filter(|grant| matches!(grant.state, GrantState::Active { .. })).collect())
}

/// One page, the newest first, and how many there are in all.
pub(crate) async fn list(tx: &mut Tx, wanted: &Wanted, page: PageOf) -> Result<(Vec<Grant>, i64), Error> {
    let filter = Filter::all(filters(wanted));
    let n_grants = Select::new("SELECT COUNT(*) FROM role_grant").filter_by(filter.clone());
    let n_grants = n_grants.scalar::<i64>(tx, "count the grants").await?;
    let rows = Select::new(format!("SELECT {COLUMNS} FROM role_grant"))
        .filter_by(filter)
        .filter_some("grant_id < ?", page.after)
        .raw(" ORDER BY grant_id DESC")
        .limit(page.size.limit())
        .rows::<Row>(tx, "list the grants")
        .await?;
    Ok((rows.into_iter().map(Row::read).collect::<Result<_, _>>()?, n_grants))
}

pub(crate) fn insert(batch: &mut Batch, grant: &Grant) {
    let Grant { id, account, role, in_charge, requested, reason, state, version } = grant;
    let (decided, _, _) = progress(state);
    batch.add(
        "insert the grant",
        "INSERT INTO role_grant (grant_id, account_id, role, enterprise_id, department_id, section_id, target, state,
            reason, requested_by, requested_at, decided_by, decided_at, end_reason, version, in_charge)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', $14, $15)",
        binds![
            id.uuid(),
            account.uuid(),
            role.role.name(),
            role.enterprise.map(EnterpriseId::uuid),
            role.department.map(DepartmentId::uuid),
            role.section.map(SectionId::uuid),
            role_target(role, *in_charge),
            state.name(),
            reason,
            requested.by.map(AccountId::uuid),
            requested.at,
            decided.and_then(|decided| decided.by).map(AccountId::uuid),
            decided.map(|decided| decided.at),
            version.number(),
            *in_charge
        ],
    );
}

/// Writes the state over the version before the grant's.
pub(crate) fn save(batch: &mut Batch, grant: &Grant) {
    let (decided, revoked, end_reason) = progress(&grant.state);
    batch.add_one(
        "change the grant's state",
        "UPDATE role_grant
        SET state = $2, decided_by = $3, decided_at = $4, revoked_by = $5, revoked_at = $6, end_reason = $7,
            version = $8
        WHERE grant_id = $1 AND version = $8 - 1",
        binds![
            grant.id.uuid(),
            grant.state.name(),
            decided.and_then(|decided| decided.by).map(AccountId::uuid),
            decided.map(|decided| decided.at),
            revoked.and_then(|revoked| revoked.by).map(AccountId::uuid),
            revoked.map(|revoked| revoked.at),
            end_reason,
            grant.version.number()
        ],
    );
}

/// Decision, revocation and the reason of the end.
fn progress(state: &GrantState) -> (Option<Decision>, Option<Decision>, &str) {
    match state {
        GrantState::Requested => (None, None, ""),
        GrantState::Active { decided } => (Some(*decided), None, ""),
        GrantState::Rejected { decided, reason } => (Some(*decided), None, reason),
        GrantState::Revoked { decided, revoked, reason } => (Some(*decided), Some(*revoked), reason),
    }
}

fn filters(wanted: &Wanted) -> Vec<Filter> {
    let Wanted { owner, account, role, in_charge, enterprise, department, section, state } = wanted;
    let uuids = [
        ("account_id = ?", owner.map(AccountId::uuid)),
        ("account_id = ?", account.map(AccountId::uuid)),
        ("enterprise_id = ?", enterprise.map(EnterpriseId::uuid)),
        ("department_id = ?", department.map(DepartmentId::uuid)),
        ("section_id = ?", section.map(SectionId::uuid)),
    ];
    let texts = [("role = ?", role.map(Role::name)), ("state = ?", *state)];
    let uuids = uuids.into_iter().filter_map(|(sql, value)| Some(Filter::new(sql, [value?.into()])));
    let texts = texts.into_iter().filter_map(|(sql, value)| Some(Filter::new(sql, [value?.into()])));
    let in_charge = in_charge.then(|| Filter::new("in_charge", []));
    uuids.chain(texts).chain(in_charge).collect()
}

impl Row {
    fn read(self) -> Result<Grant, Error> {
        let id = self.grant_id;
        let role = RoleGrant {
            role: read(&self.role, TABLE, "role", id)?,
            enterprise: self.enterprise_id.map(EnterpriseId::new),
            department: self.department_id.map(DepartmentId::new),
            section: self.section_id.map(SectionId::new),
        };
        let decision = |by: Option<Uuid>, at: Option<Timestamp>, column| match at {
            Some(at) => Ok(Decision { by: by.map(AccountId::new), at }),
            None => Err(Error::unreadable(TABLE, column, &id)),
        };
        let decided = || decision(self.decided_by, self.decided_at, "decided_at");
        let state = match self.state.as_str() {
            "REQUESTED" => GrantState::Requested,
            "ACTIVE" => GrantState::Active { decided: decided()? },
            "REJECTED" => GrantState::Rejected { decided: decided()?, reason: self.end_reason },
            "REVOKED" => GrantState::Revoked {
                decided: decided()?,
                revoked: decision(self.revoked_by, self.revoked_at, "revoked_at")?,
                reason: self.end_reason,
            },
            _ => return Err(Error::unreadable(TABLE, "state", &id)),
        };
        Ok(Grant {
            id: GrantId::new(id),
            account: AccountId::new(self.account_id),
            role,
            in_charge: self.in_charge,
            requested: Decision { by: self.requested_by.map(AccountId::new), at: self.requested_at },
            reason: self.reason,
            state,
            version: Version::new(self.version),
        })
    }
}
