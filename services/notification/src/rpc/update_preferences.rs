use std::collections::BTreeSet;

use kernel::Version;
use proto::notification::v1 as pb;
use rpc::{Call, Fields, Refusal};
use store::Batch;

use super::{
    NotificationRpc,
    convert::{kind_of, language_of},
    owner,
};
use crate::{
    domain::{Language, NoticeKind, Preferences, QuietHours},
    error::NotificationError,
    store::preferences,
};

/// What to change; `None` stays as it is.
struct Change {
    language: Option<Language>,
    by_email: Option<BTreeSet<NoticeKind>>,
    changes_quiet: bool,
    quiet: Option<QuietHours>,
    seen: Version,
}

pub(super) async fn handle(
    rpc: NotificationRpc,
    call: Call,
    req: pb::UpdatePreferencesRequest,
) -> Result<pb::UpdatePreferencesResponse, NotificationError> {
    let change = parse(req)?;
    let owner = owner(&call)?;

    let mut tx = rpc.db.begin().await?;
    let before = preferences::get(&mut tx, owner).await?;
    if before.version != change.seen {
        return Err(Refusal::StaleEtag { etag: before.version.to_string() }.into());
    }
    let after = Preferences {
        language: change.language.unwrap_or(before.language),
        by_email: change.by_email.unwrap_or(before.by_email),
        quiet: if change.changes_quiet { change.quiet } else { before.quiet },
        version: before.version.next(),
    };
    let response = pb::UpdatePreferencesResponse { preferences: Some(after.clone().into()) };

    let now = rpc.clock.now();
    let mut batch = Batch::new();
    preferences::save(&mut batch, owner, &after, before.version, now);
    call.remember(&mut batch, &response, now);
    batch.run(&mut tx).await?;
    tx.commit().await?;
    Ok(response)
}

fn parse(req: pb::UpdatePreferencesRequest) -> Result<Change, Refusal> {
    let pb::UpdatePreferencesRequest { preferences, update_mask, etag, request_id: _ } = req;
    let mut f = Fields::new();
    let seen = f.etag(&etag);
    let paths = f.required("update_mask", update_mask).map(|mask| mask.paths).unwrap_or_default();
    let Some(new) = f.required("preferences", preferences) else { return Err(f.refuse()) };
    let pb::Preferences { language, kinds, quiet_hours, etag: inner_etag } = new;
    if !inner_etag.is_empty() {
        f.reject("preferences.etag", "belongs beside the preferences");
    }
    if paths.is_empty() {
        f.reject("update_mask", "names nothing to change");
    }
    for path in &paths {
        if !["language", "kinds", "quiet_hours"].contains(&path.as_str()) {
            f.reject("update_mask", "names something that cannot be changed");
        }
    }
    let wanted = |name: &str| paths.iter().any(|path| path == name);
    let language = wanted("language")
        .then(|| f.enumeration("preferences.language", language).and_then(language_of))
        .flatten();
    let by_email = wanted("kinds").then(|| by_email(&mut f, &kinds));
    let changes_quiet = wanted("quiet_hours");
    let quiet = quiet_hours.filter(|_| changes_quiet).and_then(|quiet| quiet_of(&mut f, quiet));
    match seen {
        Some(seen) => f.finish().map(|()| Change { language, by_email, changes_quiet, quiet, seen }),
        None => Err(f.refuse()),
    }
}

fn by_email(f: &mut Fields, kinds: &[pb::KindPreference]) -> BTreeSet<NoticeKind> {
    let (mut named, mut by_email) = (Vec::new(), BTreeSet::new());
    for (at, pb::KindPreference { kind, channels }) in kinds.iter().enumerate() {
        let kind = f.enumeration(&format!("preferences.kinds[{at}].kind"), *kind).and_then(kind_of);
        let email = i32::from(pb::Channel::Email);
        if channels.iter().any(|channel| *channel != email) || 1 < channels.len() {
            f.reject(&format!("preferences.kinds[{at}].channels"), "must be CHANNEL_EMAIL or none");
        }
        named.extend(kind);
        by_email.extend(kind.filter(|_| !channels.is_empty()));
    }
    named.sort_unstable();
    if named != NoticeKind::ALL {
        f.reject("preferences.kinds", "must name every kind once");
    }
    by_email
}

fn quiet_of(f: &mut Fields, quiet: pb::QuietHours) -> Option<QuietHours> {
    let pb::QuietHours { from_minute, until_minute } = quiet;
    f.take("preferences.quiet_hours", QuietHours::try_new(from_minute.into(), until_minute.into()))
}
