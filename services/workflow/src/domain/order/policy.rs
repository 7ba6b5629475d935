//! The pack for orders: limits, kinds of services and ladder. Data, read from a file and checked before use.

use std::{collections::BTreeSet, fmt, str::FromStr, sync::LazyLock};

use serde::Deserialize;
use worktime::Limit;

use super::ClockId;
use crate::domain::{Code, Fault, Light, Moment, Notify, PackError, policy::FormError};

/// Which pack for orders: 1 or more, and higher for a newer one. It has nothing to do with the packs of issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct OrderPackVersion(pub u32);

/// A pack for orders that is complete and does not contradict itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPolicy {
    pub version: OrderPackVersion,
    accept: Limit,
    schedule: Limit,
    rate: Limit,
    /// In the order of the file.
    pub kinds: Vec<Kind>,
    /// In the order of the file.
    pub ladder: Vec<RungRule>,
}

/// A kind of service that may be offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    pub code: Code,
    pub zh: String,
    pub en: String,
}

/// A rung of the ladder of some clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RungRule {
    pub code: Code,
    pub clocks: Vec<ClockId>,
    pub at: Moment,
    /// The light that the clock shows from then on: yellow or red. `None` changes nothing.
    pub light: Option<Light>,
    pub notify: Vec<Notify>,
}

impl OrderPolicy {
    /// The pack that comes with the suite.
    pub fn default_pack() -> &'static Self {
        static DEFAULT: LazyLock<OrderPolicy> = LazyLock::new(|| {
            OrderPolicy::parse(include_str!("../../../packs/orders.toml"))
                .expect("a test parses the embedded pack")
        });
        &DEFAULT
    }

    /// Reads a pack. Fails with place and reason of each fault; a field that is unknown or missing is one.
    pub fn parse(text: &str) -> Result<Self, PackError> {
        check(toml::from_str(text).map_err(|err| PackError::Form(FormError::Toml(err)))?)
    }

    /// How long the clock may run; O3, which is due on the scheduled day, is asked for none.
    pub const fn limit(&self, clock: ClockId) -> Limit {
        match clock {
            ClockId::O1 => self.accept,
            ClockId::O2 => self.schedule,
            ClockId::O3 => Limit::WorkingDays(0),
            ClockId::O4 => self.rate,
        }
    }

    pub fn kind(&self, code: &Code) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.code == *code)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    clocks: Clocks,
    kinds: Vec<KindForm>,
    ladder: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
struct Clocks {
    o1: String,
    o2: String,
    o4: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindForm {
    code: String,
    zh: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    rung: String,
    clocks: Vec<String>,
    at: String,
    light: Option<String>,
    notify: Vec<String>,
}

fn check(file: File) -> Result<OrderPolicy, PackError> {
    let File { version, clocks: Clocks { o1, o2, o4 }, kinds, ladder } = file;
    let mut check = Check::default();
    if version == 0 {
        check.fault("version", "must be at least 1", "至少为 1");
    }
    let limits = [("clocks.O1", &o1), ("clocks.O2", &o2), ("clocks.O4", &o4)]
        .map(|(place, text)| check.parse::<Limit>(place, text));
    let kinds = check.kinds(kinds);
    let ladder = check.ladder(ladder);
    match limits {
        [Some(accept), Some(schedule), Some(rate)] if check.faults.is_empty() => {
            Ok(OrderPolicy { version: OrderPackVersion(version), accept, schedule, rate, kinds, ladder })
        }
        _ => Err(PackError::Faults(check.faults)),
    }
}

#[derive(Default)]
struct Check {
    faults: Vec<Fault>,
}

impl Check {
    fn fault(&mut self, place: impl Into<String>, problem: impl fmt::Display, zh: impl fmt::Display) {
        let (problem, zh) = (problem.to_string(), zh.to_string());
        self.faults.push(Fault { place: place.into(), line: None, problem, zh });
    }

    fn parse<T: FromStr<Err: fmt::Display>>(&mut self, place: &str, text: &str) -> Option<T> {
        text.parse().map_err(|err| self.fault(place, err, format!("“{text}”不是有效的取值"))).ok()
    }

    fn kinds(&mut self, forms: Vec<KindForm>) -> Vec<Kind> {
        if forms.is_empty() {
            self.fault("kinds", "must name at least one kind", "至少列出一种服务");
        }
        let mut kinds: Vec<Kind> = Vec::new();
        for (i, KindForm { code, zh, en }) in forms.into_iter().enumerate() {
            for (language, name) in [("zh", &zh), ("en", &en)] {
                if name.trim().is_empty() {
                    self.fault(format!("kinds[{i}].{language}"), "must not be empty", "不能为空");
                }
            }
            let Some(code) = self.parse::<Code>(&format!("kinds[{i}].code"), &code) else { continue };
            if kinds.iter().any(|kind| kind.code == code) {
                self.fault(
                    format!("kinds[{i}].code"),
                    format!("{:?} stands twice", code.as_str()),
                    format!("“{code}”重复"),
                );
            } else {
                kinds.push(Kind { code, zh, en });
            }
        }
        kinds
    }

    fn ladder(&mut self, steps: Vec<Step>) -> Vec<RungRule> {
        let mut rules = Vec::new();
        let mut seen = BTreeSet::new();
        for (i, Step { rung, clocks, at, light, notify }) in steps.into_iter().enumerate() {
            let place = format!("ladder[{i}]");
            let code: Option<Code> = self.parse(&format!("{place}.rung"), &rung);
            let at: Option<Moment> = self.parse(&format!("{place}.at"), &at);
            let clocks: Vec<ClockId> = self.list(&format!("{place}.clocks"), &clocks);
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
            if notify.contains(&Notify::CoSection) {
                self.fault(
                    format!("{place}.notify"),
                    "must not name CO_SECTION: nobody helps with an order",
                    "订单没有协办科室，不能列 CO_SECTION",
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
        // The rating window is the firm's, whom nobody shows a red light.
        for clock in ClockId::ALL.iter().filter(|clock| **clock != ClockId::O4) {
            let red = |rule: &&RungRule| rule.light == Some(Light::Red) && rule.clocks.contains(clock);
            if rules.iter().filter(red).count() != 1 {
                self.fault(
                    "ladder",
                    format!("{clock} needs one rung that shows RED"),
                    format!("{clock} 须有且只有一级 RED"),
                );
            }
        }
        rules
    }

    /// Parses a list that must neither be empty nor name anything twice.
    fn list<T: FromStr<Err: fmt::Display> + Ord + Copy>(&mut self, place: &str, words: &[String]) -> Vec<T> {
        let mut values = Vec::new();
        for (i, word) in words.iter().enumerate() {
            values.extend(self.parse::<T>(&format!("{place}[{i}]"), word));
        }
        if words.is_empty() {
            self.fault(place, "must name at least one", "至少列出一项");
        }
        if values.iter().collect::<BTreeSet<_>>().len() < values.len() {
            self.fault(place, "names something twice", "有重复项");
        }
        values
    }
}
