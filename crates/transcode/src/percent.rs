use std::borrow::Cow;

/// Decodes `%XX` in a path segment. `None`: a broken escape, or bytes that are not UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('%') { decode_bytes(text, false).map(Cow::Owned) } else { Some(Cow::Borrowed(text)) }
}

/// As [`decode`], but leaves `%2F` encoded: in a value of several segments a decoded slash could not be
/// told from one that separates segments.
pub(crate) fn decode_keeping_slash(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('%') { decode_bytes(text, true).map(Cow::Owned) } else { Some(Cow::Borrowed(text)) }
}

/// Decodes a name or value of a query string, in which `+` is a space.
pub(crate) fn decode_query(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('+') {
        decode_bytes(&text.replace('+', " "), false).map(Cow::Owned)
    } else {
        decode(text)
    }
}

fn decode_bytes(text: &str, keep_slash: bool) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte != b'%' {
            decoded.push(byte);
            rest = tail;
            continue;
        }
        let ([high, low], tail) = tail.split_first_chunk::<2>()?;
        let value = hex(*high)? * 16 + hex(*low)?;
        if keep_slash && value == b'/' {
            decoded.extend([b'%', *high, *low]);
        } else {
            decoded.push(value);
        }
        rest = tail;
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_broken_ones_refused() {
        assert_eq!(decode("a%20b%2Fc").as_deref(), Some("a b/c"));
        assert_eq!(decode("%E4%BA%B2%e6%b8%85").as_deref(), Some("亲清"));
        assert_eq!(decode("a+b").as_deref(), Some("a+b"));
        assert_eq!(decode_query("a+b%2B").as_deref(), Some("a b+"));
        assert_eq!(decode_keeping_slash("a%2fb%3A").as_deref(), Some("a%2fb:"));
        for broken in ["%", "%4", "%zz", "%+1", "%ff", "a%E4%BA"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }
}
