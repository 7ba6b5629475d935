//! Archives, as far as documents of office programs need them.

use std::io::Read as _;

use flate2::read::DeflateDecoder;

use super::{
    Why,
    reader::{Reader, size},
};

/// Files in an archive, at most.
const MAX_ENTRIES: usize = 1_000;
/// What an archive may grow to when opened, in its own length.
const MAX_RATIO: u64 = 100;
/// What it may grow to at all, in bytes.
const MAX_OPENED: u64 = 512 << 20;

/// A file in an archive.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub name: &'a str,
    is_deflated: bool,
    packed: u32,
    opened: u32,
    offset: u32,
}

/// The files that the directory at the end lists. The archive fills the file from the first byte to the last.
pub(super) fn entries(content: &[u8]) -> Result<Vec<Entry<'_>>, Why> {
    let end = content.len().checked_sub(22).ok_or(Why::Broken)?;
    // No comment: whatever hangs on to the archive would be one.
    let mut tail = Reader(content.get(end..).ok_or(Why::Broken)?);
    if tail.take(4)? != b"PK\x05\x06" {
        return Err(Why::Broken);
    }
    let (disk, directory_disk) = (tail.u16_le()?, tail.u16_le()?);
    let (n_here, n_entries) = (usize::from(tail.u16_le()?), usize::from(tail.u16_le()?));
    let (length, offset) = (size(tail.u32_le()?)?, size(tail.u32_le()?)?);
    let has_comment = tail.u16_le()? != 0;
    if disk != 0 || directory_disk != 0 || n_here != n_entries || has_comment {
        return Err(Why::Broken);
    }
    if MAX_ENTRIES < n_entries {
        return Err(Why::Bomb);
    }
    if offset.checked_add(length) != Some(end) {
        return Err(Why::Broken);
    }
    let mut directory = Reader(content.get(offset..end).ok_or(Why::Broken)?);
    let mut entries = Vec::with_capacity(n_entries);
    for _ in 0..n_entries {
        entries.push(entry(&mut directory)?);
    }
    if !directory.is_empty() {
        return Err(Why::Broken);
    }
    Ok(entries)
}

fn entry<'a>(directory: &mut Reader<'a>) -> Result<Entry<'a>, Why> {
    if directory.take(4)? != b"PK\x01\x02" {
        return Err(Why::Broken);
    }
    directory.take(4)?;
    let (flags, method) = (directory.u16_le()?, directory.u16_le()?);
    directory.take(8)?;
    let (packed, opened) = (directory.u32_le()?, directory.u32_le()?);
    let (name, extra, comment) = (directory.u16_le()?, directory.u16_le()?, directory.u16_le()?);
    directory.take(8)?;
    let offset = directory.u32_le()?;
    let name = std::str::from_utf8(directory.take(name.into())?).map_err(|_| Why::Broken)?;
    directory.take(usize::from(extra) + usize::from(comment))?;
    if flags & 1 != 0 {
        return Err(Why::Encrypted);
    }
    let leads_out = name.is_empty()
        || name.starts_with('/')
        || name.contains(['\\', ':', '\0'])
        || name.split('/').any(|part| part == "..");
    if leads_out || !matches!(method, 0 | 8) {
        return Err(Why::Broken);
    }
    Ok(Entry { name, is_deflated: method == 8, packed, opened, offset })
}

/// Opens every file, and counts what comes out: the directory may lie. No two of them share their bytes.
pub(super) fn open_all(content: &[u8], entries: &[Entry<'_>]) -> Result<(), Why> {
    let most = MAX_OPENED.min(MAX_RATIO.saturating_mul(content.len() as u64));
    let told: u64 = entries.iter().map(|entry| u64::from(entry.opened)).sum();
    if most < told {
        return Err(Why::Bomb);
    }
    let mut left = most;
    let mut places = Vec::with_capacity(entries.len());
    for entry in entries {
        let (start, data) = data(content, entry)?;
        places.push((entry.offset, start + u64::from(entry.packed)));
        let n_opened = if entry.is_deflated { inflated(data, left)? } else { data.len() as u64 };
        left = left.checked_sub(n_opened).ok_or(Why::Bomb)?;
        if n_opened != u64::from(entry.opened) {
            return Err(Why::Broken);
        }
    }
    places.sort_unstable();
    let overlap = places.windows(2).any(|pair| pair.first().map(|a| a.1) > pair.last().map(|b| b.0.into()));
    // The first stands at the very front.
    if overlap || places.first().is_some_and(|(offset, _)| *offset != 0) {
        return Err(Why::Bomb);
    }
    Ok(())
}

/// Where the bytes of a file begin, and the bytes.
fn data<'a>(content: &'a [u8], entry: &Entry<'_>) -> Result<(u64, &'a [u8]), Why> {
    let offset = size(entry.offset)?;
    let mut local = Reader(content.get(offset..).ok_or(Why::Broken)?);
    if local.take(4)? != b"PK\x03\x04" {
        return Err(Why::Broken);
    }
    local.take(22)?;
    let (name, extra) = (usize::from(local.u16_le()?), usize::from(local.u16_le()?));
    // Who reads from the front must find the same name.
    if local.take(name)? != entry.name.as_bytes() {
        return Err(Why::Broken);
    }
    local.take(extra)?;
    let start = content.len() - local.0.len();
    Ok((start as u64, local.take(size(entry.packed)?)?))
}

/// How many bytes come out, up to one more than `most`.
fn inflated(data: &[u8], most: u64) -> Result<u64, Why> {
    let mut opened = DeflateDecoder::new(data).take(most.saturating_add(1));
    let n_bytes = std::io::copy(&mut opened, &mut std::io::sink()).map_err(|_| Why::Broken)?;
    if most < n_bytes { Err(Why::Bomb) } else { Ok(n_bytes) }
}
