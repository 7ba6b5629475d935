/// What is UTF-8 with no control characters but blanks, and does not begin as a page, a picture or a script would.
pub(super) fn is_plain(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else { return false };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let begins = text.trim_start();
    !begins.is_empty()
        && !begins.starts_with('<')
        && !begins.starts_with("#!")
        && !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}'))
}
