use kernel::EnterpriseId;
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{Among, shown, similar_issues, sketch};
use crate::{
    domain::{Title, similarity::Sketch},
    error::WorkflowError,
    rpc::{WorkflowRpc, search_issues::office_scope},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::SuggestDuplicatesRequest,
) -> Result<pb::SuggestDuplicatesResponse, WorkflowError> {
    let scope = call.scope();
    let is_office = !office_scope(&call.caller, &scope).is_empty();
    let (sketch, enterprise) = parse(req, is_office)?;
    let now = rpc.clock.now();
    // Offices look for the same matter with whichever firm.
    let enterprise = if is_office { None } else { enterprise };
    let among = Among { scope: &scope, now, enterprise, other_than: None, open_only: false };
    let mut tx = rpc.db.snapshot().await?;
    let similar = similar_issues(&mut tx, &sketch, among).await?;
    let book = rpc.books.covering(&mut tx, similar.iter().map(|(issue, ..)| issue)).await?;
    tx.commit().await?;
    Ok(pb::SuggestDuplicatesResponse { issues: shown(&rpc, &call, &book, &similar, now)? })
}

fn parse(
    req: pb::SuggestDuplicatesRequest,
    is_office: bool,
) -> Result<(Sketch, Option<EnterpriseId>), Refusal> {
    let pb::SuggestDuplicatesRequest { title, description, category, division_code, enterprise_id } = req;
    let mut f = Fields::new();
    let title: Option<Title> = f.parse("title", title.trim());
    let description = if description.trim().is_empty() {
        Some(String::new())
    } else {
        f.text("description", &description, 1, 4_000)
    };
    let category = f.parse_optional("category", &category);
    let division = f.parse_optional("division_code", &division_code);
    let enterprise = if is_office {
        f.parse_optional("enterprise_id", &enterprise_id)
    } else {
        f.parse("enterprise_id", &enterprise_id)
    };
    let (Some(title), Some(description)) = (title, description) else { return Err(f.refuse()) };
    f.finish()?;
    Ok((sketch(title.as_str(), &description, category, division), enterprise))
}
