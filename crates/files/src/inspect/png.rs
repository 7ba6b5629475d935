use super::{
    Why, check_pixels,
    reader::{Reader, size},
};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What says where, when and by whom: EXIF, texts, the time of the last change.
const TELLING: [&[u8; 4]; 5] = [b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"];

/// The picture chunk by chunk, without the telling ones and without whatever follows the last.
pub(super) fn cleaned(content: &[u8]) -> Result<Vec<u8>, Why> {
    let mut input = Reader(content);
    let mut output = Vec::with_capacity(content.len());
    output.extend_from_slice(input.take(SIGNATURE.len())?);
    let mut is_first = true;
    loop {
        let chunk = input.0;
        let length = size(input.u32_be()?)?;
        let kind: [u8; 4] = input.array()?;
        let mut data = Reader(input.take(length)?);
        input.take(4)?;
        if is_first {
            if &kind != b"IHDR" {
                return Err(Why::Broken);
            }
            check_pixels(data.u32_be()?.into(), data.u32_be()?.into())?;
            is_first = false;
        }
        if !TELLING.contains(&&kind) {
            output.extend_from_slice(chunk.get(..length + 12).ok_or(Why::Broken)?);
        }
        if &kind == b"IEND" {
            return Ok(output);
        }
    }
}
