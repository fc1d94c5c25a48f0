//! Reading files beneath a directory that is held open.
//!
//! Every path is walked component by component with descriptors and never through a symbolic
//! link, so a directory that is swapped for a link meanwhile leads to an error, not outside.
//! A file is opened without blocking and looked at before it is read: FIFOs, sockets and devices
//! are refused at once.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::disk;
use crate::error::{FileError, FileErrorKind as Kind};
use crate::path::relative_path;
use crate::source::{SourceFile, sha256_hex};

/// The largest file that is read, in bytes, unless [`Root::with_size_limit`] says otherwise.
pub const DEFAULT_SIZE_LIMIT: u64 = 16 * 1024 * 1024;

/// A directory held open by descriptor; every path given to it is relative to it and beneath it.
#[derive(Debug)]
pub struct Root {
    directory: OwnedFd,
    path: PathBuf,
    size_limit: u64,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing, or a directory on the way is missing.
    Absent,
    /// A regular file.
    File(FileState),
    /// Something lr does not read or replace; the text says what, such as "a directory".
    Other(&'static str),
}

/// What matters about a regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// How many names (hard links) it has.
    pub links: u64,
    /// Its permission bits, set-user-ID and the like included.
    pub mode: u32,
}

/// A name in an open directory.
pub(crate) struct Place<'path> {
    pub(crate) directory: OwnedFd,
    pub(crate) name: &'path str,
}

/// An open regular file, not read yet.
pub(crate) struct OpenFile {
    pub(crate) file: File,
    pub(crate) metadata: Metadata,
}

enum Opened {
    Absent,
    File(OpenFile),
    Other(&'static str),
}

impl Root {
    /// Opens a directory; symbolic links in `path` itself are followed.
    ///
    /// # Errors
    ///
    /// Fails when it is not there, not a directory, or may not be read.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let name = path.to_string_lossy();
        let fail = |error: io::Error| FileError::os("open the directory", &name, &error);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory =
            rustix::fs::open(path, flags, Mode::empty()).map_err(|error| fail(error.into()))?;
        Ok(Self {
            directory,
            path: path.canonicalize().map_err(fail)?,
            size_limit: DEFAULT_SIZE_LIMIT,
        })
    }

    /// Changes the largest size of a file that is read, in bytes.
    #[must_use]
    pub fn with_size_limit(mut self, bytes: u64) -> Self {
        self.size_limit = bytes;
        self
    }

