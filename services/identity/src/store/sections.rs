//! Sections of departments.

use kernel::{DepartmentId, SectionId, Timestamp, Version};
use store::{Batch, Error, Filter, Select, Tx, binds};
use uuid::Uuid;

use super::{PageOf, read};
use crate::domain::Section;

const COLUMNS: &str = "section_id, department_id, name, created_at, version";

#[derive(sqlx::FromRow)]
struct Row {
    section_id: Uuid,
    department_id: Uuid,
    name: String,
    created_at: Timestamp,
    version: i64,
}

pub(crate) async fn find(tx: &mut Tx, id: SectionId) -> Result<Option<Section>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM section WHERE section_id = $1");
    store::row!(tx, "get the section", Row, sql, id.uuid())?.map(Row::read).transpose()
}

/// One page in the order of entry, and how many there are in all.
pub(crate) async fn list(
    tx: &mut Tx,
    department: Option<DepartmentId>,
    page: PageOf,
) -> Result<(Vec<Section>, i64), Error> {
    let filter = Filter::all(department.map(|id| Filter::new("department_id = ?", [id.uuid().into()])));
    let n_sections = Select::new("SELECT COUNT(*) FROM section").filter_by(filter.clone());
    let n_sections = n_sections.scalar::<i64>(tx, "count the sections").await?;
    let rows = Select::new(format!("SELECT {COLUMNS} FROM section"))
        .filter_by(filter)
        .filter_some("section_id > ?", page.after)
        .raw(" ORDER BY section_id")
        .limit(page.size.limit())
        .rows::<Row>(tx, "list the sections")
        .await?;
    Ok((rows.into_iter().map(Row::read).collect::<Result<_, _>>()?, n_sections))
}

pub(crate) fn insert(batch: &mut Batch, section: &Section) {
    let Section { id, department, name, created_at, version } = section;
    batch.add(
        "insert the section",
        "INSERT INTO section (section_id, department_id, name, created_at, version) VALUES ($1, $2, $3, $4, $5)",
        binds![id.uuid(), department.uuid(), name.as_str(), *created_at, version.number()],
    );
}

/// Writes the name over the version before the section's.
pub(crate) fn save(batch: &mut Batch, section: &Section) {
    batch.add_one(
        "update the section",
        "UPDATE section SET name = $2, version = $3 WHERE section_id = $1 AND version = $3 - 1",
        binds![section.id.uuid(), section.name.as_str(), section.version.number()],
    );
}

impl Row {
    fn read(self) -> Result<Section, Error> {
        let id = self.section_id;
        Ok(Section {
            id: SectionId::new(id),
            department: DepartmentId::new(self.department_id),
            name: read(&self.name, "section", "name", id)?,
            created_at: self.created_at,
            version: Version::new(self.version),
        })
    }
}
