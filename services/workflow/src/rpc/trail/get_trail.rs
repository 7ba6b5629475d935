use std::collections::HashMap;

use access::{Caller, Facts, Role};
use kernel::{DepartmentId, IssueId, Page, PageSize};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal, parse::timestamp};
use trail::Value;

use super::TrailRpc;
use crate::{
    domain::{CommentAudience, Event, Fact, NoteField, Who, local_date},
    error::WorkflowError,
    rpc::{convert, facts},
    store::{
        addresses,
        issues::{self, Found},
        trail::{self as log, NoteText, Step},
    },
};

pub(super) async fn handle(
    rpc: TrailRpc,
    call: Call,
    req: pb::GetTrailRequest,
) -> Result<pb::GetTrailResponse, WorkflowError> {
    let (id, size, page_token) = parse(req)?;
    let bound_to = [id.to_string()];
    let bound_to = [bound_to[0].as_str()];
    let after = call.open_page(&rpc.workflow.page_key, &bound_to, &page_token)?;
    let after = after.map_or(Ok(0), |cursor| cursor.parse()).map_err(|_| Refusal::PageToken)?;

    let today = local_date(rpc.workflow.clock.now());
    let mut tx = rpc.workflow.db.snapshot().await?;
    let found = issues::find(&mut tx, id, today).await?;
    let Found { issue, link: _, manager, texts: _ } = found.ok_or(WorkflowError::IssueNotFound(id))?;
    let facts = facts(&issue, manager);
    rpc.workflow.admit(&call, id, &facts)?;
    let page =
        Page::cut(log::steps(&mut tx, id, after, size.limit()).await?, size, |step| step.seq.to_string());
    let (first, last) =
        (page.rows.first().map_or(0, |step| step.seq), page.rows.last().map_or(0, |step| step.seq));
    let notes = log::notes(&mut tx, id, first, last).await?;
    let unheard = log::unheard_replies(&mut tx, id).await?;
    tx.commit().await?;

    let reader = Reader::of(&call, &facts);
    let mut notes_of: HashMap<i64, Vec<NoteText>> = HashMap::new();
    for note in notes {
        notes_of.entry(note.seq).or_default().push(note);
    }
    let mut entries = Vec::with_capacity(page.rows.len());
    for step in page.rows {
        let notes = notes_of.remove(&step.seq).unwrap_or_default();
        let heard = !unheard.contains(&step.seq);
        entries.push(entry(step, notes, heard, &reader)?);
    }
    Ok(pb::GetTrailResponse {
        entries,
        next_page_token: call.seal_page(&rpc.workflow.page_key, &bound_to, page.next.as_deref()),
        total_count: issue.version.number(),
    })
}

fn parse(req: pb::GetTrailRequest) -> Result<(IssueId, PageSize, String), Refusal> {
    let pb::GetTrailRequest { issue_id, page_size, page_token } = req;
    let mut f = Fields::new();
    let (id, size) = (f.parse("issue_id", &issue_id), f.page_size(page_size));
    let (Some(id), Some(size)) = (id, size) else { return Err(f.refuse()) };
    f.finish()?;
    Ok((id, size, page_token))
}

/// Who reads a trace, as far as it matters to what is shown.
#[derive(Debug, Clone)]
struct Reader {
    /// Reads what the offices write to one another.
    is_office: bool,
    /// Sees from where each step was taken.
    audits: bool,
    /// Reads what operators, auditors and leaders write to one another.
    oversees: bool,
    /// The departments that they are of.
    departments: Vec<DepartmentId>,
}

impl Reader {
    fn of(call: &Call, facts: &Facts) -> Self {
        let roles = access::roles_allowed(&call.caller, &call.rule, facts);
        Self {
            is_office: roles.iter().any(|role| !matches!(role, Role::Enterprise | Role::Manager)),
            audits: roles.iter().any(|role| matches!(role, Role::Auditor | Role::AuditAdmin)),
            oversees: roles
                .iter()
                .any(|role| matches!(role, Role::Operator | Role::Auditor | Role::Leader | Role::AuditAdmin)),
            departments: match &call.caller {
                Caller::Person(person) => person.roles.iter().filter_map(|grant| grant.department).collect(),
                Caller::Anonymous | Caller::Client(_) | Caller::Service(_) => Vec::new(),
            },
        }
    }

    /// Whether the event, if it is a comment, is for them.
    fn is_addressed(&self, fact: &Fact) -> bool {
        let Fact::Commented { audience, department, .. } = fact else { return true };
        match audience {
            CommentAudience::Firm => true,
            CommentAudience::Joint => self.is_office,
            CommentAudience::Department => {
                self.audits || department.is_some_and(|department| self.departments.contains(&department))
            }
            CommentAudience::Audit => self.oversees,
        }
    }

    /// `heard`: the reply that the text belongs to, if any, was fed back to the firm.
    fn may_read(&self, field: NoteField, heard: bool) -> bool {
        let reply = matches!(field, NoteField::ReplyText | NoteField::LegalBasis);
        self.is_office || !(field.is_internal() || reply && !heard)
    }
}

fn entry(
    step: Step,
    notes: Vec<NoteText>,
    heard: bool,
    reader: &Reader,
) -> Result<pb::TrailEntry, WorkflowError> {
    let unreadable = |column| store::Error::unreadable("issue_event", column, &step.event_id);
    let payload: serde_json::Value =
        serde_json::from_str(&step.payload).map_err(|_| unreadable("payload"))?;
    let event: Event = serde_json::from_value(payload.clone()).map_err(|_| unreadable("payload"))?;
    let hashed = Value::try_from(payload).map_err(|_| unreadable("payload"))?;
    let actor_id = match event.by.who {
        Who::Account(id) => id.to_string(),
        Who::Client(id) => id.to_string(),
        Who::System => String::new(),
    };
    let mut shown = Vec::new();
    for NoteText { note_id, seq: _, field, body } in notes {
        let kind: NoteField =
            field.parse().map_err(|_| store::Error::unreadable("note", "field", &note_id))?;
        if reader.may_read(kind, heard) && reader.is_addressed(&event.fact) {
            shown.push(pb::TrailNote {
                note_id: note_id.to_string(),
                field: field.to_lowercase(),
                erased: body.is_none(),
                text: body.unwrap_or_default(),
            });
        }
    }
    Ok(pb::TrailEntry {
        sequence: step.seq,
        event_id: step.event_id.to_string(),
        time: Some(timestamp(step.at)),
        action: convert::action(event.fact.action()).into(),
        state: step.state.parse().map(convert::state).map_err(|_| unreadable("state"))?.into(),
        actor_id,
        actor_party: convert::party(event.by.party).into(),
        client: if reader.audits { addresses::shown(step.client, step.address) } else { String::new() },
        notes: shown,
        payload_json: hashed.to_json(),
        kind: step.kind,
        previous_hash: step.prev.into(),
        hash: step.link.into(),
    })
}
