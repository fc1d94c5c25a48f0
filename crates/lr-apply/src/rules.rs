//! What a reply may do at all, whichever files were offered.

use std::cell::RefCell;
use std::collections::HashMap;

use lr_files::Root;
use lr_guard::{Guard, Objection, Patterns};

/// What a reply may do at all, whichever files were offered.
pub(crate) struct Rules {
    /// Where new files may be made.
    pub(crate) new: Patterns,
    /// Which of the offered files may be deleted.
    pub(crate) delete: Patterns,
    /// Files that no reply may touch.
    pub(crate) guard: Guard,
    /// How many percent of its lines a file may lose.
    pub(crate) max_shrink: u8,
    /// Whether a reply may not silence the checkers.
    pub(crate) no_new_suppressions: bool,
    /// The names in directories by their form in lower case, read when first needed.
    pub(crate) names: RefCell<HashMap<String, Names>>,
}

/// The names in a directory by their form in lower case.
pub(crate) type Names = HashMap<String, Vec<String>>;

impl Rules {
    /// Says why a file may not be touched although it was offered.
    pub(crate) fn objection(&self, path: &str) -> Option<Objection> {
        self.guard.objection(path)
    }

    /// Says why a file may not be made.
    pub(crate) fn objection_to_new(&self, root: &Root, path: &str) -> Option<Objection> {
        if !self.new.hold(path) {
            let reason = "does not exist, and no new file is wanted there";
            return Some(("not_offered", reason.to_owned()));
        }
        let reserved = path.split('/').find(|name| is_reserved(name));
        if let Some(name) = reserved {
            let reason = format!("cannot be made: '{name}' is no name for a file on every system");
            return Some(("reserved_name", reason));
        }
        self.objection(path).or_else(|| self.collision(root, path))
    }

    /// Forgets which names are in the directories, since they may have changed.
    pub(crate) fn forget_names(&self) {
        self.names.borrow_mut().clear();
    }

    /// Finds a name on the way that differs only in letter case from one that is there, or that
    /// the same reply makes.
    fn collision(&self, root: &Root, path: &str) -> Option<Objection> {
        let mut directory = "";
        let ends = path.match_indices('/').map(|(end, _)| end);
        for end in ends.chain([path.len()]) {
            let so_far = path.get(..end)?;
            let name = so_far.rsplit('/').next()?;
            let mut known = self.names.borrow_mut();
            let names = known
                .entry(directory.to_owned())
                .or_insert_with(|| names_in(root, directory));
            let alike = names.entry(name.to_lowercase()).or_default();
            match alike.first() {
                Some(other) if !alike.iter().any(|known| known == name) => {
                    let reason =
                        format!("cannot be made: it differs only in letter case from '{other}'");
                    return Some(("exists", reason));
                }
                Some(_) => {}
                None => alike.push(name.to_owned()),
            }
            directory = so_far;
        }
        None
    }
}

fn names_in(root: &Root, directory: &str) -> Names {
    let mut names = Names::new();
    // What hinders reading the directory will hinder writing in it, which tells better.
    for name in root.names_in(directory).unwrap_or_default() {
        names.entry(name.to_lowercase()).or_default().push(name);
    }
    names
}

/// Tells whether Windows cannot have, or means something else by, a name.
fn is_reserved(name: &str) -> bool {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_lowercase();
    let is_port = ["com", "lpt"].iter().any(|port| {
        let number = stem.strip_prefix(port);
        number.is_some_and(|rest| rest.chars().count() == 1 && rest.chars().all(is_port_number))
    });
    is_port
        || DEVICES.contains(&stem.as_str())
        || name.ends_with([' ', '.'])
        || name.contains(['<', '>', ':', '"', '|', '?', '*'])
}

fn is_port_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '¹' | '²' | '³')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_windows_cannot_have_are_reserved() {
        for name in [
            "con", "NUL.txt", "aux.py", "com1", "LPT9.c", "a.", "a ", "a:b", "a?b",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["console.py", "com.py", "com10", "a.b", ".hidden", "null"] {
            assert!(!is_reserved(name), "{name}");
        }
    }

    fn rules(folder: &std::path::Path, new: &str) -> Rules {
        Rules {
            new: Patterns::new(&[new.to_owned()], "").unwrap(),
            delete: Patterns::new(&[], "").unwrap(),
            guard: Guard::new(&Root::open(folder).unwrap(), &[]).unwrap(),
            max_shrink: 75,
            no_new_suppressions: false,
            names: RefCell::default(),
        }
    }

    #[test]
    fn a_new_file_needs_leave_and_a_name_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("src/Deep")).unwrap();
        std::fs::write(folder.path().join("src/Deep/a.py"), "").unwrap();
        let root = Root::open(folder.path()).unwrap();
        let rules = rules(folder.path(), "*.py");
        let kind = |path: &str| rules.objection_to_new(&root, path).map(|(kind, _)| kind);
        assert_eq!(kind("src/new.py"), None);
        assert_eq!(kind("src/new/deep/b.py"), None);
        assert_eq!(kind("src/new.txt"), Some("not_offered"));
        assert_eq!(kind("src/Deep/A.py"), Some("exists"));
        assert_eq!(kind("src/deep/b.py"), Some("exists"));
        assert_eq!(kind("src/NEW/deep/c.py"), Some("exists"));
        rules.forget_names();
        assert_eq!(kind("src/NEW/deep/c.py"), None);
        assert_eq!(kind("nul.py"), Some("reserved_name"));
        assert_eq!(kind(".vscode/a.py"), Some("protected"));
    }
}
