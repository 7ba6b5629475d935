//! What issues are found by: written in the unit of work of each step, and compared with the issues once more later.

use chrono::{DateTime, TimeDelta};
use kernel::{IssueId, NoteId, Timestamp};
use sqlx::FromRow;
use store::{
    Batch, Error, Tx, binds,
    search::{self, Kept, Part, Tokens},
};
use uuid::Uuid;

use super::Audience;
use crate::{
    domain::{Issue, NoteField, UnknownName},
    store::{issues::read_fold, notes::NewNote},
};

/// A text that an issue is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Title,
    Description,
    /// The reply that stands, with its legal basis.
    Reply,
}

impl Text {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Title => "TITLE",
            Self::Description => "DESCRIPTION",
            Self::Reply => "REPLY",
        }
    }
}

impl std::str::FromStr for Text {
    type Err = UnknownName;

    fn from_str(word: &str) -> Result<Self, UnknownName> {
        [Self::Title, Self::Description, Self::Reply]
            .into_iter()
            .find(|text| text.name() == word)
            .ok_or_else(|| UnknownName { kind: "Text", word: word.to_owned() })
    }
}

/// The reply that stands, and who may find the issue by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reply {
    text: NoteId,
    legal_basis: Option<NoteId>,
    audience: Audience,
}

impl Reply {
    /// The firm reads a reply once it was fed back: as the contract shows it.
    fn of(issue: &Issue) -> Option<Self> {
        let reply = issue.reply()?;
        Some(Self {
            text: reply.text.note_id,
            legal_basis: reply.legal_basis.map(|note| note.note_id),
            audience: if issue.feedback().is_some() { Audience::All } else { Audience::Office },
        })
    }
}

/// Puts what a step changed into its unit of work; `before` is `None` for a submission.
pub(in crate::store) fn save(batch: &mut Batch, before: Option<&Issue>, after: &Issue, written: &[NewNote]) {
    let id = after.id.uuid();
    let body =
        |note: NoteId| written.iter().find(|new| new.note.note_id == note).map(|new| new.body.as_str());
    if before.is_none() {
        let mut add = |text, tokens| search::add(batch, part(id, text, Audience::All, &tokens));
        if let Some(title) = body(after.title.note_id) {
            add(Text::Title, Tokens::of(title));
        }
        if let Some(description) = body(after.description.note_id) {
            add(Text::Description, Tokens::of(description));
        }
    }
    let (was, is) = (before.and_then(Reply::of), Reply::of(after));
    match (was, is) {
        (Some(_), None) => search::remove(batch, id, Text::Reply.name()),
        (Some(was), Some(is)) if was.text == is.text && was.audience != is.audience => {
            search::show(batch, id, Text::Reply.name(), is.audience.name());
        }
        (was, Some(is)) if was.is_none_or(|was| was.text != is.text) => {
            if let Some(text) = body(is.text) {
                let basis = is.legal_basis.and_then(body).unwrap_or_default();
                search::put(batch, part(id, Text::Reply, is.audience, &reply_tokens(text, basis)));
            }
        }
        _ => {}
    }
}

/// Takes away what issues are found by because of this text, which is that `field` of an event of `issue`; `replied` are
/// those with it in their reply. A reply is not found by its legal basis alone.
pub(in crate::store) fn erase(batch: &mut Batch, issue: IssueId, field: &str, replied: &[IssueId]) {
    let own = [(NoteField::Title, Text::Title), (NoteField::Description, Text::Description)];
    for (_, text) in own.into_iter().filter(|(own, _)| own.name() == field) {
        search::remove(batch, issue.uuid(), text.name());
    }
    for issue in replied {
        forget(batch, *issue, Text::Reply);
    }
}

/// The issues whose reply, or its legal basis, is this text: that which it was written for, and those that were merged
/// into it.
pub(in crate::store) async fn replied_with(tx: &mut Tx, note: NoteId) -> Result<Vec<IssueId>, Error> {
    let rows = store::rows!(
        tx,
        "look for issues with that reply",
        (Uuid,),
        "SELECT issue_id FROM issue WHERE reply_text_id = $1
        UNION
        SELECT issue_id FROM issue WHERE legal_basis_id = $1",
        note.uuid()
    )?;
    Ok(rows.into_iter().map(|(id,)| IssueId::new(id)).collect())
}

fn reply_tokens(text: &str, basis: &str) -> Tokens {
    if basis.is_empty() { Tokens::of(text) } else { Tokens::of_all(&[text, basis]) }
}

const fn part(subject: Uuid, text: Text, audience: Audience, tokens: &Tokens) -> Part<'_> {
    Part { subject, part: text.name(), audience: audience.name(), tokens }
}

/// How far the issues were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(crate) struct Progress {
    updated_at: Option<Timestamp>,
    issue_id: Option<Uuid>,
}

/// Takes the progress until the transaction ends. `None`: another replica has it.
pub(crate) async fn take_progress(tx: &mut Tx) -> Result<Option<Progress>, Error> {
    let sql = format!(
        "SELECT updated_at, issue_id FROM search_progress WHERE only_row = 1{}",
        tx.for_update_skip_locked()
    );
    store::row!(tx, "see how far the issues were compared", Progress, sql)
}

#[derive(FromRow)]
struct Compared {
    issue_id: Uuid,
    updated_at: Timestamp,
    fold: String,
    title: String,
    description: Option<String>,
    reply: Option<String>,
    legal_basis: Option<String>,
}

