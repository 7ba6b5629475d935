//! Where in a text something stands.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The line, from 1, on which the place begins, such as `ladder[2].at`; where the place itself is missing, that of
/// the part around it. `None`: the text is not TOML, or the place is the whole of it.
pub(super) fn line(text: &str, place: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut table = Some(root.get_ref());
    let mut start = None;
    for step in place.split('.') {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        let Some((key, found)) =
            table.and_then(|table| table.iter().find(|(key, _)| key.get_ref().as_ref() == name))
        else {
            break;
        };
        start = Some(key.span().start);
        let mut value: &Spanned<DeValue<'_>> = found;
        if let Some(index) = index {
            let Some(entry) = found.get_ref().as_array().and_then(|array| array.get(index)) else { break };
            start = Some(entry.span().start);
            value = entry;
        }
        table = value.get_ref().as_table();
    }
    start.map(|offset| line_at(text, offset))
}

/// The line, from 1, of an offset in bytes.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "version = 1\n\n[clocks]\nC0 = \"x\"\n\n[[ladder]]\nrung = \"a\"\n\n[[ladder]]\nrung = \"b\"\n\
                        clocks = [\"C1\", \"C2\"]\n";

    #[test]
    fn a_place_is_found_by_its_line() {
        for (place, expected) in [
            ("version", Some(1)),
            ("clocks.C0", Some(4)),
            ("clocks.C9", Some(3)),
            ("ladder[0].rung", Some(7)),
            ("ladder[1]", Some(9)),
            ("ladder[1].rung", Some(10)),
            ("ladder[1].clocks[1]", Some(11)),
            ("nothing", None),
        ] {
            assert_eq!(line(TEXT, place), expected, "{place}");
        }
    }
}
