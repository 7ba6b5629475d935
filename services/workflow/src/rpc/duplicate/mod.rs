//! Issues that say much the same.

use access::Scope;
use kernel::{EnterpriseId, IssueId, Timestamp};
use proto::workflow::v1::{
    self as pb,
    duplicate_service_server::{DuplicateService, DuplicateServiceServer},
};
use rpc::{Call, Limits};
use store::{Tx, search::Tokens};
use tonic::service::RoutesBuilder;

use super::{WorkflowRpc, convert, facts, rules};
use crate::{
    domain::{
        Code, DivisionCode, Issue, Rulebook, local_date,
        similarity::{Measure, Sketch},
    },
    error::WorkflowError,
    store::{
        issues::Viewer,
        search::similar::{self, Asked},
    },
};

mod list_similar_issues;
mod suggest_duplicates;

pub(super) fn add_to(rpc: WorkflowRpc, routes: &mut RoutesBuilder, limits: &Limits) {
    let duplicates = DuplicateServiceServer::new(rpc)
        .max_decoding_message_size(limits.max_request_bytes)
        .max_encoding_message_size(limits.max_response_bytes);
    routes.add_service(duplicates);
}

rpc::service! {
    impl DuplicateService, for WorkflowRpc;
    query {
        suggest_duplicates(pb::SuggestDuplicatesRequest) -> pb::SuggestDuplicatesResponse
            = suggest_duplicates::handle;
        list_similar_issues(pb::ListSimilarIssuesRequest) -> pb::ListSimilarIssuesResponse
            = list_similar_issues::handle;
    }
}

/// What of an issue is compared.
fn sketch(title: &str, description: &str, category: Option<Code>, division: Option<DivisionCode>) -> Sketch {
    let (title, description) = (Tokens::of(title), Tokens::of(description));
    Sketch::new(title.grams(), description.grams(), category, division)
}

/// Among which issues similar ones are looked for.
#[derive(Debug, Clone, Copy)]
struct Among<'a> {
    scope: &'a Scope,
    now: Timestamp,
    /// Of this firm alone.
    enterprise: Option<EnterpriseId>,
    /// But for this one.
    other_than: Option<IssueId>,
    open_only: bool,
}

async fn similar_issues(
    tx: &mut Tx,
    sketch: &Sketch,
    among: Among<'_>,
) -> Result<Vec<(Issue, String, u32)>, WorkflowError> {
    let Among { scope, now, enterprise, other_than, open_only } = among;
    let viewer = Viewer { scope, now, today: local_date(now) };
    let measure = Measure::built_in();
    let asked = Asked { viewer, measure, sketch, enterprise, other_than, open_only };
    Ok(similar::similar(tx, &asked).await?)
}

fn shown(
    rpc: &WorkflowRpc,
    call: &Call,
    book: &Rulebook,
    similar: &[(Issue, String, u32)],
    now: Timestamp,
) -> Result<Vec<pb::SimilarIssue>, WorkflowError> {
    let one = |(issue, title, score): &(Issue, String, u32)| {
        let audience = rpc.audience(&call.caller, &facts(issue, None));
        let issue = convert::listed(issue, title.clone(), rules(book, issue)?, now, audience)
            .map_err(WorkflowError::beyond(&issue.calendar_version))?;
        let score = i32::try_from(*score).unwrap_or(100);
        Ok(pb::SimilarIssue { issue: Some(issue), score })
    };
    similar.iter().map(one).collect()
}

#[cfg(test)]
mod tests;
