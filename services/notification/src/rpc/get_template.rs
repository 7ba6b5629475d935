use proto::notification::v1 as pb;
use rpc::{Call, Fields};

use super::{NotificationRpc, convert, require_all};
use crate::{
    domain::{Catalogue, Template, TemplateRef},
    error::NotificationError,
};

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::GetTemplateRequest,
) -> Result<pb::GetTemplateResponse, NotificationError> {
    let pb::GetTemplateRequest { template_code, version } = req;
    let mut f = Fields::new();
    let wanted = wanted(&mut f, &template_code, version);
    f.finish()?;
    require_all(&call)?;

    let template = find(&rpc.catalogue, &template_code, wanted)?;
    Ok(pb::GetTemplateResponse { template: Some(convert::template(template, &rpc.catalogue)) })
}

/// The version asked for; 0 is the current one.
pub(super) fn wanted(f: &mut Fields, code: &str, version: i32) -> u32 {
    f.text("template_code", code, 1, 64);
    f.take("version", u32::try_from(version).map_err(|_| "must not be negative")).unwrap_or_default()
}

pub(super) fn find<'a>(
    catalogue: &'a Catalogue,
    code: &str,
    version: u32,
) -> Result<&'a Template, NotificationError> {
    let found = match version {
        0 => catalogue.current(code),
        version => catalogue.get(&TemplateRef { code: code.to_owned(), version }),
    };
    found.ok_or_else(|| NotificationError::TemplateNotFound { code: code.to_owned() })
}
