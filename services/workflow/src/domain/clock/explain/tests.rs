use proptest::prelude::*;
use worktime::Pause;

use super::*;

fn at(text: &str) -> Timestamp {
    format!("{text}:00+08:00").replace(' ', "T").parse().unwrap()
}

fn ask(clock: ClockId, limit: Limit, started_at: Timestamp, pauses: &Pauses) -> Option<Explanation> {
    ask_extended(clock, (limit, limit), started_at, pauses)
}

/// The limit as the pack has it, and with its extensions.
fn ask_extended(
    clock: ClockId,
    (limit, extended): (Limit, Limit),
    started_at: Timestamp,
    pauses: &Pauses,
) -> Option<Explanation> {
    let calendar = Calendar::china();
    let original_due_at = calendar.deadline_paused(started_at, limit, pauses).ok()??;
    let due_at = calendar.deadline_paused(started_at, extended, pauses).ok()??;
    let question = Question { clock, limit, started_at, original_due_at, due_at, pauses, gaps: &[] };
    Some(explain(&question, calendar).unwrap())
}

fn plain(clock: ClockId, limit: Limit, started_at: &str) -> Explanation {
    ask(clock, limit, at(started_at), &Pauses::NONE).unwrap()
}

#[test]
fn two_hours_on_a_friday_evening_end_on_the_make_up_saturday() {
    let told = plain(ClockId::C1, Limit::WorkingHours(2), "2026-02-13 16:30");
    assert_eq!(
        told.chinese(),
        "2026-02-13（周五）16:30 签收时限开始，限 2 个工作小时：2月13日 16:30–17:30 计 1 小时；\
         2月14日（周六，调休补班）08:30–09:30 计 1 小时；到期 2月14日 09:30。"
    );
    assert_eq!(
        told.english(),
        "The clock for signing starts on Friday 2026-02-13 at 16:30, limit 2 working hours, which run at once: \
         13 February 16:30–17:30 counts 1 h; 14 February (Saturday, make-up working day) 08:30–09:30 counts 1 h; \
         due 14 February 09:30."
    );
}

#[test]
fn a_clock_over_the_spring_festival_names_the_holiday() {
    let told = plain(ClockId::C5, Limit::WorkingDays(1), "2026-02-14 10:00");
    assert_eq!(
        told.chinese(),
        "2026-02-14（周六）10:00 反馈时限开始，限 1 个工作日（自次日起计，至第 1 个工作日下班时止）：\
         2月15日至2月23日春节放假，不计；2月24日 08:30–12:00 计 3 小时 30 分；2月24日 13:30–17:30 计 4 小时；\
         到期 2月24日 17:30。"
    );
    assert!(told.english().contains("15 February to 23 February Spring Festival, not counted"));
}

#[test]
fn time_off_the_clock_is_not_counted_and_a_year_is_named_where_it_changes() {
    let told = plain(ClockId::C2, Limit::WorkingHours(4), "2025-12-31 16:00");
    assert_eq!(
        told.chinese(),
        "2025-12-31（周三）16:00 转办时限开始，限 4 个工作小时：12月31日 16:00–17:30 计 1 小时 30 分；\
         2026年1月1日至2026年1月3日元旦放假，不计；2026年1月4日（周日，调休补班）08:30–11:00 计 2 小时 30 分；\
         到期 2026年1月4日 11:00。"
    );
}

#[test]
fn a_deadline_in_a_year_without_a_notice_says_that_it_is_provisional() {
    let told = plain(ClockId::C2, Limit::WorkingHours(1), "2026-12-31 17:00");
    assert_eq!(told.provisional_year, Some(2027));
    assert!(
        told.chinese().ends_with("到期 2027年1月4日 09:00；2027年放假安排尚未公布，到期时间为暂定。"),
        "{}",
        told.chinese()
    );
    let english = "; due 4 January 2027 09:00; provisional, as the holidays of 2027 are not announced yet.";
    assert!(told.english().ends_with(english), "{}", told.english());
    assert_eq!(plain(ClockId::C2, Limit::WorkingHours(1), "2026-12-31 16:30").provisional_year, None);
}

#[test]
fn a_long_clock_is_told_week_by_week() {
    let told = plain(ClockId::C4, Limit::WorkingDays(15), "2026-03-02 09:00");
    assert!(told.summarised);
    assert!(told.lines.len() <= MAX_INTERVALS, "{}", told.lines.len());
    assert!(
        told.chinese().contains("；3月9日至3月13日 5 个工作日计 37 小时 30 分；3月14日至3月15日周末，不计；")
    );
    let Some(Line::Counted(last)) = told.lines.last() else { panic!("{:?}", told.lines) };
    assert_eq!((last.sum_seconds(), last.until), (15 * 27_000, at("2026-03-23 17:30")));
    // One interval less than would be too many stays as it is.
    assert!(!plain(ClockId::C4, Limit::WorkingDays(6), "2026-03-02 09:00").summarised);
}

#[test]
fn a_pause_for_the_firm_is_told_and_moves_the_deadline() {
    let pauses =
        Pauses::try_new(vec![Pause { from: at("2026-03-03 10:00"), until: Some(at("2026-03-04 10:00")) }]);
    let told = ask(ClockId::C4, Limit::WorkingDays(3), at("2026-03-02 09:00"), &pauses.unwrap()).unwrap();
    let chinese = told.chinese();
    assert!(chinese.contains("3月3日 10:00至3月4日 10:00等待企业补充，暂停 7 小时 30 分；"), "{chinese}");
    assert!(chinese.ends_with("到期 3月6日 17:30。"), "{chinese}");
}

