use proto::workflow::v1 as pb;
use testkit::TestSuite;
use tonic::Code;

use crate::world::*;

both_engines! {
    async fn a_repeated_step_has_one_effect_and_one_answer(app: TestSuite) {
        let request = submission(app, DAIRY, "municipal_facilities");
        let first = owner(app).issues().submit_issue(request.clone()).await.unwrap();
        let again = owner(app).issues().submit_issue(request.clone()).await.unwrap();
        assert!(again.metadata().contains_key(rpc::REPLAYED) && !first.metadata().contains_key(rpc::REPLAYED));
        let issue = first.into_inner().issue.unwrap();
        assert_eq!(again.into_inner().issue.unwrap(), issue);
        assert_eq!(owner(app).count(pb::IssueFilter::default()).await.unwrap().total_count, 1);

        let sign = pb::SignIssueRequest {
            issue_id: issue.issue_id.clone(),
            difficulty: pb::Difficulty::Hard.into(),
            etag: issue.etag.clone(),
            request_id: app.request_id(),
        };
        let signed = liaison(app).issues().sign_issue(sign.clone()).await.unwrap().into_inner();
        assert_eq!(liaison(app).issues().sign_issue(sign.clone()).await.unwrap().into_inner(), signed);
        assert_eq!(liaison(app).get(&issue).await.unwrap().etag, signed.issue.unwrap().etag);
    }

    async fn a_request_id_is_not_used_for_something_else(app: TestSuite) {
        let request = submission(app, DAIRY, "municipal_facilities");
        owner(app).issues().submit_issue(request.clone()).await.unwrap();
        let other = pb::SubmitIssueRequest { title: "别的诉求".to_owned(), ..request.clone() };
        let refused = owner(app).issues().submit_issue(other).await;
        assert_eq!(refusal(refused), was(Code::InvalidArgument, "REQUEST_ID_REUSED"));
        // Another caller's request of the same id is another request.
        let theirs = pb::SubmitIssueRequest { enterprise_id: STEEL.to_string(), ..request };
        steel_owner(app).issues().submit_issue(theirs).await.unwrap();
    }

    async fn a_step_is_one_read_and_one_write(app: TestSuite) {
        app.settle().await;
        let mut issue = in_progress(app).await;
        let (mut steps, mut submissions) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let before = db(app).counters().statements;
            issue = handler(app).record_progress(&issue).await.unwrap();
            let between = db(app).counters().statements;
            submitted(app).await;
            let after = db(app).counters().statements;
            steps.push(between - before);
            submissions.push(after - between);
        }
        // The consumer renews its lease now and then: the least is what the step itself takes.
        if app.engine == testkit::Engine::Postgres {
            assert_eq!((steps.iter().min(), submissions.iter().min()), (Some(&2), Some(&2)));
        }
    }
}
