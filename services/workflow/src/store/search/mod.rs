//! Issues by number, firm and words, and those that say much the same.
//!
//! What an issue is found by stands in `search_text` of the ground tables, one row a text, each with its audience: a
//! firm must not find an issue by a reply that is not yet its to read.

pub(crate) mod index;
pub(crate) mod similar;

use access::{Facts, Scope};
use kernel::EnterpriseId;
use store::{
    Engine, Error, Filter, Select, Tx,
    search::{self, Kept, Word},
};
use uuid::Uuid;

use super::{
    filter::{Cursor, IssueFilter, Order, Viewer},
    issues::read_fold,
};
use crate::domain::Issue;
use index::Text;

/// Who may find an issue by a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Whoever sees the issue.
    All,
    /// Of those the offices alone.
    Office,
}

impl Audience {
    const fn name(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Office => "OFFICE",
        }
    }
}

/// A word, and the firms that it may stand for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub word: Word,
    /// Firms with the word in their names.
    pub firms: Vec<EnterpriseId>,
}

/// What is searched for, and by whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search<'a> {
    pub viewer: Viewer<'a>,
    /// The part of the viewer's scope in which they are an office.
    pub office: &'a Scope,
    pub filter: &'a IssueFilter,
    /// Every one must be found.
    pub wanted: &'a [Wanted],
}

/// So many texts make a word a common one.
const COMMON_FROM: i64 = 500;

/// Among which issues each word is looked for, which changes nothing in what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// By their index, all of them: each is rare, or each is common.
    Each,
    /// By its index the word at this place, which is the rarest; the others in what it finds.
    From(usize),
}

/// The course that reads the least.
pub(crate) async fn course(tx: &mut Tx, wanted: &[Wanted]) -> Result<Course, Error> {
    if wanted.len() < 2 {
        return Ok(Course::Each);
    }
    let expressions: Vec<_> = wanted.iter().map(|wanted| wanted.word.expression()).collect();
    let counts = search::count_each(tx, &expressions, COMMON_FROM).await?;
    // Firms have issues without the word in any text.
    let rarest = (0..wanted.len()).min_by_key(|n| (!wanted[*n].firms.is_empty(), counts.get(*n).copied()));
    Ok(match rarest {
        Some(n) if counts.get(n).is_some_and(|count| *count < COMMON_FROM) => Course::From(n),
        _ => Course::Each,
    })
}

/// The issues of a page with their titles, the newest submission first.
pub(crate) async fn list(
    tx: &mut Tx,
    search: &Search<'_>,
    course: Course,
    after: Option<&Cursor>,
    limit: i64,
) -> Result<Vec<(Issue, String)>, Error> {
    let select = page(tx.engine(), "SELECT", search, course, after).limit(limit);
    let rows = select.rows::<(Uuid, String, String)>(tx, "search the issues").await?;
    rows.into_iter().map(|(id, fold, title)| Ok((read_fold(id, &fold)?, title))).collect()
}

/// How many issues [`list`] lists on all pages.
pub(crate) async fn count(tx: &mut Tx, search: &Search<'_>, course: Course) -> Result<i64, Error> {
    let select = conditions(tx.engine(), Select::new("SELECT COUNT(*) FROM issue"), search, course);
    select.scalar(tx, "count the issues that were found").await
}

/// The texts by which these issues are found, for [`found_by`].
pub(crate) async fn texts(tx: &mut Tx, issues: &[(Issue, String)]) -> Result<Vec<Kept>, Error> {
    let ids: Vec<Uuid> = issues.iter().map(|(issue, _)| issue.id.uuid()).collect();
    search::of_subjects(tx, &ids).await
}

/// The query of [`list`], without its limit.
pub(super) fn page(
    engine: Engine,
    select: &str,
    search: &Search<'_>,
    course: Course,
    after: Option<&Cursor>,
) -> Select {
    let select = Select::new(format!("{select} issue_id, CAST(fold AS TEXT) AS fold, title FROM issue"));
    let select = conditions(engine, select, search, course);
    let select = match after {
        Some(cursor) => select.filter_by(Order::Newest.beyond(cursor)),
        None => select,
    };
    select.raw(Order::Newest.sql())
}

