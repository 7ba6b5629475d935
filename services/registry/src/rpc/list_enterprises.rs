use kernel::{EnterpriseId, Page, PageSize};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{RegistryRpc, convert};
use crate::{
    domain::{day, scale::Scale},
    error::RegistryError,
    store::enterprises::{self, ScaleWanted, Wanted},
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::ListEnterprisesRequest,
) -> Result<pb::ListEnterprisesResponse, RegistryError> {
    let (wanted, size, page_token) = parse(req)?;
    let scope = call.scope();
    let filter = format!("{wanted:?} {}", scope.fingerprint());
    let filter = [filter.as_str()];
    let after = call.open_page(&rpc.page_key, &filter, &page_token)?;
    let after: Option<EnterpriseId> =
        after.map(|id| id.parse()).transpose().map_err(|_| Refusal::PageToken)?;

    let today = day::of(rpc.clock.now());
    let mut tx = rpc.db.snapshot().await?;
    let rows = enterprises::list(&mut tx, &wanted, &scope, today, after, size).await?;
    let total_count = enterprises::count(&mut tx, &wanted, &scope, today).await?;
    tx.commit().await?;
    let page = Page::cut(rows, size, |enterprise| enterprise.id.to_string());
    Ok(pb::ListEnterprisesResponse {
        enterprises: page.rows.iter().map(convert::enterprise).collect(),
        next_page_token: call.seal_page(&rpc.page_key, &filter, page.next.as_deref()),
        total_count,
    })
}

fn parse(req: pb::ListEnterprisesRequest) -> Result<(Wanted, PageSize, String), Refusal> {
    let pb::ListEnterprisesRequest {
        name_contains,
        uscc,
        division_prefix,
        industry_prefix,
        scale,
        state,
        manager_id,
        page_size,
        page_token,
    } = req;
    let mut f = Fields::new();
    let wanted = Wanted {
        ids: None,
        name: f.parse_optional("name_contains", &name_contains),
        uscc: f.parse_optional("uscc", &uscc),
        division: f.parse_optional("division_prefix", &division_prefix),
        industry: f.parse_optional("industry_prefix", &industry_prefix),
        scale: f.enumeration_optional("scale", scale).and_then(wanted_scale),
        served: f.enumeration_optional("state", state).and_then(|state| match state {
            pb::EnterpriseState::Active => Some(true),
            pb::EnterpriseState::Retired => Some(false),
            pb::EnterpriseState::Unspecified => None,
        }),
        manager: f.parse_optional("manager_id", &manager_id),
    };
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse()) };
    f.finish()?;
    Ok((wanted, size, page_token))
}

fn wanted_scale(scale: pb::EnterpriseScale) -> Option<ScaleWanted> {
    match scale {
        pb::EnterpriseScale::Large => Some(ScaleWanted::Is(Scale::Large)),
        pb::EnterpriseScale::Medium => Some(ScaleWanted::Is(Scale::Medium)),
        pb::EnterpriseScale::Small => Some(ScaleWanted::Is(Scale::Small)),
        pb::EnterpriseScale::Micro => Some(ScaleWanted::Is(Scale::Micro)),
        pb::EnterpriseScale::Unknown => Some(ScaleWanted::Unknown),
        pb::EnterpriseScale::Unspecified => None,
    }
}
