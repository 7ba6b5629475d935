use super::{
    Why, check_pixels,
    reader::{Reader, size},
};

/// The bits of the extended header that announce EXIF and XMP.
const ANNOUNCED: u8 = 0x08 | 0x04;

/// The picture chunk by chunk, without EXIF and XMP.
pub(super) fn cleaned(content: &[u8]) -> Result<Vec<u8>, Why> {
    let mut input = Reader(content);
    input.take(4)?;
    let length = size(input.u32_le()?)?;
    // Nothing follows what the header counts.
    if length != content.len().saturating_sub(8) {
        return Err(Why::Broken);
    }
    input.take(4)?;
    let mut output = b"RIFF\0\0\0\0WEBP".to_vec();
    let mut has_size = false;
    while !input.is_empty() {
        let kind: [u8; 4] = input.array()?;
        let length = size(input.u32_le()?)?;
        let data = input.take(length)?;
        if length % 2 == 1 {
            input.take(1)?;
        }
        if let Some((width, height)) = pixels(kind, data)? {
            check_pixels(width, height)?;
            has_size = true;
        }
        match &kind {
            b"EXIF" | b"XMP " => {}
            b"VP8X" => {
                let (flags, rest) = data.split_first().ok_or(Why::Broken)?;
                chunk(&mut output, kind, &[&[flags & !ANNOUNCED], rest].concat());
            }
            _ => chunk(&mut output, kind, data),
        }
    }
    if !has_size {
        return Err(Why::Broken);
    }
    let length = u32::try_from(output.len() - 8).map_err(|_| Why::Broken)?;
    output.splice(4..8, length.to_le_bytes());
    Ok(output)
}

fn chunk(output: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    output.extend_from_slice(&kind);
    // It was read with a length of four bytes.
    output.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes());
    output.extend_from_slice(data);
    if data.len() % 2 == 1 {
        output.push(0);
    }
}

/// What a chunk says of the size, if it does.
fn pixels(kind: [u8; 4], data: &[u8]) -> Result<Option<(u64, u64)>, Why> {
    let mut data = Reader(data);
    Ok(match &kind {
        b"VP8X" => {
            data.take(4)?;
            Some((u64::from(data.u24_le()?) + 1, u64::from(data.u24_le()?) + 1))
        }
        b"VP8L" => {
            if data.u8()? != 0x2f {
                return Err(Why::Broken);
            }
            let bits = data.u32_le()?;
            Some((u64::from(bits & 0x3fff) + 1, u64::from(bits >> 14 & 0x3fff) + 1))
        }
        b"VP8 " => {
            data.take(3)?;
            if data.take(3)? != [0x9d, 0x01, 0x2a] {
                return Err(Why::Broken);
            }
            Some((u64::from(data.u16_le()? & 0x3fff), u64::from(data.u16_le()? & 0x3fff)))
        }
        _ => None,
    })
}
