//! The columns of an export: those of a list, and the dates that figures are counted from.

use kernel::Timestamp;
use proto::workflow::v1 as pb;
use worktime::ZONE;

use crate::domain::{Clock, ClockId, Issue, latest};

/// An issue as its row is made from.
pub(super) struct Row<'a> {
    pub issue: &'a Issue,
    /// As a list would show it to the caller.
    pub shown: &'a pb::Issue,
    pub clocks: &'a [Clock],
}

/// Language of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locale {
    Chinese,
    English,
}

struct Column {
    zh: &'static str,
    en: &'static str,
    cell: fn(&Row<'_>) -> String,
}

const fn column(zh: &'static str, en: &'static str, cell: fn(&Row<'_>) -> String) -> Column {
    Column { zh, en, cell }
}

const COLUMNS: &[Column] = &[
    column("诉求编号", "Number", |row| row.issue.number.to_string()),
    column("诉求ID", "Issue ID", |row| row.shown.issue_id.clone()),
    column("标题", "Title", |row| row.shown.title.clone()),
    column("类别", "Category", |row| row.shown.category.clone()),
    column("所在区划", "Division", |row| row.shown.division_code.clone()),
    column("状态", "State", |row| row.issue.state().name().to_owned()),
    column("亮灯", "Light", |row| short(row.shown.light().as_str_name(), "LIGHT_")),
    column("当前责任方", "Holder", |row| row.issue.holder().name().to_owned()),
    column("难度", "Difficulty", |row| short(row.shown.difficulty().as_str_name(), "DIFFICULTY_")),
    column("提报身份", "Raised as", |row| {
        short(row.shown.raised_by_party().as_str_name(), "ISSUE_PARTY_")
    }),
    column("企业确认", "Confirmation", |row| {
        short(row.shown.confirmation().as_str_name(), "CONFIRMATION_")
    }),
    column("企业ID", "Enterprise ID", |row| row.shown.enterprise_id.clone()),
    column("经理人ID", "Manager ID", |row| row.shown.manager_id.clone()),
    column("部门ID", "Department ID", |row| row.shown.department_id.clone()),
    column("联络员ID", "Liaison ID", |row| row.shown.liaison_id.clone()),
    column("科室ID", "Section ID", |row| row.shown.section_id.clone()),
    column("经办人ID", "Handler ID", |row| row.shown.handler_id.clone()),
    column("提报时间", "Submitted", |row| local(row.issue.submitted_at)),
    column("最近变更时间", "Last changed", |row| local(row.issue.updated_at)),
    column("签收期限", "Sign due", |row| due(row, ClockId::C1)),
    column("签收时间", "Signed", |row| done(row, ClockId::C1)),
    column("转办期限", "Transfer due", |row| due(row, ClockId::C2)),
    column("转办时间", "Transferred", |row| done(row, ClockId::C2)),
    column("首次联系期限", "First contact due", |row| due(row, ClockId::C3)),
    column("首次联系时间", "First contact", |row| done(row, ClockId::C3)),
    column("办结期限", "Reply due", |row| due(row, ClockId::C4)),
    column("答复时间", "Replied", |row| done(row, ClockId::C4)),
    column("答复结果", "Outcome", |row| {
        row.shown
            .reply
            .as_ref()
            .map(|reply| short(reply.outcome().as_str_name(), "OUTCOME_"))
            .unwrap_or_default()
    }),
    column("反馈期限", "Feedback due", |row| due(row, ClockId::C5)),
    column("反馈时间", "Fed back", |row| done(row, ClockId::C5)),
    column("评价星级", "Stars", |row| {
        row.issue.rating().map(|rated| rated.rating.stars.get().to_string()).unwrap_or_default()
    }),
    column("评价时间", "Rated", |row| {
        row.issue.rating().map(|rated| local(rated.at)).unwrap_or_default()
    }),
    column("审核期限", "Audit due", |row| due(row, ClockId::C7)),
    column("审核时间", "Audited", |row| done(row, ClockId::C7)),
    column("办结时间", "Closed", |row| row.issue.closed_at().map(local).unwrap_or_default()),
    column("重办次数", "Reopened", |row| row.issue.counts.reopens.to_string()),
    column("催办次数", "Urged", |row| row.issue.counts.urges.to_string()),
];

pub(super) const N_COLUMNS: usize = COLUMNS.len();

pub(super) fn header(locale: Locale) -> Vec<String> {
    let name = |column: &Column| match locale {
        Locale::Chinese => column.zh.to_owned(),
        Locale::English => column.en.to_owned(),
    };
    COLUMNS.iter().map(name).collect()
}

pub(super) fn cells(row: &Row<'_>) -> Vec<String> {
    COLUMNS.iter().map(|column| (column.cell)(row)).collect()
}

fn short(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_owned()
}

fn due(row: &Row<'_>, id: ClockId) -> String {
    latest(row.clocks, id).map(|clock| local(clock.due_at)).unwrap_or_default()
}

/// A clock that ended without its step was not kept by anybody.
fn done(row: &Row<'_>, id: ClockId) -> String {
    let stopped = latest(row.clocks, id).filter(|clock| !clock.void).and_then(|clock| clock.stopped_at);
    stopped.map(local).unwrap_or_default()
}

/// In the municipality's time, to the second.
pub(super) fn local(at: Timestamp) -> String {
    at.with_timezone(&ZONE).format("%Y-%m-%d %H:%M:%S").to_string()
}