    /// The absolute path that was opened, for messages and for starting programs in it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what a path names beneath this directory: an absolute one without the directory's
    /// own path, any other as it is.
    pub fn inside<'path>(&self, path: &'path str) -> &'path str {
        let inside = Path::new(path).strip_prefix(&self.path).ok();
        inside.and_then(Path::to_str).unwrap_or(path)
    }

    /// Reads a text file.
    ///
    /// # Errors
    ///
    /// Refuses paths that [`relative_path`] refuses, symbolic links at any depth, anything but
    /// regular files, files above the size limit, and files that are not UTF-8 or contain NUL.
    pub fn read(&self, path: &str) -> Result<SourceFile, FileError> {
        let path = clean(path)?;
        let bytes = match self.look_up(&path)? {
            Opened::File(open) => self.contents(open, &path)?,
            Opened::Absent => return Err(FileError::new(Kind::NotFound, "no such file", &path)),
            Opened::Other(what) => return Err(refusal(what, &path)),
        };
        SourceFile::new(path, bytes)
    }

    /// Reads a text file that must be the version with this SHA-256, in hex, where one is given.
    ///
    /// # Errors
    ///
    /// As [`Root::read`]; [`Changed`](Kind::Changed) when it is another version.
    pub fn read_version(&self, path: &str, sha256: Option<&str>) -> Result<SourceFile, FileError> {
        let file = self.read(path)?;
        match sha256 {
            Some(expected) if expected != file.sha256 => {
                let what = "not the version that was checked:";
                Err(FileError::new(Kind::Changed, what, &file.path))
            }
            _ => Ok(file),
        }
    }

    /// Looks at what stands at a path, whatever its content.
    ///
    /// # Errors
    ///
    /// Refuses paths that [`relative_path`] refuses, symbolic links before the last component,
    /// and files above the size limit.
    pub fn state(&self, path: &str) -> Result<State, FileError> {
        let path = clean(path)?;
        let opened = self.look_up(&path)?;
        self.state_of(opened, &path)
    }

    /// The names in a directory (`""` is this one), in no order, without those that are not UTF-8;
    /// none where there is no such directory.
    ///
    /// # Errors
    ///
    /// Refuses a path with a symbolic link or a file in it.
    pub fn names_in(&self, path: &str) -> Result<Vec<String>, FileError> {
        let Some(directory) = self.descend(path)? else {
            return Ok(Vec::new());
        };
        let fail = |errno: Errno| FileError::os("read the directory", path, &errno.into());
        let mut names = Vec::new();
        for entry in Dir::new(directory).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        Ok(names)
    }

    /// Lets whoever may read a file execute it, too.
    ///
    /// # Errors
    ///
    /// Refuses what [`read`](Self::read) refuses of a path and what stands there, and fails for a
    /// file of another owner.
    pub fn make_executable(&self, path: &str) -> Result<(), FileError> {
        let path = clean(path)?;
        let open = match self.look_up(&path)? {
            Opened::File(open) => open,
            Opened::Absent => return Err(FileError::new(Kind::NotFound, "no such file", &path)),
            Opened::Other(what) => return Err(refusal(what, &path)),
        };
        let mode = open.metadata.mode() & 0o7777;
        let executable = Permissions::from_mode(mode | ((mode & 0o444) >> 2));
        let done = open.file.set_permissions(executable);
        done.map_err(|error| FileError::os("make executable", &path, &error))
    }

    /// The largest size of a file that is read, in bytes.
    pub fn size_limit(&self) -> u64 {
        self.size_limit
    }

    /// The open directory itself.
    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Opens the directory that holds `path`, or nothing if a directory on the way is missing.
    pub(crate) fn place<'path>(&self, path: &'path str) -> Result<Option<Place<'path>>, FileError> {
        let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok(self
            .descend(parents)?
            .map(|directory| Place { directory, name }))
    }

    /// Opens a directory beneath the root (`""` is the root itself), or nothing if it is missing.
    pub(crate) fn descend(&self, path: &str) -> Result<Option<OwnedFd>, FileError> {
        let mut current = self
            .directory
            .try_clone()
            .map_err(|error| FileError::os("open", path, &error))?;
        let mut end = 0;
        for component in path.split('/').filter(|component| !component.is_empty()) {
            end += component.len() + usize::from(end > 0);
            let so_far = path.get(..end).unwrap_or(path);
            match disk::open_directory(&current, component) {
                Ok(next) => current = next,
                Err(Errno::NOENT) => return Ok(None),
                Err(errno) => return Err(explain(current.as_fd(), component, so_far, errno)),
            }
        }
        Ok(Some(current))
    }

    /// A root of its own for a directory beneath this one.
    pub(crate) fn beneath(&self, path: &str) -> Result<Self, FileError> {
        let directory = self
            .descend(path)?
            .ok_or_else(|| FileError::new(Kind::NotFound, "no such directory", path))?;
        Ok(Self {
            directory,
            path: self.path.join(path),
            size_limit: self.size_limit,
        })
    }

    /// Looks at a name in an open directory; `path` is what messages call it.
    pub(crate) fn state_at(&self, place: &Place<'_>, path: &str) -> Result<State, FileError> {
        self.state_of(open_at(place, path)?, path)
    }

    fn look_up(&self, path: &str) -> Result<Opened, FileError> {
        match self.place(path)? {
            Some(place) => open_at(&place, path),
            None => Ok(Opened::Absent),
        }
    }

    fn state_of(&self, opened: Opened, path: &str) -> Result<State, FileError> {
        let open = match opened {
            Opened::Absent => return Ok(State::Absent),
            Opened::Other(what) => return Ok(State::Other(what)),
            Opened::File(open) => open,
        };
        let (links, mode) = (open.metadata.nlink(), open.metadata.mode() & 0o7777);
        let contents = self.contents(open, path)?;
        Ok(State::File(FileState {
            sha256: sha256_hex(&contents),
            bytes: contents.len() as u64,
            links,
            mode,
        }))
    }

    /// Reads an open file up to the size limit, also when it grows meanwhile.
    fn contents(&self, open: OpenFile, path: &str) -> Result<Vec<u8>, FileError> {
        let too_large = || {
            FileError::new(Kind::TooLarge, "cannot read", path)
                .because(&format!("it is larger than {} bytes", self.size_limit))
        };
        if open.metadata.len() > self.size_limit {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(open.metadata.len()).unwrap_or(0) + 1);
        open.file
            .take(self.size_limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| FileError::os("read", path, &error))?;
        if bytes.len() as u64 > self.size_limit {
            return Err(too_large());
        }
        Ok(bytes)
    }
}

/// The error for something that is not a regular file.
pub(crate) fn refusal(what: &str, path: &str) -> FileError {
    let kind = if what == SYMLINK {
        Kind::Symlink
    } else {
        Kind::NotAFile
    };
    FileError::new(kind, "not a regular file:", path).because(&format!("it is {what}"))
}

