//! The template files, which come with the program.

macro_rules! files {
    ($($name:literal,)*) => {
        /// Name and content of each.
        pub(crate) const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../templates/", $name, ".toml"))),)*];
    };
}

files! {
    "appeal-to-decide",
    "audit-failed",
    "calendar-ended",
    "calendar-ending",
    "case-accepted",
    "case-published",
    "case-rejected",
    "case-to-publish",
    "case-to-review",
    "case-withdrawn",
    "clock-overdue",
    "clock-warning",
    "co-task-replied",
    "co-task-to-reply",
    "extension-denied",
    "extension-granted",
    "extension-to-decide",
    "firm-asked",
    "information-supplied",
    "instruction-answered",
    "instruction-to-answer",
    "issue-absorbed",
    "issue-accepted",
    "issue-assigned",
    "issue-closed",
    "issue-commented",
    "issue-confirmed",
    "issue-contacted",
    "issue-dispatched",
    "issue-disputed",
    "issue-escalated",
    "issue-instructed",
    "issue-interim-measure",
    "issue-merged",
    "issue-objected",
    "issue-planned",
    "issue-progressed",
    "issue-rated",
    "issue-released",
    "issue-reopened",
    "issue-replanned",
    "issue-replied",
    "issue-signed",
    "issue-submitted",
    "issue-supervised",
    "issue-to-accept",
    "issue-to-assign",
    "issue-to-audit",
    "issue-to-confirm",
    "issue-to-feed-back",
    "issue-to-rate",
    "issue-to-rectify",
    "issue-to-sign",
    "issue-to-supply",
    "issue-transferred",
    "issue-unmerged",
    "issue-urged",
    "issue-withdrawn",
    "order-accepted",
    "order-cancelled",
    "order-clock-overdue",
    "order-clock-warning",
    "order-declined",
    "order-placed",
    "order-placed-for-you",
    "order-rated",
    "order-rating-lapsed",
    "order-rescheduled",
    "order-scheduled",
    "order-to-accept",
    "order-to-deliver",
    "order-to-rate",
    "plan-reviewed",
    "question-lapsed",
    "rating-lapsed",
    "reply-sent-back",
    "return-denied",
    "return-to-rule",
    "return-to-sign",
    "return-upheld",
    "scope-rejected",
    "scope-rejected-finally",
    "supervision-lifted",
    "withdrawal-denied",
    "withdrawal-requested",
    "withdrawal-to-check",
    "work-resumed",
}

/// What codes are called.
pub(crate) const WORDS: &str = include_str!("../../templates/words/words.toml");

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::FILES;

    #[test]
    fn every_template_file_is_known() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut found: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .filter_map(|entry| {
                entry.unwrap().path().file_name()?.to_str()?.strip_suffix(".toml").map(str::to_owned)
            })
            .collect();
        found.sort();
        let known: Vec<_> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(found, known);
    }
}
