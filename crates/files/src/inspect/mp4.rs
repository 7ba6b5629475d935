use super::{Why, reader::Reader};

/// The brands of files that browsers play.
const BRANDS: [&[u8; 4]; 9] =
    [b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "];

pub(super) fn is_mp4(content: &[u8]) -> bool {
    content.get(8..12).is_some_and(|brand| BRANDS.iter().any(|known| *known == brand))
}

/// Boxes in a row from the first byte to the last, with a description of the film among them.
pub(super) fn check(content: &[u8]) -> Result<(), Why> {
    let mut input = Reader(content);
    let mut has_film = false;
    while !input.is_empty() {
        let length = u64::from(input.u32_be()?);
        let kind: [u8; 4] = input.array()?;
        let rest = match length {
            0 => input.0.len(),
            1 => usize::try_from(input.u64_be()?.checked_sub(16).ok_or(Why::Broken)?)
                .map_err(|_| Why::Broken)?,
            _ => usize::try_from(length.checked_sub(8).ok_or(Why::Broken)?).map_err(|_| Why::Broken)?,
        };
        input.take(rest)?;
        has_film |= &kind == b"moov";
    }
    if has_film { Ok(()) } else { Err(Why::Broken) }
}
