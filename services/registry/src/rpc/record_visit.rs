use chrono::NaiveDate;
use kernel::{EnterpriseId, VisitId};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{
    RegistryRpc, convert, facts, now_and_today,
    parse::{self, day_optional},
};
use crate::{
    config::MAX_ISSUES,
    domain::visit::{Officials, Report, Visit},
    error::RegistryError,
    store::{appointments, enterprises, visits},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::RecordVisitRequest,
) -> Result<pb::RecordVisitResponse, RegistryError> {
    let (now, today) = now_and_today(&*rpc.clock);
    let (enterprise, report) = parse(req, today)?;
    let not_found = || RegistryError::EnterpriseNotFound(enterprise);
    let manager = call.caller.account_id().ok_or_else(|| call.not_permitted())?;
    let mut tx = rpc.db.begin().await?;
    let visited = enterprises::lock(&mut tx, enterprise).await?.ok_or_else(not_found)?;
    let course = appointments::course(&mut tx, enterprise).await?;
    if !call.allows(&facts(enterprise, &course, today)) {
        return Err(not_found());
    }
    let visit = Visit::record(VisitId::new(rpc.ids.uuid(now)), &visited, manager, report, &course, now)?;

    let response = pb::RecordVisitResponse { visit: Some(convert::visit(&visit)) };
    let mut batch = Batch::new();
    visits::insert(&mut batch, &visit);
    rpc.cause(&call, now).visit_recorded(&mut batch, &visit);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::RecordVisitRequest, today: NaiveDate) -> Result<(EnterpriseId, Report), Refusal> {
    let pb::RecordVisitRequest {
        enterprise_id,
        visit_date,
        kind,
        officials,
        findings,
        issue_ids,
        request_id: _,
    } = req;
    let mut f = Fields::new();
    let enterprise = f.parse("enterprise_id", &enterprise_id);
    let date = day_optional(&mut f, "visit_date", visit_date).unwrap_or(today);
    let kind = parse::visit_kind(&mut f, "kind", kind);
    let officials = Officials::try_new(officials.into());
    if officials.is_none() {
        f.reject("officials", "must be 1 to 50");
    }
    let findings = f.take("findings", findings.parse());
    let issues = parse::ids(&mut f, "issue_ids", &issue_ids, MAX_ISSUES);
    let (Some(enterprise), Some(kind), Some(officials), Some(findings), Some(issues)) =
        (enterprise, kind, officials, findings, issues)
    else {
        return Err(f.refuse());
    };
    f.finish()?;
    Ok((enterprise, Report { date, kind, officials, findings, issues }))
}
