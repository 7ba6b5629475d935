use chrono::TimeDelta;
use proto::workflow::v1 as pb;
use testkit::TestSuite;
use tonic::Code;

use crate::{files::*, world::*};

async fn get(person: &Person<'_>, draft: &pb::Draft) -> Answer<pb::Draft> {
    let request = pb::GetDraftRequest { draft_id: draft.draft_id.clone() };
    Ok(person.drafts().get_draft(request).await?.into_inner().draft.unwrap())
}

async fn listed(person: &Person<'_>) -> Vec<String> {
    let answer = person.drafts().list_drafts(pb::ListDraftsRequest::default()).await.unwrap().into_inner();
    assert_eq!(answer.total_count, i64::try_from(answer.drafts.len()).unwrap());
    answer.drafts.into_iter().map(|draft| draft.draft_id).collect()
}

fn again(app: &TestSuite, draft: &pb::Draft, title: &str) -> pb::SaveDraftRequest {
    pb::SaveDraftRequest {
        draft_id: draft.draft_id.clone(),
        enterprise_id: draft.enterprise_id.clone(),
        title: title.to_owned(),
        etag: draft.etag.clone(),
        request_id: app.request_id(),
        ..Default::default()
    }
}

fn discarding(app: &TestSuite, draft: &pb::Draft) -> pb::DiscardDraftRequest {
    pb::DiscardDraftRequest {
        draft_id: draft.draft_id.clone(),
        etag: draft.etag.clone(),
        request_id: app.request_id(),
    }
}

fn missing() -> (Code, String) {
    was(Code::NotFound, "DRAFT_NOT_FOUND")
}

both_engines! {
    async fn all_who_act_for_a_firm_write_its_drafts(app: TestSuite) {
        let begun = owner(app).save(draft(app, DAIRY)).await.unwrap();
        assert!(!begun.on_behalf);
        assert_eq!(begun.author_id, OWNER.to_string());
        assert_eq!(get(&agent(app), &begun).await.unwrap(), begun);
        let saved = agent(app).save(again(app, &begun, "S328 省道")).await.unwrap();
        assert_eq!((saved.title.as_str(), saved.author_id.as_str()), ("S328 省道", begun.author_id.as_str()));
        assert_eq!(get(&owner(app), &begun).await.unwrap(), saved);
        let stale = refusal(owner(app).save(again(app, &begun, "x")).await);
        assert_eq!(stale, was(Code::Aborted, "STALE_ETAG"));
        assert_eq!(listed(&owner(app)).await, [begun.draft_id.as_str()]);

        for stranger in [steel_owner(app), manager(app, LI)] {
            assert_eq!(refusal(get(&stranger, &begun).await), missing());
            assert!(listed(&stranger).await.is_empty());
            let refused = stranger.drafts().discard_draft(discarding(app, &saved)).await;
            assert_eq!(refusal(refused), missing());
        }
        let foreign = refusal(steel_owner(app).save(again(app, &saved, "x")).await);
        assert_eq!(foreign, was(Code::NotFound, "ENTERPRISE_NOT_FOUND"));
        // By way of the own firm.
        let mut sly = again(app, &saved, "x");
        sly.enterprise_id = STEEL.to_string();
        assert_eq!(refusal(steel_owner(app).save(sly).await), missing());
        let denied = liaison(app).save(draft(app, DAIRY)).await.unwrap_err();
        assert_eq!(denied.code(), Code::PermissionDenied);
    }

    async fn a_managers_draft_is_seen_by_nobody_else(app: TestSuite) {
        let begun = manager(app, WANG).save(draft(app, DAIRY)).await.unwrap();
        assert!(begun.on_behalf);
        for other in [owner(app), manager(app, LI)] {
            assert_eq!(refusal(get(&other, &begun).await), missing());
            assert!(listed(&other).await.is_empty());
        }
        assert_eq!(refusal(owner(app).save(again(app, &begun, "x")).await), missing());
        assert_eq!(listed(&manager(app, WANG)).await, [begun.draft_id.as_str()]);
        manager(app, WANG).save(again(app, &begun, "S328")).await.unwrap();
        let foreign = refusal(manager(app, WANG).save(draft(app, STEEL)).await);
        assert_eq!(foreign, was(Code::NotFound, "ENTERPRISE_NOT_FOUND"));
    }

    async fn a_repeated_save_begins_one_draft(app: TestSuite) {
        let request = draft(app, DAIRY);
        let begun = owner(app).save(request.clone()).await.unwrap();
        assert_eq!(owner(app).save(request).await.unwrap(), begun);
        assert_eq!(listed(&owner(app)).await.len(), 1);
        let request = discarding(app, &begun);
        for _ in 0..2 {
            owner(app).drafts().discard_draft(request.clone()).await.unwrap();
        }
        assert_eq!(refusal(get(&owner(app), &begun).await), missing());
        assert!(listed(&owner(app)).await.is_empty());
    }

    async fn an_author_has_fifty_drafts_at_most(app: TestSuite) {
        for _ in 0..49 {
            owner(app).save(draft(app, DAIRY)).await.unwrap();
        }
        // Of two at once for the last place, one gets it.
        let (a, b) = (owner(app), owner(app));
        let (one, two) = tokio::join!(a.save(draft(app, DAIRY)), b.save(draft(app, DAIRY)));
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
        let full = refusal(owner(app).save(draft(app, DAIRY)).await);
        assert_eq!(full, was(Code::FailedPrecondition, "DRAFTS_TOO_MANY"));
        agent(app).save(draft(app, DAIRY)).await.unwrap();
    }

    async fn a_draft_that_nobody_touches_goes_with_its_files(app: TestSuite) {
        let idle = owner(app).save(draft(app, DAIRY)).await.unwrap();
        let used = owner(app).save(draft(app, DAIRY)).await.unwrap();
        let of = |draft: &pb::Draft| upload(app, "", "a.pdf", PDF).of_draft(draft);
        let file = owner(app).upload(of(&idle)).await.unwrap();
        assert_eq!(file.audience(), pb::AttachmentAudience::Joint);
        assert_eq!(get(&owner(app), &idle).await.unwrap().attachment_count, 1);
        assert_eq!(agent(app).download(&file).await.unwrap(), PDF);
        for stranger in [steel_owner(app), operator(app), liaison(app)] {
            assert_eq!(refusal(stranger.file(&file).await), was(Code::NotFound, "ATTACHMENT_NOT_FOUND"));
            assert_eq!(refusal(stranger.upload(of(&idle)).await), missing());
        }
        app.clock.advance(TimeDelta::days(60));
        owner(app).upload(of(&used)).await.unwrap();
        app.clock.advance(TimeDelta::days(29));
        app.settle().await;
        assert_eq!(listed(&owner(app)).await.len(), 2);
        app.clock.advance(TimeDelta::days(1));
        app.settle().await;
        assert_eq!(listed(&owner(app)).await, [used.draft_id.as_str()]);
        assert_eq!(refusal(owner(app).file(&file).await), was(Code::NotFound, "ATTACHMENT_NOT_FOUND"));
        app.clock.advance(TimeDelta::days(7));
        swept(app).await;
        assert_eq!(n_kept(app), 1);
    }
}
