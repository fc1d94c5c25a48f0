//! What is known about a reply before it is read.

use lr_turn::ReplyFormat;

use crate::Fence;

/// What is known about a reply before it is read.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The markers that the prompt announced; those of a reply may be longer, and are never shorter than the default.
    pub fence: Fence,
    /// The only format that is looked for; `None`: whichever the reply is written in.
    pub format: Option<ReplyFormat>,
    /// Whether a path, as it stands in the reply without decoration, names a file that the reply may be about.
    /// It decides where a word could be a path or not; what is read is not limited to it.
    pub is_known: &'a dyn Fn(&str) -> bool,
}

impl Terms<'_> {
    /// Markers of this length, in whichever format, about files that are not known.
    pub fn announced(fence: Fence) -> Self {
        Self {
            fence,
            format: None,
            is_known: &|_| false,
        }
    }
}

impl Default for Terms<'_> {
    fn default() -> Self {
        Self::announced(Fence::default())
    }
}