#[test]
fn an_extension_is_told_beside_the_original_deadline() {
    let calendar = Calendar::china();
    let (started_at, limit) = (at("2026-03-02 09:00"), Limit::WorkingDays(1));
    let question = Question {
        clock: ClockId::C4,
        limit,
        started_at,
        original_due_at: at("2026-03-03 17:30"),
        due_at: at("2026-03-05 17:30"),
        pauses: &Pauses::NONE,
        gaps: &[Gap { stopped_at: at("2026-03-03 10:00"), resumed_at: at("2026-03-03 11:00") }],
    };
    let told = explain(&question, calendar).unwrap();
    let chinese = told.chinese();
    assert!(
        chinese.contains(
            "3月3日 13:30–17:30 计 4 小时；原到期 3月3日 17:30，以下为延期；3月4日 08:30–12:00 计 3 小时 30 分；"
        ),
        "{chinese}"
    );
    assert!(chinese.contains("；3月5日 13:30–17:30 计 4 小时；"), "{chinese}");
    assert!(chinese.ends_with("；延期后到期 3月5日 17:30。"), "{chinese}");
    let english = told.english();
    assert!(english.contains("; first due 3 March 17:30, extended from there on; "), "{english}");
    assert!(told.chinese().contains("3月3日 10:00至3月3日 11:00曾停止计时，后被退回，期间照计"));
}

#[test]
fn a_pause_within_an_extension_is_told_too() {
    let pauses =
        Pauses::try_new(vec![Pause { from: at("2026-03-04 10:00"), until: Some(at("2026-03-04 11:00")) }]);
    let limits = (Limit::WorkingDays(1), Limit::WorkingDays(3));
    let told = ask_extended(ClockId::C4, limits, at("2026-03-02 09:00"), &pauses.unwrap()).unwrap();
    let mark = told.lines.iter().position(|line| matches!(line, Line::OriginalDeadline { .. })).unwrap();
    let pause = told.lines.iter().position(|line| matches!(line, Line::Paused { .. })).unwrap();
    assert!(mark < pause, "{:?}", told.lines);
    assert!(told.chinese().ends_with("延期后到期 3月6日 09:30。"), "{}", told.chinese());
}

fn limits() -> impl Strategy<Value = Limit> {
    prop_oneof![(1_u32..200).prop_map(Limit::WorkingHours), (1_u32..40).prop_map(Limit::WorkingDays)]
}

/// Up to three pauses after the start: how long after the one before, and how long, in microseconds.
fn pauses(started_at: Timestamp) -> impl Strategy<Value = Pauses> {
    let day = 86_400_000_000_i64;
    prop::collection::vec((0..3 * day, 0..4 * day), 0..3).prop_map(move |spans| {
        let mut free_from = started_at;
        let pauses = spans.into_iter().map(|(after, long)| {
            let from = free_from + chrono::TimeDelta::microseconds(after);
            free_from = from + chrono::TimeDelta::microseconds(long);
            Pause { from, until: Some(free_from) }
        });
        Pauses::try_new(pauses.collect()).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_listed_adds_up_to_the_limit_exactly_and_with_extensions_to_the_longer_one(
        (limit, more, started_at, pauses) in
            (limits(), 0_u32..10, 1_483_228_800_000_000_i64..1_790_000_000_000_000).prop_flat_map(
                |(limit, more, micros)| {
                    let started_at = Timestamp::from_timestamp_micros(micros).unwrap();
                    (Just(limit), Just(more), Just(started_at), pauses(started_at))
                }
            )
    ) {
        let extended = match limit {
            Limit::WorkingHours(_) => limit,
            Limit::WorkingDays(n) => Limit::WorkingDays(n + more),
        };
        // A deadline beyond the calendar has nothing to be explained.
        let Some(told) = ask_extended(ClockId::C4, (limit, extended), started_at, &pauses) else { return Ok(()) };
        let per_day = Calendar::china().seconds_per_day();
        let seconds = |limit| match limit {
            Limit::WorkingHours(n) => i64::from(n) * 3600,
            Limit::WorkingDays(n) => i64::from(n) * per_day,
        };
        let expected = seconds(extended);
        let marks: Vec<_> = told
            .lines
            .iter()
            .filter_map(|line| if let Line::OriginalDeadline { at, sum_nanos } = line { Some((*at, *sum_nanos)) } else { None })
            .collect();
        let original = (told.original_due_at, seconds(limit) * NANOS);
        prop_assert_eq!(marks, if limit == extended { vec![] } else { vec![original] });
        let counted: Vec<&Counted> = told
            .lines
            .iter()
            .filter_map(|line| if let Line::Counted(counted) = line { Some(counted) } else { None })
            .collect();
        prop_assert_eq!(counted.iter().map(|counted| counted.nanos).sum::<i64>(), expected * NANOS);
        prop_assert_eq!(counted.iter().map(|counted| counted.seconds()).sum::<i64>(), expected);
        prop_assert_eq!(counted.last().map(|counted| counted.until), Some(told.due_at));
        prop_assert_eq!(counted.last().map(|counted| counted.sum_seconds()), Some(expected));
        prop_assert!(counted.windows(2).all(|pair| pair[0].until <= pair[1].from));
        prop_assert!(told.lines.windows(2).all(|pair| pair[0].begins() <= pair[1].begins()));
        prop_assert!(!told.chinese().is_empty() && !told.english().is_empty());
    }
}
