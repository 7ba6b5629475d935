//! An explanation in words: whole sentences, in Chinese and in English.

use chrono::{Datelike as _, NaiveDate, Timelike as _};
use kernel::Timestamp;
use worktime::{Limit, ZONE};

use super::{Awaited, Counted, DayOff, Explanation, Line, NANOS, in_another_year};
use crate::domain::{ClockId, local_date};

impl Explanation {
    /// In Chinese, one paragraph: the start and the rule, what counted and what did not, when it is due.
    pub fn chinese(&self) -> String {
        let started = local_date(self.started_at);
        let date = |date: NaiveDate| chinese_date(date, started);
        let moment = |at: Timestamp| format!("{} {}", chinese_date(local_date(at), started), time(at));
        let rule = match self.limit {
            Limit::WorkingHours(n) => format!("限 {n} 个工作小时"),
            Limit::WorkingDays(n) => {
                format!("限 {n} 个工作日（自次日起计，至第 {n} 个工作日下班时止）")
            }
        };
        let start = format!(
            "{started}（{}）{} {}时限开始，{rule}：",
            chinese_weekday(started),
            time(self.started_at),
            chinese_name(self.clock)
        );
        let mut parts = Vec::new();
        for line in &self.lines {
            parts.push(match line {
                Line::Counted(Counted { from, until, n_days, make_up_for, nanos, sum_nanos: _ }) => {
                    let (first, last) = (local_date(*from), local_date(*until));
                    let worked = chinese_length(*nanos);
                    if 1 < *n_days {
                        format!("{}至{} {n_days} 个工作日计 {worked}", date(first), date(last))
                    } else {
                        let day = match make_up_for {
                            Some(_) => format!("{}（{}，调休补班）", date(first), chinese_weekday(first)),
                            None => format!("{} ", date(first)),
                        };
                        format!("{day}{}–{} 计 {worked}", time(*from), time(*until))
                    }
                }
                Line::Skipped { first, last, why } => {
                    let days = if first == last {
                        date(*first)
                    } else {
                        format!("{}至{}", date(*first), date(*last))
                    };
                    match why {
                        DayOff::Weekend => format!("{days}周末，不计"),
                        DayOff::Holiday(name) => format!("{days}{name}放假，不计"),
                    }
                }
                Line::Paused { from, until, nanos } => format!(
                    "{}至{}{}，暂停 {}",
                    moment(*from),
                    moment(*until),
                    chinese_pause(self.clock),
                    chinese_length(*nanos)
                ),
                Line::OriginalDeadline { at, sum_nanos: _ } => format!("原到期 {}，以下为延期", moment(*at)),
            });
        }
        for gap in &self.gaps {
            parts.push(format!(
                "{}至{}曾停止计时，后被退回，期间照计",
                moment(gap.stopped_at),
                moment(gap.resumed_at)
            ));
        }
        parts.push(if self.due_at == self.original_due_at {
            format!("到期 {}", moment(self.due_at))
        } else {
            format!("延期后到期 {}", moment(self.due_at))
        });
        if let Some(year) = self.provisional_year {
            parts.push(format!("{year}年放假安排尚未公布，到期时间为暂定"));
        }
        format!("{start}{}。", parts.join("；"))
    }

    /// The same in English.
    pub fn english(&self) -> String {
        let started = local_date(self.started_at);
        let date = |date: NaiveDate| english_date(date, started);
        let moment = |at: Timestamp| format!("{} {}", english_date(local_date(at), started), time(at));
        let rule = match self.limit {
            Limit::WorkingHours(_) => format!("{}, which run at once", self.limit),
            Limit::WorkingDays(n) => format!(
                "{}, counted from the next day to the close of business of working day {n}",
                self.limit
            ),
        };
        let start = format!(
            "{} starts on {} {started} at {}, limit {rule}: ",
            english_name(self.clock),
            started.format("%A"),
            time(self.started_at)
        );
        let mut parts = Vec::new();
        for line in &self.lines {
            parts.push(match line {
                Line::Counted(Counted { from, until, n_days, make_up_for, nanos, sum_nanos: _ }) => {
                    let (first, last) = (local_date(*from), local_date(*until));
                    let worked = english_length(*nanos);
                    if 1 < *n_days {
                        format!("{} to {}, {n_days} working days, count {worked}", date(first), date(last))
                    } else {
                        let day = match make_up_for {
                            Some(_) => {
                                format!("{} ({}, make-up working day)", date(first), first.format("%A"))
                            }
                            None => date(first),
                        };
                        format!("{day} {}–{} counts {worked}", time(*from), time(*until))
                    }
                }
                Line::Skipped { first, last, why } => {
                    let days = if first == last {
                        date(*first)
                    } else {
                        format!("{} to {}", date(*first), date(*last))
                    };
                    match why {
                        DayOff::Weekend => format!("{days} weekend, not counted"),
                        DayOff::Holiday(name) => format!("{days} {}, not counted", english_holiday(name)),
                    }
                }
                Line::Paused { from, until, nanos } => format!(
                    "{} to {} waiting for {}, {} not counted",
                    moment(*from),
                    moment(*until),
                    english_pause(self.clock),
                    english_length(*nanos)
                ),
                Line::OriginalDeadline { at, sum_nanos: _ } => {
                    format!("first due {}, extended from there on", moment(*at))
                }
            });
        }
        for gap in &self.gaps {
            parts.push(format!(
                "stopped from {} to {} by a step that was sent back, counted all the same",
                moment(gap.stopped_at),
                moment(gap.resumed_at)
            ));
        }
        parts.push(if self.due_at == self.original_due_at {
            format!("due {}", moment(self.due_at))
        } else {
            format!("due {} with the extension", moment(self.due_at))
        });
        if let Some(year) = self.provisional_year {
            parts.push(format!("provisional, as the holidays of {year} are not announced yet"));
        }
        format!("{start}{}.", parts.join("; "))
    }
}