fn conditions(engine: Engine, select: Select, search: &Search<'_>, course: Course) -> Select {
    let select = select.filter_by(search.viewer.sees()).filter_by(search.filter.condition(search.viewer.now));
    search.wanted.iter().enumerate().fold(select, |select, (n, wanted)| {
        let by_index = course == Course::Each || course == Course::From(n);
        select.filter_by(if by_index { found(engine, search, wanted) } else { holds(engine, search, wanted) })
    })
}

/// The issues with the word in a text that the viewer may find them by, as their number, or in the firm's name.
fn found(engine: Engine, search: &Search<'_>, Wanted { word, firms }: &Wanted) -> Filter {
    let texts = || search::subjects(engine, &word.expression());
    let mut found = match search.finds_by() {
        FindsBy::All => texts(),
        FindsBy::Open => texts().filter("audience = ?", Audience::All.name()),
        FindsBy::OpenOr(office) => {
            let seen = Select::new("SELECT issue_id FROM issue").filter_by(office);
            let internal = texts().filter("audience = ?", Audience::Office.name());
            texts()
                .filter("audience = ?", Audience::All.name())
                .and_rows_of(internal.filter_by(Filter::in_rows_of("subject_id", seen)))
        }
    };
    let numbered = Select::new("SELECT issue_id FROM issue").filter("number = ?", number(word));
    found = found.and_rows_of(numbered);
    if !firms.is_empty() {
        found = found.and_rows_of(Select::new("SELECT issue_id FROM issue").filter_by(of_firms(firms)));
    }
    Filter::in_rows_of("issue_id", found)
}

/// The same, issue by issue.
fn holds(engine: Engine, search: &Search<'_>, Wanted { word, firms }: &Wanted) -> Filter {
    let texts = search::texts_of(engine, "issue.issue_id", &word.expression());
    let texts = match search.finds_by() {
        FindsBy::All => texts,
        FindsBy::Open => texts.filter("audience = ?", Audience::All.name()),
        FindsBy::OpenOr(office) => {
            let open = Filter::new("audience = ?", [Audience::All.name().into()]);
            texts.filter_by(Filter::any([open, office]))
        }
    };
    let mut parts = vec![Filter::exists(texts), Filter::new("number = ?", [number(word).into()])];
    if !firms.is_empty() {
        parts.push(of_firms(firms));
    }
    Filter::any(parts)
}

fn of_firms(firms: &[EnterpriseId]) -> Filter {
    Filter::in_list("enterprise_id", firms.iter().map(|firm| firm.uuid()))
}

/// By which texts a viewer finds issues.
enum FindsBy {
    All,
    /// Those that whoever sees the issue may find it by.
    Open,
    /// Those, and all texts of these issues.
    OpenOr(Filter),
}

impl Search<'_> {
    fn finds_by(&self) -> FindsBy {
        if self.office == self.viewer.scope {
            FindsBy::All
        } else if self.office.is_empty() {
            FindsBy::Open
        } else {
            FindsBy::OpenOr(Viewer { scope: self.office, ..self.viewer }.sees())
        }
    }
}

/// The word, if it were a number.
fn number(word: &Word) -> String {
    word.as_str().to_ascii_uppercase()
}

/// What an issue was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Title,
    Description,
    Reply,
    Number,
    Firm,
}

/// By which of its fields a viewer found an issue: each once.
pub(crate) fn found_by(issue: &Issue, texts: &[Kept], search: &Search<'_>) -> Vec<Field> {
    let facts = Facts {
        enterprise: Some(issue.enterprise_id),
        manager: None,
        department: issue.department().into_iter().collect(),
        section: issue.section().into_iter().collect(),
        assignee: issue.handler(),
        owner: None,
    };
    let is_office = search.office.contains(&facts);
    let may_find = |kept: &&Kept| {
        kept.subject_id == issue.id.uuid() && (is_office || kept.audience == Audience::All.name())
    };
    let mut fields = Vec::new();
    for Wanted { word, firms } in search.wanted {
        let texts = texts.iter().filter(may_find).filter(|kept| word.is_in(&kept.tokens));
        fields.extend(texts.filter_map(|kept| kept.part.parse().ok()).map(|text| match text {
            Text::Title => Field::Title,
            Text::Description => Field::Description,
            Text::Reply => Field::Reply,
        }));
        fields.extend((issue.number.as_str() == number(word)).then_some(Field::Number));
        fields.extend(firms.contains(&issue.enterprise_id).then_some(Field::Firm));
    }
    fields.sort_unstable();
    fields.dedup();
    fields
}

#[cfg(test)]
mod tests;
