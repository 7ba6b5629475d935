use std::{fmt, str::FromStr};

/// What a file is called by whoever sent it: text to show, and never a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

/// A file name that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a name of 1 to 120 characters with an extension, and no path")]
pub struct InvalidFileName;

impl FileName {
    /// What follows the last dot, in lower case.
    pub fn extension(&self) -> String {
        let (_, extension) = self.0.rsplit_once('.').unwrap_or_default();
        extension.to_lowercase()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = InvalidFileName;

    fn from_str(raw: &str) -> Result<Self, InvalidFileName> {
        let name = raw.trim();
        let n_chars = name.chars().count();
        let has_extension = name
            .rsplit_once('.')
            .is_some_and(|(stem, extension)| !stem.trim_matches('.').is_empty() && !extension.is_empty());
        if n_chars > 120 || !has_extension || name.chars().any(is_odd) {
            return Err(InvalidFileName);
        }
        Ok(Self(name.to_owned()))
    }
}

/// Separators of paths, control characters, and those that turn the direction of writing, by which `gpj.exe` can look
/// like `exe.jpg`.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '/' | '\\' | ':' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path_and_hides_no_extension() {
        for good in ["现场照片.jpg", "a.b.PDF", " 报价 单.xlsx "] {
            assert!(good.parse::<FileName>().is_ok(), "{good}");
        }
        assert_eq!("a.b.PDF".parse::<FileName>().unwrap().extension(), "pdf");
        let long = format!("{}.pdf", "x".repeat(117));
        for bad in [
            "",
            "pdf",
            ".pdf",
            "..pdf",
            "a.",
            "../a.pdf",
            "a/b.pdf",
            "a\\b.pdf",
            "C:a.pdf",
            "a\n.pdf",
            "a\u{202e}fdp.exe",
            &long,
        ] {
            assert_eq!(bad.parse::<FileName>(), Err(InvalidFileName), "{bad:?}");
        }
    }
}
