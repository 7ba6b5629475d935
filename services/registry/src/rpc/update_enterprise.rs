use access::Facts;
use kernel::{EnterpriseId, Version};
use proto::registry::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{RegistryRpc, convert, parse::amount};
use crate::{
    config::{MAX_EMPLOYEES, MAX_YUAN},
    domain::enterprise::Change,
    error::RegistryError,
    store::enterprises,
};

pub(super) async fn handle(
    rpc: RegistryRpc,
    call: Call,
    req: pb::UpdateEnterpriseRequest,
) -> Result<pb::UpdateEnterpriseResponse, RegistryError> {
    let Update { id, changes, etag } = parse(req)?;
    call.require(&Facts { enterprise: Some(id), ..Facts::default() })?;
    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    let before = enterprises::lock(&mut tx, id).await?.ok_or(RegistryError::EnterpriseNotFound(id))?;
    RegistryError::unless_current(before.version, etag)?;
    let (after, changed_fields) = before.update(changes, now)?;

    let response = pb::UpdateEnterpriseResponse { enterprise: Some(convert::enterprise(&after)) };
    let mut batch = Batch::new();
    if !changed_fields.is_empty() {
        enterprises::save(&mut batch, &after, before.version);
        rpc.cause(&call, now).enterprise_updated(&mut batch, &after, &changed_fields);
    }
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

struct Update {
    id: EnterpriseId,
    changes: Vec<Change>,
    etag: Version,
}

/// What the mask may name.
const MASKABLE: [&str; 7] =
    ["name", "industry_code", "division_code", "address", "employees", "revenue_yuan", "assets_yuan"];

fn parse(req: pb::UpdateEnterpriseRequest) -> Result<Update, Refusal> {
    let pb::UpdateEnterpriseRequest {
        enterprise_id,
        name,
        industry_code,
        division_code,
        address,
        employees,
        revenue_yuan,
        assets_yuan,
        update_mask,
        etag,
        request_id: _,
    } = req;
    let mut f = Fields::new();
    let id = f.parse("enterprise_id", &enterprise_id);
    let etag = f.etag(&etag);
    let paths = f.required("update_mask", update_mask).map(|mask| mask.paths).unwrap_or_default();
    if let Some(unknown) = paths.iter().find(|path| !MASKABLE.contains(&path.as_str())) {
        f.reject("update_mask", format!("{unknown:?} cannot be changed"));
    } else if paths.is_empty() {
        f.reject("update_mask", "names no field");
    }

    let mut mask = Mask { paths, f: &mut f, changes: Vec::new() };
    mask.text("name", &name, |name| name.parse().map(Change::Name));
    mask.text("industry_code", &industry_code, |code| code.parse().map(Change::Industry));
    mask.text("division_code", &division_code, |code| code.parse().map(Change::Division));
    mask.text("address", &address, |address| address.parse().map(Change::Address));
    mask.amount("employees", employees, MAX_EMPLOYEES, Change::Employees);
    mask.amount("revenue_yuan", revenue_yuan, MAX_YUAN, Change::RevenueYuan);
    mask.amount("assets_yuan", assets_yuan, MAX_YUAN, Change::AssetsYuan);
    let changes = mask.changes;

    let (Some(id), Some(etag)) = (id, etag) else { return Err(f.refuse()) };
    f.finish()?;
    Ok(Update { id, changes, etag })
}

/// Collects the changes to the fields that the mask names, and complains of values in the others.
struct Mask<'a> {
    paths: Vec<String>,
    f: &'a mut Fields,
    changes: Vec<Change>,
}

impl Mask<'_> {
    fn text<E: std::fmt::Display>(
        &mut self,
        field: &str,
        text: &str,
        change: impl FnOnce(&str) -> Result<Change, E>,
    ) {
        if self.names(field) {
            let change = self.f.take(field, change(text));
            self.changes.extend(change);
        } else if !text.is_empty() {
            self.f.reject(field, "is not in the update_mask");
        }
    }

    fn amount(
        &mut self,
        field: &str,
        value: Option<i64>,
        max: i64,
        change: impl FnOnce(Option<i64>) -> Change,
    ) {
        if self.names(field) {
            self.changes.push(change(amount(self.f, field, value, max)));
        } else if value.is_some() {
            self.f.reject(field, "is not in the update_mask");
        }
    }

    fn names(&self, field: &str) -> bool {
        self.paths.iter().any(|path| path == field)
    }
}
