use expect_test::expect;

use super::*;

const DEFAULT: &str = include_str!("../../../packs/default.toml");

fn code(text: &str) -> Code {
    text.parse().unwrap()
}

/// The default pack with one piece replaced, and what is wrong with it then.
fn faults(from: &str, to: &str) -> String {
    let text = DEFAULT.replacen(from, to, 1);
    assert_ne!(text, DEFAULT, "{from:?} does not stand in the pack");
    match Policy::parse(&text) {
        Ok(_) => "accepted".to_owned(),
        Err(PackError::Faults(faults)) => {
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        Err(PackError::Form(err)) => err.to_string(),
    }
}

#[test]
fn the_default_pack_has_the_limits_of_the_rules() {
    let pack = Policy::default_pack();
    let limits: Vec<_> = ClockId::ALL
        .iter()
        .map(|clock| format!("{clock} {}", pack.limit(*clock, Difficulty::Normal)))
        .collect();
    expect![
        "C0 2 working hours, C1 2 working hours, C2 4 working hours, C3 1 working day, C4 5 working days, \
         C5 1 working day, C6 5 working days, C7 2 working days, C8 5 working days, C9 4 working hours, \
         C10 2 working days, C11 20 working days, C12 3 working days, C13 3 working days"
    ]
    .assert_eq(&limits.join(", "));
    assert_eq!(pack.limit(ClockId::C4, Difficulty::Consultation), Limit::WorkingDays(3));
    assert_eq!(pack.limit(ClockId::C4, Difficulty::Hard), Limit::WorkingDays(15));
    let zh: Vec<_> = pack.categories.iter().map(|category| category.zh.as_str()).collect();
    assert_eq!(zh, ["用工", "政策支持", "市政配套", "资金", "手续办理", "土地", "其他"]);
}

#[test]
fn a_pack_with_a_field_too_many_or_too_few_is_refused_by_line() {
    let unknown = faults("[windows]", "[windows]\nextra = 1");
    assert!(unknown.contains("line") && unknown.contains("unknown field `extra`"), "{unknown}");
    let missing = faults("C3 = \"1 working day\"", "");
    assert!(missing.contains("line") && missing.contains("missing field `C3`"), "{missing}");
}

#[test]
fn every_contradiction_is_named_with_its_place() {
    let check = |from: &str, to: &str, expected: expect_test::Expect| expected.assert_eq(&faults(from, to));
    check("version = 1", "version = 0", expect!["version: must be at least 1"]);
    check(
        "C1 = \"2 working hours\"",
        "C1 = \"2 hours\"",
        expect![[r#"clocks.C1: "2 hours" is not a limit such as "2 working hours" or "1 working day""#]],
    );
    check(
        "normal = \"5 working days\"",
        "normal = \"2 working days\"",
        expect!["reply.normal: must not be shorter than the one before it, 3 working days"],
    );
    check(
        "hard = \"15 working days\"",
        "hard = \"31 working days\"",
        expect!["reply.cap: must not be shorter than the one before it, 31 working days"],
    );
    check(
        "cap = \"30 working days\"",
        "cap = \"90 working hours\"",
        expect!["reply.cap: must be in working days"],
    );
    check(
        "satisfied_from = 3",
        "satisfied_from = 1",
        expect!["rating.satisfied_from: must leave a rating that is low, so be at least 2"],
    );
    check(
        "strictly_satisfied_from = 4",
        "strictly_satisfied_from = 2",
        expect!["rating.strictly_satisfied_from: must not be below satisfied_from"],
    );
    check(
        "strictly_satisfied_from = 4",
        "strictly_satisfied_from = 6",
        expect!["rating.strictly_satisfied_from: must be 1 to 5"],
    );
    check("per_working_day = 1", "per_working_day = 21", expect!["urging.per_working_day: must be 1 to 20"]);
    check(
        "code = \"attitude\"",
        "code = \"speed\"",
        expect![[r#"rating.dimensions[1].code: "speed" stands twice"#]],
    );
    check(
        "code = \"attitude\"",
        "code = \"manners\"",
        expect![[r#"rating.dimensions[1].code: "manners" is no Dimension"#]],
    );
    check("zh = \"办理结果\"", "zh = \"\"", expect!["rating.dimensions[2].zh: must not be empty"]);
    check(
        "notify = [\"HOLDER\"]",
        "notify = [\"CO_SECTION\"]",
        expect!["ladder[0].notify: must not name CO_SECTION, which only C13 waits for"],
    );
    check(
        "at = \"50 percent\"",
        "at = \"100 percent\"",
        expect![[
            r#"ladder[0].at: "100 percent" is not "due", nor like "50 percent", "1 working day before" or "5 working days after""#
        ]],
    );
    check(
        "light = \"YELLOW\"",
        "light = \"RED\"",
        expect![[r"
            ladder[0].light: must be RED at the due time, neither before nor after it
            ladder: C0 needs one rung that shows RED
            ladder: C1 needs one rung that shows RED
            ladder: C2 needs one rung that shows RED
            ladder: C9 needs one rung that shows RED"]],
    );
    check(
        "light = \"RED\"",
        "light = \"GREEN\"",
        expect![[r"
            ladder[4].light: must be YELLOW or RED
            ladder: C1 needs one rung that shows RED
            ladder: C2 needs one rung that shows RED
            ladder: C3 needs one rung that shows RED
            ladder: C4 needs one rung that shows RED
            ladder: C5 needs one rung that shows RED
            ladder: C8 needs one rung that shows RED
            ladder: C11 needs one rung that shows RED
            ladder: C12 needs one rung that shows RED"]],
    );
    check(
        "clocks = [\"C7\", \"C10\"]",
        "clocks = [\"C3\"]",
        expect![[r#"ladder[3].clocks: C3 has a rung "yellow" already"#]],
    );
    check("clocks = [\"C7\", \"C10\"]", "clocks = []", expect!["ladder[3].clocks: must name at least one"]);
    check(
        "notify = [\"FIRM\"]",
        "notify = [\"FIRM\", \"FIRM\"]",
        expect!["ladder[10].notify: names something twice"],
    );
    check(
        "notify = [\"FIRM\"]",
        "notify = [\"MAYOR\"]",
        expect![[r#"ladder[10].notify[0]: "MAYOR" is no Notify"#]],
    );
    check(
        "code = \"land\"",
        "code = \"labour\"",
        expect![[r#"
        categories[5].code: "labour" stands twice
        routes[5].category: there is no category "land""#]],
    );
    check("zh = \"资金\"", "zh = \" \"", expect!["categories[3].zh: must not be empty"]);
    check(
        "difficulty = \"HARD\"",
        "difficulty = \"huge\"",
        expect![[r#"
        categories[5].difficulty: "huge" is no Difficulty
        routes[5].category: there is no category "land""#]],
    );
    check(
        "category = \"land\"",
        "category = \"funding\"",
        expect![[r#"routes[5]: "funding" in "" has a department already"#]],
    );
    check("division = \"\"", "division = \"33x\"", expect!["routes[0].division: must be at most 12 digits"]);
    check(
        "code = \"evidence_missing\"",
        "code = \"not_solved\"",
        expect![[r#"audit_failures[1].code: "not_solved" stands twice"#]],
    );
}

#[test]
fn every_contradiction_about_orders_is_named_with_its_place() {
    let check = |from: &str, to: &str, expected: expect_test::Expect| expected.assert_eq(&faults(from, to));
    assert!(faults("O4 = \"5 working days\"", "").contains("missing field `O4`"));
    assert!(
        faults("[orders.clocks]", "[orders.clocks]\nO3 = \"1 working day\"").contains("unknown field `O3`")
    );
    check(
        "O1 = \"1 working day\"",
        "O1 = \"1 day\"",
        expect![[r#"orders.clocks.O1: "1 day" is not a limit such as "2 working hours" or "1 working day""#]],
    );
    check(
        "code = \"training\"",
        "code = \"counselling\"",
        expect![[r#"orders.kinds[3].code: "counselling" stands twice"#]],
    );
    check("zh = \"培训\"", "zh = \"\"", expect!["orders.kinds[3].zh: must not be empty"]);
    check(
        "clocks = [\"O1\", \"O2\", \"O3\"]\nat = \"due\"\nlight = \"RED\"",
        "clocks = [\"O1\", \"O2\", \"O3\"]\nat = \"due\"\nlight = \"GREEN\"",
        expect![[r"
            orders.ladder[4].light: must be YELLOW or RED
            orders.ladder: O1 needs one rung that shows RED
            orders.ladder: O2 needs one rung that shows RED
            orders.ladder: O3 needs one rung that shows RED"]],
    );
    check(
        "clocks = [\"O4\"]\nat = \"50 percent\"\nnotify = [\"FIRM\"]",
        "clocks = [\"O4\"]\nat = \"50 percent\"\nnotify = []",
        expect!["orders.ladder[7].notify: must name at least one"],
    );
    check(
        "clocks = [\"O2\"]",
        "clocks = [\"O1\"]",
        expect![[r#"orders.ladder[1].clocks: O1 has a rung "half" already"#]],
    );
    check(
        "clocks = [\"O2\"]",
        "clocks = [\"C2\"]",
        expect![[r#"orders.ladder[1].clocks[0]: "C2" is no ClockId"#]],
    );
    let text = DEFAULT.replacen("code = \"training\"", "code = \"counselling\"", 1);
    let line = 1 + text.lines().position(|line| line == "zh = \"培训\"").unwrap() - 1;
    assert_eq!(Policy::faults(&text)[0].line, Some(line), "told with its line");
}

#[test]
fn the_alarm_of_the_calendar_comes_some_days_ahead() {
    assert_eq!(Policy::default_pack().calendar_alarm_days, 60);
    for days in [0, 367] {
        let told = faults("alarm_days = 60", &format!("alarm_days = {days}"));
        assert_eq!(told, "calendar.alarm_days: must be 1 to 366 days");
    }
}

#[test]
fn a_route_names_the_code_of_a_department() {
    let fault = "routes[3].department: must be the code of a department";
    for wrong in ["", "f", "Finance", "财政", "-finance"] {
        assert_eq!(faults("\"finance\"", &format!("{wrong:?}")), fault);
    }
}

#[test]
fn the_longest_division_that_fits_decides_the_department() {
    let text = format!(
        "{DEFAULT}\n[[routes]]\ncategory = \"land\"\ndivision = \"3304\"\ndepartment = \"bb\"\n\
         [[routes]]\ncategory = \"land\"\ndivision = \"330482101\"\ndepartment = \"cc\"\n"
    );
    let pack = Policy::parse(&text).unwrap();
    let route = |category: &str, division: &str| {
        pack.route(&code(category), &division.parse().unwrap()).map(str::to_owned)
    };
    assert_eq!(route("land", "330482101").as_deref(), Some("cc"));
    assert_eq!(route("land", "330482101003").as_deref(), Some("cc"));
    assert_eq!(route("land", "330482102").as_deref(), Some("bb"));
    assert_eq!(route("land", "330200").as_deref(), Some("natural-resources"));
    assert_eq!(route("other", "330482"), None);
}

#[test]
fn a_moment_has_one_spelling() {
    for text in [
        "1 percent",
        "99 percent",
        "1 working day before",
        "2 working days before",
        "due",
        "5 working days after",
    ] {
        assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
    }
    for text in
        ["", "0 percent", "100 percent", "1 working days before", "0 working days after", "Due", "05 percent"]
    {
        assert!(text.parse::<Moment>().is_err(), "{text:?}");
    }
}
