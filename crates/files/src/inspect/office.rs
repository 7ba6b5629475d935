use super::{MediaType, Why, zip};

/// The part that each kind of document has, and no other.
const MAIN_PARTS: [(&str, MediaType); 3] = [
    ("word/document.xml", MediaType::Docx),
    ("xl/workbook.xml", MediaType::Xlsx),
    ("ppt/presentation.xml", MediaType::Pptx),
];

/// `None`: an archive of another kind, or none that can be read. What cannot be looked into at all is what its name
/// says, so that [`check`] tells what is wrong with it.
pub(super) fn kind(content: &[u8], extension: &str) -> Option<MediaType> {
    let entries = match zip::entries(content) {
        Ok(entries) => entries,
        Err(Why::Bomb | Why::Encrypted) => {
            let kinds = MAIN_PARTS.iter().map(|(_, kind)| *kind);
            return kinds.into_iter().find(|kind| kind.extensions().contains(&extension));
        }
        Err(_) => return None,
    };
    let has = |name: &str| entries.iter().any(|entry| entry.name == name);
    let mut found = MAIN_PARTS.iter().filter(|(part, _)| has(part)).map(|(_, kind)| *kind);
    match (found.next(), found.next()) {
        (Some(kind), None) if has("[Content_Types].xml") => Some(kind),
        _ => None,
    }
}

pub(super) fn check(content: &[u8]) -> Result<(), Why> {
    let entries = zip::entries(content)?;
    let mut names: Vec<String> = entries.iter().map(|entry| entry.name.to_lowercase()).collect();
    if names.iter().any(|name| name.ends_with("vbaproject.bin")) {
        return Err(Why::Macros);
    }
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Why::Broken);
    }
    zip::open_all(content, &entries)
}
