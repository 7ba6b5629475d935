//! The clocks of an issue: what a step starts, stops, or has stand still.

use kernel::Timestamp;

use crate::domain::{ClockId, ClockKey, Gap, Issue, Pause, Run, clock::keep_calendar};

impl Issue {
    /// Starts the next round of a clock.
    pub(super) fn start(&mut self, id: ClockId, at: Timestamp) {
        self.runs.push(Run::next(id, &self.runs, at));
    }

    /// Stops the clock if it runs.
    pub(super) fn stop(&mut self, id: ClockId, at: Timestamp) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.key.id == id && run.is_running()) {
            run.stop(at);
        }
    }

    /// Stops this round of a clock if it runs.
    pub(super) fn stop_key(&mut self, key: ClockKey, at: Timestamp) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.key == key && run.is_running()) {
            run.stop(at);
        }
    }

    /// Ends the clock without the step that it waited for.
    pub(super) fn void(&mut self, id: ClockId, at: Timestamp) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.key.id == id && run.is_running()) {
            run.void(at);
        }
    }

    /// Undoes the end of a clock, which runs on with the deadline that it had.
    pub(super) fn resume(&mut self, key: ClockKey, at: Timestamp) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.key == key)
            && let Some(stopped_at) = run.stopped_at.take()
        {
            run.void = false;
            run.gaps.push(Gap { stopped_at, resumed_at: at });
            // A clock that runs goes by the calendar that the issue has now.
            run.calendar = None;
        }
    }

    /// Clocks that have stopped keep the calendar that they stopped under.
    pub(super) fn change_calendar(&mut self, version: &str) {
        let before = std::mem::replace(&mut self.calendar_version, version.to_owned());
        keep_calendar(&mut self.runs, &before);
    }

    /// Has the clock stand still if it runs.
    pub(super) fn pause(&mut self, id: ClockId, at: Timestamp) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.key.id == id && run.is_running()) {
            run.pauses.push(Pause { from: at, until: None });
        }
    }

    /// Has a clock that stands still go on.
    pub(super) fn go_on(&mut self, id: ClockId, at: Timestamp) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.key.id == id && run.is_running()) {
            run.end_pause(at);
        }
    }
}

impl Run {
    pub(super) fn stop(&mut self, at: Timestamp) {
        self.end_pause(at);
        self.stopped_at = Some(at);
    }

    /// Ends without the step that it waited for.
    pub(super) fn void(&mut self, at: Timestamp) {
        self.stop(at);
        self.void = true;
    }

    fn end_pause(&mut self, at: Timestamp) {
        if let Some(pause) = self.pauses.last_mut().filter(|pause| pause.until.is_none()) {
            pause.until = Some(at);
        }
    }
}
