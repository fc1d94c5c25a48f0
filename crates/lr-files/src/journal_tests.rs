//! The promise that a set of files is replaced as a whole or not at all, tested by crashing,
//! failing and interfering at every single change to the disk.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use rustix::io::Errno;
use tempfile::TempDir;

use crate::disk::fault::{Fault, arm, disarm, set_plain_rename_only};
use crate::store::Store;
use crate::{FileError, FileErrorKind as Kind, Journal, Recovered, Replacement, Root, sha256_hex};

const RECEIPT: &str = r#"{"outcome":"applied"}"#;

/// A working directory with three files, of which one change modifies two, deletes one, and
/// creates a fourth in a directory that is not there yet.
struct Tree {
    sandbox: TempDir,
}

type Files = BTreeMap<String, Vec<u8>>;

fn files(list: &[(&str, &str)]) -> Files {
    let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
    list.iter().map(owned).collect()
}

fn old_files() -> Files {
    files(&[("a.py", "old a"), ("d.py", "old d"), ("src/b.py", "old b")])
}

fn new_files() -> Files {
    files(&[
        ("a.py", "new a"),
        ("new/c/c.py", "new c"),
        ("src/b.py", "new b"),
    ])
}

fn change() -> Vec<Replacement> {
    let (old, new) = (old_files(), new_files());
    let paths = ["a.py", "new/c/c.py", "d.py", "src/b.py"];
    let one = |path: &str| Replacement {
        path: path.to_owned(),
        before: old.get(path).map(|bytes| sha256_hex(bytes)),
        after: new.get(path).cloned(),
    };
    paths.map(one).into()
}

impl Tree {
    fn new() -> Self {
        // Thousands of trees are synced; in memory that costs nothing.
        let memory = Path::new("/dev/shm");
        let sandbox = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let tree = Self {
            sandbox: sandbox.unwrap(),
        };
        for (path, bytes) in old_files() {
            let path = tree.at(&path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        tree
    }

    fn at(&self, path: &str) -> PathBuf {
        self.sandbox.path().join("work").join(path)
    }

    fn root(&self) -> Root {
        Root::open(&self.at("")).unwrap()
    }

    /// The project's root is above the working directory.
    fn journal(&self) -> Result<Journal, FileError> {
        Journal::open(self.sandbox.path())
    }

    fn replace(&self) -> Result<(), FileError> {
        self.journal()?
            .replace(&self.root(), &change(), RECEIPT, Vec::new())
    }

    fn recover(&self) -> Result<Option<Recovered>, FileError> {
        self.journal()?.recover()
    }

    /// Everything in the working directory: files with their bytes, directories with a slash.
    fn entries(&self) -> Files {
        let mut found = Files::new();
        collect(&self.at(""), "", &mut found);
        found
    }

    fn files(&self) -> Files {
        let mut files = self.entries();
        files.retain(|path, _| !path.ends_with('/'));
        files
    }

    fn assert_each_is_old_or_new(&self, point: usize) {
        let (old, new, found) = (old_files(), new_files(), self.files());
        for path in ["a.py", "new/c/c.py", "d.py", "src/b.py"] {
            let bytes = found.get(path);
            assert!(
                bytes == old.get(path) || bytes == new.get(path),
                "{path} is torn at {point}"
            );
        }
    }

    /// Asserts that nothing but the old or the new files is left; tells whether they are new.
    fn assert_all_old_or_all_new(&self, point: usize) -> bool {
        let is_new = self.files() == new_files();
        assert!(
            is_new || self.files() == old_files(),
            "mixed at {point}: {:?}",
            self.files()
        );
        assert_eq!(self.at("new").exists(), is_new, "at {point}");
        is_new
    }
}

fn collect(directory: &Path, prefix: &str, found: &mut Files) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.insert(format!("{path}/"), Vec::new());
            collect(&entry.path(), &format!("{path}/"), found);
        } else {
            found.insert(path, fs::read(entry.path()).unwrap_or_default());
        }
    }
}

/// Runs `action` with a fault at the given point; `None` when it crashed.
fn with_fault<T>(point: usize, fault: Fault, action: impl FnOnce() -> T) -> (Option<T>, bool) {
    arm(point, fault);
    let result = catch_unwind(AssertUnwindSafe(action)).ok();
    let was_reached = !disarm();
    (result, was_reached)
}