/// Opens the regular file at a place.
///
/// # Errors
///
/// Fails when there is none.
pub(crate) fn open_file_at(place: &Place<'_>, path: &str) -> Result<OpenFile, FileError> {
    match open_at(place, path)? {
        Opened::File(open) => Ok(open),
        Opened::Absent => Err(FileError::new(Kind::NotFound, "no such file", path)),
        Opened::Other(what) => Err(refusal(what, path)),
    }
}

const SYMLINK: &str = "a symbolic link";

fn clean(path: &str) -> Result<String, FileError> {
    relative_path(path).map_err(|problem| FileError::of_path(problem, path))
}

fn open_at(place: &Place<'_>, path: &str) -> Result<Opened, FileError> {
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fail = |error: io::Error| FileError::os("read", path, &error);
    let file = match rustix::fs::openat(&place.directory, place.name, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(Errno::NOENT) => return Ok(Opened::Absent),
        Err(Errno::LOOP | Errno::NXIO | Errno::OPNOTSUPP) => {
            return Ok(Opened::Other(kind_at(place.directory.as_fd(), place.name)));
        }
        Err(errno) => return Err(fail(errno.into())),
    };
    let metadata = file.metadata().map_err(fail)?;
    if metadata.is_file() {
        return Ok(Opened::File(OpenFile { file, metadata }));
    }
    let what = name_of(FileType::from_raw_mode(metadata.mode() as _));
    Ok(Opened::Other(what))
}

/// Says why a directory on the way could not be opened.
fn explain(directory: BorrowedFd<'_>, name: &str, so_far: &str, errno: Errno) -> FileError {
    if matches!(errno, Errno::LOOP | Errno::NOTDIR) {
        let what = kind_at(directory, name);
        let kind = if what == SYMLINK {
            Kind::Symlink
        } else {
            Kind::NotAFile
        };
        return FileError::new(kind, "not a directory:", so_far).because(&format!("it is {what}"));
    }
    FileError::os("open the directory", so_far, &errno.into())
}

