//! What is written reads back exactly, and nothing of it is a formula.

use std::io::Read as _;

use access::{Role, RoleGrant};
use calamine::{Data, Reader as _, Xlsx};
use chrono::TimeDelta;
use futures::StreamExt as _;
use proptest::prelude::*;
use proto::workflow::v1::issue_service_client::IssueServiceClient;

use super::*;
use crate::store::sample;

fn file(format: Format, rows: &[Vec<String>]) -> Vec<u8> {
    let properties = Properties { title: "Issues", export_id: "id", comment: "who" };
    let mut spool = Spool::begin(format, &properties).unwrap();
    for row in rows {
        spool.record(row).unwrap();
    }
    let n_columns = rows.first().map_or(1, Vec::len);
    let mut watermark = vec!["#export".to_owned()];
    watermark.resize(n_columns, String::new());
    let mut bytes = Vec::new();
    spool.finish(&watermark).unwrap().file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// The rows as an independent reader takes them, without the last.
fn read_csv(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).expect("a byte order mark");
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text);
    let mut rows: Vec<Vec<String>> =
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
    assert_eq!(rows.pop().unwrap()[0], "#export");
    rows
}

fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches(' ')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'])
}

fn taken_off(cell: &str) -> String {
    cell.strip_prefix('\'').unwrap_or(cell).to_owned()
}

/// Cells with every beginning that was ever taken for a formula.
fn nasty() -> impl Strategy<Value = String> {
    let beginning = prop::sample::select(vec![
        "",
        "",
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        "\r\n",
        "\0",
        "＝",
        "＋",
        "－",
        "＠",
        "'",
        "''",
        " =",
        "\u{3000}=",
        "\"",
        ",",
        "_x0041_",
        "=HYPERLINK(\"http://x\")",
        "<&>]]>",
        "\u{feff}",
    ]);
    // Two that are no characters cannot stand in XML.
    (beginning, "[^\u{fffe}\u{ffff}]{0,12}").prop_map(|(beginning, rest)| format!("{beginning}{rest}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_csv_file_reads_back_exactly_and_has_no_formula(cells in prop::collection::vec(nasty(), 10)) {
        let mut rows = vec![vec!["a".to_owned(), "b".to_owned()]];
        rows.extend(cells.chunks(2).map(<[String]>::to_vec));
        let read = read_csv(&file(Format::Csv, &rows));
        for cell in read.iter().flatten() {
            prop_assert!(!is_formula(cell), "{cell:?}");
        }
        let exact: Vec<Vec<String>> = read.iter().map(|row| row.iter().map(|cell| taken_off(cell)).collect()).collect();
        prop_assert_eq!(exact, rows);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_workbook_reads_back_exactly_and_has_no_formula(cells in prop::collection::vec(nasty(), 100)) {
        let rows: Vec<Vec<String>> = cells.chunks(4).map(<[String]>::to_vec).collect();
        let bytes = file(Format::Xlsx, &rows);
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let formulas = book.worksheet_formula("Issues").unwrap();
        prop_assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()));
        let sheet = book.worksheet_range("Issues").unwrap();
        for (y, row) in rows.iter().enumerate() {
            for (x, cell) in row.iter().enumerate() {
                let at = (u32::try_from(y).unwrap(), u32::try_from(x).unwrap());
                match sheet.get_value(at) {
                    Some(Data::String(text)) => prop_assert_eq!(text, cell),
                    None | Some(Data::Empty) => prop_assert_eq!("", cell),
                    Some(other) => prop_assert!(false, "{other:?} for {cell:?}"),
                }
            }
        }
    }
}

#[test]
fn a_file_says_utf_8_and_ends_its_lines_as_the_standard_has_it() {
    let bytes = file(Format::Csv, &[vec!["标题".to_owned(), "a \"b\", c".to_owned()]]);
    assert_eq!(bytes, "\u{feff}标题,\"a \"\"b\"\", c\"\r\n#export,\r\n".as_bytes());
}

#[test]
fn every_column_has_a_name_of_its_own_in_both_languages() {
    for locale in [Locale::Chinese, Locale::English] {
        let mut names = header(locale);
        assert_eq!(names.len(), N_COLUMNS);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), N_COLUMNS);
    }
}

testkit::both_engines! {
    modules: [crate::spec(), testkit::fake::identity().spec("identity"),
        testkit::fake::Fake::new().spec("registry")];

    async fn an_export_of_many_pages_has_each_issue_once(app: TestSuite) {
        let mut samples = Batch::new();
        for n in 0..1_203 {
            // Many were submitted at the same moment.
            let submitted = app.now() + TimeDelta::seconds(i64::try_from(n / 100).unwrap());
            sample::row(&mut samples, &sample::fold(sample::id(n), submitted), None);
        }
        let mut tx = app.suite.db("workflow").unwrap().begin().await.unwrap();
        samples.run(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let clerk = app.person(kernel::AccountId::new(app.uuid()), vec![RoleGrant::of(Role::Operator)]);
        let request = pb::ExportIssuesRequest::default();
        let answer = IssueServiceClient::new(clerk).export_issues(request).await.unwrap();
        let messages: Vec<_> = answer.into_inner().map(|message| message.unwrap()).collect().await;
        let file: Vec<u8> = messages.iter().flat_map(|message| message.chunk.to_vec()).collect();
        let ids: Vec<String> = read_csv(&file).into_iter().skip(1).map(|row| row[1].clone()).collect();
        let expected: Vec<String> = (0..1_203).map(|n| sample::id(n).to_string()).collect();
        assert_eq!(ids, expected);
        assert_eq!(messages[0].row_count, 1_203);
    }
}
