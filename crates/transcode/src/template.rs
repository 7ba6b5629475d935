//! Path templates of `google.api.http`:
//!
//! ```text
//! Template = "/" Segments [ ":" Verb ]      Segment  = "*" | "**" | Literal | Variable
//! Segments = Segment { "/" Segment }        Variable = "{" FieldPath [ "=" Segments ] "}"
//! ```

use std::ops::Range;

/// One place in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Exactly this text.
    Literal(String),
    /// `*`: any one segment that is not empty.
    One,
    /// `**`: the rest of the path, which may be empty. Only ever the last.
    Rest,
}

/// A field that takes its value from a range of segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Dotted path of the field in the request message.
    pub(crate) field: String,
    /// The segments of the template that it covers.
    pub(crate) segments: Range<usize>,
}

/// A parsed path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) text: String,
    pub(crate) segments: Vec<Segment>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) verb: Option<String>,
}

impl Template {
    /// Fails with what is wrong, in words for whoever wrote the annotation.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (path, verb) = split_verb(text)?;
        let mut rest = path.strip_prefix('/').ok_or("it must begin with `/`")?;
        let mut segments = Vec::new();
        let mut variables: Vec<Variable> = Vec::new();
        loop {
            let after = if let Some(inner) = rest.strip_prefix('{') {
                let (inside, after) = inner.split_once('}').ok_or("a `{` is not closed")?;
                let (field, pattern) = inside.split_once('=').unwrap_or((inside, "*"));
                if field.is_empty() {
                    return Err("a variable has no name");
                }
                if variables.iter().any(|known| known.field == field) {
                    return Err("a variable is bound twice");
                }
                let start = segments.len();
                for part in pattern.split('/') {
                    segments.push(segment(part)?);
                }
                variables.push(Variable { field: field.to_owned(), segments: start..segments.len() });
                after
            } else {
                let end = rest.find('/').unwrap_or(rest.len());
                let (part, after) = rest.split_at(end);
                segments.push(segment(part)?);
                after
            };
            if after.is_empty() {
                break;
            }
            rest = after.strip_prefix('/').ok_or("a variable must be followed by `/`, `:` or the end")?;
        }
        if segments.iter().rev().skip(1).any(|segment| *segment == Segment::Rest) {
            return Err("`**` may only stand last");
        }
        Ok(Self { text: text.to_owned(), segments, variables, verb })
    }
}

fn split_verb(text: &str) -> Result<(&str, Option<String>), &'static str> {
    let last_segment = text.rfind(['/', '}']).unwrap_or(0);
    let Some(colon) = text.get(last_segment..).and_then(|tail| tail.find(':')).map(|at| at + last_segment)
    else {
        return Ok((text, None));
    };
    let (path, verb) = text.split_at(colon);
    let verb = verb.trim_start_matches(':');
    if verb.is_empty() || !verb.chars().all(is_literal) {
        return Err("the verb after `:` must be letters, digits, `-`, `_`, `.` or `~`");
    }
    Ok((path, Some(verb.to_owned())))
}

fn segment(text: &str) -> Result<Segment, &'static str> {
    match text {
        "" => Err("a segment is empty"),
        "*" => Ok(Segment::One),
        "**" => Ok(Segment::Rest),
        _ if text.chars().all(is_literal) => Ok(Segment::Literal(text.to_owned())),
        _ => Err("a literal segment must be letters, digits, `-`, `_`, `.` or `~`"),
    }
}

fn is_literal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_taken_apart_into_segments_variables_and_verb() {
        let template = Template::parse("/v1/{name=shelves/*/books/**}:mark").expect("well-formed");
        let literal = |text: &str| Segment::Literal(text.to_owned());
        assert_eq!(
            template.segments,
            [literal("v1"), literal("shelves"), Segment::One, literal("books"), Segment::Rest]
        );
        assert_eq!(template.variables, [Variable { field: "name".to_owned(), segments: 1..5 }]);
        assert_eq!(template.verb.as_deref(), Some("mark"));

        let template = Template::parse("/v1/books:batchGet").expect("well-formed");
        assert_eq!(template.segments, [literal("v1"), literal("books")]);
        assert_eq!(template.verb.as_deref(), Some("batchGet"));
    }

    #[test]
    fn a_malformed_template_is_refused() {
        for text in [
            "",
            "v1",
            "/",
            "/v1/",
            "/v1//x",
            "/v1/{a",
            "/v1/{}",
            "/v1/{=*}",
            "/v1/{a}b",
            "/v1/{a}/{a}",
            "/v1/**/x",
            "/v1/{a=**}/x",
            "/v1/x:",
            "/v1/x:y:z",
            "/v1/a b",
            "/v1/{a={b}}",
            "/v1/***",
            "/亲",
        ] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
