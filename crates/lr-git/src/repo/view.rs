//! `HEAD`, the index and the work tree side by side.

use gix::bstr::ByteSlice as _;
use gix::filter::plumbing::pipeline::convert::{ToGitOutcome, to_worktree};
use gix::worktree::stack::state::attributes::Source;
use lr_files::{FileErrorKind, Root};
use lr_stage::Error;

use super::folders::Folders;
use super::tree::refuse_pointer;
use super::{Mode, Oid, Repo, Version, binary, refuse, trouble};
use crate::files::file_error;

/// Attributes that change what git stores beyond line endings; such files are converted by the
/// git binary, which runs the user's own programs as the user configured them.
const FOREIGN_FILTERS: [&str; 3] = ["filter", ENCODING, "ident"];

/// The attribute that names the encoding of a file in the work tree.
const ENCODING: &str = "working-tree-encoding";

/// `HEAD`, the index and the work tree side by side, as they were when it was made.
pub(crate) struct View<'r> {
    repo: &'r Repo,
    root: Root,
    head: Option<Folders<'r>>,
    index: gix::worktree::IndexPersistedOrInMemory,
    filters: gix::filter::Pipeline<'r>,
    attributes: gix::AttributeStack<'r>,
    selected: gix::attrs::search::Outcome,
    /// Whether git looks at the executable bit of files.
    keeps_mode: bool,
}

impl Repo {
    /// Looks at `HEAD`, the index and the work tree.
    pub(crate) fn view(&self) -> Result<View<'_>, Error> {
        let failed = |error| trouble("cannot read the repository", error);
        let head = match self.head()?.commit {
            Some(id) => Some(Folders::of(self.tree_of(id)?)),
            None => None,
        };
        let (filters, index) = self.gix.filter_pipeline(None).map_err(failed)?;
        let attributes = self
            .gix
            .attributes_only(&index, Source::WorktreeThenIdMapping)
            .map_err(failed)?;
        let mut selected = attributes.selected_attribute_matches(FOREIGN_FILTERS);
        selected.reset();
        let root = Root::open(&self.directory()).map_err(|error| file_error(&error))?;
        let keeps_mode = self.gix.config_snapshot().boolean("core.fileMode");
        Ok(View {
            repo: self,
            root,
            head,
            index,
            filters,
            attributes,
            selected,
            keeps_mode: keeps_mode.unwrap_or(true),
        })
    }
}