fn crash_everywhere() {
    let mut outcomes = [0, 0];
    for point in 0.. {
        let tree = Tree::new();
        let (_, was_reached) = with_fault(point, Fault::Crash, || tree.replace());
        tree.assert_each_is_old_or_new(point);
        tree.recover().unwrap();
        let is_new = tree.assert_all_old_or_all_new(point);
        outcomes[usize::from(is_new)] += 1;
        assert_eq!(tree.recover(), Ok(None), "settled twice at {point}");
        let receipt = tree.journal().unwrap().receipts().pop();
        assert_eq!(
            receipt.is_some_and(|receipt| receipt.is_on_disk(&tree.root())),
            is_new
        );
        if !was_reached {
            break;
        }
    }
    assert!(outcomes.iter().all(|&n| n > 5), "{outcomes:?}");
}

#[test]
fn a_crash_anywhere_leaves_all_files_old_or_all_new() {
    crash_everywhere();
}

#[test]
fn a_crash_anywhere_is_survived_without_exchanging_renames() {
    set_plain_rename_only(true);
    crash_everywhere();
    set_plain_rename_only(false);
}

#[test]
fn a_crash_anywhere_in_the_recovery_is_survived() {
    let mut n_crashes = 0;
    'first: for first in 0.. {
        for second in 0.. {
            let tree = Tree::new();
            let (_, first_reached) = with_fault(first, Fault::Crash, || tree.replace());
            if !first_reached {
                break 'first;
            }
            let (_, second_reached) = with_fault(second, Fault::Crash, || tree.recover());
            tree.assert_each_is_old_or_new(first);
            tree.recover().unwrap();
            tree.assert_all_old_or_all_new(first);
            if !second_reached {
                break;
            }
            n_crashes += 1;
        }
    }
    assert!(n_crashes > 100, "{n_crashes}");
}

fn fail_everywhere(errno: Errno, mut check: impl FnMut(usize, &Tree, Result<(), FileError>)) {
    for point in 0.. {
        let tree = Tree::new();
        let fault = Fault::Error(errno.raw_os_error());
        let (result, was_reached) = with_fault(point, fault, || tree.replace());
        tree.assert_each_is_old_or_new(point);
        check(point, &tree, result.unwrap());
        if !was_reached {
            break;
        }
    }
}

#[test]
fn a_failing_system_call_anywhere_leaves_the_tree_untouched() {
    for (errno, kind) in [(Errno::NOSPC, Kind::NoSpace), (Errno::IO, Kind::Io)] {
        let mut n_errors = 0;
        fail_everywhere(errno, |point, tree, result| {
            if let Err(error) = &result {
                assert_eq!(error.kind(), kind, "{error}");
                n_errors += 1;
            }
            tree.recover().unwrap();
            assert_eq!(tree.assert_all_old_or_all_new(point), result.is_ok());
        });
        assert!(n_errors > 20, "{n_errors}");
    }
}

#[test]
fn an_error_removes_all_temporary_files_at_once() {
    fail_everywhere(Errno::IO, |point, tree, result| {
        if result.is_err() {
            assert!(!tree.assert_all_old_or_all_new(point));
            assert!(!Journal::is_pending(tree.sandbox.path()), "at {point}");
        }
    });
}

#[test]
fn a_half_made_change_without_exchanging_renames_is_finished_by_the_next_run() {
    set_plain_rename_only(true);
    let mut n_half_made = 0;
    fail_everywhere(Errno::IO, |point, tree, result| {
        let is_half_made = result.is_err_and(|error| error.kind() == Kind::Conflict);
        n_half_made += usize::from(is_half_made);
        let recovered = tree.recover().unwrap();
        if is_half_made {
            assert!(matches!(recovered, Some(Recovered::Finished(_))));
        }
        tree.assert_all_old_or_all_new(point);
    });
    set_plain_rename_only(false);
    assert!(n_half_made > 0);
}

/// Lets somebody else interfere at every point; `check` sees the tree and the result.
fn interfere(event: fn(&Path), check: impl Fn(&Tree, &Path, Result<(), FileError>)) {
    for point in 0.. {
        let tree = Tree::new();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("b.py"), "old b").unwrap();
        symlink(outside.path(), tree.sandbox.path().join("outside")).unwrap();
        let work = tree.at("");
        let fault = Fault::Meanwhile(Rc::new(move || event(&work)));
        let (result, was_reached) = with_fault(point, fault, || tree.replace());
        if !was_reached {
            break;
        }
        check(&tree, outside.path(), result.unwrap());
    }
}

