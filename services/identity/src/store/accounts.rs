//! Accounts.

use kernel::{AccountId, DepartmentId, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{PageOf, decode, encode, read, read_some};
use crate::domain::{Account, AccountState, Contact, Email, PasswordHash, Phone};
use access::Role;

const TABLE: &str = "account";
const COLUMNS: &str = "account_id, login_name, display_name, phone, email, state, must_change_password, \
                       created_at, last_login_at, version";
const STATES: &[(AccountState, &str)] =
    &[(AccountState::Active, "ACTIVE"), (AccountState::Disabled, "DISABLED")];

#[derive(sqlx::FromRow)]
struct Row {
    account_id: Uuid,
    login_name: String,
    display_name: String,
    phone: Option<String>,
    email: Option<String>,
    state: String,
    must_change_password: bool,
    created_at: Timestamp,
    last_login_at: Option<Timestamp>,
    version: i64,
}

/// Which accounts; `None` for all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub owner: Option<AccountId>,
    pub state: Option<AccountState>,
    /// Begin of login name or display name.
    pub name_prefix: Option<String>,
    /// Held now.
    pub role: Option<Role>,
    /// In which a role is held now.
    pub department: Option<DepartmentId>,
}

pub(crate) async fn find(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM account WHERE account_id = $1");
    store::row!(tx, "get the account", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// Locks the account until the transaction ends: its grants, posts and sessions change under this lock alone.
pub(crate) async fn lock(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM account WHERE account_id = $1{}", tx.for_update());
    store::row!(tx, "lock the account", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// The id and the password's hash of whoever has this name, which may be any text.
pub(crate) async fn credentials(
    tx: &mut Tx,
    login_name: &str,
) -> Result<Option<(AccountId, PasswordHash)>, Error> {
    let sql = "SELECT account_id, password_hash FROM account WHERE login_name = $1";
    let row = store::row!(tx, "look up the login name", (Uuid, String), sql, login_name)?;
    Ok(row.map(|(id, phc)| (AccountId::new(id), PasswordHash::stored(phc))))
}

/// As [`lock`], with the password's hash.
pub(crate) async fn lock_with_password(
    tx: &mut Tx,
    id: AccountId,
) -> Result<Option<(Account, PasswordHash)>, Error> {
    let Some(account) = lock(tx, id).await? else { return Ok(None) };
    let sql = "SELECT password_hash FROM account WHERE account_id = $1";
    let phc = store::scalar!(tx, "get the password's hash", String, sql, id.uuid())?;
    Ok(Some((account, PasswordHash::stored(phc))))
}

/// Those that exist, by id, each once.
pub(crate) async fn of_ids(tx: &mut Tx, ids: &[AccountId]) -> Result<Vec<Account>, Error> {
    let select = Select::new(format!("SELECT {COLUMNS} FROM account"))
        .filter_by(Filter::in_list("account_id", ids.iter().map(|id| id.uuid())))
        .raw(" ORDER BY account_id");
    select.rows::<Row>(tx, "get the accounts").await?.into_iter().map(Row::read).collect()
}

/// One page, the newest first, and how many there are in all.
pub(crate) async fn list(tx: &mut Tx, wanted: &Wanted, page: PageOf) -> Result<(Vec<Account>, i64), Error> {
    let filter = Filter::all(filters(wanted));
    let n_accounts = Select::new("SELECT COUNT(*) FROM account").filter_by(filter.clone());
    let n_accounts = n_accounts.scalar::<i64>(tx, "count the accounts").await?;
    let rows = Select::new(format!("SELECT {COLUMNS} FROM account"))
        .filter_by(filter)
        .filter_some("account_id < ?", page.after)
        .raw(" ORDER BY account_id DESC")
        .limit(page.size.limit())
        .rows::<Row>(tx, "list the accounts")
        .await?;
    Ok((rows.into_iter().map(Row::read).collect::<Result<_, _>>()?, n_accounts))
}

pub(crate) async fn is_empty(tx: &mut Tx) -> Result<bool, Error> {
    let n_accounts = store::scalar!(tx, "count the accounts", i64, "SELECT COUNT(*) FROM account")?;
    Ok(n_accounts == 0)
}

pub(crate) fn insert(batch: &mut Batch, account: &Account, password: &PasswordHash) {
    let Account {
        id,
        login_name,
        display_name,
        contact: Contact { phone, email },
        state,
        must_change_password,
        created_at,
        last_login_at,
        version,
    } = account;
    batch.add(
        "insert the account",
        "INSERT INTO account (account_id, login_name, display_name, phone, email, state, password_hash,
            must_change_password, created_at, last_login_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        binds![
            id.uuid(),
            login_name.as_str(),
            display_name.as_str(),
            phone.as_ref().map(Phone::as_str),
            email.as_ref().map(Email::as_str),
            encode(STATES, *state),
            password.as_str(),
            *must_change_password,
            *created_at,
            *last_login_at,
            version.number()
        ],
    );
}

/// Writes name and contacts over the version before the account's.
pub(crate) fn save_contact(batch: &mut Batch, account: &Account) {
    let Contact { phone, email } = &account.contact;
    batch.add_one(
        "update the account",
        "UPDATE account SET display_name = $2, phone = $3, email = $4, version = $5
        WHERE account_id = $1 AND version = $5 - 1",
        binds![
            account.id.uuid(),
            account.display_name.as_str(),
            phone.as_ref().map(Phone::as_str),
            email.as_ref().map(Email::as_str),
            account.version.number()
        ],
    );
}

/// Writes the state, and why, over the version before the account's.
pub(crate) fn save_state(batch: &mut Batch, account: &Account, reason: &str) {
    batch.add_one(
        "change the account's state",
        "UPDATE account SET state = $2, state_reason = $3, version = $4
        WHERE account_id = $1 AND version = $4 - 1",
        binds![account.id.uuid(), encode(STATES, account.state), reason, account.version.number()],
    );
}

/// Writes the password over the version before the account's.
pub(crate) fn save_password(batch: &mut Batch, account: &Account, password: &PasswordHash) {
    batch.add_one(
        "change the password",
        "UPDATE account SET password_hash = $2, must_change_password = $3, version = $4
        WHERE account_id = $1 AND version = $4 - 1",
        binds![account.id.uuid(), password.as_str(), account.must_change_password, account.version.number()],
    );
}

pub(crate) fn logged_in(batch: &mut Batch, id: AccountId, at: Timestamp) {
    let sql = "UPDATE account SET last_login_at = $2 WHERE account_id = $1";
    batch.add_one("note the sign-in", sql, binds![id.uuid(), at]);
}

fn filters(wanted: &Wanted) -> Vec<Filter> {
    let Wanted { owner, state, name_prefix, role, department } = wanted;
    let mut filters = Vec::new();
    if let Some(owner) = owner {
        filters.push(Filter::new("account_id = ?", [owner.uuid().into()]));
    }
    if let Some(state) = state {
        filters.push(Filter::new("state = ?", [encode(STATES, *state).into()]));
    }
    if let Some(prefix) = name_prefix {
        let n_chars = i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX);
        let begins = |column: &str| {
            let sql = format!("substr({column}, 1, CAST(? AS INTEGER)) = ?");
            Filter::new(sql, [n_chars.into(), prefix.into()])
        };
        filters.push(Filter::any([begins("login_name"), begins("display_name")]));
    }
    if role.is_some() || department.is_some() {
        let mut sql = "EXISTS (SELECT 1 FROM role_grant WHERE role_grant.account_id = account.account_id \
                       AND role_grant.state = 'ACTIVE'"
            .to_owned();
        let mut binds = Vec::new();
        if let Some(role) = role {
            sql.push_str(" AND role_grant.role = ?");
            binds.push(role.name().into());
        }
        if let Some(department) = department {
            sql.push_str(" AND role_grant.department_id = ?");
            binds.push(department.uuid().into());
        }
        sql.push(')');
        filters.push(Filter::new(sql, binds));
    }
    filters
}

impl Row {
    fn read(self) -> Result<Account, Error> {
        let id = self.account_id;
        Ok(Account {
            id: AccountId::new(id),
            login_name: read(&self.login_name, TABLE, "login_name", id)?,
            display_name: read(&self.display_name, TABLE, "display_name", id)?,
            contact: Contact {
                phone: read_some(self.phone.as_ref(), TABLE, "phone", id)?,
                email: read_some(self.email.as_ref(), TABLE, "email", id)?,
            },
            state: decode(STATES, &self.state).ok_or_else(|| Error::unreadable(TABLE, "state", &id))?,
            must_change_password: self.must_change_password,
            created_at: self.created_at,
            last_login_at: self.last_login_at,
            version: Version::new(self.version),
        })
    }
}