impl View<'_> {
    /// Returns `HEAD`'s version of a file.
    pub(crate) fn committed(&self, path: &str) -> Result<Option<Version>, Error> {
        match &self.head {
            Some(folders) => folders.version(&self.repo.full(path)),
            None => Ok(None),
        }
    }

    /// Returns the index's version of a file; one that is only intended to be added has none.
    pub(crate) fn staged(&self, path: &str) -> Option<Version> {
        let entry = self
            .index
            .entry_by_path(self.repo.full(path).as_str().into())?;
        if entry
            .flags
            .contains(gix::index::entry::Flags::INTENT_TO_ADD)
        {
            return None;
        }
        let mode = match entry.mode {
            gix::index::entry::Mode::FILE => Mode::File,
            gix::index::entry::Mode::FILE_EXECUTABLE => Mode::Executable,
            _ => Mode::Other,
        };
        Some(Version { id: entry.id, mode })
    }

    /// Returns the bytes of a file of the work tree, `None` if it is not there.
    ///
    /// # Errors
    ///
    /// What `lr-files` refuses: a symbolic link at any depth, something else than a file.
    pub(crate) fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.root.read(path) {
            Ok(file) => Ok(Some(file.into_text().into_bytes())),
            Err(error) if error.kind() == FileErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == FileErrorKind::NotAFile && self.is_folder(path) => {
                Ok(None)
            }
            Err(error) => Err(file_error(&error)),
        }
    }

    /// Whether a folder lies where the file would, or a file where one of its folders would.
    fn is_folder(&self, path: &str) -> bool {
        let data = self.repo.directory().join(path).symlink_metadata();
        data.map_or(true, |data| data.is_dir())
    }

    /// Returns the version that git would store of the file in the work tree, by its bytes and
    /// not by what the index remembers, so that no flag of the index can hide an edit.
    pub(crate) fn on_disk(&mut self, path: &str) -> Result<Option<Version>, Error> {
        let Some(bytes) = self.bytes(path)? else {
            return Ok(None);
        };
        refuse_pointer(path, &bytes)?;
        Ok(Some(Version {
            id: self.stored_id(path, bytes)?,
            mode: self.mode_on_disk(path),
        }))
    }

    /// Returns the hash under which git would store these bytes of the work tree.
    fn stored_id(&mut self, path: &str, bytes: Vec<u8>) -> Result<Oid, Error> {
        if self.has_foreign_filter(path)? {
            return binary::stored_id(self.repo, &self.repo.full(path), bytes);
        }
        let stored = self.clean(path, bytes)?;
        let kind = self.repo.gix.object_hash();
        gix::objs::compute_hash(kind, gix::objs::Kind::Blob, &stored)
            .map_err(|error| trouble(format!("cannot hash '{path}'"), error))
    }

    /// Returns what kind of file lies in the work tree; where git does not look at the executable
    /// bit, what it has on record counts.
    pub(crate) fn mode_on_disk(&self, path: &str) -> Mode {
        use std::os::unix::fs::PermissionsExt as _;

        if !self.keeps_mode {
            return self.staged(path).map_or(Mode::File, |version| version.mode);
        }
        let data = self.repo.directory().join(path).symlink_metadata();
        match data {
            Ok(data) if data.permissions().mode() & 0o100 != 0 => Mode::Executable,
            _ => Mode::File,
        }
    }

    /// Makes a file of the work tree executable if a version is that it was brought back to.
    pub(crate) fn restore_mode(&self, path: &str, version: Version) -> Result<(), Error> {
        if version.mode != Mode::Executable || self.mode_on_disk(path) == Mode::Executable {
            return Ok(());
        }
        let made = self.root.make_executable(path);
        made.map_err(|error| file_error(&error))
    }

    /// Converts the bytes of the work tree into what git stores, by line endings only.
    pub(super) fn clean(&mut self, path: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        let full = self.repo.full(path);
        let failed = |error| trouble(format!("cannot convert '{path}' for git"), error);
        let outcome = self
            .filters
            .convert_to_git(bytes.as_slice(), full.as_ref(), &self.index)
            .map_err(failed)?;
        match outcome {
            ToGitOutcome::Buffer(buffer) => Ok(buffer.to_vec()),
            ToGitOutcome::Unchanged(_) => Ok(bytes),
            ToGitOutcome::Process(_) => Err(refuse(format!("'{path}' needs a filter program"))),
        }
    }

    /// Returns the bytes of the work tree with the SHA-256 `sha256` that a stored version can
    /// have been checked out as, or `None` if it was something else.
    ///
    /// Where git converts line endings, more than one form in the work tree counts as unchanged:
    /// the stored one, the one that git would check out, and the one with carriage returns.
    pub(crate) fn checked_out(
        &mut self,
        path: &str,
        version: Version,
        sha256: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        let matches = |bytes: &Vec<u8>| lr_files::sha256_hex(bytes) == sha256;
        let stored = self.repo.blob(version.id)?;
        if matches(&stored) {
            refuse_pointer(path, &stored)?;
            return Ok(Some(stored));
        }
        let smudged = self.smudge(path, version.id, &stored)?;
        if matches(&smudged) {
            return Ok(Some(smudged));
        }
        let returned = stored.replace("\r\n", "\n").replace("\n", "\r\n");
        if matches(&returned) && self.stored_id(path, returned.clone())? == version.id {
            return Ok(Some(returned));
        }
        Ok(None)
    }

    /// Returns the bytes that git would check out for a version.
    pub(crate) fn restored(&mut self, path: &str, version: Version) -> Result<Vec<u8>, Error> {
        let stored = self.repo.blob(version.id)?;
        self.smudge(path, version.id, &stored)
    }

    fn smudge(&mut self, path: &str, id: Oid, stored: &[u8]) -> Result<Vec<u8>, Error> {
        let full = self.repo.full(path);
        if self.has_foreign_filter(path)? {
            return binary::smudge(self.repo, &full, id);
        }
        let options = to_worktree::Options::default();
        let outcome = self
            .filters
            .convert_to_worktree(stored, full.as_str().into(), options);
        let bytes = outcome.map(|outcome| outcome.as_bytes().map(<[u8]>::to_vec));
        match bytes.map_err(|error| trouble(format!("cannot convert '{path}' from git"), error))? {
            Some(bytes) => Ok(bytes),
            None => Err(refuse(format!("'{path}' needs a filter program"))),
        }
    }

    /// Returns a text that lr writes as a new file in the form in which git would check it out.
    pub(crate) fn for_new_file(&mut self, path: &str, text: String) -> Result<Vec<u8>, Error> {
        if self.has_foreign_filter(path)? {
            return Ok(text.into_bytes());
        }
        let empty = Oid::null(self.repo.gix.object_hash());
        self.smudge(path, empty, text.as_bytes())
    }

    /// Refuses a new file of UTF-8 that git would not store: its filters fail, or its attributes
    /// say another encoding.
    pub(crate) fn check_new_file(&mut self, path: &str, text: String) -> Result<(), Error> {
        if let Some(encoding) = self.encoding(path)?
            && !["utf-8", "utf8"].contains(&encoding.to_ascii_lowercase().as_str())
        {
            return Err(refuse(format!(
                "'{path}' would have to be written as {encoding}, by its git attributes"
            )));
        }
        let bytes = self.for_new_file(path, text)?;
        self.stored_id(path, bytes).map(|_| ())
    }

    /// Returns the encoding in the work tree that the attributes of a file name.
    fn encoding(&mut self, path: &str) -> Result<Option<String>, Error> {
        self.has_foreign_filter(path)?;
        let mut found = self.selected.iter_selected();
        let found = found.find(|found| found.assignment.name.as_str() == ENCODING);
        Ok(found.and_then(|found| match found.assignment.state {
            gix::attrs::StateRef::Value(value) => Some(value.as_bstr().to_string()),
            _ => None,
        }))
    }

    /// Whether nothing at all is staged.
    pub(crate) fn is_index_empty(&self) -> bool {
        self.index.entries().is_empty()
    }

    /// Whether git stores a file through a program or an encoding of the user's.
    pub(crate) fn has_foreign_filter(&mut self, path: &str) -> Result<bool, Error> {
        let full = self.repo.full(path);
        let failed = |error| trouble(format!("cannot read the git attributes of '{path}'"), error);
        let place = self
            .attributes
            .at_entry(full.as_str(), None)
            .map_err(failed)?;
        self.selected.reset();
        place.matching_attributes(&mut self.selected);
        let is_foreign = self.selected.iter_selected().any(|found| {
            use gix::attrs::StateRef;
            matches!(found.assignment.state, StateRef::Set | StateRef::Value(_))
        });
        Ok(is_foreign)
    }
}
