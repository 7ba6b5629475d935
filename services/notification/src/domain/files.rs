//! The template files, which come with the program.

macro_rules! files {
    ($($name:literal,)*) => {
        /// Name and content of each.
        pub(crate) const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../templates/", $name, ".toml"))),)*];
    };
}

files! {
    "audit-failed",
    "clock-overdue",
    "clock-warning",
    "issue-accepted",
    "issue-assigned",
    "issue-closed",
    "issue-contacted",
    "issue-dispatched",
    "issue-disputed",
    "issue-interim-measure",
    "issue-objected",
    "issue-planned",
    "issue-progressed",
    "issue-rated",
    "issue-reopened",
    "issue-replanned",
    "issue-replied",
    "issue-signed",
    "issue-submitted",
    "issue-to-accept",
    "issue-to-assign",
    "issue-to-audit",
    "issue-to-confirm",
    "issue-to-feed-back",
    "issue-to-rate",
    "issue-to-rectify",
    "issue-to-sign",
    "issue-urged",
    "rating-lapsed",
    "reply-sent-back",
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
