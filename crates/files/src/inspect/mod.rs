//! What a file is, by its content: one of a few types, whole, of bounded size when opened, with nothing before or after
//! it, and, for pictures, without what cameras write into them.

use crate::FileName;

mod jpeg;
mod mp4;
mod office;
mod png;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod webp;
mod zip;

/// Pixels of a picture, at most.
const MAX_PIXELS: u64 = 50_000_000;

/// The types that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    Pdf,
    Png,
    Jpeg,
    Webp,
    Mp4,
    Docx,
    Xlsx,
    Pptx,
    Text,
    Csv,
}

impl MediaType {
    pub const ALL: [Self; 10] = [
        Self::Pdf,
        Self::Png,
        Self::Jpeg,
        Self::Webp,
        Self::Mp4,
        Self::Docx,
        Self::Xlsx,
        Self::Pptx,
        Self::Text,
        Self::Csv,
    ];

    /// As `image/png`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
        }
    }

    /// The extensions that a file of this type may have.
    const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Webp => &["webp"],
            Self::Mp4 => &["mp4", "m4v"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Pptx => &["pptx"],
            Self::Text => &["txt"],
            Self::Csv => &["csv"],
        }
    }
}

/// A file that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    pub media_type: MediaType,
    /// What is kept: the file as it came, but pictures have lost what says where, when and with what they were taken.
    pub content: Vec<u8>,
}

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the content is of no type that is taken")]
    Unknown,
    #[error("the content is {}, and the name ends in .{extension}", found.name())]
    Mismatch { found: MediaType, extension: String },
    #[error("the {} is not taken: {why}", found.name())]
    Content { found: MediaType, why: Why },
}

/// What is wrong with the content of a known type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("it is damaged, or something else hangs on to it")]
    Broken,
    #[error("it has more than 50 million pixels")]
    TooManyPixels,
    #[error("it grows beyond all measure when opened")]
    Bomb,
    #[error("it has macros")]
    Macros,
    #[error("it is encrypted, so that nobody can look into it")]
    Encrypted,
}

impl Why {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Broken => "BROKEN",
            Self::TooManyPixels => "TOO_MANY_PIXELS",
            Self::Bomb => "BOMB",
            Self::Macros => "MACROS",
            Self::Encrypted => "ENCRYPTED",
        }
    }
}

/// Looks into a whole file. The name decides nothing but between text and CSV; it must fit what was found.
pub fn inspect(content: Vec<u8>, name: &FileName) -> Result<Inspected, Refused> {
    let extension = name.extension();
    let media_type = sniffed(&content, &extension)?;
    if !media_type.extensions().contains(&extension.as_str()) {
        return Err(Refused::Mismatch { found: media_type, extension });
    }
    let looked = match media_type {
        MediaType::Png => png::cleaned(&content).map(Some),
        MediaType::Jpeg => jpeg::cleaned(&content).map(Some),
        MediaType::Webp => webp::cleaned(&content).map(Some),
        MediaType::Pdf => pdf(&content).map(|()| None),
        MediaType::Mp4 => mp4::check(&content).map(|()| None),
        MediaType::Docx | MediaType::Xlsx | MediaType::Pptx => office::check(&content).map(|()| None),
        MediaType::Text | MediaType::Csv => Ok(None),
    };
    let cleaned = looked.map_err(|why| Refused::Content { found: media_type, why })?;
    Ok(Inspected { media_type, content: cleaned.unwrap_or(content) })
}

/// The type by the first bytes; of archives by what is in them; of what has no mark of its own, whether it is text.
fn sniffed(content: &[u8], extension: &str) -> Result<MediaType, Refused> {
    if content.starts_with(b"%PDF-") {
        return Ok(MediaType::Pdf);
    }
    if content.starts_with(png::SIGNATURE) {
        return Ok(MediaType::Png);
    }
    if content.starts_with(&[0xff, 0xd8, 0xff]) {
        return Ok(MediaType::Jpeg);
    }
    if content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
        return Ok(MediaType::Webp);
    }
    if content.starts_with(b"PK\x03\x04") {
        return office::kind(content, extension).ok_or(Refused::Unknown);
    }
    if content.get(4..8) == Some(b"ftyp") {
        return mp4::is_mp4(content).then_some(MediaType::Mp4).ok_or(Refused::Unknown);
    }
    if text::is_plain(content) {
        return Ok(if extension == "csv" { MediaType::Csv } else { MediaType::Text });
    }
    Err(Refused::Unknown)
}

/// The end mark stands at the end: nothing hangs on to it.
fn pdf(content: &[u8]) -> Result<(), Why> {
    let tail = content.get(content.len().saturating_sub(1_024)..).unwrap_or_default();
    let trimmed = tail.trim_ascii_end();
    if trimmed.ends_with(b"%%EOF") { Ok(()) } else { Err(Why::Broken) }
}

/// Refuses pictures that would fill the memory of whoever opens them.
fn check_pixels(width: u64, height: u64) -> Result<(), Why> {
    match (width, height) {
        (0, _) | (_, 0) => Err(Why::Broken),
        _ if MAX_PIXELS < width.saturating_mul(height) => Err(Why::TooManyPixels),
        _ => Ok(()),
    }
}