#[test]
fn an_edit_made_meanwhile_is_never_lost() {
    interfere(
        |work| fs::write(work.join("src/b.py"), "by hand").unwrap(),
        |tree, _, result| {
            let mut expected = if result.is_ok() {
                new_files()
            } else {
                old_files()
            };
            expected.insert("src/b.py".to_owned(), b"by hand".to_vec());
            // Between swap and receipt an edit is one of the new version, and stays, too.
            assert_eq!(tree.files(), expected, "{result:?}");
        },
    );
}

#[test]
fn a_directory_swapped_for_a_link_leads_nowhere() {
    interfere(
        |work| {
            fs::rename(work.join("src"), work.join("moved")).unwrap();
            symlink(work.join("../outside"), work.join("src")).unwrap();
        },
        |_, outside, _| {
            let mut found = Files::new();
            collect(outside, "", &mut found);
            assert_eq!(found, files(&[("b.py", "old b")]));
        },
    );
}

#[test]
fn a_file_swapped_for_a_link_is_not_followed() {
    interfere(
        |work| {
            fs::remove_file(work.join("src/b.py")).unwrap();
            symlink(work.join("../outside/b.py"), work.join("src/b.py")).unwrap();
        },
        |tree, outside, _| {
            assert_eq!(fs::read(outside.join("b.py")).unwrap(), b"old b");
            assert!(tree.at("src/b.py").is_symlink());
        },
    );
}

/// Makes one replacement in a fresh tree after `prepare`; returns the error.
fn refusal_after(prepare: impl FnOnce(&Tree)) -> FileError {
    let tree = Tree::new();
    prepare(&tree);
    let before = tree.entries();
    let error = tree.replace().unwrap_err();
    assert_eq!(tree.entries(), before);
    assert!(!Journal::is_pending(tree.sandbox.path()));
    error
}

fn refuses(kind: Kind, message: &str, prepare: impl FnOnce(&Tree)) {
    let error = refusal_after(prepare);
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
}

#[test]
fn refuses_a_file_that_changed() {
    let message = "cannot replace 'src/b.py': it has changed since it was read";
    refuses(Kind::Changed, message, |tree| {
        fs::write(tree.at("src/b.py"), "by hand").unwrap();
    });
    let message = "cannot replace 'src/b.py': it is gone";
    refuses(Kind::Changed, message, |tree| {
        fs::remove_dir_all(tree.at("src")).unwrap();
    });
}

#[test]
fn refuses_to_create_a_file_that_is_there() {
    let message = "cannot create 'new/c/c.py': it exists already";
    refuses(Kind::Exists, message, |tree| {
        fs::create_dir_all(tree.at("new/c")).unwrap();
        fs::write(tree.at("new/c/c.py"), "").unwrap();
    });
}

#[test]
fn refuses_a_file_with_several_names() {
    let message = "cannot replace 'd.py': it has 2 names (hard links), and the others would keep \
                   the old content";
    refuses(Kind::HardLink, message, |tree| {
        fs::hard_link(tree.at("d.py"), tree.at("other")).unwrap();
    });
}

#[test]
fn refuses_symbolic_links_and_directories() {
    let message = "not a regular file: 'd.py': it is a symbolic link";
    refuses(Kind::Symlink, message, |tree| {
        fs::rename(tree.at("d.py"), tree.at("e.py")).unwrap();
        symlink("e.py", tree.at("d.py")).unwrap();
    });
    let message = "not a regular file: 'd.py': it is a directory";
    refuses(Kind::NotAFile, message, |tree| {
        fs::remove_file(tree.at("d.py")).unwrap();
        fs::create_dir(tree.at("d.py")).unwrap();
    });
}

#[test]
fn refuses_another_repository() {
    let message = "cannot write 'src/b.py': 'src' is a repository of its own";
    refuses(Kind::Protected, message, |tree| {
        fs::write(tree.at("src/.git"), "gitdir: elsewhere").unwrap();
    });
}

#[test]
fn refuses_what_the_user_may_not_write() {
    let tree = Tree::new();
    let read_only = fs::Permissions::from_mode(0o444);
    fs::set_permissions(tree.at("src/b.py"), read_only).unwrap();
    if fs::OpenOptions::new()
        .append(true)
        .open(tree.at("src/b.py"))
        .is_ok()
    {
        return; // The superuser may write everything.
    }
    let error = tree.replace().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot write 'src/b.py': permission denied"
    );
    assert_eq!(tree.files(), old_files());
}

#[test]
fn refuses_a_directory_the_user_may_not_write() {
    let tree = Tree::new();
    fs::set_permissions(tree.at("src"), fs::Permissions::from_mode(0o555)).unwrap();
    let result = tree.replace();
    fs::set_permissions(tree.at("src"), fs::Permissions::from_mode(0o755)).unwrap();
    let Err(error) = result else {
        return; // The superuser may write everywhere.
    };
    assert_eq!(error.kind(), Kind::Permission);
    assert_eq!(tree.files(), old_files());
}

