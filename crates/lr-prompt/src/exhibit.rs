//! A file as one prompt shows it.

use lr_turn::{Offered, ReplyFormat, Shown, SourceRole};

use crate::context::File;
use crate::format;
use crate::material::Document;
use crate::view::{Measure, View};
use crate::windows::Window;

/// A file as one prompt shows it.
pub(crate) struct Exhibit<'m> {
    /// The file.
    pub(crate) document: &'m Document,
    /// What may be done with it.
    pub(crate) role: SourceRole,
    /// How much of it is shown.
    pub(crate) view: View,
}

impl<'m> Exhibit<'m> {
    /// Decides how much of a document is shown. Whole new versions, as `asked` for, can only be
    /// made of what is shown whole.
    pub(crate) fn new(
        document: &'m Document,
        role: SourceRole,
        asked: Option<ReplyFormat>,
        measure: Measure,
    ) -> Self {
        let view = if asked.is_some_and(format::is_whole) {
            View::Whole
        } else {
            View::of(&document.text, &document.path, &document.places, measure)
        };
        Self {
            document,
            role,
            view,
        }
    }

    /// Returns what the turn says about it, if it may be changed.
    pub(crate) fn offer(&self) -> Offered {
        Offered {
            path: self.document.path.clone(),
            sha256: Some(self.document.sha256.clone()),
            shown: match self.view {
                View::Whole => Shown::Whole,
                View::Windows(_) => Shown::Windows,
            },
        }
    }

    /// Returns what is shown of it: its text, or a window of it each.
    pub(crate) fn files(&self) -> Vec<File> {
        let document = self.document;
        let View::Windows(windows) = &self.view else {
            return vec![File {
                path: document.path.clone(),
                text: document.text.clone(),
            }];
        };
        let file = |window: &Window| File {
            path: window.name(&document.path),
            text: document
                .lines(window.first, window.last)
                .unwrap_or_default()
                .to_owned(),
        };
        windows.iter().map(file).collect()
    }
}

/// The text of a line of a file that is shown in windows, where no line can be counted.
pub(crate) fn quoted(exhibits: &[Exhibit<'_>], path: &str, line: u64) -> Option<String> {
    const LONGEST: usize = 100;
    let path = path.strip_prefix("./").unwrap_or(path);
    let exhibit = exhibits.iter().find(|it| it.document.path == path)?;
    if exhibit.view == View::Whole {
        return None;
    }
    let number = usize::try_from(line).ok()?;
    let text = exhibit.document.lines(number, number)?.trim();
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    (!short.is_empty()).then_some(short)
}