/// Compares the next issues, of those last changed before `until`, with what they are found by, and puts right what
/// differs. So issues from before there was a search are found too, and those that an older build changed. They stay
/// locked meanwhile. Gives those that cannot be read, which are passed over; `None`: there was nothing to compare.
pub(crate) async fn compare(
    tx: &mut Tx,
    batch: &mut Batch,
    from: Progress,
    until: Timestamp,
    limit: i64,
) -> Result<Option<Vec<Unreadable>>, Error> {
    let sql = format!(
        "SELECT issue_id, updated_at, CAST(fold AS TEXT) AS fold, title,
            (SELECT body FROM note WHERE note_id = issue.description_id) AS description,
            (SELECT body FROM note WHERE note_id = issue.reply_text_id) AS reply,
            (SELECT body FROM note WHERE note_id = issue.legal_basis_id) AS legal_basis
        FROM issue
        WHERE (updated_at, issue_id) > ($1, $2) AND updated_at <= $3
        ORDER BY updated_at, issue_id
        LIMIT $4{}",
        tx.for_update()
    );
    let beginning = DateTime::UNIX_EPOCH - TimeDelta::days(1);
    let (at, id) = (from.updated_at.unwrap_or(beginning), from.issue_id.unwrap_or(Uuid::nil()));
    let rows = store::rows!(tx, "compare the issues", Compared, sql, at, id, until, limit)?;
    let Some(last) = rows.last().map(|row| (row.updated_at, row.issue_id)) else { return Ok(None) };
    let ids: Vec<Uuid> = rows.iter().map(|row| row.issue_id).collect();
    let kept = search::of_subjects(tx, &ids).await?;
    let mut unreadable = Vec::new();
    for row in rows {
        let id = row.issue_id;
        let due = match row.texts() {
            Ok(due) => due,
            Err(error) => {
                unreadable.push(Unreadable { issue: IssueId::new(id), error });
                continue;
            }
        };
        let kept = |text: Text| kept.iter().find(|kept| kept.subject_id == id && kept.part == text.name());
        for (text, due) in due {
            put_right(batch, id, text, kept(text), due.as_ref());
        }
    }
    batch.add_one(
        "keep how far the issues were compared",
        "UPDATE search_progress SET updated_at = $1, issue_id = $2 WHERE only_row = 1",
        binds![last.0, last.1],
    );
    Ok(Some(unreadable))
}

/// An issue whose row cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub issue: IssueId,
    pub error: Error,
}

type Due = (Audience, Tokens);

impl Compared {
    /// By what the issue has to be found.
    fn texts(self) -> Result<[(Text, Option<Due>); 3], Error> {
        let Self { issue_id, updated_at: _, fold, title, description, reply, legal_basis } = self;
        let issue = read_fold(issue_id, &fold)?;
        // Of a reply without its legal basis, which was erased then, nothing is kept either: see `erased`.
        let reply = Reply::of(&issue)
            .zip(reply)
            .filter(|(stands, _)| stands.legal_basis.is_some() == legal_basis.is_some())
            .map(|(stands, text)| {
                (stands.audience, reply_tokens(&text, legal_basis.as_deref().unwrap_or_default()))
            });
        Ok([
            (Text::Title, Some((Audience::All, Tokens::of(&title)))),
            (Text::Description, description.map(|text| (Audience::All, Tokens::of(&text)))),
            (Text::Reply, reply),
        ])
    }
}

fn put_right(batch: &mut Batch, id: Uuid, text: Text, kept: Option<&Kept>, due: Option<&Due>) {
    match (kept, due) {
        (None, None) => {}
        (Some(_), None) => search::remove(batch, id, text.name()),
        (Some(kept), Some((audience, tokens)))
            if kept.audience == audience.name() && kept.tokens == *tokens => {}
        (_, Some((audience, tokens))) => search::put(batch, part(id, text, *audience, tokens)),
    }
}

/// Texts that were erased, and by which issues are still found.
pub(crate) async fn erased(tx: &mut Tx, limit: i64) -> Result<Vec<(IssueId, Text)>, Error> {
    let rows = store::rows!(
        tx,
        "look for texts that were erased",
        (Uuid, String),
        // A reply is also that of the issues that were merged into its own.
        "SELECT subject_id, part FROM search_text
        WHERE part = $1 AND subject_id IN (
            SELECT issue.issue_id FROM note
            JOIN issue ON issue.issue_id = note.issue_id AND issue.description_id = note.note_id
            WHERE note.body IS NULL
        )
        UNION ALL
        SELECT subject_id, part FROM search_text
        WHERE part = $2 AND subject_id IN (
            SELECT issue_id FROM issue WHERE reply_text_id IN (SELECT note_id FROM note WHERE body IS NULL)
            UNION
            SELECT issue_id FROM issue WHERE legal_basis_id IN (SELECT note_id FROM note WHERE body IS NULL)
        )
        LIMIT $3",
        Text::Description.name(),
        Text::Reply.name(),
        limit
    )?;
    rows.into_iter()
        .map(|(id, part)| {
            let text = part.parse().map_err(|_| Error::unreadable("search_text", "part", &id))?;
            Ok((IssueId::new(id), text))
        })
        .collect()
}

/// Issues are found by a text no more.
pub(crate) fn forget(batch: &mut Batch, issue: IssueId, text: Text) {
    search::remove(batch, issue.uuid(), text.name());
}
