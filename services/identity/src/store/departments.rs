//! Departments.

use kernel::{AccountId, DepartmentId, PageSize, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::read;
use crate::domain::{Department, DepartmentCode, DivisionCode};

const TABLE: &str = "department";
const COLUMNS: &str =
    "department_id, code, name, division_code, liaison_account_id, deputy_account_id, created_at, version";

#[derive(sqlx::FromRow)]
struct Row {
    department_id: Uuid,
    code: String,
    name: String,
    division_code: String,
    liaison_account_id: Option<Uuid>,
    deputy_account_id: Option<Uuid>,
    created_at: Timestamp,
    version: i64,
}

pub(crate) async fn find(tx: &mut Tx, id: DepartmentId) -> Result<Option<Department>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM department WHERE department_id = $1");
    store::row!(tx, "get the department", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// Locks the department until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: DepartmentId) -> Result<Option<Department>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM department WHERE department_id = $1{}", tx.for_update());
    store::row!(tx, "lock the department", Row, sql, id.uuid())?.map(Row::read).transpose()
}

pub(crate) async fn by_code(tx: &mut Tx, code: &DepartmentCode) -> Result<Option<Department>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM department WHERE code = $1");
    store::row!(tx, "get the department by code", Row, sql, code.as_str())?.map(Row::read).transpose()
}

/// Locks the departments in which an account has a post, by id.
pub(crate) async fn lock_held_by(tx: &mut Tx, account: AccountId) -> Result<Vec<Department>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM department
        WHERE liaison_account_id = $1 OR deputy_account_id = $1
        ORDER BY department_id{}",
        tx.for_update()
    );
    let rows = store::rows!(tx, "lock the departments of a liaison", Row, sql, account.uuid())?;
    rows.into_iter().map(Row::read).collect()
}

/// One page by code, after the code of the page before, and how many there are in all.
pub(crate) async fn list(
    tx: &mut Tx,
    division: Option<&DivisionCode>,
    after: Option<&str>,
    size: PageSize,
) -> Result<(Vec<Department>, i64), Error> {
    let filter =
        Filter::all(division.map(|division| Filter::new("division_code = ?", [division.as_str().into()])));
    let n_departments = Select::new("SELECT COUNT(*) FROM department").filter_by(filter.clone());
    let n_departments = n_departments.scalar::<i64>(tx, "count the departments").await?;
    let rows = Select::new(format!("SELECT {COLUMNS} FROM department"))
        .filter_by(filter)
        .filter_some("code > ?", after)
        .raw(" ORDER BY code")
        .limit(size.limit())
        .rows::<Row>(tx, "list the departments")
        .await?;
    Ok((rows.into_iter().map(Row::read).collect::<Result<_, _>>()?, n_departments))
}

pub(crate) fn insert(batch: &mut Batch, department: &Department) {
    let Department { id, code, name, division, liaison, deputy, created_at, version } = department;
    batch.add(
        "insert the department",
        "INSERT INTO department (department_id, code, name, division_code, liaison_account_id, deputy_account_id,
            created_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        binds![
            id.uuid(),
            code.as_str(),
            name.as_str(),
            division.as_str(),
            liaison.map(AccountId::uuid),
            deputy.map(AccountId::uuid),
            *created_at,
            version.number()
        ],
    );
}

/// Writes name and holders of the posts over the version before the department's.
pub(crate) fn save(batch: &mut Batch, department: &Department) {
    batch.add_one(
        "update the department",
        "UPDATE department SET name = $2, liaison_account_id = $3, deputy_account_id = $4, version = $5
        WHERE department_id = $1 AND version = $5 - 1",
        binds![
            department.id.uuid(),
            department.name.as_str(),
            department.liaison.map(AccountId::uuid),
            department.deputy.map(AccountId::uuid),
            department.version.number()
        ],
    );
}

impl Row {
    fn read(self) -> Result<Department, Error> {
        let id = self.department_id;
        Ok(Department {
            id: DepartmentId::new(id),
            code: read(&self.code, TABLE, "code", id)?,
            name: read(&self.name, TABLE, "name", id)?,
            division: read(&self.division_code, TABLE, "division_code", id)?,
            liaison: self.liaison_account_id.map(AccountId::new),
            deputy: self.deputy_account_id.map(AccountId::new),
            created_at: self.created_at,
            version: Version::new(self.version),
        })
    }
}
