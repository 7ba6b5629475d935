//! Excellent cases (优秀案例), pure: their life as a table, who may take which step, and how a text is freed of what
//! tells whom it is about.

pub mod transition;

mod decide;
mod draft;
mod event;
mod identify;
mod model;
mod refused;
mod state;

pub use decide::{Nomination, Step, decide, may_be_told, nominate};
pub use draft::{Draft, DraftStep, Story, draft};
pub use event::{Event, Fact};
pub use identify::{Finding, Known, Trait, findings, redact};
pub use model::{BrokenHistory, Case, Review, Stage, create, evolve, fold};
pub use refused::{Refused, Tie};
pub use state::{Action, Decision, Level, State, TextField};

#[cfg(test)]
mod tests;
