//! Words of packs: those of the pack in force, and those that only earlier ones had.

use crate::domain::{Code, Policy};

/// The words of the first of these packs, which is in force, in its order; then those that only the others had. With
/// each, whether it is of the pack in force. What a word is called is taken from the latest pack that has it.
pub(super) fn so_far<'a, W>(
    packs: &[&'a Policy],
    words: impl Fn(&'a Policy) -> &'a [W],
    code: impl Fn(&W) -> &Code,
) -> Vec<(&'a W, bool)> {
    let mut found: Vec<(&W, bool)> = Vec::new();
    for (i, pack) in packs.iter().enumerate() {
        for word in words(pack) {
            if found.iter().all(|(known, _)| code(known) != code(word)) {
                found.push((word, i == 0));
            }
        }
    }
    found
}
