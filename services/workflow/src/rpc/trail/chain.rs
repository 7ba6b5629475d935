//! Which chain a call is about, and who may.

use access::Facts;
use chrono::NaiveDate;
use kernel::{CaseId, IssueId, OrderId};
use rpc::{Call, Fields};
use store::Tx;

use crate::{
    error::WorkflowError,
    rpc::{
        WorkflowRpc,
        case::{CaseError, case_facts},
        facts,
        order::{self, OrderError},
    },
    store::{
        cases,
        chained::{Chain, Subject},
        issues, orders,
    },
};

/// The chain of the issue, or that of the name; `None` for neither, and after it was rejected.
pub(super) fn named(f: &mut Fields, issue_id: &str, chain: &str) -> Option<Chain> {
    let issue: Option<IssueId> = f.parse_optional("issue_id", issue_id);
    if chain.is_empty() {
        return issue.map(Chain::of_issue);
    }
    if !issue_id.is_empty() {
        f.reject("chain", "is empty with an issue_id");
    }
    let named = Chain::named(chain);
    if named.is_none() {
        f.reject("chain", "is no name of a chain, such as issue/019b2c5e-7d1f-7000-8000-000000000000");
    }
    named
}

/// Refuses a call about a chain that no role or scope lets in. Out of sight it does not exist.
pub(super) async fn admit(
    rpc: &WorkflowRpc,
    call: &Call,
    tx: &mut Tx,
    chain: Chain,
    today: NaiveDate,
) -> Result<(), WorkflowError> {
    let facts = facts_of(tx, chain, today).await?;
    match chain.subject {
        Subject::Issue => {
            let id = IssueId::new(chain.id);
            rpc.admit(call, id, &facts.ok_or(WorkflowError::IssueNotFound(id))?)
        }
        Subject::Order => {
            let id = OrderId::new(chain.id);
            rpc.admit_to_order(call, id, &facts.ok_or(OrderError::NotFound(id))?)
        }
        Subject::Case => {
            let id = CaseId::new(chain.id);
            let is_let_in = facts.is_some_and(|facts| call.allows(&facts));
            is_let_in.then_some(()).ok_or(CaseError::NotFound(id).into())
        }
    }
}

/// What matters to access of the chain: that of its subject. `None`: there is no such subject.
pub(super) async fn facts_of(
    tx: &mut Tx,
    chain: Chain,
    today: NaiveDate,
) -> Result<Option<Facts>, WorkflowError> {
    Ok(match chain.subject {
        Subject::Issue => issues::find(tx, IssueId::new(chain.id), today)
            .await?
            .map(|found| facts(&found.issue, found.manager)),
        Subject::Order => orders::find(tx, OrderId::new(chain.id), today)
            .await?
            .map(|found| order::facts(&found.order, found.manager)),
        Subject::Case => {
            cases::find(tx, CaseId::new(chain.id)).await?.map(|found| case_facts(found.case.department))
        }
    })
}
