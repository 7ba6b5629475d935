//! The data file of a calendar: its form, and everything that makes one unusable.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chrono::{Datelike as _, NaiveDate, NaiveTime, Timelike as _};
use serde::Deserialize;

use crate::{
    Calendar,
    calendar::{Named, SECOND, is_weekend},
    hours::Hours,
};

/// Years that a calendar may cover: a typing error is more likely than a year outside.
const YEARS: std::ops::RangeInclusive<i32> = 1950..=2199;

/// Why a data file is not a calendar.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// Not JSON, or not of the form: the source names the line, the column, and the unknown or missing field.
    #[error("the calendar is not of the form required")]
    Form(#[source] serde_json::Error),
    /// Of the form, but wrong; all faults found, at least one.
    #[error("the calendar is wrong: {}", join(.0))]
    Faults(Vec<Fault>),
}

/// One thing wrong with a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands, such as `years[3].holidays[0].from`; indices from 0.
    pub place: String,
    pub problem: String,
    /// The same in Chinese.
    pub zh: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

fn join(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    first_year: i32,
    last_year: i32,
    intervals: Vec<OpeningHours>,
    notices: Vec<Notice>,
    years: Vec<Year>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningHours {
    opens: String,
    closes: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    number: String,
    issued: String,
    title: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    #[serde(rename = "year")]
    number: i32,
    /// The notice for it is not out: its days off are those of the regulation.
    #[serde(default)]
    provisional: bool,
    holidays: Vec<Holiday>,
    make_up_days: Vec<MakeUpDay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name: String,
    from: String,
    to: String,
    notice: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MakeUpDay {
    date: String,
    r#for: String,
    notice: String,
}

pub(crate) fn parse(json: &str) -> Result<Calendar, CalendarError> {
    let File { version, first_year, last_year, intervals, notices, years } =
        serde_json::from_str(json).map_err(CalendarError::Form)?;
    let mut check = Check::default();
    check.text("version", &version);
    check.years(first_year, last_year, &years);
    let hours = check.hours(&intervals);
    check.notices(&notices);
    for (i, year) in years.iter().enumerate() {
        check.year(&format!("years[{i}]"), year);
    }
    let Check { faults, named, .. } = check;
    if !faults.is_empty() {
        return Err(CalendarError::Faults(faults));
    }
    let named = named.into_iter().map(|(date, (_, named))| (date, named)).collect();
    let announced_year = if years.iter().any(|year| year.provisional) { last_year - 1 } else { last_year };
    Ok(Calendar::build(version, (first_year, announced_year, last_year), hours, named))
}

/// What has been read so far, and what was wrong with it.
#[derive(Default)]
struct Check {
    faults: Vec<Fault>,
    notices: BTreeSet<String>,
    /// Each named day, with the place that named it first.
    named: BTreeMap<NaiveDate, (String, Named)>,
}

impl Check {
    fn fault(&mut self, place: impl Into<String>, problem: impl Into<String>, zh: impl Into<String>) {
        self.faults.push(Fault { place: place.into(), problem: problem.into(), zh: zh.into() });
    }

    fn text(&mut self, place: &str, text: &str) {
        if text.trim().is_empty() {
            self.fault(place, "must not be empty", "不能为空");
        }
    }

    fn date(&mut self, place: &str, text: &str) -> Option<NaiveDate> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let date = date.filter(|date| date.format("%Y-%m-%d").to_string() == text);
        if date.is_none() {
            self.fault(
                place,
                format!("{text:?} is not a date such as \"2026-02-14\""),
                format!("“{text}”不是日期，应如 2026-02-14"),
            );
        }
        date
    }

    fn time(&mut self, place: &str, text: &str) -> Option<i64> {
        let time = NaiveTime::parse_from_str(text, "%H:%M").ok();
        let time = time.filter(|time| time.format("%H:%M").to_string() == text);
        if time.is_none() {
            self.fault(
                place,
                format!("{text:?} is not a time such as \"08:30\""),
                format!("“{text}”不是时刻，应如 08:30"),
            );
        }
        time.map(|time| i64::from(time.num_seconds_from_midnight()) * SECOND)
    }

    fn years(&mut self, first_year: i32, last_year: i32, years: &[Year]) {
        for (place, year) in [("first_year", first_year), ("last_year", last_year)] {
            if !YEARS.contains(&year) {
                let (first, last) = (YEARS.start(), YEARS.end());
                self.fault(
                    place,
                    format!("{year} is not between {first} and {last}"),
                    format!("{year} 不在 {first} 至 {last} 之间"),
                );
                return;
            }
        }
        if last_year < first_year {
            self.fault(
                "last_year",
                format!("{last_year} is before the first year, {first_year}"),
                format!("{last_year} 早于起始年 {first_year}"),
            );
            return;
        }
        let mut missing: BTreeSet<i32> = (first_year..=last_year).collect();
        for (i, Year { number: year, provisional, .. }) in years.iter().enumerate() {
            if *provisional && *year != last_year {
                self.fault(
                    format!("years[{i}].provisional"),
                    "only the last year may be provisional",
                    "仅最后一年可为暂定",
                );
            }
            let place = format!("years[{i}].year");
            if !(first_year..=last_year).contains(year) {
                self.fault(
                    place,
                    format!("{year} is not between {first_year} and {last_year}"),
                    format!("{year} 不在 {first_year} 至 {last_year} 之间"),
                );
            } else if !missing.remove(year) {
                self.fault(place, format!("{year} is there twice"), format!("{year} 重复"));
            }
        }
        for year in missing {
            self.fault("years", format!("{year} is missing"), format!("缺少 {year} 年"));
        }
    }

    fn hours(&mut self, intervals: &[OpeningHours]) -> Hours {
        if intervals.is_empty() {
            self.fault("intervals", "must not be empty", "不能为空");
        }
        let mut hours = Vec::new();
        let mut last_closes = 0;
        for (i, OpeningHours { opens, closes }) in intervals.iter().enumerate() {
            let opens = self.time(&format!("intervals[{i}].opens"), opens);
            let closes = self.time(&format!("intervals[{i}].closes"), closes);
            let (Some(opens), Some(closes)) = (opens, closes) else { continue };
            if closes <= opens {
                self.fault(format!("intervals[{i}].closes"), "is not after the opening", "应晚于上班时刻");
            }
            if opens < last_closes {
                self.fault(
                    format!("intervals[{i}].opens"),
                    "is before the interval before it has closed",
                    "早于上一时段的下班时刻",
                );
            }
            last_closes = last_closes.max(closes);
            hours.push((opens, closes));
        }
        Hours::new(hours)
    }

    fn notices(&mut self, notices: &[Notice]) {
        for (i, Notice { number, issued, title }) in notices.iter().enumerate() {
            let place = format!("notices[{i}]");
            self.text(&format!("{place}.number"), number);
            self.text(&format!("{place}.title"), title);
            self.date(&format!("{place}.issued"), issued);
            if !self.notices.insert(number.clone()) {
                self.fault(
                    format!("{place}.number"),
                    format!("{number:?} is there twice"),
                    format!("“{number}”重复"),
                );
            }
        }
    }

    fn year(&mut self, place: &str, Year { number: year, provisional: _, holidays, make_up_days }: &Year) {
        for (i, Holiday { name, from, to, notice }) in holidays.iter().enumerate() {
            let place = format!("{place}.holidays[{i}]");
            self.text(&format!("{place}.name"), name);
            self.notice(&place, notice);
            let from = self.date_in(&format!("{place}.from"), from, *year);
            let to = self.date_in(&format!("{place}.to"), to, *year);
            let (Some(from), Some(to)) = (from, to) else { continue };
            if to < from {
                self.fault(
                    format!("{place}.to"),
                    format!("{to} is before the first day, {from}"),
                    format!("{to} 早于首日 {from}"),
                );
            }
            for date in from.iter_days().take_while(|date| *date <= to) {
                self.name(date, &place, Named::Holiday(name.clone()));
            }
        }
        for (i, MakeUpDay { date, r#for, notice }) in make_up_days.iter().enumerate() {
            let place = format!("{place}.make_up_days[{i}]");
            self.text(&format!("{place}.for"), r#for);
            self.notice(&place, notice);
            let Some(date) = self.date_in(&format!("{place}.date"), date, *year) else { continue };
            if !is_weekend(date) {
                self.fault(
                    format!("{place}.date"),
                    format!("{date} is a {}, which is worked anyway", date.weekday()),
                    format!("{date} 本为工作日，不能作为补班日"),
                );
            }
            self.name(date, &place, Named::MakeUp(r#for.clone()));
        }
    }

    fn date_in(&mut self, place: &str, text: &str, year: i32) -> Option<NaiveDate> {
        let date = self.date(place, text)?;
        if date.year() != year {
            self.fault(place, format!("{date} does not lie in {year}"), format!("{date} 不在 {year} 年内"));
            return None;
        }
        Some(date)
    }

    fn notice(&mut self, place: &str, notice: &str) {
        if !self.notices.contains(notice) {
            self.fault(
                format!("{place}.notice"),
                format!("{notice:?} is not among the notices"),
                format!("“{notice}”不在通知列表中"),
            );
        }
    }

    fn name(&mut self, date: NaiveDate, place: &str, named: Named) {
        if let Some((first, _)) = self.named.get(&date) {
            let problem = format!("{date} is already given by {first}");
            let zh = format!("{date} 已由 {first} 给出");
            self.fault(place, problem, zh);
        } else {
            self.named.insert(date, (place.to_owned(), named));
        }
    }
}
