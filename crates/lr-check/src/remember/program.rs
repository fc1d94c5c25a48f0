//! Which program a checker is: the file that is run, its interpreter, and the packages beside them.
//!
//! The version that a program tells is not asked for, because that takes as long as some checks.
//! Installing another version, or a plugin, writes these files and folders anew. How a file looks
//! includes when it was put there, which nobody who wrote the project's files can know: so no
//! project can bring along answers that would be believed.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use lr_stage::environment;

use super::basis::Basis;
use super::tree;

/// Programs whose scripts run yet another program, nobody knows which.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "ksh", "fish"];

/// Programs that go by the name of another one, and run one of its versions.
const LAUNCHERS: [&str; 4] = ["mise", "volta-shim", "proto-shim", "aqua-proxy"];

/// Adds what the program is; `None` for one that only leads to another one.
pub(super) fn describe(basis: &mut Basis, program: &str, directory: &Path) -> Option<()> {
    let found = lr_exec::find(program, Some(directory))?;
    let mut seen = vec![found.clone(), found.canonicalize().ok()?];
    if let Some(interpreter) = interpreter(&found) {
        let name = interpreter.file_name()?.to_string_lossy().into_owned();
        if SHELLS.contains(&name.as_str()) {
            return None;
        }
        let interpreter = if interpreter.is_absolute() {
            interpreter
        } else {
            lr_exec::find(&name, Some(directory))?
        };
        seen.push(interpreter.clone());
        seen.push(interpreter.canonicalize().ok()?);
    }
    let mut paths: Vec<PathBuf> = seen.clone();
    for path in &seen {
        paths.extend(packages(path));
    }
    let is_called = |name: &str| {
        seen.iter()
            .any(|path| path.file_name().is_some_and(|own| own == name))
    };
    if LAUNCHERS.iter().any(|name| is_called(name)) {
        return None;
    }
    if is_called("rustup") {
        paths.extend(toolchains());
    }
    paths.dedup();
    for path in &paths {
        basis.add(&path.to_string_lossy(), &tree::look(path));
        for linked in linked_packages(path) {
            for file in tree::files(&linked)? {
                basis.add(&file.to_string_lossy(), &tree::look(&file));
            }
        }
    }
    Some(())
}

/// Returns what decides which programs a launcher of Rust's toolchains leads to.
fn toolchains() -> Vec<PathBuf> {
    let home = environment::var("RUSTUP_HOME").map(PathBuf::from);
    let usual = || Some(Path::new(&environment::var("HOME")?).join(".rustup"));
    let Some(home) = home.or_else(usual) else {
        return Vec::new();
    };
    let hashes = std::fs::read_dir(home.join("update-hashes"));
    let hashes = hashes
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = hashes.collect();
    paths.sort();
    paths.extend([home.join("settings.toml"), home.join("toolchains")]);
    paths
}

/// Returns the program that the first line of a script names.
fn interpreter(path: &Path) -> Option<PathBuf> {
    let mut start = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(512).read_to_end(&mut start).ok()?;
    let text = String::from_utf8_lossy(start.strip_prefix(b"#!")?).into_owned();
    let mut words = text.lines().next()?.split_whitespace();
    let first = PathBuf::from(words.next()?);
    if first.file_name()? != "env" {
        return Some(first);
    }
    let name = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
    Some(PathBuf::from(name))
}

/// Returns where packages lie that a program may load: those of Python beside its folder, those of
/// Node in folders above it.
fn packages(program: &Path) -> Vec<PathBuf> {
    let mut packages = Vec::new();
    let prefix = program.parent().and_then(Path::parent);
    for lib in ["lib", "lib64", "local/lib"] {
        let Some(lib) = prefix.map(|prefix| prefix.join(lib)) else {
            continue;
        };
        let pythons = std::fs::read_dir(&lib).into_iter().flatten().flatten();
        for python in
            pythons.filter(|entry| entry.file_name().to_string_lossy().starts_with("python"))
        {
            packages.push(python.path().join("site-packages"));
            packages.push(python.path().join("dist-packages"));
        }
    }
    packages.sort();
    packages.retain(|path| path.is_dir());
    packages.extend(prefix.map(|prefix| prefix.join("pyvenv.cfg")));
    for above in program.ancestors() {
        if above.file_name().is_some_and(|name| name == "node_modules") {
            packages.push(above.to_path_buf());
            packages.push(above.join(".package-lock.json"));
        }
    }
    packages
}

/// Returns the folders outside that a folder with Python's packages leads to: packages installed to
/// be edited.
fn linked_packages(packages: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(packages).into_iter().flatten().flatten();
    let mut links: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("__editable__")
                || [".pth", ".egg-link"]
                    .iter()
                    .any(|ending| name.ends_with(ending))
        })
        .collect();
    links.sort();
    let texts = links
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    let mut folders: Vec<PathBuf> = texts
        .flat_map(|text| {
            text.split(['\n', '\'', '"'])
                .map(|word| PathBuf::from(word.trim()))
                .filter(|path| path.is_absolute() && path.is_dir())
                .collect::<Vec<_>>()
        })
        .collect();
    folders.dedup();
    folders
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    fn digest(folder: &Path, program: &str) -> Option<String> {
        let mut basis = Basis::default();
        describe(&mut basis, program, folder)?;
        Some(basis.digest())
    }

    #[test]
    fn another_program_or_another_package_is_another_basis() {
        let folder = tree(&[
            ("v/bin/x", "#!/usr/bin/env -S cat -u\n"),
            ("v/lib/python3.9/site-packages/a/b", ""),
        ]);
        let now = || digest(folder.path(), "v/bin/x").unwrap();
        let before = now();
        assert_eq!(now(), before);
        fs::create_dir(folder.path().join("v/lib/python3.9/site-packages/plugin")).unwrap();
        let with_plugin = now();
        assert_ne!(with_plugin, before);
        fs::write(folder.path().join("v/bin/x"), "#!/bin/cat\n\n").unwrap();
        assert_ne!(now(), with_plugin);
    }

    #[test]
    fn packages_that_are_edited_in_place_are_looked_at() {
        let folder = tree(&[
            ("v/bin/x", "#!/bin/cat\n"),
            ("src/a.py", ""),
            ("v/lib/python3/site-packages/s.pth", ""),
        ]);
        let link = folder.path().join("v/lib/python3/site-packages/s.pth");
        fs::write(
            link,
            format!("import x\n{}\n", folder.path().join("src").display()),
        )
        .unwrap();
        let now = || digest(folder.path(), "v/bin/x").unwrap();
        let before = now();
        fs::write(folder.path().join("src/a.py"), "1").unwrap();
        assert_ne!(now(), before);
    }

    #[test]
    fn a_launcher_is_no_program() {
        let folder = tree(&[("x", "#!/bin/sh\nexec y\n"), ("y", "#!/usr/bin/env bash\n")]);
        assert_eq!(digest(folder.path(), "./x"), None);
        assert_eq!(digest(folder.path(), "./y"), None);
        assert_eq!(digest(folder.path(), "./not-there"), None);
    }
}
