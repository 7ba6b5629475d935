//! Whether a pack is complete and agrees with itself.

use std::{collections::BTreeSet, fmt, str::FromStr};

use worktime::Limit;

use super::{
    Category, ClockId, Code, Light, Moment, Notify, PackName, PackWord, Policy, PolicyVersion, ReplyLimits,
    Route, RungRule, Stars, file, place,
};
use crate::domain::ClockName;

/// Why a file is not a policy pack.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Neither TOML nor JSON, or not of the form: the source names the line, and the unknown or missing field.
    #[error("the policy pack is not of the form required")]
    Form(#[source] FormError),
    /// Of the form, but wrong; all faults found, at least one.
    #[error("the policy pack is wrong: {}", join(.0))]
    Faults(Vec<Fault>),
}

/// What the parsers say.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    #[error(transparent)]
    Toml(toml::de::Error),
    #[error(transparent)]
    Json(serde_json::Error),
}

/// One thing wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands, such as `ladder[2].at`; indices from 0. Empty where the text is not of the form.
    pub place: String,
    /// The line that it stands on, from 1. `None`: no single line, or the text is JSON of the right form.
    pub line: Option<usize>,
    pub problem: String,
    /// The same in Chinese.
    pub zh: String,
}

impl FormError {
    /// The fault in the text that was read.
    pub fn fault(&self, text: &str) -> Fault {
        let (line, problem) = match self {
            Self::Toml(error) => {
                (error.span().map(|span| place::line_at(text, span.start)), error.message().to_owned())
            }
            Self::Json(error) => (Some(error.line()).filter(|line| 0 < *line), error.to_string()),
        };
        let quoted = |what: &str| Some(problem.strip_prefix(what)?.split('`').nth(1)?.to_owned());
        let zh = if let Some(field) = quoted("unknown field") {
            format!("未知字段 {field}")
        } else if let Some(field) = quoted("missing field") {
            format!("缺少字段 {field}")
        } else {
            format!("格式不正确：{problem}")
        };
        Fault { place: String::new(), line, problem, zh }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

fn join(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ")
}

/// Fails with all faults found, at least one.
pub(super) fn policy(file: file::File) -> Result<Policy, Vec<Fault>> {
    let file::File {
        name,
        version,
        clocks,
        reply,
        deputy,
        questions,
        extensions,
        escalation,
        windows,
        reopening,
        urging,
        rating,
        ladder,
        audit_failures,
        categories,
        routes,
        orders,
        calendar,
    } = file;
    let mut check = Check::default();
    if version == 0 {
        check.fault("version", "must be at least 1", "至少为 1");
    }
    let name: Option<PackName> = check.parse("name", &name);
    let clocks = check.clocks(&clocks);
    let reply = check.reply(&reply);
    let deputy_after = check.deputy(&deputy);
    let questions = check.questions(&questions);
    let extensions = check.extensions(&extensions);
    let escalation = check.escalation(&escalation);
    let appeal_window = check.limit("windows.appeal", &windows.appeal);
    let confirm_window = check.limit("windows.confirm", &windows.confirm);
    let reopen_window = check.limit("windows.reopen", &windows.reopen);
    let urges_per_working_day = check.urging(&urging);
    let rating_dimensions = check.rating_dimensions(&rating.dimensions);
    let rating = check.rating(&rating);
    // The rating window is the firm's, whom nobody shows a red light.
    let ladder = check.ladder(
        "ladder",
        ladder,
        |clock| clock != ClockId::C6,
        |clock| clock == ClockId::C13,
        ClockId::ALL,
    );
    let audit_failures = check.words("audit_failures", audit_failures);
    let categories = check.categories(categories);
    let routes = check.routes(routes, &categories);
    let orders = check.orders(orders);
    let calendar_alarm_days = check.calendar(&calendar);
    // Where a part is missing, its fault has been noted.
    let parts = (name, clocks, reply, confirm_window, reopen_window, rating);
    let (Some(pack), Some(clocks), Some(reply), Some(confirm_window), Some(reopen_window), Some(rating)) =
        parts
    else {
        return Err(check.faults);
    };
    let parts = (questions, extensions, escalation, appeal_window, orders);
    let (Some(questions), Some(extensions), Some(escalation), Some(appeal_window), Some(orders)) = parts
    else {
        return Err(check.faults);
    };
    if !check.faults.is_empty() {
        return Err(check.faults);
    }
    let (reply, reply_cap) = reply;
    let (satisfied_from, strictly_satisfied_from) = rating;
    Ok(Policy {
        version: PolicyVersion { pack, number: version },
        clocks,
        reply,
        reply_cap,
        deputy_after,
        questions,
        extensions,
        escalation,
        confirm_window,
        appeal_window,
        reopen_window,
        reopenings_to_same_handler: reopening.same_handler,
        urges_per_working_day,
        satisfied_from,
        strictly_satisfied_from,
        rating_dimensions,
        ladder,
        categories,
        audit_failures,
        routes,
        orders,
        calendar_alarm_days,
    })
}

/// What was found wrong with a file so far.
#[derive(Default)]
pub(in crate::domain) struct Check {
    faults: Vec<Fault>,
}

impl Check {
    /// All that was found wrong with the text, each with its line.
    pub(in crate::domain) fn faults(self, text: &str) -> Vec<Fault> {
        located(self.faults, text)
    }

    /// Says what is wrong, in English and in Chinese. The line is found later.
    pub(in crate::domain) fn fault(
        &mut self,
        place: impl Into<String>,
        problem: impl fmt::Display,
        zh: impl fmt::Display,
    ) {
        let (problem, zh) = (problem.to_string(), zh.to_string());
        self.faults.push(Fault { place: place.into(), line: None, problem, zh });
    }

    pub(super) fn parse<T: FromStr<Err: fmt::Display>>(&mut self, place: &str, text: &str) -> Option<T> {
        text.parse().map_err(|err| self.fault(place, err, format!("“{text}”不是有效的取值"))).ok()
    }

    pub(super) fn limit(&mut self, place: &str, text: &str) -> Option<Limit> {
        self.parse(place, text)
    }

    pub(super) fn names(&mut self, place: &str, zh: &str, en: &str) {
        for (language, name) in [("zh", zh), ("en", en)] {
            if name.trim().is_empty() {
                self.fault(format!("{place}.{language}"), "must not be empty", "不能为空");
            }
        }
    }

    fn clocks(&mut self, clocks: &file::Clocks) -> Option<[Limit; 13]> {
        let file::Clocks { c0, c1, c2, c3, c5, c6, c7, c8, c9, c10, c11, c12, c13 } = clocks;
        let limits = [
            ("C0", c0),
            ("C1", c1),
            ("C2", c2),
            ("C3", c3),
            ("C5", c5),
            ("C6", c6),
            ("C7", c7),
            ("C8", c8),
            ("C9", c9),
            ("C10", c10),
            ("C11", c11),
            ("C12", c12),
            ("C13", c13),
        ]
        .map(|(name, text)| self.limit(&format!("clocks.{name}"), text));
        let limits: Vec<Limit> = limits.into_iter().flatten().collect();
        limits.try_into().ok()
    }

    fn reply(&mut self, reply: &file::Reply) -> Option<(ReplyLimits, u32)> {
        let file::Reply { consultation, normal, hard, cap } = reply;
        let mut below = 0;
        let mut all = true;
        for (name, text) in [("consultation", consultation), ("normal", normal), ("hard", hard), ("cap", cap)]
        {
            let place = format!("reply.{name}");
            match self.limit(&place, text) {
                Some(Limit::WorkingDays(n)) if n < below => {
                    self.fault(
                        place,
                        format!("must not be shorter than the one before it, {below} working days"),
                        format!("不能短于前一项的 {below} 个工作日"),
                    );
                }
                Some(Limit::WorkingDays(n)) => below = n,
                Some(Limit::WorkingHours(_)) => {
                    self.fault(place, "must be in working days", "须以工作日计");
                }
                None => all = false,
            }
        }
        let parsed = |text: &str| text.parse().ok().filter(|_| all);
        let limits =
            ReplyLimits { consultation: parsed(consultation)?, normal: parsed(normal)?, hard: parsed(hard)? };
        Some((limits, below))
    }

    fn rating(&mut self, rating: &file::Rating) -> Option<(Stars, Stars)> {
        let file::Rating { satisfied_from, strictly_satisfied_from, dimensions: _ } = *rating;
        let mut stars = |place: &str, number: u8| {
            Stars::try_from(number).map_err(|err| self.fault(place, err, "须为 1 至 5 星")).ok()
        };
        let satisfied = stars("rating.satisfied_from", satisfied_from)?;
        let strictly = stars("rating.strictly_satisfied_from", strictly_satisfied_from)?;
        if satisfied.get() == 1 {
            self.fault(
                "rating.satisfied_from",
                "must leave a rating that is low, so be at least 2",
                "至少为 2，否则没有差评",
            );
        }
        if strictly < satisfied {
            self.fault(
                "rating.strictly_satisfied_from",
                "must not be below satisfied_from",
                "不能低于 satisfied_from",
            );
        }
        Some((satisfied, strictly))
    }

    /// The rungs of a ladder that stands at `root`. `warns`: whether a clock has to show a red light; `helps`: whether it
    /// waits for a section that helps.
    pub(super) fn ladder<I: ClockName + 'static>(
        &mut self,
        root: &str,
        rungs: Vec<file::LadderStep>,
        warns: impl Fn(I) -> bool,
        helps: impl Fn(I) -> bool,
        all: &[I],
    ) -> Vec<RungRule<I>> {
        let mut rules: Vec<RungRule<I>> = Vec::new();
        let mut seen = BTreeSet::new();
        for (i, file::LadderStep { rung, clocks, at, light, notify }) in rungs.into_iter().enumerate() {
            let place = format!("{root}[{i}]");
            let code: Option<Code> = self.parse(&format!("{place}.rung"), &rung);
            let at: Option<Moment> = self.parse(&format!("{place}.at"), &at);
            let clocks: Vec<I> = self.list(&format!("{place}.clocks"), &clocks);
            let notify: Vec<Notify> = self.list(&format!("{place}.notify"), &notify);
            let light = light.and_then(|light| self.parse(&format!("{place}.light"), &light));
            match (light, at) {
                (Some(Light::Off | Light::Green), _) => {
                    self.fault(format!("{place}.light"), "must be YELLOW or RED", "须为 YELLOW 或 RED");
                }
                (Some(Light::Yellow), Some(Moment::Due | Moment::After(_))) => {
                    self.fault(
                        format!("{place}.light"),
                        "must be RED from the due time on",
                        "到期起须为 RED",
                    );
                }
                (Some(Light::Red), Some(Moment::Percent(_) | Moment::Before(_) | Moment::After(_))) => {
                    self.fault(
                        format!("{place}.light"),
                        "must be RED at the due time, neither before nor after it",
                        "RED 只能在到期时亮起",
                    );
                }
                _ => {}
            }
            if notify.contains(&Notify::CoSection) && !clocks.iter().all(|clock| helps(*clock)) {
                self.fault(
                    format!("{place}.notify"),
                    "must not name CO_SECTION, which only C13 waits for",
                    "CO_SECTION 只能用于 C13",
                );
            }
            for clock in &clocks {
                if !seen.insert((*clock, rung.clone())) {
                    self.fault(
                        format!("{place}.clocks"),
                        format!("{clock} has a rung {rung:?} already"),
                        format!("{clock} 已有阶梯 {rung}"),
                    );
                }
            }
            if let (Some(code), Some(at)) = (code, at) {
                rules.push(RungRule { code, clocks, at, light, notify });
            }
        }
        for clock in all.iter().filter(|clock| warns(**clock)) {
            let red = |rule: &RungRule<I>| rule.light == Some(Light::Red) && rule.clocks.contains(clock);
            if rules.iter().filter(|rule| red(rule)).count() != 1 {
                self.fault(
                    root,
                    format!("{clock} needs one rung that shows RED"),
                    format!("{clock} 须有且只有一级 RED"),
                );
            }
        }
        rules
    }

    /// Parses a list that must neither be empty nor name anything twice.
    pub(in crate::domain) fn list<T: FromStr<Err: fmt::Display> + Ord + Copy>(
        &mut self,
        place: &str,
        words: &[String],
    ) -> Vec<T> {
        let values: Vec<T> = words
            .iter()
            .enumerate()
            .filter_map(|(i, word)| self.parse(&format!("{place}[{i}]"), word))
            .collect();
        if words.is_empty() {
            self.fault(place, "must name at least one", "至少列出一项");
        }
        if values.iter().collect::<BTreeSet<_>>().len() < values.len() {
            self.fault(place, "names something twice", "有重复项");
        }
        values
    }

    /// The words that stand at `root`: at least one, and each once.
    pub(super) fn words(&mut self, root: &str, words: Vec<file::Word>) -> Vec<PackWord> {
        if words.is_empty() {
            self.fault(root, "must name at least one", "至少列出一项");
        }
        let mut known = Vec::new();
        for (i, file::Word { code, zh, en }) in words.into_iter().enumerate() {
            let place = format!("{root}[{i}]");
            self.names(&place, &zh, &en);
            if let Some(code) = self.new_code(&place, &code, known.iter().map(|word: &PackWord| &word.code)) {
                known.push(PackWord { code, zh, en });
            }
        }
        known
    }

    fn categories(&mut self, categories: Vec<file::Category>) -> Vec<Category> {
        if categories.is_empty() {
            self.fault("categories", "must name at least one category", "至少列出一个类别");
        }
        let mut known = Vec::new();
        for (i, file::Category { code, zh, en, difficulty }) in categories.into_iter().enumerate() {
            let place = format!("categories[{i}]");
            self.names(&place, &zh, &en);
            let difficulty = self.parse(&format!("{place}.difficulty"), &difficulty);
            let code = self.new_code(&place, &code, known.iter().map(|category: &Category| &category.code));
            if let (Some(code), Some(difficulty)) = (code, difficulty) {
                known.push(Category { code, zh, en, difficulty });
            }
        }
        known
    }

    fn new_code<'a>(
        &mut self,
        place: &str,
        text: &str,
        known: impl Iterator<Item = &'a Code>,
    ) -> Option<Code> {
        let place = format!("{place}.code");
        let code: Code = self.parse(&place, text)?;
        let mut known = known;
        if known.any(|other| *other == code) {
            self.fault(place, format!("{text:?} stands twice"), format!("“{text}”重复"));
            return None;
        }
        Some(code)
    }

