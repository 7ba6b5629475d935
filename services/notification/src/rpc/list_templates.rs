use kernel::Page;
use proto::notification::v1 as pb;
use rpc::{Call, Fields, Refusal};

use super::{NotificationRpc, convert, require_all};
use crate::{domain::TemplateRef, error::NotificationError};

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::ListTemplatesRequest,
) -> Result<pb::ListTemplatesResponse, NotificationError> {
    let pb::ListTemplatesRequest { include_earlier, page_size, page_token } = req;
    let mut f = Fields::new();
    let Some(size) = f.page_size(page_size) else { return Err(f.refuse().into()) };
    require_all(&call)?;
    let filter = [if include_earlier { "all" } else { "current" }];
    let cursor = call.open_page(&rpc.page_key, &filter, &page_token)?;
    let after = cursor.map(|cursor| name(&cursor).ok_or(Refusal::PageToken)).transpose()?;

    let catalogue = &rpc.catalogue;
    let wanted: Vec<_> =
        catalogue.all().filter(|template| include_earlier || catalogue.is_current(template)).collect();
    let total_count = i64::try_from(wanted.len()).unwrap_or(i64::MAX);
    let rest =
        wanted.into_iter().filter(|template| after.as_ref().is_none_or(|after| *after < template.name));
    let page = Page::cut(rest.collect(), size, |template| {
        format!("{}/{}", template.name.version, template.name.code)
    });
    Ok(pb::ListTemplatesResponse {
        next_page_token: call.seal_page(&rpc.page_key, &filter, page.next.as_deref()),
        templates: page.rows.into_iter().map(|template| convert::template(template, catalogue)).collect(),
        total_count,
    })
}

fn name(cursor: &str) -> Option<TemplateRef> {
    let (version, code) = cursor.split_once('/')?;
    Some(TemplateRef { code: code.to_owned(), version: version.parse().ok()? })
}
