//! The completion rate (M1), folded from the entries of a trail and nothing else: what a third party can recompute.

use std::collections::HashMap;

use super::figure::Ratio;

/// How the name of an issue's chain begins.
const ISSUES: &str = "issue/";

/// What an event means for the completion rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// The issue counts, from now on.
    Submitted,
    Closed,
    /// It is closed no longer.
    Reopened,
    /// It counts no longer.
    Left(Exclusion),
    /// It counts again.
    Returned,
}

/// Why an issue that was submitted does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exclusion {
    OutOfScope,
    /// Into another one, which counts.
    Merged,
    /// By the firm, as an operator verified.
    Withdrawn,
}

/// Events of any other kind mean nothing for it.
const EFFECTS: &[(&str, Effect)] = &[
    ("submitted", Effect::Submitted),
    ("closed", Effect::Closed),
    ("reopened", Effect::Reopened),
    ("scope_rejected", Effect::Left(Exclusion::OutOfScope)),
    ("scope_appealed", Effect::Returned),
    ("merged", Effect::Left(Exclusion::Merged)),
    ("unmerged", Effect::Returned),
    ("withdrawn", Effect::Left(Exclusion::Withdrawn)),
];

#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    is_submitted: bool,
    is_closed: bool,
    left: Option<Exclusion>,
}

/// Where every issue stands, as far as its entries were taken in.
#[derive(Debug, Clone, Default)]
pub struct Completion {
    issues: HashMap<String, Standing>,
}

/// The completion rate, and what was left out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completed {
    /// Issues closed, of those that count.
    pub ratio: Ratio,
    pub n_out_of_scope: u64,
    pub n_merged: u64,
    pub n_withdrawn: u64,
}

impl Completion {
    /// Takes the next entry of a chain in; `kind` is the entry's action. Chains of other subjects than issues mean nothing
    /// for it, whatever their actions are called.
    pub fn take(&mut self, chain: &str, kind: &str) {
        if !chain.starts_with(ISSUES) {
            return;
        }
        let Some((_, effect)) = EFFECTS.iter().find(|(name, _)| *name == kind) else { return };
        let issue = match self.issues.get_mut(chain) {
            Some(issue) => issue,
            None => self.issues.entry(chain.to_owned()).or_default(),
        };
        match effect {
            Effect::Submitted => issue.is_submitted = true,
            Effect::Closed => issue.is_closed = true,
            Effect::Reopened => issue.is_closed = false,
            Effect::Left(why) => issue.left = Some(*why),
            Effect::Returned => issue.left = None,
        }
    }

    /// What has come of them so far.
    pub fn count(&self) -> Completed {
        let submitted = || self.issues.values().filter(|issue| issue.is_submitted);
        let counted = || submitted().filter(|issue| issue.left.is_none());
        let left = |why| submitted().filter(|issue| issue.left == Some(why)).count() as u64;
        Completed {
            ratio: Ratio {
                numerator: counted().filter(|issue| issue.is_closed).count() as u64,
                denominator: counted().count() as u64,
            },
            n_out_of_scope: left(Exclusion::OutOfScope),
            n_merged: left(Exclusion::Merged),
            n_withdrawn: left(Exclusion::Withdrawn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(events: &[(&str, &str)]) -> (u64, u64, [u64; 3]) {
        let mut completion = Completion::default();
        for (chain, kind) in events {
            completion.take(&format!("issue/{chain}"), kind);
        }
        let Completed { ratio, n_out_of_scope, n_merged, n_withdrawn } = completion.count();
        (ratio.numerator, ratio.denominator, [n_out_of_scope, n_merged, n_withdrawn])
    }

    #[test]
    fn a_close_counts_until_the_issue_is_reopened() {
        let mut events = vec![("a", "submitted"), ("b", "submitted"), ("a", "signed"), ("a", "closed")];
        assert_eq!(counted(&events), (1, 2, [0; 3]));
        events.push(("a", "reopened"));
        assert_eq!(counted(&events), (0, 2, [0; 3]));
        events.push(("a", "closed"));
        assert_eq!(counted(&events), (1, 2, [0; 3]));
    }

    #[test]
    fn what_is_out_of_scope_merged_or_withdrawn_is_no_part_of_it_until_it_comes_back() {
        let mut events = vec![("a", "submitted"), ("b", "submitted"), ("c", "submitted"), ("d", "submitted")];
        events.extend([("a", "scope_rejected"), ("b", "merged"), ("c", "withdrawn"), ("d", "closed")]);
        assert_eq!(counted(&events), (1, 1, [1, 1, 1]));
        events.extend([("a", "scope_appealed"), ("b", "unmerged")]);
        assert_eq!(counted(&events), (1, 3, [0, 0, 1]));
    }

    #[test]
    fn chains_of_orders_and_cases_are_no_part_of_it_whatever_happens_in_them() {
        let mut completion = Completion::default();
        for (chain, kind) in [("issue/a", "submitted"), ("order/b", "submitted"), ("case/a", "closed")] {
            completion.take(chain, kind);
        }
        completion.take("order/b", "closed");
        let Completed { ratio, n_withdrawn, .. } = completion.count();
        assert_eq!((ratio.numerator, ratio.denominator, n_withdrawn), (0, 1, 0));
    }

    #[test]
    fn other_chains_and_other_events_change_nothing() {
        assert_eq!(counted(&[("a", "replied"), ("a", "closed"), ("", "")]), (0, 0, [0; 3]));
    }
}
