use access::{Caller, Scope};
use kernel::{Page, PageSize};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::search::{MAX_WORDS, Word, words};

use super::{
    WorkflowRpc, convert, facts, filter,
    firms_named::{Named, firms_named},
    rules,
};
use crate::{
    domain::local_date,
    error::WorkflowError,
    store::{
        issues::{IssueFilter, Order, Viewer},
        search::{self, Field, Search, Wanted},
    },
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::SearchIssuesRequest,
) -> Result<pb::SearchIssuesResponse, WorkflowError> {
    let Asked { words, filter, size, page_token } = parse(req)?;
    let scope = call.scope();
    let bound_to = [format!("{words:?}"), format!("{filter:?}"), scope.fingerprint()];
    let bound_to: Vec<&str> = bound_to.iter().map(String::as_str).collect();
    let after = call.open_page(&rpc.page_key, &bound_to, &page_token)?;
    let after = after.map(|cursor| cursor.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    // The registry is asked before the transaction opens.
    let named = firms_named(&rpc, &call, &words).await?;
    let general_words = words
        .iter()
        .zip(&named)
        .filter(|(_, named)| **named == Named::TooMany)
        .map(|(word, _)| word.as_str().to_owned())
        .collect();
    let wanted: Vec<Wanted> = words.into_iter().zip(named).map(wanted).collect();

    let now = rpc.clock.now();
    let office = office_scope(&call.caller, &scope);
    let viewer = Viewer { scope: &scope, now, today: local_date(now) };
    let search = Search { viewer, office: &office, filter: &filter, wanted: &wanted };
    let mut tx = rpc.db.snapshot().await?;
    let course = search::course(&mut tx, &wanted).await?;
    let found = search::list(&mut tx, &search, course, after.as_ref(), size.limit()).await?;
    let texts = search::texts(&mut tx, &found).await?;
    let total_count = search::count(&mut tx, &search, course).await?;
    let book = rpc.books.covering(&mut tx, found.iter().map(|(issue, _)| issue)).await?;
    tx.commit().await?;

    let mut rows = Vec::with_capacity(found.len());
    for (issue, title) in found {
        let audience = rpc.audience(&call.caller, &facts(&issue, None));
        let shown = convert::listed(&issue, title, rules(&book, &issue)?, now, audience)
            .map_err(WorkflowError::beyond(&issue.calendar_version))?;
        let matched_fields = search::found_by(&issue, &texts, &search)
            .into_iter()
            .map(|field| matched(field).into())
            .collect();
        let cursor = Order::Newest.cursor(&issue, None);
        rows.push((pb::FoundIssue { issue: Some(shown), matched_fields }, cursor));
    }
    let page = Page::cut(rows, size, |(_, cursor)| cursor.to_string());
    Ok(pb::SearchIssuesResponse {
        results: page.rows.into_iter().map(|(found, _)| found).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &bound_to, page.next.as_deref()),
        total_count,
        general_words,
    })
}

struct Asked {
    words: Vec<Word>,
    filter: IssueFilter,
    size: PageSize,
    page_token: String,
}

fn parse(req: pb::SearchIssuesRequest) -> Result<Asked, Refusal> {
    let pb::SearchIssuesRequest { query, filter, page_size, page_token } = req;
    let mut f = Fields::new();
    let words = f.text("query", &query, 1, 200).map(|query| words(&query));
    match words.as_deref() {
        Some([]) => f.reject("query", "has neither letter nor digit"),
        Some(words) if MAX_WORDS < words.len() => {
            f.reject("query", format!("has more than {MAX_WORDS} words"));
        }
        _ => {}
    }
    let filter = filter::parse(&mut f, filter);
    let (Some(words), Some(size)) = (words, f.page_size(page_size)) else { return Err(f.refuse()) };
    f.finish()?;
    Ok(Asked { words, filter, size, page_token })
}

fn wanted((word, named): (Word, Named)) -> Wanted {
    let firms = match named {
        Named::Firms(firms) => firms,
        Named::TooMany => Vec::new(),
    };
    Wanted { word, firms }
}

/// The part of a scope in which the caller is an office: those for whom `WorkflowRpc::audience` shows issues as to one.
pub(super) fn office_scope(caller: &Caller, scope: &Scope) -> Scope {
    match caller {
        Caller::Service(_) => scope.clone(),
        Caller::Anonymous | Caller::Client(_) => Scope::default(),
        // Firms see their own, managers those appointed to them; whoever sees otherwise is an office.
        Caller::Person(_) => Scope { enterprises: Vec::new(), managed_by: None, ..scope.clone() },
    }
}

const fn matched(field: Field) -> pb::MatchedField {
    match field {
        Field::Title => pb::MatchedField::Title,
        Field::Description => pb::MatchedField::Description,
        Field::Reply => pb::MatchedField::Reply,
        Field::Number => pb::MatchedField::Number,
        Field::Firm => pb::MatchedField::Firm,
    }
}
