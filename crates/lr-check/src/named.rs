//! Which files and directories are named: on the command line, and in a list of names.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Read as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use lr_stage::{Error, Kind, say};

/// How long a list of names may be, in bytes.
const LONGEST_LIST: u64 = 256 * 1024 * 1024;

/// Reads a list of names; `-` is standard input.
///
/// A line is a name, or with `nul` what ends in a NUL; empty ones count for nothing. Named twice is
/// named once.
///
/// # Errors
///
/// `io` for a list that cannot be read, `input` for one without a name.
pub(crate) fn read_list(list: &Path, nul: bool) -> Result<Vec<PathBuf>, Error> {
    let is_stdin = list == Path::new("-");
    let subject = if is_stdin {
        "standard input".to_owned()
    } else {
        format!("'{}'", list.display())
    };
    let mut bytes = Vec::new();
    let read = if is_stdin {
        if io::stdin().is_terminal() {
            say::note("reading names from the terminal; end with Ctrl-D");
        }
        io::stdin().take(LONGEST_LIST).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(list).and_then(|file| file.take(LONGEST_LIST).read_to_end(&mut bytes))
    };
    read.map_err(|error| {
        Error::new(Kind::Io, format!("cannot read the names in {subject}")).because(error)
    })?;
    let names = names(&bytes, nul);
    if names.is_empty() {
        return Err(Error::new(Kind::Input, format!("{subject} names no files"))
            .hint("did the program that lists them fail?"));
    }
    Ok(names)
}

fn names(bytes: &[u8], nul: bool) -> Vec<PathBuf> {
    let end = if nul { b'\0' } else { b'\n' };
    bytes
        .split(|byte| *byte == end)
        .map(|name| match name.strip_suffix(b"\r") {
            Some(name) if !nul => name,
            _ => name,
        })
        .filter(|name| !name.is_empty())
        .map(|name| PathBuf::from(OsString::from_vec(name.to_vec())))
        .collect()
}

/// Leaves out the sources that are gone since the turn before: a reply may delete a file that was named.
pub(crate) fn leave_out_deleted(sources: &mut Vec<PathBuf>) {
    let is_there = |source: &PathBuf| std::fs::symlink_metadata(source).is_ok();
    if !sources.iter().any(is_there) {
        return;
    }
    sources.retain(|source| {
        if !is_there(source) {
            let name = source.display();
            say::note(&format!("left out: '{name}' is gone since the turn before"));
        }
        is_there(source)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_with_a_line_or_with_nul() {
        let check = |text: &str, nul, expected: &[&str]| {
            let expected: Vec<PathBuf> = expected.iter().map(Into::into).collect();
            assert_eq!(names(text.as_bytes(), nul), expected);
        };
        check("a b\n\nc\r\nd", false, &["a b", "c", "d"]);
        check("a\nb\0c\r\0", true, &["a\nb", "c\r"]);
        check("\n\n", false, &[]);
    }
}
