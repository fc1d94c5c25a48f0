//! A checker of the user's own: any command, without a catalogue entry.
//!
//! The exit status decides: 0 is clean; 126, 127, a signal, and a command that cannot be started
//! are broken; all else, and a call that takes too long, is one finding. It concerns those of the
//! call's files that its output names, else all of them. They stand in the result's `files`; the
//! finding's `location.path` is the file when there is just one, else empty.

use std::path::Path;

use lr_exec::End;
use lr_stage::{Error, Kind};
use lr_turn::{CheckResult, CheckStatus, Finding, Location, Script, Severity};

use crate::calls::batches;
use crate::checker::{self, time_is_up};
use crate::findings::digest;
use crate::run::{Ended, Runner};
use crate::said;
use crate::script_text;
use crate::sources::Sources;
use crate::text::{argument, names};
use crate::verdict::Verdict;
use crate::volatile::settle_places;

/// How long a command line's list of files may be, in bytes, so that all systems take it. The
/// files of a longer one are divided among several calls.
const LONGEST_LIST: usize = 500_000;

/// A command, and how it is to be called.
pub(crate) struct Command {
    words: Vec<String>,
    manner: Manner,
    /// Whether the file's text is given on standard input.
    feeds: bool,
}

/// How a command is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Once for each file, which takes the place of `{file}` or stands behind all words.
    EachFile,
    /// Once, or as often as the length of a command line demands, with all files in the place of
    /// `{files}`.
    AllFiles,
    /// Likewise, with all files behind all words.
    AllFilesAppended,
    /// Once, without files.
    Project,
}

/// One call to make.
pub(crate) struct Call<'a> {
    argv: Vec<String>,
    /// About which files.
    pub(crate) files: Vec<&'a str>,
    stdin: Option<&'a [u8]>,
    script: Option<Script>,
}

impl Call<'_> {
    /// Returns the path of the script, or else the program.
    pub(crate) fn name(&self) -> &str {
        match &self.script {
            Some(script) => &script.path,
            None => self.argv.first().map_or("script", String::as_str),
        }
    }
}

impl Command {
    /// Understands the words of `--script`.
    ///
    /// # Errors
    ///
    /// `usage` when the words cannot be told apart or ask for two manners at once.
    pub(crate) fn from_script(script: &str, project: bool, feeds: bool) -> Result<Self, Error> {
        let usage = |message: String| Error::new(Kind::Usage, message);
        let words = shell_words::split(script)
            .map_err(|error| usage(format!("cannot split '{script}' into words: {error}")))?;
        if words.is_empty() {
            return Err(usage("the script is empty".to_owned()));
        }
        if words
            .iter()
            .any(|word| word != "{files}" && word.contains("{files}"))
        {
            return Err(usage("'{files}' must be a word of its own".to_owned()));
        }
        let takes_all = words.iter().any(|word| word == "{files}");
        let takes_each = words.iter().any(|word| word.contains("{file}"));
        let manner = match (project, takes_all, takes_each) {
            (false, true, false) => Manner::AllFiles,
            (false, false, _) => Manner::EachFile,
            (true, false, false) => Manner::Project,
            (true, ..) => return Err(usage("--project gives no files to the script".to_owned())),
            (_, true, true) => {
                return Err(usage(
                    "'{file}' and '{files}' exclude each other".to_owned(),
                ));
            }
        };
        if feeds && manner != Manner::EachFile {
            return Err(usage("--stdin needs one call for each file".to_owned())
                .hint("use '{file}', or no placeholder, in the script"));
        }
        Ok(Self {
            words,
            manner,
            feeds,
        })
    }

    /// Takes the words behind `--`, which the files are appended to.
    pub(crate) fn from_words(words: Vec<String>) -> Self {
        Self {
            words,
            manner: Manner::AllFilesAppended,
            feeds: false,
        }
    }

    /// Returns the path of the script in the directory that the command runs, if it is there.
    pub(crate) fn own_file(&self, directory: &Path) -> Option<String> {
        script_text::own_file(&self.words, directory)
    }

    /// Returns the calls to make for the sources.
    pub(crate) fn calls<'a>(&self, sources: &'a Sources) -> Vec<Call<'a>> {
        let directory = sources.root().path();
        let script = script_text::of(&self.words, directory);
        let call = |files: &[&'a str], stdin| Call {
            argv: self.argv(files),
            files: files.to_vec(),
            stdin,
            script: script.clone(),
        };
        let files = sources.files();
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        match self.manner {
            _ if files.is_empty() => Vec::new(),
            Manner::EachFile => files
                .iter()
                .map(|file| call(&[&file.path], self.feeds.then(|| file.bytes())))
                .collect(),
            Manner::AllFiles | Manner::AllFilesAppended => batches(&paths, LONGEST_LIST)
                .iter()
                .map(|batch| call(batch, None))
                .collect(),
            Manner::Project => vec![call(&paths, None)],
        }
    }

    fn argv(&self, files: &[&str]) -> Vec<String> {
        let paths = || files.iter().map(|file| argument(file));
        let mut argv = Vec::with_capacity(self.words.len() + files.len());
        let mut placed = self.manner == Manner::Project;
        for word in &self.words {
            match self.manner {
                Manner::AllFiles if word == "{files}" => argv.extend(paths()),
                Manner::EachFile if word.contains("{file}") => {
                    placed = true;
                    argv.extend(paths().map(|path| word.replace("{file}", &path)));
                }
                _ => argv.push(word.clone()),
            }
        }
        if !placed && self.manner != Manner::AllFiles {
            argv.extend(paths());
        }
        argv
    }
}

