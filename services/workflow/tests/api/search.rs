use access::{Role, RoleGrant};
use chrono::TimeDelta;
use kernel::EnterpriseId;
use proto::workflow::v1::{self as pb, issue_service_client::IssueServiceClient};
use testkit::TestSuite;
use tonic::Code;

use crate::world::*;
use pb::MatchedField::{Description, Firm, Number, Reply, Title};

async fn submit(app: &TestSuite, who: &Person<'_>, firm: EnterpriseId, text: (&str, &str)) -> pb::Issue {
    // One after the other, so that each has a time of its own.
    app.clock.advance(TimeDelta::minutes(1));
    let request = pb::SubmitIssueRequest {
        title: text.0.to_owned(),
        description: text.1.to_owned(),
        ..submission(app, firm, "municipal_facilities")
    };
    who.issues().submit_issue(request).await.unwrap().into_inner().issue.unwrap()
}

fn asked(query: &str) -> pb::SearchIssuesRequest {
    pb::SearchIssuesRequest { query: query.to_owned(), ..Default::default() }
}

async fn search(who: &Person<'_>, query: &str) -> pb::SearchIssuesResponse {
    let found = who.issues().search_issues(asked(query)).await.unwrap().into_inner();
    assert_eq!(i64::try_from(found.results.len()).unwrap(), found.total_count, "{query}");
    assert!(found.results.iter().all(|found| !found.matched_fields.is_empty()), "{query}");
    found
}

/// The last digits of the numbers of what is found.
async fn found(who: &Person<'_>, query: &str) -> Vec<String> {
    let found = search(who, query).await;
    let number = |found: &pb::FoundIssue| found.issue.as_ref().unwrap().number[12..].to_owned();
    found.results.iter().map(number).collect()
}

async fn fields(who: &Person<'_>, query: &str) -> Vec<pb::MatchedField> {
    search(who, query).await.results[0].matched_fields().collect()
}

/// What the index holds, so that a test can take it away and look for it.
async fn n_indexed(app: &TestSuite) -> i64 {
    let mut tx = db(app).snapshot().await.unwrap();
    let n = store::scalar!(&mut tx, "count", i64, "SELECT COUNT(*) FROM search_text").unwrap();
    tx.commit().await.unwrap();
    n
}

async fn execute(app: &TestSuite, sql: &'static str) {
    let mut tx = db(app).begin().await.unwrap();
    store::execute!(&mut tx, "change what is there", sql).unwrap();
    tx.commit().await.unwrap();
}

const LAMPS: (&str, &str) = ("三号路路灯不亮", "夜班职工回家看不清路。");
const SIGNS: (&str, &str) = ("S328 省道缺少警示标志", "厂门口路段没有路灯，也没有标志牌和警示灯。");
const ACID: (&str, &str) = ("盐酸备案办理慢", "材料交到窗口已经二十天，编号 AB-12。");

