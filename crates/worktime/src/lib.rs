//! Working-time arithmetic over a dated calendar of holidays and make-up working days.
//!
//! Everything is a pure function of its arguments and of the [`Calendar`]: no clock is read, nothing is cached
//! beyond the tables built when a calendar is parsed, and no call walks over days or minutes.
//!
//! The zone is UTC+08:00 all year round; instants go in and come out as UTC. Outside its years a calendar knows
//! nothing, and says so with [`OutOfCalendar`] instead of guessing from the weekday.
//!
//! Two conventions hold everywhere:
//! - Working time is half-open: 08:30:00 is worked, 12:00:00 is not any more.
//! - Where a span of working time ends exactly as the office closes, the result is that closing,
//!   not the next opening: three hours and a half from 08:30 end at 12:00.

mod calendar;
mod data;
mod deadline;
mod hours;
mod limit;
mod measure;
mod pause;

pub use calendar::{Calendar, Day, OutOfCalendar, ZONE};
pub use data::{CalendarError, Fault};
pub use limit::{InvalidLimit, Limit};
pub use measure::{Interval, Remaining, Span};
pub use pause::{InvalidPauses, Pause, Pauses};
