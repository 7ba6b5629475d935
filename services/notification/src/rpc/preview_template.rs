use std::collections::BTreeMap;

use proto::notification::v1 as pb;
use rpc::{Call, Fields};

use super::{NotificationRpc, convert::language_of, get_template, require_all};
use crate::{
    domain::{Placeholder, Values},
    error::NotificationError,
};

/// Characters of a value, at most.
const MAX_VALUE: usize = 200;

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::PreviewTemplateRequest,
) -> Result<pb::PreviewTemplateResponse, NotificationError> {
    let pb::PreviewTemplateRequest { template_code, version, language, values: given } = req;
    let mut f = Fields::new();
    let wanted = get_template::wanted(&mut f, &template_code, version);
    let language = f.enumeration("language", language).and_then(language_of);
    f.finish()?;
    require_all(&call)?;
    let template = get_template::find(&rpc.catalogue, &template_code, wanted)?;

    let placeholders = template.placeholders();
    let mut f = Fields::new();
    let mut values: Values = placeholders.iter().map(|place| (*place, place.example().to_owned())).collect();
    for (name, value) in given.into_iter().collect::<BTreeMap<_, _>>() {
        let field = format!("values[{}]", name.chars().take(64).collect::<String>());
        match name.parse::<Placeholder>() {
            Ok(placeholder) if placeholders.contains(&placeholder) => {
                values.extend(f.text(&field, &value, 0, MAX_VALUE).map(|value| (placeholder, value)));
            }
            _ => f.reject(&field, "is no placeholder of this template"),
        }
    }
    let Some(language) = language else { return Err(f.refuse().into()) };
    f.finish()?;
    let (subject, body) = rpc.catalogue.filled(template, &values, language);
    Ok(pb::PreviewTemplateResponse { subject, body })
}
