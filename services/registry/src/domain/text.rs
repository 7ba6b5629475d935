//! Free texts with their lengths.

/// A text that is too short, too long, or holds what it must not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {min} to {max} characters {of}")]
pub(crate) struct InvalidText {
    min: usize,
    max: usize,
    of: &'static str,
}

macro_rules! text_types {
    ($($(#[$doc:meta])* $name:ident: $min:literal to $max:literal, $shape:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct $name(String);

        impl $name {
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidText;

            /// White space around the text is dropped before it is counted.
            fn from_str(text: &str) -> Result<Self, InvalidText> {
                let text = text.trim();
                if ($min..=$max).contains(&text.chars().count()) && text.chars().all(Shape::$shape.allows()) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidText { min: $min, max: $max, of: Shape::$shape.words() })
                }
            }
        }
    )*};
}

text_types! {
    /// The registered name of an enterprise.
    EnterpriseName: 1 to 120, Line;
    /// The address of an enterprise; may be empty.
    Address: 0 to 200, Line;
    /// What a person is in an enterprise.
    MemberTitle: 1 to 40, Line;
    /// Part of an enterprise's name.
    NamePart: 1 to 120, Line;
    /// What a visit found; may be empty.
    Findings: 0 to 2_000, Lines;
    /// What a firm objects to in a visit.
    DisputeReason: 1 to 500, Lines;
}

#[derive(Clone, Copy)]
enum Shape {
    Line,
    Lines,
}

impl Shape {
    fn allows(self) -> fn(char) -> bool {
        match self {
            Self::Line => |character| !character.is_control(),
            Self::Lines => |character| !character.is_control() || matches!(character, '\n' | '\r' | '\t'),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Line => "on one line",
            Self::Lines => "of text",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_in_characters_without_the_space_around_it() {
        assert_eq!("  青岛乳业 ".parse::<EnterpriseName>().unwrap().as_str(), "青岛乳业");
        assert!("亲".repeat(120).parse::<EnterpriseName>().is_ok());
        assert!("亲".repeat(121).parse::<EnterpriseName>().is_err());
        assert!(" ".parse::<EnterpriseName>().is_err());
        assert_eq!("".parse::<Address>().unwrap().as_str(), "");
    }

    #[test]
    fn control_characters_are_refused_and_lines_only_where_there_may_be_several() {
        assert!("a\nb".parse::<EnterpriseName>().is_err());
        assert!("a\nb\tc".parse::<Findings>().is_ok());
        assert!("a\0b".parse::<Findings>().is_err());
        assert!("a\u{1b}b".parse::<DisputeReason>().is_err());
    }

    #[test]
    fn the_refusal_tells_the_bounds() {
        let problem = "".parse::<MemberTitle>().unwrap_err();
        assert_eq!(problem.to_string(), "not 1 to 40 characters on one line");
    }
}
