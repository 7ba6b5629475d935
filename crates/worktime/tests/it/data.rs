use std::error::Error as _;

use worktime::{Calendar, CalendarError};

/// A good file of two years, cut into places where a test can put something else.
const GOOD: &str = r#"{
  "version": "test-1", "first_year": 2026, "last_year": 2027,
  "intervals": [{"opens": "09:00", "closes": "12:00"}, {"opens": "12:00", "closes": "17:00"}],
  "notices": [{"number": "n1", "issued": "2025-11-04", "title": "days"}],
  "years": [
    {"year": 2026,
     "holidays": [{"name": "a", "from": "2026-01-01", "to": "2026-01-03", "notice": "n1"}],
     "make_up_days": [{"date": "2026-01-04", "for": "a", "notice": "n1"}]},
    {"year": 2027, "holidays": [], "make_up_days": []}
  ]
}"#;

fn faults(part: &str, instead: &str) -> Vec<String> {
    assert_eq!(GOOD.matches(part).count(), 1, "{part}");
    match Calendar::parse(&GOOD.replace(part, instead)).unwrap_err() {
        CalendarError::Faults(faults) => faults.iter().map(ToString::to_string).collect(),
        form @ CalendarError::Form(_) => vec![format!("{form}: {}", form.source().unwrap())],
    }
}

#[test]
fn a_good_file_is_read() {
    let calendar = Calendar::parse(GOOD).unwrap();
    assert_eq!(calendar.version(), "test-1");
    assert_eq!(calendar.seconds_per_day(), 8 * 3600);
    assert_eq!(calendar.working_days_in_year(2027), Ok(261));
    assert_eq!(calendar.last_announced_day(), calendar.last_day());
    let provisional = GOOD.replace("\"year\": 2027,", "\"year\": 2027, \"provisional\": true,");
    let last = Calendar::parse(&provisional).unwrap().last_announced_day();
    assert_eq!(last.to_string(), "2026-12-31");
}

#[test]
fn a_file_of_another_form_is_refused_with_line_and_column() {
    let form = "the calendar is not of the form required: ";
    for (part, instead, said) in [
        (
            "\"version\": \"test-1\"",
            "\"version\": 1",
            "invalid type: integer `1`, expected a string at line 2",
        ),
        ("\"version\":", "\"zone\": \"UTC\", \"version\":", "unknown field `zone`"),
        ("\"opens\": \"09:00\"", "\"opens\": \"09:00\", \"lunch\": true", "unknown field `lunch`"),
        ("\"title\": \"days\"", "\"title\": \"days\", \"x\": 1", "unknown field `x`"),
        ("\"year\": 2026,\n", "\"year\": 2026, \"weekends\": [],\n", "unknown field `weekends`"),
        ("\"name\": \"a\"", "\"name\": \"a\", \"days\": 3", "unknown field `days`"),
        ("\"for\": \"a\"", "\"for\": \"a\", \"x\": 1", "unknown field `x`"),
        ("\"version\": \"test-1\", ", "", "missing field `version`"),
        (", \"make_up_days\": []}", "}", "missing field `make_up_days`"),
        ("\"year\": 2027,", "\"year\": 2027, \"year\": 2027,", "duplicate field `year`"),
    ] {
        let faults = faults(part, instead);
        assert!(faults[0].starts_with(&format!("{form}{said}")), "{faults:?}");
        assert!(faults[0].contains(" at line "), "{faults:?}");
    }
}

