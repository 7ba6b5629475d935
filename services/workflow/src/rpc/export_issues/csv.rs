//! Comma-separated values by RFC 4180: UTF-8 with a byte order mark, CRLF, no cell that a spreadsheet takes for a formula.

use std::{
    borrow::Cow,
    io::{self, Write},
};

/// Says that the file is UTF-8 to spreadsheets that would guess otherwise.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Writes what every file begins with.
pub(super) fn begin(out: &mut impl Write) -> io::Result<()> {
    out.write_all(BYTE_ORDER_MARK)
}

pub(super) fn record(out: &mut impl Write, cells: &[String]) -> io::Result<()> {
    for (n, cell) in cells.iter().enumerate() {
        if 0 < n {
            out.write_all(b",")?;
        }
        out.write_all(quoted(&neutralised(cell)).as_bytes())?;
    }
    out.write_all(b"\r\n")
}

/// A spreadsheet shows the result as text. One leading apostrophe is put before what could be a formula, and before what
/// begins with an apostrophe of its own; so whoever takes one leading apostrophe off gets the exact value back.
fn neutralised(cell: &str) -> Cow<'_, str> {
    // Some programs pass over leading blanks.
    let begins = cell.trim_start_matches([' ', '\u{a0}', '\u{3000}', '\u{feff}']).chars().next();
    let is_dangerous =
        matches!(begins, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠'));
    if is_dangerous || cell.starts_with('\'') { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

fn quoted(cell: &str) -> Cow<'_, str> {
    let needs = cell.contains(['"', ',', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ');
    if needs { Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\""))) } else { Cow::Borrowed(cell) }
}
