//! Who sees which files.

use access::{Caller, Facts, Role};
use kernel::{AccountId, AttachmentId, EnterpriseId};
use rpc::Call;
use store::Tx;

use crate::{
    domain::{Attachment, Draft, Eyes, Owner, local_date},
    error::WorkflowError,
    rpc::{WorkflowRpc, attachment::AttachmentError, draft, facts},
    store::{
        attachments::{self, Sight},
        drafts,
        issues::{self, Found},
    },
};

/// An issue or draft that the caller sees, as far as its files go.
#[derive(Debug)]
pub(crate) struct Seen {
    pub enterprise: EnterpriseId,
    pub eyes: Eyes,
    pub account: Option<AccountId>,
    /// Set for a draft.
    pub draft: Option<Draft>,
}

/// What the caller sees of the files of an issue with these facts.
pub(crate) fn sight(call: &Call, facts: &Facts) -> Sight {
    Sight { audiences: eyes(call, facts).audiences(), account: account(&call.caller) }
}

impl Seen {
    pub fn sight(&self) -> Sight {
        Sight { audiences: self.eyes.audiences(), account: self.account }
    }
}

/// Whether the row is held until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    No,
    Yes,
}

/// The owner of files, if the caller may do with them what the call does; out of sight it does not exist.
pub(crate) async fn owner(
    rpc: &WorkflowRpc,
    call: &Call,
    tx: &mut Tx,
    owner: Owner,
    hold: Hold,
) -> Result<Seen, WorkflowError> {
    match owner {
        Owner::Issue(id) => {
            let today = local_date(rpc.clock.now());
            let found = match hold {
                Hold::No => issues::find(tx, id, today).await?,
                Hold::Yes => issues::lock(tx, id, today).await?,
            };
            let Found { issue, manager, link: _, texts: _ } =
                found.ok_or(WorkflowError::IssueNotFound(id))?;
            let facts = facts(&issue, manager);
            rpc.admit(call, id, &facts)?;
            let account = account(&call.caller);
            Ok(Seen { enterprise: issue.enterprise_id, eyes: eyes(call, &facts), account, draft: None })
        }
        Owner::Draft(id) => {
            let found = match hold {
                Hold::No => drafts::find(tx, id).await?,
                Hold::Yes => drafts::lock(tx, id).await?,
            };
            let draft = found.ok_or(WorkflowError::DraftNotFound(id))?.draft;
            draft::admit(rpc, call, &draft)?;
            // Whoever sees a draft sees all of it.
            let eyes = Eyes { firm: true, ..Eyes::default() };
            let account = account(&call.caller);
            Ok(Seen { enterprise: draft.enterprise, eyes, account, draft: Some(draft) })
        }
    }
}

/// A file that was found, if it is for the caller; otherwise it does not exist.
pub(crate) async fn admit(
    rpc: &WorkflowRpc,
    call: &Call,
    tx: &mut Tx,
    id: AttachmentId,
    hold: Hold,
) -> Result<Attachment, WorkflowError> {
    let missing = || WorkflowError::from(AttachmentError::NotFound(id));
    let found = match hold {
        Hold::No => attachments::find(tx, id).await?,
        Hold::Yes => attachments::lock(tx, id).await?,
    };
    let file = found.ok_or_else(missing)?;
    let seen = match owner(rpc, call, tx, file.owner, Hold::No).await {
        Ok(seen) => seen,
        Err(WorkflowError::IssueNotFound(_) | WorkflowError::DraftNotFound(_)) => return Err(missing()),
        Err(other) => return Err(other),
    };
    if seen.sight().contains(&file) { Ok(file) } else { Err(missing()) }
}

/// The account of a person; nobody else calls for files.
pub(crate) fn account(caller: &Caller) -> Option<AccountId> {
    match caller {
        Caller::Person(person) => Some(person.account_id),
        Caller::Anonymous | Caller::Client(_) | Caller::Service(_) => None,
    }
}

/// From which sides the call's rule lets the caller look at an issue with these facts.
pub(crate) fn eyes(call: &Call, facts: &Facts) -> Eyes {
    let mut eyes = Eyes::default();
    for role in access::roles_allowed(&call.caller, &call.rule, facts) {
        match role {
            Role::Enterprise | Role::Manager => eyes.firm = true,
            Role::Liaison | Role::SectionHandler | Role::Leader => eyes.office = true,
            Role::Operator => eyes.operator = true,
            Role::Auditor | Role::AuditAdmin => eyes.auditor = true,
            Role::SystemAdmin | Role::SecurityAdmin => {}
        }
    }
    eyes
}
