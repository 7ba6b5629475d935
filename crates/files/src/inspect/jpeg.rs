use super::{Why, check_pixels, reader::Reader};

/// The picture without EXIF, XMP, IPTC, previews and comments, and without whatever follows its end. Which side is up
/// stays: an EXIF segment of that one entry takes the place of the old.
pub(super) fn cleaned(content: &[u8]) -> Result<Vec<u8>, Why> {
    let mut input = Reader(content);
    let mut output = Vec::with_capacity(content.len());
    output.extend_from_slice(input.take(2)?);
    let mut has_size = false;
    let mut marker = next_marker(&mut input)?;
    loop {
        match marker {
            0xd9 if has_size => {
                output.extend_from_slice(&[0xff, 0xd9]);
                return Ok(output);
            }
            // Marks without a length have no place between segments.
            0x00 | 0x01 | 0xd0..=0xd9 => return Err(Why::Broken),
            _ => {}
        }
        let length = usize::from(input.u16_be()?).checked_sub(2).ok_or(Why::Broken)?;
        let data = input.take(length)?;
        if is_frame(marker) {
            let mut frame = Reader(data);
            frame.u8()?;
            let (height, width) = (frame.u16_be()?, frame.u16_be()?);
            check_pixels(width.into(), height.into())?;
            has_size = true;
        }
        if stays(marker, data) {
            segment(&mut output, marker, data);
        } else if let Some(orientation) = exif(marker, data).and_then(orientation) {
            segment(&mut output, 0xe1, &exif_of(orientation));
        }
        marker = if marker == 0xda { scan(&mut input, &mut output)? } else { next_marker(&mut input)? };
    }
}

fn next_marker(input: &mut Reader<'_>) -> Result<u8, Why> {
    if input.u8()? != 0xff {
        return Err(Why::Broken);
    }
    loop {
        // Any number of fill bytes may stand before the mark.
        match input.u8()? {
            0xff => {}
            marker => return Ok(marker),
        }
    }
}

/// Copies the compressed picture up to the next mark that is not part of it.
fn scan(input: &mut Reader<'_>, output: &mut Vec<u8>) -> Result<u8, Why> {
    loop {
        let at = input.0.iter().position(|byte| *byte == 0xff).ok_or(Why::Broken)?;
        output.extend_from_slice(input.take(at)?);
        match next_marker(input)? {
            marker @ (0x00 | 0xd0..=0xd7) => output.extend_from_slice(&[0xff, marker]),
            marker => return Ok(marker),
        }
    }
}

/// Start of a frame, of any kind of compression.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// Of the segments for applications, those stay that say how colours are meant.
fn stays(marker: u8, data: &[u8]) -> bool {
    match marker {
        0xe0 => data.starts_with(b"JFIF\0"),
        0xe2 => data.starts_with(b"ICC_PROFILE\0"),
        0xee => data.starts_with(b"Adobe"),
        0xe1..=0xef | 0xfe => false,
        _ => true,
    }
}

fn segment(output: &mut Vec<u8>, marker: u8, data: &[u8]) {
    // It was read with a length of two bytes, or is a few bytes long.
    let length = u16::try_from(data.len() + 2).unwrap_or(u16::MAX);
    output.extend_from_slice(&[0xff, marker]);
    output.extend_from_slice(&length.to_be_bytes());
    output.extend_from_slice(data);
}

fn exif(marker: u8, data: &[u8]) -> Option<&[u8]> {
    if marker == 0xe1 { data.strip_prefix(b"Exif\0\0") } else { None }
}

/// The entry 0x0112 of the first directory: 1 to 8. `None`: there is none, or it says what is so anyway.
fn orientation(tiff: &[u8]) -> Option<u8> {
    let is_little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let bytes: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let (high, low) = if is_little { (6, 4) } else { (4, 6) };
    let start = usize::from(u16_at(high)?) << 16 | usize::from(u16_at(low)?);
    let n_entries = usize::from(u16_at(start)?);
    let entry = (0..n_entries).map(|n| start + 2 + n * 12).find(|at| u16_at(*at) == Some(0x0112))?;
    let value = u16_at(entry + 8)?;
    u8::try_from(value).ok().filter(|value| (2..=8).contains(value))
}

/// EXIF that says which side is up, and nothing else.
fn exif_of(orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.push(orientation);
    exif.extend_from_slice(&[0; 6]);
    exif
}
