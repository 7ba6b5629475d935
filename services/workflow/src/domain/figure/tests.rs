use worktime::Limit;

use super::*;
use crate::domain::{ClockKey, Gap, Rating, Stars};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn issue(submitted: &str, closed: Option<&str>) -> Facts {
    let closings = closed.iter().map(|closed| Closing { at: at(closed), reopened_at: None }).collect();
    Facts { submitted_at: at(submitted), closings, clocks: Vec::new(), ratings: Vec::new() }
}

fn clock(id: ClockId, stopped: Option<&str>) -> Clock {
    Clock {
        key: ClockKey::first(id),
        limit: Limit::WorkingDays(5),
        started_at: at("2019-02-11T01:00:00Z"),
        due_at: at("2019-02-18T09:30:00Z"),
        gaps: Vec::new(),
        stopped_at: stopped.map(at),
        void: false,
        late: false,
        late_seconds: 0,
    }
}

fn spring_2019() -> Question {
    Question::new(Some(date("2019-01-01")), Some(date("2019-05-31")), None, at("2020-01-01T00:00:00Z"))
        .unwrap()
}

fn show(figure: FigureId, issues: &[Facts], question: &Question) -> String {
    let ratio = ratio(figure, issues, question, Policy::default_pack());
    format!("{}/{} = {ratio}", ratio.numerator, ratio.denominator)
}

fn the_first_city() -> Vec<Facts> {
    let (old, new) = ("2018-12-03T02:00:00Z", "2019-03-04T02:00:00Z");
    let mut issues = Vec::new();
    issues.extend((0..761).map(|_| issue(old, Some("2018-12-28T02:00:00Z"))));
    issues.extend((0..80).map(|_| issue(old, Some("2019-04-08T02:00:00Z"))));
    issues.extend((0..35).map(|_| issue(new, Some("2019-05-31T15:59:59Z"))));
    issues.extend((0..33).map(|_| issue(new, None)));
    issues
}

#[test]
fn the_figures_of_the_first_city_come_out() {
    let issues = the_first_city();
    let spring = spring_2019();
    assert_eq!(show(FigureId::M1, &issues, &spring), "876/909 = 96.4 %");
    assert_eq!(show(FigureId::M2, &issues, &spring), "35/68 = 51.5 %");
    assert_eq!(show(FigureId::M3, &issues, &spring), "115/148 = 77.7 %");
    assert_eq!(show(FigureId::M4, &issues, &spring), "115/68 = 169.1 %");
    let before = Question::new(None, Some(date("2018-12-31")), None, at("2020-01-01T00:00:00Z")).unwrap();
    assert_eq!(show(FigureId::M1, &issues, &before), "761/841 = 90.5 %");
}

#[test]
fn what_happened_after_the_moment_of_knowledge_does_not_count() {
    let issues = the_first_city();
    let early = Question::new(
        Some(date("2019-01-01")),
        Some(date("2019-05-31")),
        Some(at("2019-04-30T00:00:00Z")),
        at("2020-01-01T00:00:00Z"),
    );
    assert_eq!(show(FigureId::M1, &issues, &early.unwrap()), "841/909 = 92.5 %");
    let late = Question::new(
        Some(date("2019-01-01")),
        Some(date("2019-05-31")),
        Some(at("2021-01-01T00:00:00Z")),
        at("2019-03-01T00:00:00Z"),
    );
    assert_eq!(late.unwrap().as_of, at("2019-03-01T00:00:00Z"));
    assert_eq!(
        Question::new(Some(date("2019-02-01")), Some(date("2019-01-31")), None, at("2020-01-01T00:00:00Z")),
        None
    );
}

#[test]
fn a_reopened_issue_is_in_no_figure_of_closed_ones_until_it_is_closed_again() {
    let mut reopened = issue("2019-02-11T01:00:00Z", Some("2019-02-20T01:00:00Z"));
    reopened.closings[0].reopened_at = Some(at("2019-02-25T01:00:00Z"));
    let spring = spring_2019();
    for figure in [FigureId::M1, FigureId::M2, FigureId::M3, FigureId::M4] {
        let counted = counted(figure, &reopened, &spring, Policy::default_pack());
        assert_eq!(counted, Counted { numerator: false, denominator: true }, "{figure}");
    }
    let before = Question { as_of: at("2019-02-24T01:00:00Z"), ..spring };
    assert!(counted(FigureId::M1, &reopened, &before, Policy::default_pack()).numerator);
    reopened.closings.push(Closing { at: at("2019-03-20T01:00:00Z"), reopened_at: None });
    assert_eq!(show(FigureId::M3, &[reopened], &spring), "1/1 = 100.0 %");
}

#[test]
fn what_was_closed_before_the_period_and_reopened_in_it_is_no_clearance() {
    let mut reopened = issue("2018-12-03T02:00:00Z", Some("2018-12-28T02:00:00Z"));
    reopened.closings[0].reopened_at = Some(at("2019-01-04T01:00:00Z"));
    reopened.closings.push(Closing { at: at("2019-01-20T01:00:00Z"), reopened_at: None });
    assert_eq!(show(FigureId::M3, &[reopened.clone()], &spring_2019()), "0/0 = n/a");
    assert_eq!(show(FigureId::M4, &[reopened], &spring_2019()), "1/0 = n/a");
}