/// Makes a call; `None` when it was interrupted.
pub(crate) fn run(call: &Call<'_>, runner: &Runner, sources: &Sources) -> Option<CheckResult> {
    let mut result = CheckResult {
        argv: call
            .argv
            .iter()
            .map(|word| said::clean(word, &runner.directory))
            .collect(),
        script: call.script.clone(),
        ..CheckResult::default()
    };
    let verdict = match runner.run_to_show(&call.argv, call.stdin) {
        Err(error) => Verdict::broken(said::clean(&error.to_string(), &runner.directory)),
        Ok(ended) => {
            ended.note(&mut result);
            runner.keep_output(&ended, &mut result);
            verdict(&ended, runner)?
        }
    };
    let concerned = match verdict.status {
        CheckStatus::Findings | CheckStatus::TimedOut => {
            let concerned = concerned(call, &result);
            result.findings = vec![finding(&result, &concerned, &verdict)];
            concerned
        }
        _ => call.files.clone(),
    };
    result.files = checker::some(&concerned, sources);
    result.status = Some(verdict.status);
    result.why = verdict.why;
    Some(result)
}

/// Judges how a call ended; `None` when it was interrupted.
fn verdict(ended: &Ended, runner: &Runner) -> Option<Verdict> {
    Some(match ended.end {
        End::Interrupted => return None,
        End::Exited(0) => Verdict::plain(CheckStatus::Clean),
        End::Exited(exit @ 126) => Verdict::broken(format!(
            "it ended with exit status {exit}: a command in it could not be run"
        )),
        End::Exited(exit @ 127) => Verdict::broken(format!(
            "it ended with exit status {exit}: a command in it was not found"
        )),
        End::Exited(_) => Verdict::plain(CheckStatus::Findings),
        End::Signalled(_) => Verdict::broken(ended.end.to_string()),
        End::TimedOut => Verdict {
            status: CheckStatus::TimedOut,
            why: Some(time_is_up(runner)),
        },
    })
}

/// Returns those of the call's files that its output names, else all.
fn concerned<'a>(call: &Call<'a>, result: &CheckResult) -> Vec<&'a str> {
    let output = [result.stdout.as_deref(), result.stderr.as_deref()];
    let named: Vec<&str> = call
        .files
        .iter()
        .copied()
        .filter(|path| output.iter().flatten().any(|text| names(text, path)))
        .collect();
    if named.is_empty() {
        call.files.clone()
    } else {
        named
    }
}

fn finding(result: &CheckResult, concerned: &[&str], verdict: &Verdict) -> Finding {
    let path = match concerned {
        [only] => (*only).to_owned(),
        _ => String::new(),
    };
    let command = shell_words::join(&result.argv);
    let settled = |text: &Option<String>| settle_places(text.as_deref().unwrap_or_default(), &[]);
    let [stdout, stderr] = [&result.stdout, &result.stderr].map(settled);
    let (message, key) = match (verdict.status, result.exit) {
        (CheckStatus::TimedOut, _) => {
            let message = verdict.why.clone().unwrap_or_default();
            (
                format!("{command}: {message}"),
                digest(&[&command, "timed out"]),
            )
        }
        (_, exit) => (
            format!("{command}: exit status {}", exit.unwrap_or_default()),
            digest(&[&command, &stdout, &stderr]),
        ),
    };
    Finding {
        message,
        location: Location { path, range: None },
        severity: Severity::Error,
        source: None,
        code: None,
        suggestions: Vec::new(),
        weight: None,
        bytes: None,
        key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argvs(script: &str, project: bool) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a.py", "-b.py"] {
            std::fs::write(directory.path().join(name), "").unwrap();
        }
        let sources = Sources::of(directory.path());
        let command = Command::from_script(script, project, false).unwrap();
        command
            .calls(&sources)
            .iter()
            .map(|call| call.argv.join(" "))
            .collect()
    }

    #[test]
    fn without_a_placeholder_the_file_is_appended() {
        assert_eq!(
            argvs("./x.sh 'a b'", false),
            ["./x.sh a b ./-b.py", "./x.sh a b a.py"]
        );
    }

    #[test]
    fn placeholders_are_replaced() {
        assert_eq!(
            argvs("x --in={file} -v", false),
            ["x --in=./-b.py -v", "x --in=a.py -v"]
        );
        assert_eq!(argvs("x {files} -v", false), ["x ./-b.py a.py -v"]);
        assert_eq!(argvs("make test", true), ["make test"]);
    }

    #[test]
    fn more_files_than_a_command_line_takes_are_divided() {
        let directory = tempfile::tempdir().unwrap();
        for number in 0..2100 {
            let name = format!("{number:0>240}");
            std::fs::write(directory.path().join(name), "").unwrap();
        }
        let sources = Sources::of(directory.path());
        let command = Command::from_script("x {files}", false, false).unwrap();
        let calls = command.calls(&sources);
        let counts: Vec<usize> = calls.iter().map(|call| call.files.len()).collect();
        assert_eq!(counts, [2074, 26]);
        assert!(
            calls
                .iter()
                .all(|call| call.argv.len() == call.files.len() + 1)
        );
    }

    #[test]
    fn contradictions_are_refused() {
        let refused = |script, project, stdin| {
            Command::from_script(script, project, stdin)
                .err()
                .map(|error| error.kind)
        };
        for (script, project, stdin) in [
            ("", false, false),
            ("x 'y", false, false),
            ("x {file} {files}", false, false),
            ("x --in={files}", false, false),
            ("x {file}", true, false),
            ("x {files}", false, true),
            ("x", true, true),
        ] {
            assert_eq!(
                refused(script, project, stdin),
                Some(Kind::Usage),
                "{script}"
            );
        }
    }
}
