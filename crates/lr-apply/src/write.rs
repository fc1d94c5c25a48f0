//! Writing a plan through the journal.

use lr_files::{FileError, FileErrorKind, Journal, Root};
use lr_stage::{Error, Kind, project, say};
use lr_turn::{Apply, Outcome};

use crate::guard::refusal;
use crate::plan::Plan;
use crate::receipt::{self, Key};

/// Writes plans; the journal is opened, and an interrupted write settled, when it is first needed.
pub(crate) struct Writer {
    journal: Option<Journal>,
    has_written: bool,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self {
            journal: None,
            has_written: false,
        }
    }

    /// Tells whether files were changed.
    pub(crate) fn has_written(&self) -> bool {
        self.has_written
    }

    /// Adds to an error about the output that files were changed before it, which nobody was told.
    pub(crate) fn with_changes(&self, error: Error) -> Error {
        if self.has_written && error.kind == Kind::Io && error.hint.is_none() {
            return error.hint("files were changed before this: look at them before you go on");
        }
        error
    }

    /// Returns the section of an earlier run of the same turn, if its files are as it wrote them.
    pub(crate) fn already_written(
        &mut self,
        root: &Root,
        key: &Key,
    ) -> Result<Option<Apply>, Error> {
        if !journal_folder(root).is_dir() {
            return Ok(None);
        }
        let journal = self.journal(root)?;
        let receipts = journal.receipts().into_iter();
        let mut known = receipts.filter_map(|it| Some((receipt::read(&it.text, key)?, it)));
        let found = known.find(|(_, receipt)| receipt.is_on_disk(root));
        Ok(found.map(|(apply, _)| apply))
    }

    /// Replaces the files of a plan, all of them or none.
    pub(crate) fn write(
        &mut self,
        root: &Root,
        plan: Plan,
        key: Option<&Key>,
    ) -> Result<Apply, Error> {
        let receipt = receipt::text(key, &plan.apply)
            .map_err(|error| Error::new(Kind::Io, "cannot write a receipt").because(error))?;
        let journal = self.journal(root)?;
        let mut earlier = journal.receipts();
        earlier.retain(|it| key.is_some_and(|key| receipt::is_of_same_turn(&it.text, key)));
        match journal.replace(root, &plan.replacements, &receipt, earlier) {
            Ok(()) => {
                self.has_written = true;
                Ok(plan.apply)
            }
            Err(error) if is_refusal(&error) => Ok(refused(plan.apply, &error)),
            Err(error) => Err(explain(&error)),
        }
    }

    /// Settles what an interrupted run left behind and says so; tells whether there was anything.
    pub(crate) fn settle(&mut self, root: &Root) -> Result<bool, Error> {
        let is_pending = Journal::is_pending(&project::root(root.path()));
        if is_pending {
            self.journal(root)?;
        }
        Ok(is_pending)
    }

    /// As [`Writer::settle`], and removes the old versions that a run left behind which was killed
    /// at its very end.
    pub(crate) fn recover(&mut self, root: &Root) -> Result<bool, Error> {
        let is_pending = Journal::is_pending(&project::root(root.path()));
        if journal_folder(root).is_dir() {
            self.journal(root)?;
        }
        Ok(is_pending)
    }

    fn journal(&mut self, root: &Root) -> Result<&Journal, Error> {
        if self.journal.is_none() {
            let project = project::root(root.path());
            let is_pending = Journal::is_pending(&project);
            let journal = Journal::open(&project).map_err(|error| explain(&error))?;
            match journal.recover().map_err(|error| explain(&error))? {
                Some(recovered) => say::note(&recovered.to_string()),
                None if is_pending => say::note("gave up an interrupted change before it began"),
                None => {}
            }
            self.journal = Some(journal);
        }
        self.journal
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Io, "cannot open the journal"))
    }
}

/// Says that an interrupted change waits, where nothing is to be written.
pub(crate) fn tell_pending(root: &Root) {
    if Journal::is_pending(&project::root(root.path())) {
        say::warn(
            "a change was interrupted, and files may be half of it; lr-apply --recover settles it",
        );
    }
}

fn journal_folder(root: &Root) -> std::path::PathBuf {
    let project = project::root(root.path());
    project.join(project::LR_FOLDER).join("journal")
}

/// Tells whether an error is the reply's or the file's fault, so that the model may try again.
pub(crate) fn is_refusal(error: &FileError) -> bool {
    matches!(
        error.kind(),
        FileErrorKind::Changed
            | FileErrorKind::HardLink
            | FileErrorKind::Symlink
            | FileErrorKind::NotAFile
            | FileErrorKind::Protected
            | FileErrorKind::Exists
            | FileErrorKind::Outside
    )
}

/// The section of a plan that a file error refuses.
pub(crate) fn refused(mut apply: Apply, error: &FileError) -> Apply {
    apply.outcome = Outcome::Refused;
    apply.changes.clear();
    apply.suppressions.clear();
    let mut reason = refusal(None, error.kind().as_str(), error.to_string());
    reason.path = Some(error.path().to_owned());
    apply.refusals.push(reason);
    apply
}

/// Says what a file error means for the program.
pub(crate) fn explain(error: &FileError) -> Error {
    let kind = match error.kind() {
        FileErrorKind::Busy => Kind::Locked,
        FileErrorKind::Conflict => Kind::Recovery,
        FileErrorKind::Changed => Kind::Changed,
        _ => Kind::Io,
    };
    let explained = Error::new(kind, error.to_string());
    match error.hint() {
        Some(hint) => explained.hint(hint),
        None => explained,
    }
}
