use axum::body::Body;
use calamine::{Data, Reader as _, Xlsx};
use futures::StreamExt as _;
use http_body_util::BodyExt as _;
use proto::workflow::v1 as pb;
use rpc::Limits;
use testkit::{Engine, TestSuite};
use tonic::Code;
use tower::ServiceExt as _;

use crate::world::*;

/// What the first message says, and the file.
async fn export(
    who: &Person<'_>,
    request: pb::ExportIssuesRequest,
) -> Answer<(pb::ExportIssuesResponse, Vec<u8>)> {
    let mut stream = who.issues().export_issues(request).await?.into_inner();
    let first = stream.next().await.unwrap()?;
    let mut file = Vec::new();
    while let Some(piece) = stream.next().await {
        let piece = piece?.chunk;
        assert!(piece.len() <= 64 * 1024);
        file.extend_from_slice(&piece);
    }
    Ok((first, file))
}

fn csv() -> pb::ExportIssuesRequest {
    pb::ExportIssuesRequest::default()
}

fn xlsx() -> pb::ExportIssuesRequest {
    pb::ExportIssuesRequest { format: pb::ExportFormat::Xlsx.into(), ..csv() }
}

/// The header, the rows, and the last record.
fn read(file: &[u8]) -> (Vec<String>, Vec<Vec<String>>, Vec<String>) {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(file);
    let mut records: Vec<Vec<String>> =
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
    let last = records.pop().unwrap();
    (records.remove(0), records, last)
}

async fn scalar(app: &TestSuite, sql: &'static str) -> i64 {
    let mut tx = db(app).snapshot().await.unwrap();
    let n = store::scalar!(&mut tx, "count", i64, sql).unwrap();
    tx.commit().await.unwrap();
    n
}

