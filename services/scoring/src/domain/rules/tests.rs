use expect_test::expect;

use super::*;

/// The starter rules with one piece replaced, and what is wrong with them then.
fn faults(from: &str, to: &str) -> String {
    let text = STARTER.replacen(from, to, 1);
    assert_ne!(text, STARTER, "{from:?} does not stand in the rules");
    match RuleSet::parse(&text) {
        Ok(_) => "accepted".to_owned(),
        Err(RuleFileError::Faults(faults)) => {
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        Err(RuleFileError::Form(error)) => error.to_string(),
    }
}

#[test]
fn the_starter_rules_give_and_take_what_the_municipality_published() {
    let rule = |rule: &Rule| {
        let Rule { id, kind, points, settlement, cap_per_quarter, cap_per_issue, once_per_firm_days, .. } =
            rule;
        let mut line = format!("{id}: {} {points:+} {}", kind.name(), settlement.name());
        for (name, limit) in [
            ("a quarter", *cap_per_quarter),
            ("an issue", *cap_per_issue),
            ("days apart", once_per_firm_days.map(i64::from)),
        ] {
            line += &limit.map(|limit| format!(", {limit} {name}")).unwrap_or_default();
        }
        line + "\n"
    };
    expect![[r"
        issue_signed_on_time: LIAISON +1 FINAL, 20 a quarter
        issue_dispatched_on_time: LIAISON +1 FINAL, 20 a quarter
        firm_contacted_on_time: SECTION_HANDLER +1 FINAL, 20 a quarter
        issue_resolved: SECTION_HANDLER +5 AT_AUDIT
        plan_kept: SECTION_HANDLER +5 AT_AUDIT
        plan_delivered_late: SECTION_HANDLER +2 AT_AUDIT
        rated_five_stars: SECTION_HANDLER +3 AT_AUDIT
        rated_four_stars: SECTION_HANDLER +1 AT_AUDIT
        rated_low: SECTION_HANDLER -3 FINAL
        rectified: SECTION_HANDLER +2 AT_AUDIT
        reply_overdue: SECTION_HANDLER -1 FINAL, 10 an issue
        audit_failed: SECTION_HANDLER -3 FINAL
        visit_confirmed: MANAGER +1 FINAL, 8 a quarter, 30 days apart
    "]]
    .assert_eq(&RuleSet::starter().rules.iter().map(rule).collect::<String>());
}

#[test]
fn every_occasion_has_a_rule() {
    for occasion in Occasion::ALL {
        let used = RuleSet::starter().rules.iter().any(|rule| rule.occasion == *occasion);
        assert!(used, "{}", occasion.name());
    }
}

#[test]
fn rules_with_a_field_too_many_or_too_few_are_refused_by_line() {
    let unknown = faults("points = 1", "points = 1\nbonus = 2");
    assert!(unknown.contains("line") && unknown.contains("unknown field `bonus`"), "{unknown}");
    let missing = faults("settlement = \"FINAL\"", "");
    assert!(missing.contains("line") && missing.contains("missing field `settlement`"), "{missing}");
}

#[test]
fn every_contradiction_is_named_with_its_place() {
    let check = |from: &str, to: &str, expected: expect_test::Expect| expected.assert_eq(&faults(from, to));
    check("version = 1", "version = 0", expect!["version: must be at least 1"]);
    check(
        "2016-11-01T00:00:00+08:00",
        "2016-11-01",
        expect![[r#"effective_from: must be an instant such as "2026-01-01T00:00:00+08:00""#]],
    );
    check(
        "id = \"issue_signed_on_time\"",
        "id = \"Sign\"",
        expect!["rules[0].id: must be 1 to 60 of a-z, 0-9 and _, a letter first"],
    );
    check("id = \"rectified\"", "id = \"rated_low\"", expect![[r#"rules[9].id: "rated_low" stands twice"#]]);
    check(
        "occasion = \"RECTIFIED\"",
        "occasion = \"BIRTHDAY\"",
        expect![[r#"rules[9].occasion: "BIRTHDAY" is no Occasion"#]],
    );
    check("kind = \"LIAISON\"", "kind = \"MAYOR\"", expect![[r#"rules[0].kind: "MAYOR" is no Kind"#]]);
    check("points = 1", "points = 0", expect!["rules[0].points: must be 1 to 1000000 or -1000000 to -1"]);
    check(
        "points = 1",
        "points = -9223372036854775808",
        expect!["rules[0].points: must be 1 to 1000000 or -1000000 to -1"],
    );
    check(
        "cap_per_quarter = 20",
        "cap_per_quarter = 0",
        expect!["rules[0].cap_per_quarter: must be 1 to 1000000"],
    );
    check(
        "cap_per_quarter = 20",
        "once_per_firm_days = 3",
        expect!["rules[0].once_per_firm_days: is for visits alone"],
    );
    check(
        "cap_per_quarter = 20",
        "unit_working_seconds = 3",
        expect!["rules[0].unit_working_seconds: is for REPLY_OVERDUE alone"],
    );
    check(
        "unit_working_seconds = 27000",
        "",
        expect!["rules[10].unit_working_seconds: is required for REPLY_OVERDUE"],
    );
    check("cap_per_issue = 10", "", expect!["rules[10].cap_per_issue: is required for REPLY_OVERDUE"]);
    check("kind = \"MANAGER\"", "kind = \"LIAISON\"", expect!["rules[12].kind: must be MANAGER for visits"]);
    check("cap_per_quarter = 8", "cap_per_issue = 8", expect!["rules[12].cap_per_issue: is not for visits"]);
    check("zh = \"企业评价五星，每件 3 分\"", "zh = \" \"", expect!["rules[6].zh: must not be empty"]);
    check(
        "top_percent = 40",
        "top_percent = 10",
        expect!["tiers[1].top_percent: must be more than the one before it, and at most 100"],
    );
    check(
        "top_percent = 100",
        "top_percent = 99",
        expect!["tiers: must end with one whose top_percent is 100"],
    );
    check("code = \"B\"", "code = \"A\"", expect![[r#"tiers[1].code: "A" stands twice"#]]);
}

#[test]
fn the_version_in_force_is_that_of_the_event() {
    let later = STARTER.replacen("version = 1", "version = 2", 1).replacen(
        "2016-11-01T00:00:00+08:00",
        "2026-01-01T00:00:00+08:00",
        1,
    );
    let book = RuleBook::try_new(vec![RuleSet::parse(&later).unwrap(), RuleSet::starter().clone()]).unwrap();
    let version = |at: &str| book.in_force(at.parse().unwrap()).map(|rules| rules.version.0);
    assert_eq!(version("2016-10-31T15:59:59Z"), None);
    assert_eq!(version("2016-10-31T16:00:00Z"), Some(1));
    assert_eq!(version("2025-12-31T15:59:59Z"), Some(1));
    assert_eq!(version("2025-12-31T16:00:00Z"), Some(2));
    assert_eq!(book.present("2010-01-01T00:00:00Z".parse().unwrap()).version, RuleVersion(1));
}

#[test]
fn a_version_in_use_is_never_edited() {
    let starter = || RuleSet::starter().clone();
    let set = |from: &str, to: &str| RuleSet::parse(&STARTER.replacen(from, to, 1)).unwrap();
    let book = |sets| RuleBook::try_new(sets).map(|_| ());
    assert_eq!(book(vec![starter(), starter()]), Ok(()));
    assert_eq!(book(vec![starter(), set("# Visits.", "# Visits:")]), Ok(()));
    let edited = set("points = 5", "points = 50");
    assert_eq!(book(vec![starter(), edited]), Err(RuleBookError::Edited(RuleVersion(1))));
    let second = set("version = 1", "version = 2");
    assert_eq!(book(vec![starter(), second]), Err(RuleBookError::NotLater(RuleVersion(2))));
    assert_eq!(book(vec![]), Err(RuleBookError::Empty));
}