#[test]
fn on_time_counts_closed_issues_and_open_ones_that_are_overdue() {
    let with = |closed: Option<&str>, replied: Option<&str>| {
        let mut facts = issue("2019-02-11T01:00:00Z", closed);
        facts.clocks.push(clock(ClockId::C4, replied));
        facts
    };
    let kept = with(Some("2019-02-25T01:00:00Z"), Some("2019-02-18T09:30:00Z"));
    let missed = with(Some("2019-02-25T01:00:00Z"), Some("2019-02-18T09:30:01Z"));
    let overdue = with(None, None);
    assert_eq!(show(FigureId::M5, &[kept, missed, overdue.clone()], &spring_2019()), "1/3 = 33.3 %");
    let earlier = Question { as_of: at("2019-02-15T00:00:00Z"), ..spring_2019() };
    assert_eq!(show(FigureId::M5, &[overdue], &earlier), "0/0 = n/a");
}

#[test]
fn a_clock_is_known_as_it_stood_even_if_its_stop_was_undone_later() {
    let mut facts = issue("2019-02-11T01:00:00Z", None);
    let mut c2 = clock(ClockId::C2, Some("2019-03-01T01:00:00Z"));
    c2.gaps.push(Gap { stopped_at: at("2019-02-12T01:00:00Z"), resumed_at: at("2019-02-20T01:00:00Z") });
    facts.clocks.push(c2);
    let facts = [facts];
    let question = |as_of: &str| Question { as_of: at(as_of), ..spring_2019() };
    assert_eq!(show(FigureId::M6Transfer, &facts, &question("2019-02-11T00:00:00Z")), "0/0 = n/a");
    assert_eq!(show(FigureId::M6Transfer, &facts, &question("2019-02-13T00:00:00Z")), "1/1 = 100.0 %");
    assert_eq!(show(FigureId::M6Transfer, &facts, &question("2019-02-25T00:00:00Z")), "0/1 = 0.0 %");
    assert_eq!(show(FigureId::M6Transfer, &facts, &question("2019-03-02T00:00:00Z")), "0/1 = 0.0 %");
}

#[test]
fn a_clock_that_ended_without_its_step_was_neither_kept_nor_missed() {
    let mut facts = issue("2019-02-11T01:00:00Z", None);
    facts.clocks.push(Clock { void: true, ..clock(ClockId::C5, Some("2019-02-12T01:00:00Z")) });
    assert_eq!(show(FigureId::M6Feedback, &[facts.clone()], &spring_2019()), "0/0 = n/a");
    facts.clocks.push(clock(ClockId::C5, Some("2019-02-13T01:00:00Z")));
    facts.clocks.push(clock(ClockId::C5, Some("2019-02-20T01:00:00Z")));
    assert_eq!(show(FigureId::M6Feedback, &[facts], &spring_2019()), "0/1 = 0.0 %");
}

#[test]
fn the_last_rating_of_the_period_decides_and_an_unrated_issue_is_never_satisfied() {
    let rated = |round, stars: u8, moment: &str| {
        let rating =
            Rating { stars: Stars::try_from(stars).unwrap(), speed: None, attitude: None, result: None };
        Rated { round, at: at(moment), rating, low: stars < 3 }
    };
    let mut better = issue("2019-02-11T01:00:00Z", None);
    better.ratings = vec![rated(1, 1, "2019-02-20T01:00:00Z"), rated(2, 3, "2019-03-20T01:00:00Z")];
    let issues = [better, issue("2019-02-11T01:00:00Z", Some("2019-03-20T01:00:00Z"))];
    assert_eq!(show(FigureId::M9, &issues, &spring_2019()), "1/1 = 100.0 %");
    assert_eq!(show(FigureId::M9Strict, &issues, &spring_2019()), "0/1 = 0.0 %");
    let first_round = Question { as_of: at("2019-03-01T00:00:00Z"), ..spring_2019() };
    assert_eq!(show(FigureId::M9, &issues, &first_round), "0/1 = 0.0 %");
}

#[test]
fn a_name_stands_for_its_figure_and_its_parts() {
    assert_eq!(FigureId::named("M1"), [FigureId::M1]);
    assert_eq!(FigureId::named("M6").len(), 5);
    assert_eq!(FigureId::named("M9"), [FigureId::M9, FigureId::M9Strict]);
    assert_eq!(FigureId::named("M9.strict"), [FigureId::M9Strict]);
    for unknown in ["", "M", "M7", "m1", "M6."] {
        assert_eq!(FigureId::named(unknown), [], "{unknown}");
    }
}

#[test]
fn every_figure_is_defined_in_both_languages() {
    for id in FigureId::ALL {
        let definition = definition(*id);
        assert_eq!(definition.id, *id);
        assert!(definition.text_zh().ends_with('。') && definition.text_en().ends_with('.'), "{id}");
    }
}
