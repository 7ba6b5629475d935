use chrono::TimeDelta;
use kernel::EnterpriseId;
use proto::workflow::v1::{self as pb, duplicate_service_client::DuplicateServiceClient};
use rpc::Bearer;
use testkit::TestSuite;
use tonic::Code;

use crate::world::*;

const LAMPS: (&str, &str) =
    ("工业园三号路路灯不亮", "工业园三号路自上周起整条路的路灯都不亮，夜班职工回家看不清路，请维修。");
const LAMPS_AGAIN: (&str, &str) = (
    "三号路路灯坏了没人修",
    "园区三号路路灯已经坏了一个多星期，夜里一片漆黑，夜班工人走路不安全，请尽快修好路灯。",
);
const NEW_LAMPS: (&str, &str) =
    ("申请在厂区门口新装路灯", "我公司搬到开发区二期后，企业门口的支路一直没有安装路灯，申请新装路灯十盏。");
const ACID: (&str, &str) =
    ("盐酸备案手续办理慢", "我公司申请盐酸购买备案，材料交到窗口已经二十天没有答复，影响生产。");

async fn submit(app: &TestSuite, who: &Person<'_>, firm: EnterpriseId, text: (&str, &str)) -> pb::Issue {
    app.clock.advance(TimeDelta::minutes(1));
    let request = pb::SubmitIssueRequest {
        title: text.0.to_owned(),
        description: text.1.to_owned(),
        ..submission(app, firm, "municipal_facilities")
    };
    who.issues().submit_issue(request).await.unwrap().into_inner().issue.unwrap()
}

async fn suggested(
    mut who: DuplicateServiceClient<Bearer>,
    firm: &str,
    text: (&str, &str),
) -> Answer<Vec<(String, i32)>> {
    let request = pb::SuggestDuplicatesRequest {
        title: text.0.to_owned(),
        description: text.1.to_owned(),
        category: "municipal_facilities".to_owned(),
        division_code: "330482101".to_owned(),
        enterprise_id: firm.to_owned(),
    };
    Ok(scores(who.suggest_duplicates(request).await?.into_inner().issues))
}

async fn similar(who: &Person<'_>, issue: &pb::Issue, open_only: bool) -> Answer<Vec<(String, i32)>> {
    let request = pb::ListSimilarIssuesRequest { issue_id: issue.issue_id.clone(), open_only };
    Ok(scores(who.duplicates().list_similar_issues(request).await?.into_inner().issues))
}

fn scores(issues: Vec<pb::SimilarIssue>) -> Vec<(String, i32)> {
    issues
        .into_iter()
        .map(|similar| (similar.issue.unwrap().number[12..].to_owned(), similar.score))
        .collect()
}

fn numbers(scores: Vec<(String, i32)>) -> Vec<String> {
    scores.into_iter().map(|(number, _)| number).collect()
}