fn kind_at(directory: BorrowedFd<'_>, name: &str) -> &'static str {
    rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
        .map_or("not accessible", |stat| {
            name_of(FileType::from_raw_mode(stat.st_mode))
        })
}

fn name_of(file_type: FileType) -> &'static str {
    match file_type {
        FileType::RegularFile => "a file",
        FileType::Directory => "a directory",
        FileType::Symlink => SYMLINK,
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "something unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    fn sandbox() -> (TempDir, Root) {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::open(directory.path()).unwrap();
        (directory, root)
    }

    fn kind_of(root: &Root, path: &str) -> Kind {
        root.read(path).unwrap_err().kind()
    }

    #[test]
    fn an_absolute_path_beneath_the_root_is_one_inside() {
        let (_directory, root) = sandbox();
        let absolute = root.path().join("src/a.py");
        assert_eq!(root.inside(absolute.to_str().unwrap()), "src/a.py");
        assert_eq!(root.inside("src/a.py"), "src/a.py");
        assert_eq!(root.inside("/elsewhere/a.py"), "/elsewhere/a.py");
    }

    #[test]
    fn reads_the_version_that_is_asked_for_and_no_other() {
        let (directory, root) = sandbox();
        fs::write(directory.path().join("a.py"), "a").unwrap();
        let known = sha256_hex(b"a");
        assert!(root.read_version("a.py", None).is_ok());
        assert!(root.read_version("a.py", Some(&known)).is_ok());
        let error = root.read_version("a.py", Some("00")).unwrap_err();
        assert_eq!(error.kind(), Kind::Changed);
        assert_eq!(
            error.to_string(),
            "not the version that was checked: 'a.py'"
        );
    }

    #[test]
    fn reads_a_file_as_it_is() {
        let (directory, root) = sandbox();
        fs::create_dir(directory.path().join("src")).unwrap();
        fs::write(directory.path().join("src/a.py"), "\u{feff}a\r\nb").unwrap();
        let file = root.read("./src/a.py").unwrap();
        assert_eq!(file.path, "src/a.py");
        assert_eq!(file.text(), "\u{feff}a\r\nb");
        assert_eq!(file.sha256, sha256_hex("\u{feff}a\r\nb".as_bytes()));
    }

    #[test]
    fn lists_the_names_in_a_directory() {
        let (directory, root) = sandbox();
        fs::create_dir(directory.path().join("src")).unwrap();
        fs::write(directory.path().join("src/a.py"), "").unwrap();
        symlink("src", directory.path().join("link")).unwrap();
        assert_eq!(root.names_in("src").unwrap(), ["a.py"]);
        assert_eq!(root.names_in("src").unwrap(), ["a.py"]);
        assert_eq!(root.names_in("").unwrap().len(), 2);
        assert_eq!(root.names_in("gone").unwrap(), [""; 0]);
        assert_eq!(root.names_in("link").unwrap_err().kind(), Kind::Symlink);
    }

    #[test]
    fn reads_an_empty_file() {
        let (directory, root) = sandbox();
        fs::write(directory.path().join("empty"), "").unwrap();
        assert_eq!(root.read("empty").unwrap().text(), "");
    }

    #[test]
    fn hashes_as_sha256sum_does() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expected);
    }

    #[test]
    fn says_what_is_not_there() {
        let (_directory, root) = sandbox();
        let error = root.read("a/b.py").unwrap_err();
        assert_eq!(error.to_string(), "no such file 'a/b.py'");
        assert_eq!(root.state("a/b.py"), Ok(State::Absent));
    }

    #[test]
    fn refuses_paths_outside_the_root() {
        let (_directory, root) = sandbox();
        assert_eq!(kind_of(&root, "../x"), Kind::Outside);
        assert_eq!(kind_of(&root, "/etc/passwd"), Kind::Outside);
        assert_eq!(kind_of(&root, ".git/config"), Kind::Protected);
    }

    #[test]
    fn refuses_symbolic_links_at_any_depth() {
        let (directory, root) = sandbox();
        fs::create_dir(directory.path().join("real")).unwrap();
        fs::write(directory.path().join("real/a"), "x").unwrap();
        symlink("real", directory.path().join("link")).unwrap();
        symlink("real/a", directory.path().join("a")).unwrap();
        symlink("nowhere", directory.path().join("dangling")).unwrap();
        for path in ["a", "link/a", "dangling"] {
            assert_eq!(kind_of(&root, path), Kind::Symlink, "{path}");
        }
        assert_eq!(
            root.read("link/a").unwrap_err().to_string(),
            "not a directory: 'link': it is a symbolic link"
        );
        assert_eq!(root.state("a"), Ok(State::Other(SYMLINK)));
    }

    #[test]
    fn refuses_what_is_no_regular_file_without_waiting() {
        let (directory, root) = sandbox();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("directory")).unwrap();
        rustix::fs::mkfifoat(&root.directory, "fifo", Mode::from_raw_mode(0o600)).unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        for (path, what) in [
            ("directory", "a directory"),
            ("fifo", "a FIFO"),
            ("socket", "a socket"),
        ] {
            let error = root.read(path).unwrap_err();
            assert_eq!(error.kind(), Kind::NotAFile, "{path}");
            assert_eq!(root.state(path), Ok(State::Other(what)));
            let expected = format!("not a regular file: '{path}': it is {what}");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn treats_a_file_on_the_way_as_no_directory() {
        let (directory, root) = sandbox();
        fs::write(directory.path().join("a"), "x").unwrap();
        assert_eq!(kind_of(&root, "a/b"), Kind::NotAFile);
    }

    #[test]
    fn makes_a_file_executable_for_those_who_read_it() {
        let (folder, root) = sandbox();
        let path = folder.path().join("a.py");
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        root.make_executable("a.py").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o750);
        symlink("a.py", folder.path().join("link")).unwrap();
        assert_eq!(
            root.make_executable("link").unwrap_err().kind(),
            Kind::Symlink
        );
    }

    #[test]
    fn refuses_large_files_before_reading_them() {
        let (directory, root) = sandbox();
        let root = root.with_size_limit(4);
        fs::write(directory.path().join("four"), "1234").unwrap();
        fs::write(directory.path().join("five"), "12345").unwrap();
        assert_eq!(root.read("four").unwrap().text(), "1234");
        assert_eq!(kind_of(&root, "five"), Kind::TooLarge);
        let huge = File::create(directory.path().join("huge")).unwrap();
        huge.set_len(1 << 40).unwrap();
        assert_eq!(kind_of(&root, "huge"), Kind::TooLarge);
    }

    #[test]
    fn refuses_what_is_not_utf_8_text() {
        let (directory, root) = sandbox();
        fs::write(directory.path().join("latin1"), b"caf\xe9\n").unwrap();
        fs::write(directory.path().join("nul"), b"a\0b").unwrap();
        assert_eq!(kind_of(&root, "latin1"), Kind::NotText);
        assert_eq!(kind_of(&root, "nul"), Kind::NotText);
        assert!(matches!(root.state("latin1"), Ok(State::File(_))));
    }
}
