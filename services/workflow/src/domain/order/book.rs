//! All packs for orders: an order keeps to the one that it was placed under.

use std::collections::BTreeMap;

use worktime::Calendar;

use super::{Order, OrderPackVersion, OrderPolicy, Rules};

/// Every pack for orders and every calendar that an order may be bound to, and which of them are in force.
#[derive(Debug, Clone)]
pub struct OrderBook {
    packs: BTreeMap<OrderPackVersion, OrderPolicy>,
    calendars: Vec<Calendar>,
}

/// Why packs and calendars make no book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderBookError {
    #[error("there is no pack for orders")]
    NoPack,
    #[error("there is no calendar")]
    NoCalendar,
    #[error("two packs for orders have the version {0}")]
    PackTwice(u32),
    #[error("two calendars have the version {0:?}")]
    CalendarTwice(String),
}

impl OrderBook {
    /// The pack with the highest version is in force, and the last of the calendars.
    pub fn try_new(packs: Vec<OrderPolicy>, calendars: Vec<Calendar>) -> Result<Self, OrderBookError> {
        let mut by_version = BTreeMap::new();
        for pack in packs {
            let version = pack.version;
            if by_version.insert(version, pack).is_some() {
                return Err(OrderBookError::PackTwice(version.0));
            }
        }
        for (i, calendar) in calendars.iter().enumerate() {
            if calendars.iter().take(i).any(|other| other.version() == calendar.version()) {
                return Err(OrderBookError::CalendarTwice(calendar.version().to_owned()));
            }
        }
        if by_version.is_empty() {
            return Err(OrderBookError::NoPack);
        }
        if calendars.is_empty() {
            return Err(OrderBookError::NoCalendar);
        }
        Ok(Self { packs: by_version, calendars })
    }

    /// What comes with the suite: the default pack, and the calendar of mainland China.
    pub fn built_in() -> Self {
        Self::try_new(vec![OrderPolicy::default_pack().clone()], vec![Calendar::china().clone()])
            .expect("one pack and one calendar make a book")
    }

    /// What a new order is bound to.
    pub fn in_force(&self) -> Rules<'_> {
        let (_, policy) = self.packs.last_key_value().expect("checked in `try_new`");
        let calendar = self.calendars.last().expect("checked in `try_new`");
        Rules { policy, calendar }
    }

    /// What the order is bound to. `None`: that pack or calendar is not at hand.
    pub fn of(&self, order: &Order) -> Option<Rules<'_>> {
        let policy = self.packs.get(&order.policy_version)?;
        let calendar = self.calendars.iter().find(|calendar| calendar.version() == order.calendar_version)?;
        Some(Rules { policy, calendar })
    }
}
