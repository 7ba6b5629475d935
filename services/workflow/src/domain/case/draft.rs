//! A draft of a case from the trace of its issue, for the nominator to edit.

use super::{Known, redact};

/// Characters of a title and of a text.
const MAX_TITLE: usize = 120;
const MAX_TEXT: usize = 8_000;
const TEMPLATE: &str = include_str!("draft.txt");

/// What the trace tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    pub title: String,
    pub description: String,
    /// What was done, in order.
    pub steps: Vec<DraftStep>,
    pub reply: String,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftStep {
    /// Local days since the submission, so that no date tells whom it is about.
    pub day: i64,
    pub text: String,
}

/// Title and text of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub title: String,
    pub text: String,
}

/// Tells the story without what is known of the firm and its people, and without numbers that look like somebody's.
pub fn draft(story: &Story, known: &Known) -> Draft {
    let Story { title, description, steps, reply } = story;
    let steps: Vec<String> =
        steps.iter().map(|step| format!("第{}日：{}", step.day + 1, redact(&step.text, known))).collect();
    let parts = [
        ("{description}", redact(description, known)),
        ("{steps}", steps.join("\n")),
        ("{reply}", redact(reply, known)),
    ];
    // Each part is put in once, and what it holds is not looked at again.
    let mut text = String::new();
    let mut rest = TEMPLATE.trim();
    for (mark, part) in &parts {
        if let Some((before, after)) = rest.split_once(mark) {
            text.push_str(before);
            text.push_str(part);
            rest = after;
        }
    }
    text.push_str(rest);
    Draft { title: cut(&redact(title, known), MAX_TITLE), text: cut(&text, MAX_TEXT) }
}

fn cut(text: &str, max: usize) -> String {
    text.trim().chars().take(max).collect()
}