#[test]
fn refuses_paths_that_are_not_clean_or_named_twice() {
    let tree = Tree::new();
    let journal = tree.journal().unwrap();
    let create = |path: &str| Replacement {
        path: path.to_owned(),
        before: None,
        after: Some(Vec::new()),
    };
    let kind = |set: &[Replacement]| {
        let error = journal
            .replace(&tree.root(), set, RECEIPT, Vec::new())
            .unwrap_err();
        error.kind()
    };
    assert_eq!(kind(&[create("../x")]), Kind::Outside);
    assert_eq!(kind(&[create("./x")]), Kind::Outside);
    assert_eq!(kind(&[create(".git/hooks/x")]), Kind::Protected);
    assert_eq!(kind(&[create("x"), create("x")]), Kind::Conflict);
    assert_eq!(tree.files(), old_files());
}

#[test]
fn refuses_a_new_version_that_could_not_be_read_again() {
    let tree = Tree::new();
    let root = tree.root().with_size_limit(4);
    let error = tree
        .journal()
        .unwrap()
        .replace(&root, &change(), RECEIPT, Vec::new());
    assert_eq!(error.unwrap_err().kind(), Kind::TooLarge);
    assert_eq!(tree.entries(), Tree::new().entries());
}

#[test]
fn keeps_the_record_to_the_user() {
    let tree = Tree::new();
    tree.replace().unwrap();
    let record = tree.sandbox.path().join(".lr/journal/done.json");
    assert_eq!(record.metadata().unwrap().mode() & 0o077, 0);
}

#[test]
fn keeps_the_mode_of_a_file_and_gives_new_ones_an_ordinary_one() {
    let tree = Tree::new();
    fs::set_permissions(tree.at("a.py"), fs::Permissions::from_mode(0o750)).unwrap();
    fs::set_permissions(tree.at("src/b.py"), fs::Permissions::from_mode(0o600)).unwrap();
    tree.replace().unwrap();
    let mode = |path: &str| tree.at(path).metadata().unwrap().mode() & 0o7777;
    assert_eq!(mode("a.py"), 0o750);
    assert_eq!(mode("src/b.py"), 0o600);
    assert_eq!(mode("new/c/c.py") & !0o644, 0);
}

#[test]
fn keeps_the_receipt_until_the_next_change() {
    let tree = Tree::new();
    let journal = tree.journal().unwrap();
    assert_eq!(journal.receipts().pop(), None);
    journal
        .replace(&tree.root(), &change(), RECEIPT, Vec::new())
        .unwrap();
    let receipt = journal.receipts().pop().unwrap();
    assert_eq!(
        (receipt.text.as_str(), receipt.base.as_str()),
        (RECEIPT, "work")
    );
    assert!(receipt.is_on_disk(&tree.root()));
    fs::write(tree.at("a.py"), "by hand").unwrap();
    assert!(!receipt.is_on_disk(&tree.root()));
    assert!(
        journal
            .replace(&tree.root(), &change(), "", Vec::new())
            .is_err()
    );
    assert_eq!(journal.receipts().pop(), Some(receipt));
    journal
        .replace(&tree.root(), &[], "next", Vec::new())
        .unwrap();
    assert_eq!(journal.receipts().pop().unwrap().text, "next");
}

#[test]
fn hides_itself_from_git() {
    let tree = Tree::new();
    drop(tree.journal().unwrap());
    let ignore = tree.sandbox.path().join(".lr/.gitignore");
    assert_eq!(fs::read_to_string(ignore).unwrap(), "*\n");
}

#[test]
fn hides_itself_from_git_after_a_crash_and_leaves_no_litter() {
    for point in 0..8 {
        let tree = Tree::new();
        arm(point, Fault::Crash);
        let crashed = catch_unwind(AssertUnwindSafe(|| drop(tree.journal())));
        disarm();
        drop(tree.journal().unwrap());
        let names = fs::read_dir(tree.sandbox.path().join(".lr")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".gitignore", "journal"], "{point}: {crashed:?}");
    }
}

