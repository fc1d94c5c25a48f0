//! The text of the script that a command line runs, for the prompt.

use std::path::{Path, PathBuf};

use lr_files::relative_path;
use lr_turn::Script;

use crate::said;

/// The largest script whose text is shown, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Programs that run the script which is their first argument.
const INTERPRETERS: [&str; 14] = [
    "sh", "bash", "dash", "ash", "ksh", "zsh", "fish", "python", "python3", "node", "perl", "ruby",
    "php", "lua",
];

/// Returns the script that the words run: the program itself where it is a text, or the first
/// argument of an interpreter. `None` for anything else, and for the launchers that package
/// managers make, which say nothing about the check.
pub(crate) fn of(words: &[String], directory: &Path) -> Option<Script> {
    let (named, file) = locate(words, directory)?;
    let text = read(&file)?;
    if is_launcher(&text, &file) {
        return None;
    }
    Some(Script {
        path: said::clean(named, directory),
        text: said::clean(&text, directory),
    })
}

/// Returns the path of the file that the words run, relative to the directory; `None` for one
/// that lies outside.
pub(crate) fn own_file(words: &[String], directory: &Path) -> Option<String> {
    let (_, file) = locate(words, directory)?;
    let inside = file.strip_prefix(directory).ok()?;
    relative_path(inside.to_str()?).ok()
}

fn locate<'a>(words: &'a [String], directory: &Path) -> Option<(&'a str, PathBuf)> {
    let words = match words {
        [env, rest @ ..] if base_name(env) == "env" => rest,
        words => words,
    };
    let (program, arguments) = words.split_first()?;
    let name = base_name(program);
    let versionless = name.split('.').next().unwrap_or(name);
    if INTERPRETERS.contains(&versionless) {
        let script = arguments.iter().find(|word| !word.starts_with('-'))?;
        return Some((script, directory.join(script)));
    }
    Some((program, lr_exec::find(program, Some(directory))?))
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn read(file: &Path) -> Option<String> {
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    let text = std::fs::read_to_string(file).ok()?;
    (!text.contains('\0')).then_some(text)
}

/// Tells whether the first line names an interpreter in the folder of the script itself.
fn is_launcher(text: &str, file: &Path) -> bool {
    let interpreter = text
        .strip_prefix("#!")
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|word| Path::new(word).parent());
    interpreter.is_some() && interpreter == file.parent() && !is_system(file)
}

fn is_system(file: &Path) -> bool {
    ["/bin", "/usr/bin"]
        .iter()
        .any(|folder| file.parent() == Some(Path::new(folder)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn check(words: &[&str], expected: Option<(&str, &str)>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let launcher = format!("#!{}/python\n", path.display());
        for (name, text) in [("x.sh", "#!/bin/sh\nexit 1\n"), ("tool", &launcher)] {
            fs::write(path.join(name), text).unwrap();
            fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let script = of(&words, path);
        let script = script.as_ref().map(|script| (&*script.path, &*script.text));
        assert_eq!(script, expected, "{words:?}");
    }

    #[test]
    fn scripts_are_shown_however_they_are_run() {
        let text = "#!/bin/sh\nexit 1\n";
        check(&["./x.sh", "a.py"], Some(("./x.sh", text)));
        check(&["bash", "-e", "x.sh", "a.py"], Some(("x.sh", text)));
        check(&["/usr/bin/env", "sh", "x.sh"], Some(("x.sh", text)));
    }

    #[test]
    fn programs_and_launchers_are_not() {
        check(&["true"], None);
        check(&["./tool"], None);
        check(&["sh", "-c"], None);
        check(&["./nothing"], None);
    }
}