    fn routes(&mut self, routes: Vec<file::Route>, categories: &[Category]) -> Vec<Route> {
        let mut known: Vec<Route> = Vec::new();
        for (i, file::Route { category, division, department }) in routes.into_iter().enumerate() {
            let place = format!("routes[{i}]");
            if 12 < division.len() || !division.chars().all(|c| c.is_ascii_digit()) {
                self.fault(format!("{place}.division"), "must be at most 12 digits", "至多 12 位数字");
            }
            if !is_department_code(&department) {
                self.fault(format!("{place}.department"), "must be the code of a department", "须为部门代码");
            }
            if known.iter().any(|route| route.category.as_str() == category && route.division == division) {
                self.fault(
                    &place,
                    format!("{category:?} in {division:?} has a department already"),
                    format!("{category} 在 {division} 已有承办部门"),
                );
            }
            let Some(found) = categories.iter().find(|known| known.code.as_str() == category) else {
                self.fault(
                    format!("{place}.category"),
                    format!("there is no category {category:?}"),
                    format!("没有类别 {category}"),
                );
                continue;
            };
            known.push(Route { category: found.code.clone(), division, department });
        }
        known
    }
}

/// The faults, each with the line of the text that it stands on.
pub(super) fn located(mut faults: Vec<Fault>, text: &str) -> Vec<Fault> {
    for fault in &mut faults {
        fault.line = place::line(text, &fault.place);
    }
    faults
}

/// As identity gives them: a small letter, then small letters, digits and hyphens, 2 to 32 in all.
fn is_department_code(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (2..=32).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(allowed)
}
