//! What a pack says about service orders (订单式服务).

use worktime::Limit;

use super::{Code, PackWord, RungRule, check::Check, file};
use crate::domain::order::ClockId;

/// Limits, kinds and ladder of service orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPolicy {
    accept: Limit,
    schedule: Limit,
    rate: Limit,
    /// What may be offered, in the order of the file.
    pub kinds: Vec<PackWord>,
    /// In the order of the file.
    pub ladder: Vec<RungRule<ClockId>>,
}

impl OrderPolicy {
    /// How long the clock may run; O3 has no limit but the day that the order is scheduled for.
    pub const fn limit(&self, clock: ClockId) -> Limit {
        match clock {
            ClockId::O1 => self.accept,
            ClockId::O2 => self.schedule,
            ClockId::O3 => Limit::WorkingDays(0),
            ClockId::O4 => self.rate,
        }
    }

    pub fn kind(&self, code: &Code) -> Option<&PackWord> {
        self.kinds.iter().find(|kind| kind.code == *code)
    }
}

impl Check {
    pub(super) fn orders(&mut self, orders: file::Orders) -> Option<OrderPolicy> {
        let file::Orders { clocks: file::OrderClocks { o1, o2, o4 }, kinds, ladder } = orders;
        let accept = self.limit("orders.clocks.O1", &o1);
        let schedule = self.limit("orders.clocks.O2", &o2);
        let rate = self.limit("orders.clocks.O4", &o4);
        let kinds = self.words("orders.kinds", kinds);
        let ladder =
            self.ladder("orders.ladder", ladder, |clock| clock != ClockId::O4, |_| false, ClockId::ALL);
        Some(OrderPolicy { accept: accept?, schedule: schedule?, rate: rate?, kinds, ladder })
    }
}
