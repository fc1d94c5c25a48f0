//! What a reply says, whichever format it was written in.

use lr_turn::ReplyFormat;

use crate::edit::{self, Edit};
use crate::hunks::{self, Hunk};
use crate::problem::quoted;
use crate::{Problem, ProblemKind, markdown};

/// The words by which a model declares that it is done, in a line of their own.
pub const DONE: &str = "No further improvements possible";

/// The path in the example of the fixed instructions. It is never a file: blocks that copy it are passed over.
pub const EXAMPLE_PATH: &str = "path/to/file.ext";

/// A reply that can be read in exactly one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The format it is written in; `None` if it asks for no change.
    pub format: Option<ReplyFormat>,
    /// The new versions, in the order of the reply, each path once. Empty if the reply asks for no change.
    pub blocks: Vec<Block>,
    /// What stands outside the blocks, without reasoning, as a text for people: without the Markdown fence around
    /// blocks, with control characters replaced by U+FFFD, without blank lines at its ends, or empty.
    pub notes: String,
    /// Whether the last line outside the blocks is [`DONE`], letter case, emphasis, quotes and a full stop aside.
    pub declared_done: bool,
}

/// What a reply does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The number of the block in the reply, from 1; example blocks are not counted.
    pub number: usize,
    /// The path as the reply names it, without decoration, `./` and doubled `/`. Not checked: it may be absolute or
    /// lead outside, or name no file at all.
    pub path: String,
    /// What becomes of the file.
    pub content: Content,
}

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// It gets this text, whatever it held.
    Whole(Whole),
    /// These edits are made in it, one after the other.
    Edits(Vec<Edit>),
    /// These hunks are applied to it.
    Hunks(Vec<Hunk>),
    /// It is a new file with this text.
    Created(String),
    /// It is deleted, if it holds just this text, where that is said.
    Deleted(Option<String>),
}

/// A complete new text, with LF line ends: empty, or ending with a line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The text; a code fence around all of it is taken off.
    pub text: String,
    /// The text with the code fence that was taken off, if there was one.
    pub hugged: Option<String>,
}

impl Content {
    /// Whether both give a file the same complete text.
    pub(crate) fn is_same_text(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.text == other.text,
            _ => false,
        }
    }
}

impl Block {
    /// Whether this is a complete new version, which only a file that was shown whole can get.
    pub fn is_whole(&self) -> bool {
        matches!(self.content, Content::Whole(_))
    }

    /// The text the file gets; `None` if it is deleted.
    ///
    /// `old` is what it holds, with LF line ends, the last line too; `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// What speaks against it, in words for the model: edits that do not fit the old text, a new file where there is
    /// one, or none where one is to be changed.
    pub fn apply(&self, old: Option<&str>) -> Result<Option<String>, Vec<Problem>> {
        let text = match (&self.content, old) {
            (Content::Whole(whole), _) => whole.for_old(old.unwrap_or_default()).to_owned(),
            (Content::Created(text), None | Some("")) => text.clone(),
            (Content::Created(_), Some(_)) => {
                let why = "is there already, so it cannot be made: change it instead";
                return Err(self.problem(ProblemKind::Exists, why));
            }
            (Content::Edits(edits), Some(old)) => edit::apply(edits, old)?,
            (Content::Edits(edits), None) if edits.first().is_some_and(Edit::only_adds) => {
                edit::apply(edits, "")?
            }
            (Content::Hunks(hunks), Some(old)) => hunks::apply(hunks, old)?,
            (Content::Deleted(text), Some(old)) if text.as_ref().is_none_or(|text| text == old) => {
                return Ok(None);
            }
            (Content::Deleted(_), Some(_)) => {
                let why = "does not hold just the lines that are taken out, so it is not deleted";
                return Err(self.problem(ProblemKind::NoMatch, why));
            }
            (Content::Edits(_) | Content::Hunks(_) | Content::Deleted(_), None) => {
                return Err(self.problem(
                    ProblemKind::NoMatch,
                    "is not there, so it cannot be changed",
                ));
            }
        };
        Ok(Some(text))
    }

    fn problem(&self, kind: ProblemKind, why: &str) -> Vec<Problem> {
        let reason = format!("{} {why}", quoted(&self.path));
        vec![Problem::new(kind, reason).of_block(self.number, &self.path)]
    }
}

impl Whole {
    /// A new version of this text; a code fence around all of it is taken off.
    pub(crate) fn new(text: String) -> Self {
        match markdown::inside_fence(&text).map(str::to_owned) {
            Some(inside) => Self {
                text: inside,
                hugged: Some(text),
            },
            None => Self { text, hugged: None },
        }
    }

    /// A new version of just this text.
    pub(crate) fn bare(text: String) -> Self {
        Self { text, hugged: None }
    }

    /// The text to write over a file that now holds `old` (empty if there is none).
    ///
    /// A code fence around the whole text is the model's habit and not part of the file, unless the file already
    /// begins with that very line.
    pub(crate) fn for_old(&self, old: &str) -> &str {
        match &self.hugged {
            Some(whole) if first_line(old) == first_line(whole) => whole,
            _ => &self.text,
        }
    }
}

/// Whether the last line of a reply's notes declares that nothing is left to do.
pub(crate) fn declares_done(notes: &str) -> bool {
    let decoration = |c: char| c.is_whitespace() || "*_`'\"“”‘’.".contains(c);
    notes
        .trim_end()
        .rsplit('\n')
        .next()
        .is_some_and(|line| line.trim_matches(decoration).eq_ignore_ascii_case(DONE))
}

fn first_line(text: &str) -> Option<&str> {
    text.trim_start().lines().next().map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_done(notes: &str, expected: bool) {
        assert_eq!(declares_done(notes), expected, "{notes:?}");
    }

    #[test]
    fn is_done_when_the_last_line_says_so() {
        check_done("No further improvements possible", true);
        check_done(
            "All is well.\n\n**No further improvements possible.**\n",
            true,
        );
        check_done("\"no further improvements possible\".", true);
        check_done("`NO FURTHER IMPROVEMENTS POSSIBLE`", true);
    }

    #[test]
    fn is_not_done_when_the_words_are_part_of_another_sentence() {
        check_done("", false);
        check_done("No further improvements possible yet", false);
        check_done("Not done: No further improvements possible", false);
        check_done("No further improvements possible\nexcept in b.py", false);
        check_done("No further improvements\npossible", false);
    }

    #[test]
    fn keeps_a_code_fence_the_file_begins_with() {
        let whole = Whole::new("```sh\nls\n```\n".into());
        assert_eq!(whole.for_old("# Title\n"), "ls\n");
        assert_eq!(whole.for_old(""), "ls\n");
        assert_eq!(whole.for_old("```sh\npwd\n```\n"), "```sh\nls\n```\n");
        assert_eq!(whole.for_old("```sh\r\npwd\r\n```\r\n"), "```sh\nls\n```\n");
        assert_eq!(whole.for_old("```bash\npwd\n```\n"), "ls\n");
    }
}
