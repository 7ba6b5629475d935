use std::collections::HashMap;

use prost_reflect::{DescriptorPool, FileDescriptor};

/// The leading comments of a descriptor set, by file and path within it.
pub(crate) struct Comments(HashMap<String, HashMap<Vec<i32>, String>>);

impl Comments {
    pub(crate) fn read(pool: &DescriptorPool) -> Self {
        let files = pool.files().map(|file| {
            let locations =
                file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location);
            let comments = locations
                .filter_map(|location| {
                    Some((location.path.clone(), tidy(location.leading_comments.as_deref()?)))
                })
                .collect();
            (file.name().to_owned(), comments)
        });
        Self(files.collect())
    }

    /// Empty where nothing is said.
    pub(crate) fn of(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        self.0.get(file.name()).and_then(|comments| comments.get(path)).map_or("", String::as_str)
    }
}

fn tidy(comment: &str) -> String {
    let lines: Vec<_> =
        comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}

/// Up to the first full stop that ends a word, Latin or Chinese; at most the first paragraph.
pub(crate) fn first_sentence(comment: &str) -> String {
    let paragraph = comment.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let latin = paragraph.find(". ").map(|at| at + 1);
    let chinese = paragraph.find('。').map(|at| at + '。'.len_utf8());
    let end = latin.into_iter().chain(chinese).min().unwrap_or(paragraph.len());
    paragraph.get(..end).unwrap_or(&paragraph).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_ends_at_a_full_stop() {
        for (comment, expected) in [
            ("Signs v1.2 of\nan issue. Errors: none.", "Signs v1.2 of an issue."),
            ("签收诉求。之后不可撤回。", "签收诉求。"),
            ("No stop\n\nSecond paragraph. Here.", "No stop"),
            ("", ""),
        ] {
            assert_eq!(first_sentence(comment), expected);
        }
    }
}
