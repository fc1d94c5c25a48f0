//! The two commits of one part: the change itself, and its entry in FIXES.md.

use lr_files::{Replacement, sha256_hex};
use lr_stage::{Error, Kind, say};
use lr_turn::Apply;

use crate::files::{self, Receipt};
use crate::findings::Outcome;
use crate::fixes::{self, Entry};
use crate::message::{self, CommitKind, short};
use crate::repo::{Commit, Repo};
use crate::run::{Part, Session};
use crate::verify;

/// What one part changed, and what is known about it.
pub(crate) struct Fix<'a> {
    /// Which part it is.
    pub(crate) part: Part,
    /// What was written.
    pub(crate) apply: &'a Apply,
    /// What became of the findings.
    pub(crate) outcome: Outcome,
    /// Who wrote the reply.
    pub(crate) by: Option<String>,
}

impl Fix<'_> {
    /// Returns the commit of the change, made now or before; `None` if `HEAD` has it already.
    ///
    /// # Errors
    ///
    /// [`Kind::Changed`] if more than the change would be committed, or something else.
    pub(crate) fn commit(&self, session: &mut Session) -> Result<Option<Commit>, Error> {
        let trailers = self.part.trailers(CommitKind::Fix);
        if let Some(known) = session.settle(&self.part)?.find(&trailers) {
            let id = known.id.to_string();
            say::detail(1, &format!("found {}, which was made before", short(&id)));
            return Ok(Some(known.clone()));
        }
        let changes = &self.apply.changes;
        verify::check_changes(session.repo()?, changes)?;
        let paths: Vec<String> = changes.iter().map(|change| change.path.clone()).collect();
        let text = message::fix(&self.outcome, changes, self.by.as_deref(), &trailers);
        let made = session.commit(&self.part, &paths, &text)?;
        if let Some(commit) = &made {
            let id = commit.id.to_string();
            let subject = commit.message.lines().next().unwrap_or_default();
            say::note(&format!("committed {}: {subject}", short(&id)));
            verify::report_hook_edits(session.repo()?, changes)?;
        }
        Ok(made)
    }

    /// Writes the change down in a file and commits that; returns the commit, made now or before.
    ///
    /// Whatever an earlier attempt has done already is not done again: there is one entry for a
    /// commit, and one commit for an entry.
    ///
    /// # Errors
    ///
    /// [`Kind::Changed`] if somebody has changed the file without committing it.
    pub(crate) fn write_down(
        &self,
        session: &mut Session,
        file: &str,
        commit: &Commit,
    ) -> Result<Option<String>, Error> {
        let trailers = self.part.trailers(CommitKind::Log);
        if let Some(known) = session.settle(&self.part)?.find(&trailers) {
            return Ok(Some(known.id.to_string()));
        }
        let id = commit.id.to_string();
        let entry = Entry {
            commit: Some(&id),
            date: &commit.date,
            origin: &self.part.words(),
            outcome: &self.outcome,
            changes: &self.apply.changes,
            notes: &self.apply.notes,
        };
        append(session.repo()?, file, &entry)?;
        let text = message::log(file, &id, &trailers);
        let made = session.commit(&self.part, &[file.to_owned()], &text)?;
        Ok(made.map(|commit| commit.id.to_string()))
    }
}

/// Appends an entry to the file of fixes in the work tree, unless it is there.
fn append(repo: &Repo, path: &str, entry: &Entry<'_>) -> Result<(), Error> {
    let mut view = repo.view()?;
    let existing = view.bytes(path)?;
    let text = existing.as_deref().map(String::from_utf8_lossy);
    let Some(longer) = fixes::append(text.as_deref(), entry) else {
        return Ok(());
    };
    if view.on_disk(path)? != view.committed(path)? {
        let message = format!("'{path}' has changes that are not committed");
        return Err(Error::new(Kind::Changed, message)
            .hint("commit them, then run lr-git commit on the same turns again"));
    }
    let after = match existing {
        Some(_) => longer.into_bytes(),
        None => view.for_new_file(path, longer)?,
    };
    let replacement = Replacement {
        path: path.to_owned(),
        before: existing.as_deref().map(sha256_hex),
        after: Some(after),
    };
    files::replace(&repo.directory(), &[replacement], Receipt::Keep)
}