#[test]
fn each_fault_is_told_with_its_place() {
    for (part, instead, said) in [
        ("\"test-1\"", "\" \"", "version: must not be empty"),
        ("\"first_year\": 2026", "\"first_year\": 26", "first_year: 26 is not between 1950 and 2199"),
        ("\"last_year\": 2027", "\"last_year\": 20270", "last_year: 20270 is not between 1950 and 2199"),
        ("\"first_year\": 2026", "\"first_year\": 2028", "last_year: 2027 is before the first year, 2028"),
        ("\"last_year\": 2027", "\"last_year\": 2028", "years: 2028 is missing"),
        (
            "\"year\": 2026,\n",
            "\"year\": 2026, \"provisional\": true,\n",
            "years[0].provisional: only the last year may be provisional",
        ),
        ("\"last_year\": 2027", "\"last_year\": 2026", "years[1].year: 2027 is not between 2026 and 2026"),
        (
            "{\"year\": 2027,",
            "{\"year\": 2027, \"holidays\": [], \"make_up_days\": []}, {\"year\": 2027,",
            "years[2].year: 2027 is there twice",
        ),
        ("\"09:00\"", "\"9:00\"", "intervals[0].opens: \"9:00\" is not a time such as \"08:30\""),
        ("\"17:00\"", "\"24:00\"", "intervals[1].closes: \"24:00\" is not a time such as \"08:30\""),
        ("\"09:00\"", "\"12:00\"", "intervals[0].closes: is not after the opening"),
        (
            "\"opens\": \"12:00\"",
            "\"opens\": \"11:59\"",
            "intervals[1].opens: is before the interval before it has closed",
        ),
        (
            "[{\"opens\": \"09:00\", \"closes\": \"12:00\"}, {\"opens\": \"12:00\", \"closes\": \"17:00\"}]",
            "[]",
            "intervals: must not be empty",
        ),
        ("\"title\": \"days\"", "\"title\": \"\"", "notices[0].title: must not be empty"),
        (
            "\"2025-11-04\"",
            "\"2025-11-4\"",
            "notices[0].issued: \"2025-11-4\" is not a date such as \"2026-02-14\"",
        ),
        (
            "\"title\": \"days\"}",
            "\"title\": \"days\"}, {\"number\": \"n1\", \"issued\": \"2026-01-01\", \"title\": \"b\"}",
            "notices[1].number: \"n1\" is there twice",
        ),
        ("\"name\": \"a\"", "\"name\": \"\"", "years[0].holidays[0].name: must not be empty"),
        (
            "\"2026-01-01\"",
            "\"2026-02-30\"",
            "years[0].holidays[0].from: \"2026-02-30\" is not a date such as \"2026-02-14\"",
        ),
        ("\"2026-01-01\"", "\"2025-12-31\"", "years[0].holidays[0].from: 2025-12-31 does not lie in 2026"),
        ("\"2026-01-03\"", "\"2027-01-03\"", "years[0].holidays[0].to: 2027-01-03 does not lie in 2026"),
        (
            "\"2026-01-01\"",
            "\"2026-01-09\"",
            "years[0].holidays[0].to: 2026-01-03 is before the first day, 2026-01-09",
        ),
        (
            "\"to\": \"2026-01-03\", \"notice\": \"n1\"",
            "\"to\": \"2026-01-03\", \"notice\": \"n2\"",
            "years[0].holidays[0].notice: \"n2\" is not among the notices",
        ),
        ("\"for\": \"a\"", "\"for\": \"\"", "years[0].make_up_days[0].for: must not be empty"),
        (
            "\"for\": \"a\", \"notice\": \"n1\"",
            "\"for\": \"a\", \"notice\": \"\"",
            "years[0].make_up_days[0].notice: \"\" is not among the notices",
        ),
        (
            "\"2026-01-04\"",
            "\"2026-01-05\"",
            "years[0].make_up_days[0].date: 2026-01-05 is a Mon, which is worked anyway",
        ),
        (
            "\"2026-01-04\"",
            "\"2027-01-02\"",
            "years[0].make_up_days[0].date: 2027-01-02 does not lie in 2026",
        ),
        (
            "\"2026-01-04\"",
            "\"2026-01-03\"",
            "years[0].make_up_days[0]: 2026-01-03 is already given by years[0].holidays[0]",
        ),
        (
            "\"for\": \"a\", \"notice\": \"n1\"}",
            "\"for\": \"a\", \"notice\": \"n1\"}, {\"date\": \"2026-01-04\", \"for\": \"a\", \"notice\": \"n1\"}",
            "years[0].make_up_days[1]: 2026-01-04 is already given by years[0].make_up_days[0]",
        ),
        (
            "\"holidays\": [{",
            "\"holidays\": [{\"name\": \"b\", \"from\": \"2026-01-03\", \"to\": \"2026-01-03\", \"notice\": \"n1\"}, {",
            "years[0].holidays[1]: 2026-01-03 is already given by years[0].holidays[0]",
        ),
    ] {
        assert_eq!(faults(part, instead), [said], "{instead}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let json = GOOD.replace("\"09:00\"", "\"nine\"").replace("\"2026-01-04\"", "\"2026-01-02\"");
    assert_eq!(
        Calendar::parse(&json).unwrap_err().to_string(),
        "the calendar is wrong: intervals[0].opens: \"nine\" is not a time such as \"08:30\"; \
         years[0].make_up_days[0].date: 2026-01-02 is a Fri, which is worked anyway; \
         years[0].make_up_days[0]: 2026-01-02 is already given by years[0].holidays[0]"
    );
}
