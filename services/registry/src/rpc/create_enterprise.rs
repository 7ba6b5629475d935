use access::Facts;
use kernel::EnterpriseId;
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{RegistryRpc, convert, parse::amount};
use crate::{
    config::{MAX_EMPLOYEES, MAX_YUAN},
    domain::{
        enterprise::{Details, Enterprise},
        scale::Indicators,
        uscc::Uscc,
    },
    error::RegistryError,
    store::enterprises,
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::CreateEnterpriseRequest,
) -> Result<pb::CreateEnterpriseResponse, RegistryError> {
    let (uscc, details) = parse(req)?;
    call.require(&Facts::default())?;
    let now = rpc.clock.now();
    let id = EnterpriseId::new(rpc.ids.uuid(now));
    let enterprise = Enterprise::new(id, uscc.clone(), details, now);

    let response = pb::CreateEnterpriseResponse { enterprise: Some(convert::enterprise(&enterprise)) };
    let mut batch = Batch::new();
    enterprises::insert(&mut batch, &enterprise);
    rpc.cause(&call, now).enterprise_created(&mut batch, &enterprise);
    call.remember(&mut batch, &response, now);
    let mut tx = rpc.db.begin().await?;
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some(enterprises::USCC_KEY) => RegistryError::UsccTaken(uscc),
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::CreateEnterpriseRequest) -> Result<(Uscc, Details), Refusal> {
    let pb::CreateEnterpriseRequest {
        uscc,
        name,
        industry_code,
        division_code,
        address,
        employees,
        revenue_yuan,
        assets_yuan,
        request_id: _,
    } = req;
    let mut f = Fields::new();
    let uscc = f.parse("uscc", &uscc);
    let name = f.parse("name", &name);
    let industry = f.parse("industry_code", &industry_code);
    let division = f.parse("division_code", &division_code);
    let address = f.take("address", address.parse());
    let indicators = Indicators {
        employees: amount(&mut f, "employees", employees, MAX_EMPLOYEES),
        revenue_yuan: amount(&mut f, "revenue_yuan", revenue_yuan, MAX_YUAN),
        assets_yuan: amount(&mut f, "assets_yuan", assets_yuan, MAX_YUAN),
    };
    let (Some(uscc), Some(name), Some(industry), Some(division), Some(address)) =
        (uscc, name, industry, division, address)
    else {
        return Err(f.refuse());
    };
    f.finish()?;
    Ok((uscc, Details { name, industry, division, address, indicators }))
}
