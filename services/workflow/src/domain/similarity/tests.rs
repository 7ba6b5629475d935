use super::*;

fn sketch(title: &[&str], description: &[&str]) -> Sketch {
    Sketch::new(title.iter().copied(), description.iter().copied(), None, None)
}

fn score(one: &Sketch, other: &Sketch) -> u32 {
    let score = Measure::built_in().score(one, other);
    assert_eq!(score, Measure::built_in().score(other, one), "{one:?} {other:?}");
    score
}

#[test]
fn the_same_words_score_100_and_none_in_common_0() {
    let lamps = sketch(&["路灯", "不亮"], &["三号", "s328"]);
    assert_eq!(score(&lamps, &lamps), 100);
    assert_eq!(score(&lamps, &sketch(&["盐酸", "备案"], &[])), 0);
    assert_eq!(score(&sketch(&[], &[]), &sketch(&[], &[])), 0);
}

#[test]
fn a_shared_road_says_more_than_a_shared_pair_and_that_more_than_a_common_one() {
    let of = |word: &str| score(&sketch(&["路灯", word], &[]), &sketch(&["盐酸", word], &[]));
    assert!(
        of("申请") < of("备案") && of("备案") < of("s328"),
        "{} {} {}",
        of("申请"),
        of("备案"),
        of("s328")
    );
}

#[test]
fn the_title_says_more_than_the_description() {
    let lamps = sketch(&["路灯"], &["漆黑"]);
    assert!(score(&lamps, &sketch(&["漆黑"], &["夜班"])) < score(&lamps, &sketch(&["路灯"], &["夜班"])));
}

#[test]
fn another_category_place_or_number_takes_away_from_the_score() {
    let lamps = sketch(&["路灯", "三号"], &[]);
    let with = |category: &str, division: &str| Sketch {
        category: Some(category.parse().unwrap()),
        division: Some(division.parse().unwrap()),
        ..lamps.clone()
    };
    let here = with("land", "330482101");
    assert_eq!(score(&here, &lamps), 100, "what is open differs from nothing");
    assert_eq!(score(&here, &with("land", "330482")), 100, "the county holds the town");
    assert_eq!(score(&here, &with("funding", "330482101")), 90);
    assert_eq!(score(&here, &with("land", "330482102")), 85);

    let without = score(&sketch(&["路灯"], &[]), &sketch(&["路灯", "漆黑"], &[]));
    let numbered =
        |one: &str, other: &str| score(&sketch(&["路灯", one], &[]), &sketch(&["路灯", other], &[]));
    assert!(numbered("三号", "五号") < numbered("三号", "漆黑") && numbered("三号", "漆黑") < without);
    assert!(numbered("s328", "s228") < numbered("s328", "漆黑"));
}

#[test]
fn the_most_telling_words_come_first_and_common_ones_not_at_all() {
    let issue = sketch(&["路灯", "申请"], &["s328", "漆黑", "企业"]);
    assert_eq!(Measure::built_in().telling(&issue), ["s328", "路灯", "漆黑"]);
}

#[test]
fn a_measure_with_a_fault_is_refused() {
    let text = include_str!("../../../similarity.toml");
    assert!(Measure::parse(text).is_ok());
    for (from, to) in [
        ("threshold = 28", "threshold = 0"),
        ("threshold = 28", "threshold = 101"),
        ("window_days = 365", ""),
        ("pair = 10", "pair = 10\nunknown = 1"),
        ("elsewhere = 85", "elsewhere = 101"),
        ("candidates = 200", "candidates = 2000"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(Measure::parse(&text.replacen(from, to, 1)).is_err(), "{to}");
    }
}
