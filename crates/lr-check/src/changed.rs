//! Which files differ from a commit, or are unknown to git: `--only-changed`; and what is checked out.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use lr_exec::{End, Finished, Program};
use lr_stage::{Error, Kind};

/// How much of git's answer is kept, in bytes; more than that many names are refused.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// The commit that files are compared with unless another one is named.
pub(crate) const HEAD: &str = "HEAD";

/// Files that are not as they were.
pub(crate) struct Changed {
    paths: HashSet<String>,
}

impl Changed {
    /// Asks git for the files beneath the directory that differ from a commit.
    ///
    /// # Errors
    ///
    /// `repository` where git is not there, there is no repository, or no such commit.
    pub(crate) fn since(directory: &Path, commit: &str) -> Result<Self, Error> {
        if commit == HEAD && !is_commit(directory, HEAD) {
            // Nothing was committed yet, so everything is new.
            let all = [
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ];
            return Ok(Self {
                paths: names(&git(directory, &all)?),
            });
        }
        let differ = [
            "diff",
            "--name-only",
            "-z",
            "--relative",
            "--no-renames",
            "--no-ext-diff",
            "--diff-filter=d",
            "--end-of-options",
            commit,
            "--",
        ];
        let mut paths = names(&git(directory, &differ)?);
        let unknown = ["ls-files", "-z", "--others", "--exclude-standard"];
        paths.extend(names(&git(directory, &unknown)?));
        Ok(Self { paths })
    }

    /// Tells whether a file is one of them.
    pub(crate) fn contains(&self, path: &str) -> bool {
        self.paths.contains(path)
    }
}

/// Tells apart `--only-changed REF` and `--only-changed SOURCE`: what names no commit but a file is
/// a source. Returns the commit.
pub(crate) fn commit_or_source(directory: &Path, word: &str, sources: &mut Vec<PathBuf>) -> String {
    if word != HEAD && !is_commit(directory, word) && directory.join(word).exists() {
        sources.insert(0, PathBuf::from(word));
        return HEAD.to_owned();
    }
    word.to_owned()
}

/// What the repository has checked out: a branch, and a commit; `None` where git cannot tell.
pub(crate) fn head(directory: &Path) -> Option<String> {
    let words = ["rev-parse", HEAD, "--symbolic-full-name", HEAD];
    let finished = run(directory, words).ok()?;
    let told = finished.stdout.text();
    (!told.is_empty()).then_some(told)
}

fn is_commit(directory: &Path, word: &str) -> bool {
    let commit = format!("{word}^{{commit}}");
    let verify = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
    let words = verify.iter().copied().chain([commit.as_str()]);
    run(directory, words).is_ok_and(|finished| finished.succeeded())
}

fn run<'a>(directory: &Path, words: impl IntoIterator<Item = &'a str>) -> Result<Finished, Error> {
    let argv = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.quotePath=false",
    ];
    Program::new(argv.into_iter().chain(words))
        .current_dir(directory)
        .capture_limit(LONGEST_ANSWER)
        .drop_env(lr_config::keys::variables())
        .run()
        .map_err(|error| {
            Error::new(Kind::Repository, "cannot tell what has changed").because(error)
        })
}

fn git(directory: &Path, words: &[&str]) -> Result<String, Error> {
    let finished = run(directory, words.iter().copied())?;
    if finished.end == End::Interrupted {
        return Err(Error::new(Kind::Interrupted, "interrupted"));
    }
    let said = finished.stderr.text();
    if !finished.succeeded() || finished.stdout.dropped > 0 {
        let line = lr_report::telling_line(&said).unwrap_or("git failed");
        return Err(Error::new(Kind::Repository, "cannot tell what has changed")
            .because(line.to_owned())
            .hint("--only-changed needs a git repository and a commit"));
    }
    Ok(finished.stdout.text())
}

fn names(answer: &str) -> HashSet<String> {
    let names = answer.split('\0').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}
