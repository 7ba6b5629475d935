//! What is done one after another in a world.

use super::reference::act::{Act, Submission};

#[derive(Debug, Clone)]
pub enum Entry {
    /// `None`: a machine client.
    Submit { by: Option<usize>, asked: Submission },
    /// `stale`: the etag is one that the issue had before.
    Step { by: usize, id: usize, act: Act, stale: bool },
    /// The last step that was taken with the issue is sent once more.
    Repeat { id: usize },
    /// Its `request_id` is used for something else.
    Reuse { id: usize },
    /// So many seconds go by.
    Pass(i64),
    /// The jobs of the system run.
    Sweep,
    /// Somebody reads the issue.
    Look { by: usize, id: usize },
    /// Somebody asks what they may do with it.
    Ask { by: usize, id: usize },
    /// Somebody lists and counts.
    List { by: usize },
    /// The deadlines are explained.
    Explain { id: usize },
    /// The trail of the issue is verified.
    Verify { id: usize },
}

impl Entry {
    /// The issues that it is about; none for what is about all of them.
    pub fn issues(&self) -> Vec<usize> {
        match self {
            Self::Step { id, act: Act::Merge(children), .. } => {
                children.iter().copied().chain([*id]).collect()
            }
            Self::Step { id, .. }
            | Self::Repeat { id }
            | Self::Reuse { id }
            | Self::Look { id, .. }
            | Self::Ask { id, .. }
            | Self::Explain { id }
            | Self::Verify { id } => vec![*id],
            Self::Submit { .. } | Self::Pass(_) | Self::Sweep | Self::List { .. } => Vec::new(),
        }
    }
}
