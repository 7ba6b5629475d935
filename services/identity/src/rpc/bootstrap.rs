//! The first administrators: without them nobody could create anybody.

use access::{Role, RoleGrant};
use kernel::{AccountId, Clock, EventId, GrantId, IdGen};
use store::{Batch, Db};

use super::{chance, hashing::Hasher};
use crate::{
    config::Policy,
    domain::{Account, Contact, Event, Grant, Happened, NewAccount, initial_password},
    error::IdentityError,
    events::publish,
    store::{accounts, grants},
};

const BY: &str = "service:identity";

/// Login name, name and role of each of them. Two security administrators, as a grant takes both.
const FIRST: [(&str, &str, Role); 5] = [
    ("system-admin", "系统管理员", Role::SystemAdmin),
    ("security-admin-1", "安全管理员一", Role::SecurityAdmin),
    ("security-admin-2", "安全管理员二", Role::SecurityAdmin),
    ("audit-admin", "审计管理员", Role::AuditAdmin),
    ("operator", "平台运营", Role::Operator),
];

/// One of the first accounts, with the password for its first sign-in, which must be changed then.
#[derive(Clone)]
pub struct BootstrapAccount {
    pub account_id: AccountId,
    pub role: Role,
    pub login: String,
    pub password: String,
}

impl std::fmt::Debug for BootstrapAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BootstrapAccount({}, …)", self.login)
    }
}

/// Creates the first administrators in a database that has no account yet; gives nothing where there is one.
pub async fn bootstrap(
    db: &Db,
    clock: &dyn Clock,
    ids: &dyn IdGen,
) -> Result<Vec<BootstrapAccount>, IdentityError> {
    let mut tx = db.snapshot().await?;
    let is_empty = accounts::is_empty(&mut tx).await?;
    tx.commit().await?;
    if !is_empty {
        return Ok(Vec::new());
    }

    let hasher = Hasher::new(Policy::default().hashing);
    let now = clock.now();
    let mut batch = Batch::new();
    let mut created = Vec::new();
    for (login, name, role) in FIRST {
        let password = initial_password(chance::bytes()?);
        let hash = hasher.hash_initial(password.clone()).await?;
        let new = NewAccount {
            login_name: login.parse().expect("a login name of the list above"),
            display_name: name.parse().expect("a name of the list above"),
            contact: Contact::default(),
        };
        let account = Account::create(AccountId::new(ids.uuid(now)), new, now);
        let grant = Grant::given(GrantId::new(ids.uuid(now)), account.id, RoleGrant::of(role), now);
        accounts::insert(&mut batch, &account, &hash);
        grants::insert(&mut batch, &grant);
        let happened = [
            Happened::account(&account, Event::AccountCreated(account.id), BY, now),
            Happened::grant(&grant, BY, now),
        ];
        for happened in happened {
            publish::append(&mut batch, EventId::new(ids.uuid(now)), happened, "");
        }
        created.push(BootstrapAccount { account_id: account.id, role, login: login.to_owned(), password });
    }

    let mut tx = db.begin().await?;
    match batch.run(&mut tx).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(created)
        }
        // Another process was first.
        Err(error) if error.constraint() == Some("account_login_name_key") => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}
