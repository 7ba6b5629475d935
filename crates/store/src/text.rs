//! Reads SQL text just far enough to renumber placeholders: what stands in literals, quoted names and comments
//! is left alone.

/// One piece of a statement. All the pieces together, in order, are its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// `$7`.
    Param(usize),
    /// `?`, the unnumbered placeholder of [`crate::Select`].
    Question,
    /// A keyword or an unquoted name.
    Word(&'a str),
    /// A `"quoted name"`, quotes included.
    Quoted(&'a str),
    Open,
    Close,
    /// White space, operators, literals, comments.
    Other(&'a str),
}

impl<'a> Piece<'a> {
    /// Its text, as written; a placeholder has none.
    pub(crate) fn text(self) -> &'a str {
        match self {
            Self::Word(text) | Self::Quoted(text) | Self::Other(text) => text,
            Self::Open => "(",
            Self::Close => ")",
            Self::Question => "?",
            Self::Param(_) => "",
        }
    }

    pub(crate) fn is_word(self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

/// Cuts a statement into pieces.
pub(crate) fn pieces(sql: &str) -> Vec<Piece<'_>> {
    let mut rest = sql;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, length) = next(rest);
        pieces.push(piece);
        rest = &rest[length..];
    }
    pieces
}

fn next(sql: &str) -> (Piece<'_>, usize) {
    let bytes = sql.as_bytes();
    let other = |length: usize| (Piece::Other(&sql[..length]), length);
    match bytes[0] {
        b'(' => (Piece::Open, 1),
        b')' => (Piece::Close, 1),
        b'?' => (Piece::Question, 1),
        b'\'' => other(quoted(bytes, 0, b'\'', false)),
        b'"' => {
            let length = quoted(bytes, 0, b'"', false);
            (Piece::Quoted(&sql[..length]), length)
        }
        b'e' | b'E' if bytes.get(1) == Some(&b'\'') => other(quoted(bytes, 1, b'\'', true)),
        b'-' if bytes.get(1) == Some(&b'-') => other(sql.find('\n').unwrap_or(sql.len())),
        b'/' if bytes.get(1) == Some(&b'*') => other(comment(bytes)),
        b'$' => dollar(sql),
        first if is_word_start(first) => {
            let length = bytes.iter().position(|byte| !is_word_part(*byte)).unwrap_or(bytes.len());
            (Piece::Word(&sql[..length]), length)
        }
        // A number is taken whole, so that the `e` of `1e'` is no word.
        first if first.is_ascii_digit() => {
            other(bytes.iter().position(|byte| !is_word_part(*byte)).unwrap_or(bytes.len()))
        }
        _ => {
            let stops = |byte: u8| is_word_part(byte) || b"()?'\"-/$".contains(&byte);
            let run = bytes[1..].iter().position(|byte| stops(*byte)).map_or(bytes.len(), |at| at + 1);
            other(run)
        }
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn is_word_part(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit()
}

/// Length up to and with the closing quote; a doubled quote does not close, nor does one after `\` in an `E''`.
fn quoted(bytes: &[u8], open_at: usize, quote: u8, backslash: bool) -> usize {
    let mut at = open_at + 1;
    while at < bytes.len() {
        if backslash && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 2;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// Length of a `/* comment */`; PostgreSQL lets them nest.
fn comment(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (2, 1);
    while at < bytes.len() && depth > 0 {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => (at, depth) = (at + 2, depth + 1),
            (b'*', Some(b'/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

/// `$7`, or a literal between `$tag$` and `$tag$`.
fn dollar(sql: &str) -> (Piece<'_>, usize) {
    let digits = sql[1..].bytes().take_while(u8::is_ascii_digit).count();
    if let Ok(number) = sql[1..=digits].parse() {
        return (Piece::Param(number), digits + 1);
    }
    let tag = sql[1..].bytes().take_while(|byte| is_word_part(*byte)).count() + 2;
    let length = match sql.get(..tag) {
        Some(open) if open.ends_with('$') => sql[tag..].find(open).map_or(sql.len(), |at| at + 2 * tag),
        _ => 1,
    };
    (Piece::Other(&sql[..length]), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renumbered(sql: &str, by: usize) -> String {
        pieces(sql)
            .into_iter()
            .map(|piece| match piece {
                Piece::Param(number) => format!("${}", number + by),
                other => other.text().to_owned(),
            })
            .collect()
    }

    #[test]
    fn placeholders_are_renumbered_whole_and_never_inside_literals_or_comments() {
        for (sql, expected) in [
            ("SELECT $1, $12, $2", "SELECT $11, $22, $12"),
            ("SELECT '$1', $1", "SELECT '$1', $11"),
            ("SELECT 'it''s $1' || $1", "SELECT 'it''s $1' || $11"),
            ("SELECT E'\\'$1', $1", "SELECT E'\\'$1', $11"),
            ("SELECT \"a $1\", $1", "SELECT \"a $1\", $11"),
            ("SELECT 1 -- $1\n, $1", "SELECT 1 -- $1\n, $11"),
            ("SELECT /* $1 /* $2 */ $3 */ $1", "SELECT /* $1 /* $2 */ $3 */ $11"),
            ("SELECT $x$ $1 $x$, $$ $2 $$, $1", "SELECT $x$ $1 $x$, $$ $2 $$, $11"),
            ("SELECT 中文, $1 -- 完", "SELECT 中文, $11 -- 完"),
            ("SELECT a$b, $", "SELECT a$b, $"),
            ("SELECT 'open $1", "SELECT 'open $1"),
        ] {
            assert_eq!(renumbered(sql, 10), expected);
        }
    }

    #[test]
    fn pieces_put_together_are_the_text() {
        for sql in
            ["", "SELECT 1e5, 'x' FROM t WHERE a >= 3 AND b - c / d", "((?))'", "/*", "--", "$", "$t$ x"]
        {
            let text: String = pieces(sql).into_iter().map(Piece::text).collect();
            assert_eq!(text, sql);
        }
    }
}