both_engines! {
    async fn chinese_is_found_by_any_characters_in_a_row_and_other_scripts_by_words(app: TestSuite) {
        let firm = owner(app);
        for text in [LAMPS, SIGNS, ACID] {
            submit(app, &firm, DAIRY, text).await;
        }
        for (query, expected) in [
            ("路灯", &["02", "01"][..]),
            ("灯", &["02", "01"]),
            ("警示标志", &["02"]),
            ("示标", &["02"]),
            ("标志警示", &[]),
            ("志牌和警", &["02"]),
            ("s328", &["02"]),
            ("Ｓ３２８省道", &["02"]),
            ("S32", &[]),
            ("二十天　盐酸", &["03"]),
            ("路灯 盐酸", &[]),
            ("路灯 S328", &["02"]),
            ("ab-12", &["03"]),
            ("，路灯！", &["02", "01"]),
            ("水泥", &[]),
        ] {
            assert_eq!(found(&firm, query).await, expected, "{query}");
        }
    }

    async fn what_was_found_names_the_fields_and_shows_the_issue_as_a_list_does(app: TestSuite) {
        let firm = owner(app);
        submit(app, &firm, DAIRY, SIGNS).await;
        let clerk = operator(app);
        assert_eq!(fields(&clerk, "省道").await, [Title]);
        assert_eq!(fields(&clerk, "路灯").await, [Description]);
        assert_eq!(fields(&clerk, "警示").await, [Title, Description]);
        assert_eq!(fields(&clerk, "qq-2026-000001").await, [Number]);
        assert_eq!(fields(&clerk, "云杉").await, [Firm]);
        assert_eq!(fields(&clerk, "云杉 标志 QQ-2026-000001").await, [Title, Description, Number, Firm]);
        let listed = clerk.list(pb::IssueFilter::default()).await.unwrap().issues;
        assert_eq!(search(&clerk, "省道").await.results[0].issue.as_ref(), listed.first());
    }

    async fn an_issue_is_found_by_its_whole_number_and_by_its_firm(app: TestSuite) {
        submit(app, &owner(app), DAIRY, LAMPS).await;
        submit(app, &steel_owner(app), STEEL, LAMPS).await;
        let clerk = operator(app);
        assert_eq!(found(&clerk, "QQ-2026-000002").await, ["02"]);
        assert_eq!(found(&clerk, "QQ-2026-00000").await, Vec::<String>::new());
        assert_eq!(found(&clerk, "钢构").await, ["02"]);
        assert_eq!(found(&clerk, "路灯 乳业").await, ["01"]);
        // A word in the name of every firm stands for none.
        let general = search(&clerk, "有限公司").await;
        assert_eq!((general.total_count, general.general_words), (0, vec!["有限公司".to_owned()]));
        assert!(search(&clerk, "路灯").await.general_words.is_empty());
        assert_eq!(found(&liaison(app), "乳业").await, ["01"]);
        assert_eq!(found(&owner(app), "钢构").await, Vec::<String>::new());
    }

    async fn nobody_finds_or_counts_an_issue_that_is_hidden_from_them(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        submit(app, &owner(app), DAIRY, LAMPS).await;
        submit(app, &steel_owner(app), STEEL, LAMPS).await;
        for query in ["路灯", "QQ-2026-000002", "钢构", "夜班 路灯"] {
            for (who, n_seen) in [
                (owner(app), usize::from(!query.contains("02") && query != "钢构")),
                (manager(app, WANG), usize::from(!query.contains("02") && query != "钢构")),
                (manager(app, LI), 0),
                (handler(app), 0),
            ] {
                assert_eq!(found(&who, query).await.len(), n_seen, "{query}");
            }
            assert!(found(&operator(app), query).await.contains(&"02".to_owned()), "{query}");
        }
        assert_eq!(found(&liaison(app), "路灯").await, ["02", "01"]);
    }

    async fn a_firm_finds_an_issue_by_its_reply_once_it_was_fed_back(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        let issue = handler(app).record_contact(&in_progress(app).await).await.unwrap();
        let issue = handler(app).reply_issue(&issue).await.unwrap();
        // A manager of the firm who is a liaison of another department too.
        let grants = |department| vec![RoleGrant::of(Role::Manager), RoleGrant::liaison(department)];
        let elsewhere = person(app, WANG, grants(FINANCE));
        let here = person(app, WANG, grants(HOUSING));
        let client = IssueServiceClient::new(app.client(&["issues.read"]));
        let machine = async || client.clone().search_issues(asked("安装")).await.unwrap().into_inner().total_count;
        for (who, n_seen) in [
            (owner(app), 0), (manager(app, WANG), 0), (elsewhere.clone(), 0), (here.clone(), 1), (liaison(app), 1),
            (handler(app), 1), (operator(app), 1),
        ] {
            assert_eq!(found(&who, "安装").await.len(), n_seen);
            // The same word in a text that is theirs to read does not give it away.
            assert_eq!(found(&who, "标志已安装").await.len(), n_seen);
            let by_title = fields(&who, "标志").await;
            assert_eq!(by_title.contains(&Reply), n_seen == 1);
        }
        assert_eq!(machine().await, 0);

        let issue = liaison(app).feed_back_issue(&issue).await.unwrap();
        for who in [owner(app), manager(app, WANG), elsewhere, here, handler(app)] {
            assert_eq!(fields(&who, "安装").await, [Reply]);
        }
        assert_eq!(machine().await, 1);

        // A reply that stands no more is shown to nobody.
        owner(app).dispute_issue(&issue).await.unwrap();
        for who in [owner(app), handler(app), operator(app)] {
            assert!(found(&who, "安装").await.is_empty());
        }
    }

    async fn a_reply_is_found_by_its_legal_basis_and_a_new_one_takes_its_place(app: TestSuite) {
        let issue = handler(app).record_contact(&in_progress(app).await).await.unwrap();
        let reply = pb::ReplyIssueRequest {
            issue_id: issue.issue_id.clone(),
            outcome: pb::Outcome::Infeasible.into(),
            text: "此处不具备设置条件".to_owned(),
            legal_basis: "公路标志设置办法第七条".to_owned(),
            override_note: String::new(),
            evidence_ids: Vec::new(),
            etag: issue.etag,
            request_id: app.request_id(),
        };
        let issue = handler(app).issues().reply_issue(reply).await.unwrap().into_inner().issue.unwrap();
        assert_eq!(found(&handler(app), "不具备").await.len(), 1);
        assert_eq!(found(&handler(app), "第七条 不具备").await.len(), 1);
        assert_eq!(found(&handler(app), "条件公路").await.len(), 0);
        let issue = liaison(app).send_back_reply(&issue).await.unwrap();
        assert_eq!(found(&handler(app), "不具备").await.len(), 0);
        handler(app).reply_issue(&issue).await.unwrap();
        assert_eq!(found(&handler(app), "不具备").await.len(), 0);
        assert_eq!(found(&handler(app), "标志已安装").await.len(), 1);
    }

    async fn filters_and_pages_are_those_of_the_list(app: TestSuite) {
        let firm = owner(app);
        for _ in 0..5 {
            submit(app, &firm, DAIRY, LAMPS).await;
        }
        let signed = submitted(app).await;
        liaison(app).sign_issue(&signed).await.unwrap();
        let clerk = operator(app);
        let signed = pb::IssueFilter { states: vec![pb::IssueState::Signed.into()], ..Default::default() };
        let request = pb::SearchIssuesRequest { filter: Some(signed), ..asked("职工") };
        let answer = clerk.issues().search_issues(request).await.unwrap().into_inner();
        assert_eq!((answer.total_count, answer.results.len()), (1, 1));

        let (mut numbers, mut page_token, mut token) = (Vec::new(), String::new(), String::new());
        loop {
            let request = pb::SearchIssuesRequest { page_size: 2, page_token, ..asked("路灯") };
            let page = clerk.issues().search_issues(request).await.unwrap().into_inner();
            assert_eq!(page.total_count, 5);
            numbers.extend(page.results.into_iter().map(|found| found.issue.unwrap().number[12..].to_owned()));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
            token = page_token.clone();
        }
        assert_eq!(numbers, ["05", "04", "03", "02", "01"]);
        let other = pb::SearchIssuesRequest { page_size: 2, page_token: token.clone(), ..asked("夜班") };
        let invalid = || was(Code::InvalidArgument, "PAGE_TOKEN_INVALID");
        assert_eq!(refusal(clerk.issues().search_issues(other).await), invalid());
        let same = pb::SearchIssuesRequest { page_size: 2, page_token: token, ..asked("路灯") };
        assert_eq!(refusal(auditor(app).issues().search_issues(same).await), invalid());
    }

    async fn a_query_with_nothing_in_it_or_too_much_is_refused(app: TestSuite) {
        let long = "路".repeat(201);
        for query in ["", "  ", "，。！", &long, "一 二 三 四 五 六 七 八 九", "a\u{0}b"] {
            let status = operator(app).issues().search_issues(asked(query)).await.unwrap_err();
            assert_eq!(testkit::bad_fields(&status), ["query"], "{query}");
        }
        // Signs of the engines' own languages are nothing but signs.
        for query in ["\"路灯\"*", "路灯 OR 盐酸", "路灯:*", "'; DROP TABLE issue; --", "NEAR(路灯)", "路灯 & !盐酸"] {
            operator(app).issues().search_issues(asked(query)).await.unwrap();
        }
    }

    async fn issues_from_before_there_was_a_search_are_found_after_the_job_went_over_them(app: TestSuite) {
        let issue = handler(app).record_contact(&in_progress(app).await).await.unwrap();
        handler(app).reply_issue(&issue).await.unwrap();
        for _ in 0..3 {
            submit(app, &owner(app), DAIRY, LAMPS).await;
        }
        let n_texts = n_indexed(app).await;
        execute(app, "DELETE FROM search_text").await;
        app.settle().await;
        assert_eq!((n_texts, n_indexed(app).await), (9, 0), "what changed just now is left for later");
        app.clock.advance(TimeDelta::minutes(6));
        app.settle().await;
        assert_eq!(n_indexed(app).await, n_texts);
        assert_eq!(found(&owner(app), "路灯").await, ["04", "03", "02"]);
        assert_eq!(found(&handler(app), "安装").await, ["01"]);
        assert_eq!(found(&owner(app), "安装").await, Vec::<String>::new());
        // It goes on from where it was, and puts right what another build left wrong.
        execute(app, "DELETE FROM search_text").await;
        app.settle().await;
        assert_eq!(n_indexed(app).await, 0);
        execute(app, "UPDATE search_progress SET updated_at = NULL, issue_id = NULL").await;
        execute(app, "INSERT INTO search_text (subject_id, part, audience, tokens)
            SELECT issue_id, 'REPLY', 'ALL', '水泥' FROM issue").await;
        app.settle().await;
        assert_eq!(n_indexed(app).await, n_texts);
        assert!(found(&operator(app), "水泥").await.is_empty());
    }

    async fn nothing_is_found_by_a_text_that_was_erased(app: TestSuite) {
        fed_back(app).await;
        submit(app, &owner(app), DAIRY, ACID).await;
        for (query, n_found) in [("厂门口", 1), ("安装", 1), ("窗口", 1)] {
            assert_eq!(found(&operator(app), query).await.len(), n_found, "{query}");
        }
        execute(app, "UPDATE note SET salt = NULL, body = NULL WHERE body <> '材料交到窗口已经二十天，编号 AB-12。'").await;
        app.settle().await;
        for (query, n_found) in [("厂门口", 0), ("安装", 0), ("窗口", 1)] {
            assert_eq!(found(&operator(app), query).await.len(), n_found, "{query}");
        }
        // The job that compares brings nothing back.
        app.clock.advance(TimeDelta::minutes(6));
        app.settle().await;
        assert_eq!(n_indexed(app).await, 3);
    }
}
