//! A version of the text of a notice.

use std::collections::BTreeSet;

use super::{
    notice::{Channel, Language, NoticeKind},
    placeholder::{Placeholder, Values, Words},
};

/// Which version of which template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TemplateRef {
    pub code: String,
    /// From 1.
    pub version: u32,
}

/// One version of the text of a notice.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub name: TemplateRef,
    pub kind: NoticeKind,
    /// Goes out whatever the recipient prefers, and at any hour.
    pub statutory: bool,
    /// The inbox is always among them; the console is none of a template's.
    pub channels: Vec<Channel>,
    pub chinese: Text,
    pub english: Text,
}

/// Subject and body in one language.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub subject: Line,
    pub body: Line,
}

/// A text with its placeholders found.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub source: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Words(String),
    Value(Placeholder),
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadText {
    #[error("{{{0}}} is no placeholder")]
    UnknownPlaceholder(String),
    #[error("a brace stands alone")]
    LoneBrace,
    #[error("a subject has one line of 1 to 80 characters")]
    Subject,
    #[error("a body has 1 to 2000 characters")]
    Body,
}

impl Text {
    pub(crate) fn parse(subject: &str, body: &str) -> Result<Self, BadText> {
        let (subject, body) = (subject.trim(), body.trim());
        if !(1..=80).contains(&subject.chars().count()) || subject.contains(char::is_control) {
            return Err(BadText::Subject);
        }
        if !(1..=2_000).contains(&body.chars().count()) {
            return Err(BadText::Body);
        }
        Ok(Self { subject: Line::parse(subject)?, body: Line::parse(body)? })
    }
}

impl Line {
    fn parse(source: &str) -> Result<Self, BadText> {
        let mut pieces = Vec::new();
        let mut rest = source;
        while let Some(open) = rest.find('{') {
            let (words, after) = (&rest[..open], &rest[open + 1..]);
            let close = after.find('}').ok_or(BadText::LoneBrace)?;
            let name = &after[..close];
            let placeholder = name.parse().map_err(|_| BadText::UnknownPlaceholder(name.to_owned()))?;
            if words.contains('}') {
                return Err(BadText::LoneBrace);
            }
            pieces.push(Piece::Words(words.to_owned()));
            pieces.push(Piece::Value(placeholder));
            rest = &after[close + 1..];
        }
        if rest.contains('}') {
            return Err(BadText::LoneBrace);
        }
        pieces.push(Piece::Words(rest.to_owned()));
        Ok(Self { source: source.to_owned(), pieces })
    }

    fn placeholders(&self) -> impl Iterator<Item = Placeholder> + '_ {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Value(placeholder) => Some(*placeholder),
            Piece::Words(_) => None,
        })
    }

    fn filled(&self, values: &Values, language: Language, words: &Words) -> String {
        let mut text = String::with_capacity(self.source.len());
        for piece in &self.pieces {
            match piece {
                Piece::Words(words) => text.push_str(words),
                // The rules were checked to give every value; a hole is seen, not hidden.
                Piece::Value(placeholder) => match values.get(placeholder) {
                    Some(value) => text.push_str(&placeholder.shown(value, language, words)),
                    None => text.push('…'),
                },
            }
        }
        text
    }
}

impl Template {
    pub(crate) fn text(&self, language: Language) -> &Text {
        match language {
            Language::Chinese => &self.chinese,
            Language::English => &self.english,
        }
    }

    pub(crate) fn placeholders(&self) -> BTreeSet<Placeholder> {
        let lines = [&self.chinese.subject, &self.chinese.body, &self.english.subject, &self.english.body];
        lines.into_iter().flat_map(Line::placeholders).collect()
    }

    /// Subject and body with the values in their places.
    pub(crate) fn filled(&self, values: &Values, language: Language, words: &Words) -> (String, String) {
        let text = self.text(language);
        (text.subject.filled(values, language, words), text.body.filled(values, language, words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_placeholder_is_refused_by_name() {
        let bad = |subject: &str, body: &str| Text::parse(subject, body).unwrap_err();
        assert_eq!(bad("a", "{password}"), BadText::UnknownPlaceholder("password".to_owned()));
        assert_eq!(bad("{}", "b"), BadText::UnknownPlaceholder(String::new()));
        for lone in ["{issue_number", "issue_number}", "{issue_number}}"] {
            assert_eq!(bad("a", lone), BadText::LoneBrace, "{lone}");
        }
        assert_eq!(bad("two\nlines", "b"), BadText::Subject);
        assert_eq!(bad("a", " "), BadText::Body);
    }

    #[test]
    fn values_are_put_in_once_and_never_read_as_text_of_the_template() {
        let line = Line::parse("“{issue_number}” {stars}").unwrap();
        let values = Values::from([
            (Placeholder::IssueNumber, "{stars}".to_owned()),
            (Placeholder::Stars, "5".to_owned()),
        ]);
        assert_eq!(line.filled(&values, Language::English, &Words::default()), "“{stars}” 5");
    }
}