#[test]
fn one_writes_at_a_time_and_the_next_one_learns_who() {
    let tree = Tree::new();
    let project = Root::open(tree.sandbox.path()).unwrap();
    let (first, second) = (
        Store::open(&project).unwrap(),
        Store::open(&project).unwrap(),
    );
    let held = first.lock(Duration::ZERO).unwrap();
    let error = second.lock(Duration::ZERO).unwrap_err();
    let expected = format!(
        "cannot lock the journal in '{0}': process {1} in {0} holds it",
        project.path().display(),
        std::process::id()
    );
    assert_eq!((error.kind(), error.to_string()), (Kind::Busy, expected));
    drop(held);
    second.lock(Duration::ZERO).unwrap();
}

#[test]
fn two_journals_may_be_open_at_once() {
    let tree = Tree::new();
    let (first, second) = (tree.journal().unwrap(), tree.journal().unwrap());
    first
        .replace(&tree.root(), &change(), RECEIPT, Vec::new())
        .unwrap();
    assert_eq!(second.recover(), Ok(None));
    second
        .replace(&tree.root(), &[], "next", Vec::new())
        .unwrap();
}

#[test]
fn keeps_the_receipt_of_a_change_that_another_one_accompanies() {
    let tree = Tree::new();
    let journal = tree.journal().unwrap();
    let root = tree.root();
    journal.replace_keeping_receipt(&root, &[]).unwrap();
    assert_eq!(journal.receipts().pop(), None);
    journal
        .replace(&root, &change(), RECEIPT, Vec::new())
        .unwrap();
    let receipt = journal.receipts().pop();
    let log = Replacement {
        path: "FIXES.md".to_owned(),
        before: None,
        after: Some(b"# Fixes\n".to_vec()),
    };
    journal.replace_keeping_receipt(&root, &[log]).unwrap();
    assert_eq!(journal.receipts().pop(), receipt);
    assert!(tree.at("FIXES.md").exists());
}

/// A tree in which a change crashed right after its commit point.
fn crashed_after_commit() -> Tree {
    for point in 0.. {
        let tree = Tree::new();
        let _ = with_fault(point, Fault::Crash, || tree.replace());
        if tree.sandbox.path().join(".lr/journal/commit.json").exists() {
            return tree;
        }
    }
    unreachable!("the change has a commit point")
}

#[test]
fn finishes_a_committed_change_and_says_so() {
    let tree = crashed_after_commit();
    assert!(Journal::is_pending(tree.sandbox.path()));
    let recovered = tree.recover().unwrap().unwrap();
    let expected = "finished an interrupted change of 'work/a.py', 'work/new/c/c.py', \
                    'work/d.py', 'work/src/b.py'";
    assert_eq!(recovered.to_string(), expected);
    assert_eq!(tree.files(), new_files());
}

#[test]
fn stops_at_a_target_that_is_neither_old_nor_new() {
    let tree = crashed_after_commit();
    fs::write(tree.at("src/b.py"), "by hand").unwrap();
    let before = tree.entries();
    let error = tree.recover().unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert_eq!(
        error.to_string(),
        "cannot finish an interrupted change of 'src/b.py': it is neither the old nor the new version"
    );
    assert_eq!(tree.entries(), before);
    fs::write(tree.at("src/b.py"), "new b").unwrap();
    tree.recover().unwrap();
    assert_eq!(tree.files(), new_files());
}

#[test]
fn gives_up_a_change_whose_temporary_files_were_swept_away() {
    let tree = crashed_after_commit();
    for path in tree
        .files()
        .into_keys()
        .filter(|path| path.contains(".lr-"))
    {
        fs::remove_file(tree.at(&path)).unwrap();
    }
    fs::remove_dir_all(tree.at("new")).unwrap();
    assert!(matches!(tree.recover(), Ok(Some(Recovered::CleanedUp(_)))));
    assert_eq!(tree.files(), old_files());
    assert_eq!(tree.recover(), Ok(None));
}

#[test]
fn says_that_a_record_is_damaged() {
    let tree = Tree::new();
    drop(tree.journal().unwrap());
    let record = tree.sandbox.path().join(".lr/journal/commit.json");
    fs::write(record, r#"{"lr_journal":1"#).unwrap();
    let error = tree.recover().unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert_eq!(error.path(), ".lr/journal/commit.json");
}

#[test]
fn refuses_a_state_directory_that_is_a_link() {
    let tree = Tree::new();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), tree.sandbox.path().join(".lr")).unwrap();
    assert!(tree.journal().is_err());
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn refuses_a_directory_outside_the_project() {
    let tree = Tree::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let root = Root::open(elsewhere.path()).unwrap();
    let error = tree
        .journal()
        .unwrap()
        .replace(&root, &[], RECEIPT, Vec::new())
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Outside);
}
