//! Who held which post when.

use kernel::{AccountId, DepartmentId, Timestamp};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{PageOf, decode, encode};
use crate::domain::{Department, Post, Turnover};

const POSTS: &[(Post, &str)] = &[(Post::Liaison, "LIAISON"), (Post::Deputy, "DEPUTY")];

/// One person's time in one post, with the name that the account has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tenure {
    pub id: Uuid,
    pub department: DepartmentId,
    pub post: Post,
    pub account: AccountId,
    pub display_name: String,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    tenure_id: Uuid,
    department_id: Uuid,
    post: String,
    account_id: Uuid,
    display_name: String,
    from_at: Timestamp,
    until_at: Option<Timestamp>,
}

/// Which tenures; `None` for all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub department: Option<DepartmentId>,
    /// Running at that instant.
    pub at: Option<Timestamp>,
}

/// One page in the order in which they began, and how many there are in all.
pub(crate) async fn list(tx: &mut Tx, wanted: Wanted, page: PageOf) -> Result<(Vec<Tenure>, i64), Error> {
    let Wanted { department, at } = wanted;
    let mut filters = Vec::new();
    if let Some(department) = department {
        filters.push(Filter::new("department_id = ?", [department.uuid().into()]));
    }
    if let Some(at) = at {
        let running = "from_at <= ? AND (until_at IS NULL OR until_at > ?)";
        filters.push(Filter::new(running, [at.into(), at.into()]));
    }
    let filter = Filter::all(filters);
    let n_tenures = Select::new("SELECT COUNT(*) FROM tenure").filter_by(filter.clone());
    let n_tenures = n_tenures.scalar::<i64>(tx, "count the tenures").await?;
    let rows = Select::new(
        "SELECT tenure_id, department_id, post, tenure.account_id, account.display_name, from_at, until_at
        FROM tenure JOIN account ON account.account_id = tenure.account_id",
    )
    .filter_by(filter)
    .filter_some("tenure_id > ?", page.after)
    .raw(" ORDER BY tenure_id")
    .limit(page.size.limit())
    .rows::<Row>(tx, "list the tenures")
    .await?;
    Ok((rows.into_iter().map(Row::read).collect::<Result<_, _>>()?, n_tenures))
}

/// Ends and begins what a change of posts ends and begins. `id` is that of the tenure that begins.
pub(crate) fn turn_over(
    batch: &mut Batch,
    department: &Department,
    turnover: &Turnover,
    id: Uuid,
    at: Timestamp,
) {
    for post in &turnover.ends {
        batch.add_one(
            "end the tenure",
            "UPDATE tenure SET until_at = $3 WHERE department_id = $1 AND post = $2 AND until_at IS NULL",
            binds![department.id.uuid(), encode(POSTS, *post), at],
        );
    }
    if let Some((post, account)) = turnover.begins {
        batch.add(
            "begin the tenure",
            "INSERT INTO tenure (tenure_id, department_id, post, account_id, from_at) VALUES ($1, $2, $3, $4, $5)",
            binds![id, department.id.uuid(), encode(POSTS, post), account.uuid(), at],
        );
    }
}

impl Row {
    fn read(self) -> Result<Tenure, Error> {
        let id = self.tenure_id;
        Ok(Tenure {
            id,
            department: DepartmentId::new(self.department_id),
            post: decode(POSTS, &self.post).ok_or_else(|| Error::unreadable("tenure", "post", &id))?,
            account: AccountId::new(self.account_id),
            display_name: self.display_name,
            from: self.from_at,
            until: self.until_at,
        })
    }
}