const fn chinese_pause(clock: ClockId) -> &'static str {
    match Awaited::by(clock) {
        Awaited::Ruling => "退单待裁定",
        Awaited::Firm => "等待企业补充",
    }
}

const fn english_pause(clock: ClockId) -> &'static str {
    match Awaited::by(clock) {
        Awaited::Ruling => "the ruling on a return",
        Awaited::Firm => "the firm",
    }
}

const fn chinese_name(clock: ClockId) -> &'static str {
    match clock {
        ClockId::C0 => "分派",
        ClockId::C1 => "签收",
        ClockId::C2 => "转办",
        ClockId::C3 => "首次联系",
        ClockId::C4 => "办结",
        ClockId::C5 => "反馈",
        ClockId::C6 => "评价",
        ClockId::C7 => "审核",
        ClockId::C8 => "整改",
        ClockId::C9 => "裁定",
        ClockId::C10 => "撤单核实",
        ClockId::C11 => "挂账回查",
        ClockId::C12 => "批示回复",
        ClockId::C13 => "协办答复",
    }
}

const fn english_name(clock: ClockId) -> &'static str {
    match clock {
        ClockId::C0 => "The clock for assigning",
        ClockId::C1 => "The clock for signing",
        ClockId::C2 => "The clock for transferring",
        ClockId::C3 => "The clock for the first contact",
        ClockId::C4 => "The clock for replying",
        ClockId::C5 => "The clock for feeding back",
        ClockId::C6 => "The window for rating",
        ClockId::C7 => "The clock for auditing",
        ClockId::C8 => "The clock for rectifying",
        ClockId::C9 => "The clock for ruling",
        ClockId::C10 => "The clock for checking a withdrawal",
        ClockId::C11 => "The clock for reviewing the plan",
        ClockId::C12 => "The clock for answering the instruction",
        ClockId::C13 => "The clock for the co-section's answer",
    }
}

/// A holiday that this program has no English word for keeps its Chinese name.
fn english_holiday(name: &str) -> &str {
    match name {
        "元旦" => "New Year's Day",
        "春节" => "Spring Festival",
        "清明节" => "Tomb-Sweeping Day",
        "劳动节" => "Labour Day",
        "端午节" => "Dragon Boat Festival",
        "中秋节" => "Mid-Autumn Festival",
        "国庆节" => "National Day",
        other => other,
    }
}

fn chinese_weekday(date: NaiveDate) -> &'static str {
    match date.weekday() {
        chrono::Weekday::Mon => "周一",
        chrono::Weekday::Tue => "周二",
        chrono::Weekday::Wed => "周三",
        chrono::Weekday::Thu => "周四",
        chrono::Weekday::Fri => "周五",
        chrono::Weekday::Sat => "周六",
        chrono::Weekday::Sun => "周日",
    }
}

fn chinese_date(date: NaiveDate, started: NaiveDate) -> String {
    let year = if in_another_year(date, started) { format!("{}年", date.year()) } else { String::new() };
    format!("{year}{}月{}日", date.month(), date.day())
}

fn english_date(date: NaiveDate, started: NaiveDate) -> String {
    let format = if in_another_year(date, started) { "%-d %B %Y" } else { "%-d %B" };
    date.format(format).to_string()
}

/// To the minute, and to the second where it is not a whole minute.
fn time(at: Timestamp) -> String {
    let local = at.with_timezone(&ZONE).time();
    let format = if local.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    local.format(format).to_string()
}

/// As "3 小时 30 分"; parts of a second are left out.
fn chinese_length(nanos: i64) -> String {
    length(nanos, ["小时", "分", "秒"])
}

fn english_length(nanos: i64) -> String {
    length(nanos, ["h", "min", "s"])
}

fn length(nanos: i64, [hour, minute, second]: [&str; 3]) -> String {
    let seconds = nanos / NANOS;
    let parts = [(seconds / 3600, hour), (seconds / 60 % 60, minute), (seconds % 60, second)];
    let said: Vec<String> =
        parts.iter().filter(|(n, _)| *n != 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if said.is_empty() { format!("0 {second}") } else { said.join(" ") }
}