both_engines! {
    async fn an_export_holds_what_the_list_shows_under_every_scope(app: TestSuite) {
        appointed(app, WANG, DAIRY, "03-01").await;
        closed(app).await;
        in_progress(app).await;
        submitted(app).await;
        steel_owner(app).submit(STEEL, "other").await.unwrap();
        let open = pb::IssueFilter { open_only: true, ..Default::default() };
        for who in [
            owner(app), steel_owner(app), manager(app, WANG), manager(app, LI), liaison(app), handler(app),
            operator(app), auditor(app),
        ] {
            for filter in [pb::IssueFilter::default(), open.clone()] {
                let (first, file) = export(&who, pb::ExportIssuesRequest { filter: Some(filter.clone()), ..csv() })
                    .await
                    .unwrap();
                let (_, rows, _) = read(&file);
                let mut listed: Vec<_> = who.list(filter.clone()).await.unwrap().issues;
                listed.sort_by_key(|issue| issue.number.clone());
                let exported: Vec<_> = rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
                let expected: Vec<_> = listed.into_iter().map(|issue| (issue.number, issue.issue_id)).collect();
                assert_eq!(exported, expected);
                let counted = who.count(filter).await.unwrap().total_count;
                assert_eq!((first.row_count, i64::try_from(rows.len()).unwrap()), (counted, counted));
            }
        }
    }

    async fn an_export_says_whose_it_is_and_is_on_record(app: TestSuite) {
        closed(app).await;
        let (first, file) = export(&operator(app), csv()).await.unwrap();
        let (header, rows, last) = read(&file);
        assert_eq!(header[..4], ["诉求编号", "诉求ID", "标题", "类别"]);
        assert_eq!(rows[0].len(), header.len());
        let cell = |name: &str| rows[0][header.iter().position(|column| column == name).unwrap()].as_str();
        assert_eq!((cell("状态"), cell("评价星级"), cell("答复结果")), ("CLOSED", "5", "RESOLVED"));
        assert_eq!((cell("提报时间"), cell("签收期限")), ("2026-03-02 09:00:00", "2026-03-02 11:00:00"));
        assert_eq!(last[..5], [
            "#export", &first.export_id, &format!("account:{OPERATOR}"), "2026-03-02 09:00:00", "1",
        ]);
        assert_eq!(first.file_name, format!("issues-20260302-{}.csv", first.export_id));
        assert_eq!(first.content_type, "text/csv; charset=utf-8");
        let english = pb::ExportIssuesRequest { locale: "en".to_owned(), ..csv() };
        let (second, file) = export(&owner(app), english).await.unwrap();
        assert_eq!(read(&file).0[..3], ["Number", "Issue ID", "Title"]);

        let mut tx = db(app).snapshot().await.unwrap();
        let kept = store::rows!(
            &mut tx,
            "read the log of exports",
            (uuid::Uuid, String, String, i64, Vec<u8>),
            "SELECT export_id, principal, format, row_count, filter_digest FROM export_log ORDER BY export_id"
        ).unwrap();
        tx.commit().await.unwrap();
        let who: Vec<_> = kept.iter().map(|(id, who, format, n, _)| (id.to_string(), who.clone(), format.as_str(), *n)).collect();
        assert_eq!(who, [
            (first.export_id, format!("account:{OPERATOR}"), "csv", 1),
            (second.export_id, format!("account:{OWNER}"), "csv", 1),
        ]);
        assert_ne!(kept[0].4, kept[1].4, "they saw by other scopes");
        for sql in ["UPDATE export_log SET row_count = 0", "DELETE FROM export_log"] {
            let mut tx = db(app).begin().await.unwrap();
            assert!(store::execute!(&mut tx, "tamper", sql).is_err(), "{sql}");
        }
        assert_eq!(scalar(app, "SELECT COUNT(*) FROM export_log WHERE row_count = 1").await, 2);
    }

    async fn a_title_that_could_be_a_formula_is_text_in_both_forms(app: TestSuite) {
        let titles = ["=HYPERLINK(\"http://x\",\"点我\")", "@SUM(1+1)", "'引号", "＝1+1", "逗号, 和 \"引号\""];
        for title in titles {
            let request = pb::SubmitIssueRequest { title: title.to_owned(), ..submission(app, DAIRY, "other") };
            owner(app).issues().submit_issue(request).await.unwrap();
            app.clock.advance(chrono::TimeDelta::seconds(1));
        }
        let (_, file) = export(&owner(app), csv()).await.unwrap();
        let shown: Vec<_> = read(&file).1.into_iter().map(|row| row[2].clone()).collect();
        assert_eq!(shown, [
            "'=HYPERLINK(\"http://x\",\"点我\")", "'@SUM(1+1)", "''引号", "'＝1+1", "逗号, 和 \"引号\"",
        ]);
        let (first, file) = export(&owner(app), xlsx()).await.unwrap();
        assert_eq!(first.file_name, format!("issues-20260302-{}.xlsx", first.export_id));
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(file)).unwrap();
        let sheet = book.worksheet_range("诉求").unwrap();
        let written: Vec<_> = sheet.rows().skip(1).map(|row| row[2].clone()).collect();
        assert_eq!(written, titles.map(|title| Data::String(title.to_owned())));
        assert!(book.worksheet_formula("诉求").unwrap().is_empty());
    }

    async fn what_an_export_cannot_be_is_refused(app: TestSuite) {
        let request = pb::ExportIssuesRequest { format: 9, locale: "fr".to_owned(), ..csv() };
        let status = export(&owner(app), request).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&status), ["format", "locale"]);
        assert_eq!(scalar(app, "SELECT COUNT(*) FROM export_log").await, 0);
    }

    async fn over_http_an_export_is_a_download(app: TestSuite) {
        let issue = submitted(app).await;
        let gateway = |who| transcode::Transcoder::new(proto::pool().clone(), who).unwrap();
        let roles = vec![access::RoleGrant::enterprise(DAIRY)];
        let asked = http::Request::builder().uri("/v1/issues:export?locale=en").body(Body::empty()).unwrap();
        let response = gateway(app.person(OWNER, roles.clone())).oneshot(asked).await.unwrap();
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "text/csv; charset=utf-8");
        let disposition = header("content-disposition");
        assert!(disposition.starts_with("attachment; filename=\"issues-20260302-"), "{disposition}");
        let file = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(read(&file).1[0][1], issue.issue_id);

        let asked = http::Request::builder().uri("/v1/issues:export?locale=fr").body(Body::empty()).unwrap();
        let response = gateway(app.person(OWNER, roles)).oneshot(asked).await.unwrap();
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["content-type"], "application/json");
    }
}

async fn more_rows_than_are_allowed_are_refused_and_none_is_handed_out(engine: Engine) {
    let modules = [qinqing_workflow::spec(), identity(), registry()];
    let app = TestSuite::start_configured(engine, &modules, Limits::default(), |config| {
        config.export.max_rows = 2;
    })
    .await
    .unwrap();
    let app = &app;
    for _ in 0..2 {
        submitted(app).await;
    }
    assert_eq!(export(&operator(app), csv()).await.unwrap().0.row_count, 2);
    steel_owner(app).submit(STEEL, "other").await.unwrap();
    let too_large = was(Code::FailedPrecondition, "EXPORT_TOO_LARGE");
    assert_eq!(refusal(export(&operator(app), csv()).await), too_large);
    assert_eq!(scalar(app, "SELECT COUNT(*) FROM export_log").await, 1);
    // It is the export that counts, not what there is.
    assert_eq!(export(&owner(app), csv()).await.unwrap().0.row_count, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_rows_than_are_allowed_are_refused_on_sqlite() {
    more_rows_than_are_allowed_are_refused_and_none_is_handed_out(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_rows_than_are_allowed_are_refused_on_postgres() {
    more_rows_than_are_allowed_are_refused_and_none_is_handed_out(Engine::Postgres).await;
}