both_engines! {
    async fn the_same_matter_in_other_words_is_suggested_and_another_with_the_same_words_is_not(app: TestSuite) {
        let firm = owner(app);
        for text in [LAMPS, NEW_LAMPS, ACID] {
            submit(app, &firm, DAIRY, text).await;
        }
        let firm = || owner(app).duplicates();
        let found = suggested(firm(), &DAIRY.to_string(), LAMPS_AGAIN).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].0 == "01" && (28..60).contains(&found[0].1), "{found:?}");
        let same = suggested(firm(), &DAIRY.to_string(), LAMPS).await.unwrap();
        assert_eq!(same, [("01".to_owned(), 100)]);
        let title_alone = suggested(firm(), &DAIRY.to_string(), ("盐酸备案手续", "")).await.unwrap();
        assert_eq!(numbers(title_alone), ["03"]);
        let nothing = suggested(firm(), &DAIRY.to_string(), ("！？", "")).await.unwrap();
        assert_eq!(nothing, []);
    }

    async fn a_firm_is_suggested_its_own_issues_alone_and_an_office_those_it_sees(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        submit(app, &owner(app), DAIRY, LAMPS).await;
        submit(app, &steel_owner(app), STEEL, LAMPS).await;
        let (dairy, steel) = (DAIRY.to_string(), STEEL.to_string());
        let machine = DuplicateServiceClient::new(app.client(&["issues.read"]));
        for (who, firm, expected) in [
            (owner(app).duplicates(), &dairy, &["01"][..]),
            (owner(app).duplicates(), &steel, &[]),
            (steel_owner(app).duplicates(), &steel, &["02"]),
            (manager(app, WANG).duplicates(), &dairy, &["01"]),
            (manager(app, WANG).duplicates(), &steel, &[]),
            (manager(app, LI).duplicates(), &dairy, &[]),
            (machine.clone(), &steel, &["02"]),
            (liaison(app).duplicates(), &dairy, &["02", "01"]),
            (handler(app).duplicates(), &dairy, &[]),
            (operator(app).duplicates(), &String::new(), &["02", "01"]),
        ] {
            assert_eq!(numbers(suggested(who, firm, LAMPS_AGAIN).await.unwrap()), expected);
        }
        for who in [owner(app).duplicates(), machine] {
            let status = suggested(who, "", LAMPS).await.unwrap_err();
            assert_eq!(testkit::bad_fields(&status), ["enterprise_id"]);
        }
        let refused = suggested(auditor(app).duplicates(), &dairy, LAMPS).await;
        assert_eq!(refusal(refused).0, Code::PermissionDenied);
    }

    async fn an_operator_lists_issues_similar_to_one_of_every_firm(app: TestSuite) {
        let issue = submit(app, &owner(app), DAIRY, LAMPS).await;
        submit(app, &steel_owner(app), STEEL, LAMPS_AGAIN).await;
        submit(app, &steel_owner(app), STEEL, LAMPS).await;
        submit(app, &steel_owner(app), STEEL, NEW_LAMPS).await;
        let clerk = operator(app);
        let found = similar(&clerk, &issue, false).await.unwrap();
        assert_eq!(numbers(found.clone()), ["03", "02"]);
        assert!(found[0].1 == 100 && found[1].1 < 60, "{found:?}");
        assert_eq!(numbers(similar(&liaison(app), &issue, false).await.unwrap()), ["03", "02"]);
        // Out of sight it does not exist.
        let hidden = similar(&handler(app), &issue, false).await;
        assert_eq!(refusal(hidden), was(Code::NotFound, "ISSUE_NOT_FOUND"));
        let none = pb::Issue { issue_id: app.uuid().to_string(), ..Default::default() };
        assert_eq!(refusal(similar(&clerk, &none, false).await), was(Code::NotFound, "ISSUE_NOT_FOUND"));
        let refused = similar(&owner(app), &issue, false).await;
        assert_eq!(refusal(refused).0, Code::PermissionDenied);
    }

    async fn open_are_issues_that_somebody_still_has_to_act_on(app: TestSuite) {
        let (lead, merged) = (submitted(app).await, submitted(app).await);
        crate::rulings::merge(app, &lead, &[&merged]).await.unwrap();
        liaison(app).reject_out_of_scope(&submitted(app).await).await.unwrap();
        let withdrawn = owner(app).request_withdrawal(&submitted(app).await).await.unwrap();
        operator(app).decide_withdrawal(&withdrawn, pb::WithdrawalDecision::Confirmed).await.unwrap();
        let issue = submitted(app).await;
        let clerk = operator(app);
        assert_eq!(similar(&clerk, &issue, false).await.unwrap().len(), 4);
        assert_eq!(numbers(similar(&clerk, &issue, true).await.unwrap()), ["01"]);
    }

    async fn closed_issues_can_be_left_out_and_those_of_long_ago_always_are(app: TestSuite) {
        closed(app).await;
        let issue = submitted(app).await;
        let clerk = operator(app);
        assert_eq!(similar(&clerk, &issue, false).await.unwrap(), [("01".to_owned(), 100)]);
        assert_eq!(similar(&clerk, &issue, true).await.unwrap(), []);
        app.clock.advance(TimeDelta::days(366));
        assert_eq!(similar(&clerk, &issue, false).await.unwrap(), []);
    }
}
