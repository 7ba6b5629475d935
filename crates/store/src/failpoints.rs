//! What goes wrong at the commit boundaries of a database, in tests.
//!
//! A boundary is a place in the source that calls [`Tx::commit`](crate::Tx::commit), so none can be forgotten.

use std::{
    fmt,
    panic::Location,
    sync::{Arc, Mutex, PoisonError},
};

/// What happens to one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The database is gone before the commit: nothing was done.
    ErrorBefore,
    PanicBefore,
    /// The connection breaks before the answer: all was done, and the caller cannot know.
    ErrorAfter,
    PanicAfter,
}

impl Fault {
    pub const ALL: [Self; 4] = [Self::ErrorBefore, Self::PanicBefore, Self::ErrorAfter, Self::PanicAfter];
}

type Plan = dyn Fn(&'static Location<'static>) -> Option<Fault> + Send + Sync;

/// The faults of one database.
#[derive(Default)]
pub struct Failpoints(Mutex<Option<Arc<Plan>>>);

impl Failpoints {
    /// `plan` is asked at every commit from now on, and told where it is.
    pub fn follow(&self, plan: impl Fn(&'static Location<'static>) -> Option<Fault> + Send + Sync + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(plan));
    }

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn at(&self, place: &'static Location<'static>) -> Option<Fault> {
        let plan = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        plan.and_then(|plan| plan(place))
    }
}

impl fmt::Debug for Failpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failpoints").finish_non_exhaustive()
    }
}
