use chrono::TimeDelta;
use proto::notification::v1::{self as pb, Channel, DeliveryState, Language, NoticeKind};
use testkit::{bad_fields, reason};
use tonic::Code;

use crate::town::{AGENT, MANAGER, OPERATOR, OWNER, Town};

fn kinds(by_email: &[NoticeKind]) -> Vec<pb::KindPreference> {
    let email = |kind| if by_email.contains(&kind) { vec![Channel::Email.into()] } else { vec![] };
    [NoticeKind::Task, NoticeKind::Progress, NoticeKind::Reminder]
        .map(|kind| pb::KindPreference { kind: kind.into(), channels: email(kind) })
        .into()
}

fn change(town: &Town, new: pb::Preferences, mask: &[&str], etag: &str) -> pb::UpdatePreferencesRequest {
    pb::UpdatePreferencesRequest {
        preferences: Some(new),
        update_mask: Some(prost_types::FieldMask { paths: mask.iter().map(ToString::to_string).collect() }),
        etag: etag.to_owned(),
        request_id: town.app.request_id(),
    }
}

async fn mails_to(town: &Town, address: &str) -> usize {
    town.settle().await;
    town.mail.mails().iter().filter(|mail| mail.to == address).count()
}

both_engines! {
    async fn whoever_never_said_anything_gets_everything_in_chinese(town: &Town) {
        let got = town.as_person(OWNER).preferences().get_preferences(pb::GetPreferencesRequest {}).await.unwrap();
        let preferences = got.into_inner().preferences.unwrap();
        assert_eq!((preferences.language(), preferences.quiet_hours, preferences.etag.as_str()), (Language::ZhCn, None, "v1"));
        assert_eq!(preferences.kinds, kinds(&[NoticeKind::Task, NoticeKind::Progress, NoticeKind::Reminder]));
    }

    async fn a_kind_can_be_muted_but_not_what_is_statutory(town: &Town) {
        let new = pb::Preferences { kinds: kinds(&[]), language: Language::En.into(), ..Default::default() };
        let request = change(town, new, &["kinds", "language"], "v1");
        let owner = town.as_person(OWNER);
        let changed = owner.preferences().update_preferences(request.clone()).await.unwrap().into_inner();
        assert_eq!(changed.preferences.as_ref().unwrap().etag, "v2");
        let again = owner.preferences().update_preferences(request).await.unwrap().into_inner();
        assert_eq!(again, changed);

        town.signed(1).await;
        assert_eq!(owner.messages().await[0].subject, "Issue 2026-000001 was signed");
        assert_eq!(mails_to(town, "person.201@example.cn").await, 0);
        assert_eq!(mails_to(town, "person.202@example.cn").await, 1, "the agent has muted nothing");
        town.fed_back(1).await;
        assert_eq!(mails_to(town, "person.201@example.cn").await, 1);
        assert_eq!(owner.told().await, ["issue-signed", "issue-to-rate"]);
    }

    async fn in_quiet_hours_mail_waits_unless_it_is_statutory(town: &Town) {
        // Until ten o'clock; it is nine.
        let quiet = pb::QuietHours { from_minute: 22 * 60, until_minute: 10 * 60 };
        let new = pb::Preferences { quiet_hours: Some(quiet), ..Default::default() };
        town.as_person(OWNER).preferences().update_preferences(change(town, new, &["quiet_hours"], "v1")).await.unwrap();
        town.signed(1).await;
        assert_eq!(mails_to(town, "person.201@example.cn").await, 0);
        assert_eq!(town.as_person(OWNER).told().await, ["issue-signed"], "the inbox does not disturb");
        town.fed_back(1).await;
        assert_eq!(mails_to(town, "person.201@example.cn").await, 1);

        town.app.clock.advance(TimeDelta::minutes(59));
        assert_eq!(mails_to(town, "person.201@example.cn").await, 1);
        town.app.clock.advance(TimeDelta::minutes(1));
        assert_eq!(mails_to(town, "person.201@example.cn").await, 2);
        for delivery in town.as_person(OPERATOR).deliveries_to(OWNER).await {
            assert_eq!(delivery.state(), DeliveryState::Sent);
        }
    }

    async fn preferences_that_were_changed_meanwhile_are_not_overwritten(town: &Town) {
        let english = || pb::Preferences { language: Language::En.into(), ..Default::default() };
        let manager = town.as_person(MANAGER);
        manager.preferences().update_preferences(change(town, english(), &["language"], "v1")).await.unwrap();
        let stale = manager.preferences().update_preferences(change(town, english(), &["language"], "v1")).await;
        assert_eq!(reason(&stale.unwrap_err()), (Code::Aborted, "STALE_ETAG".to_owned()));
        let after = manager.preferences().get_preferences(pb::GetPreferencesRequest {}).await.unwrap().into_inner();
        assert_eq!(after.preferences.unwrap().etag, "v2");
        // They are one's own.
        let agent = town.as_person(AGENT).preferences().get_preferences(pb::GetPreferencesRequest {}).await.unwrap();
        assert_eq!(agent.into_inner().preferences.unwrap().etag, "v1");
    }

    async fn every_bad_field_of_a_change_is_named(town: &Town) {
        let mut kinds = kinds(&[]);
        kinds[0].channels = vec![Channel::InApp.into()];
        kinds[2].kind = 0;
        let new = pb::Preferences {
            language: 9,
            kinds,
            quiet_hours: Some(pb::QuietHours { from_minute: 60, until_minute: 60 }),
            etag: "v1".to_owned(),
        };
        let request = change(town, new, &["language", "kinds", "quiet_hours", "etag"], "1");
        let refused = town.as_person(OWNER).preferences().update_preferences(request).await.unwrap_err();
        assert_eq!(
            bad_fields(&refused),
            [
                "etag",
                "preferences.etag",
                "update_mask",
                "preferences.language",
                "preferences.kinds[0].channels",
                "preferences.kinds[2].kind",
                "preferences.kinds",
                "preferences.quiet_hours"
            ]
        );
        let nothing = change(town, pb::Preferences::default(), &[], "v1");
        let refused = town.as_person(OWNER).preferences().update_preferences(nothing).await.unwrap_err();
        assert_eq!(bad_fields(&refused), ["update_mask"]);
    }
}
