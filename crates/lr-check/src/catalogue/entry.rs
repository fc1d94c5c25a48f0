//! One entry: what a checker takes, how it is called, and what its answers mean.

use std::collections::BTreeMap;
use std::fmt;

use lr_turn::{BytesAspect, Severity, Weight};
use serde::{Deserialize, Serialize};

use super::codes::{ByteCodes, Severities, has_prefix};
use super::flat;
use crate::added::Added;
use crate::own_files::OwnFiles;

/// One checker: what it takes, how it is called, and what its answers mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checker {
    /// The name it goes by.
    #[serde(skip)]
    pub(crate) name: String,
    /// What it does.
    pub(crate) kind: CheckerKind,
    /// The languages it is for.
    pub(crate) languages: Vec<String>,
    /// The files of these languages that it takes, as in `.gitignore`; empty for all.
    #[serde(default)]
    pub(crate) globs: Vec<String>,
    /// The command line, with `{files}`, `{file}`, `{report}`, `{scratch}` and `{added}` to be
    /// replaced: the files, one of them, a path for the report, a folder that is removed after the
    /// call, and the words of [`Self::added`].
    pub(crate) argv: Vec<String>,
    /// Other programs that must be there as well.
    #[serde(default)]
    pub(crate) requires: Vec<String>,
    /// Folders of the project in which its program is looked for before `PATH`.
    #[serde(default)]
    pub(crate) local: Vec<String>,
    /// The command line that says which version it is; its program with `--version` unless given.
    #[serde(default)]
    pub(crate) version: Vec<String>,
    /// What one call is about.
    pub(crate) unit: Unit,
    /// What its output looks like.
    pub(crate) output: OutputFamily,
    /// The regular expressions of one finding, for [`OutputFamily::Lines`] and
    /// [`OutputFamily::Spans`], with the groups `path`, `line`, `column`, `end_line`, `end_column`,
    /// `code`, `severity` and `message`.
    #[serde(default)]
    pub(crate) patterns: Vec<String>,
    /// Where its findings are printed.
    pub(crate) stream: Stream,
    /// What its columns count.
    #[serde(default)]
    pub(crate) columns: Columns,
    /// Prefixes of the codes whose columns count bytes all the same.
    #[serde(default)]
    pub(crate) byte_columns: Vec<String>,
    /// What its exit statuses mean.
    pub(crate) exit: Exits,
    /// How an answer is read that is not of the usual form.
    pub(crate) fallback: Option<Fallback>,
    /// Regular expressions of what it says on standard error where it did not look at a file, or not
    /// as the project wants it, although its exit status does not tell.
    #[serde(default)]
    pub(crate) broken_when: Vec<String>,
    /// Regular expressions of what it says, on standard output or error, where its configuration has it look at none of
    /// the files.
    #[serde(default)]
    pub(crate) none_when: Vec<String>,
    /// Whether it is used where no checker is named, although the project does not configure it.
    #[serde(default)]
    pub(crate) default: bool,
    /// What its answer about a file depends on.
    #[serde(default)]
    pub(crate) scope: Scope,
    /// How many bytes of files are worth a call of their own, so that more are divided among calls
    /// at once; absent for a checker that does so itself, or takes no time.
    pub(crate) divide: Option<usize>,
    /// The files, or `file:table`, by which a project configures it; a file may have a `*`.
    #[serde(default)]
    pub(crate) configured_by: Vec<String>,
    /// Which of these it takes where there are several.
    #[serde(default)]
    pub(crate) search: Search,
    /// Words that it is given because of what stands there.
    #[serde(default)]
    pub(crate) added: Vec<Added>,
    /// Where that says which files it looks at, for one that does not heed it where files are named.
    pub(crate) own_files: Option<OwnFiles>,
    /// The same for what it cannot do without: one of them must be there.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// The same for what makes it give way to another checker: none of them may be there.
    #[serde(default)]
    pub(crate) unless: Vec<String>,
    /// The code of findings that come without one.
    #[serde(default)]
    pub(crate) code: String,
    /// The message of findings that come without one.
    #[serde(default)]
    pub(crate) message: String,
    /// Prefixes of the codes that hide other findings.
    #[serde(default)]
    pub(crate) hides: Vec<String>,
    /// Codes of findings about several files together, which are told without a path: the checker
    /// names one of the files, or any.
    #[serde(default)]
    pub(crate) across: Vec<String>,
    /// Codes that are about the checker's configuration, where they are not about a source.
    #[serde(default)]
    pub(crate) configuration: Vec<String>,
    /// Which codes are errors and which are remarks.
    #[serde(default)]
    pub(crate) severity: Severities,
    /// Prefixes of the codes whose fixes may be made without a look, where the checker does not say
    /// itself which may.
    #[serde(default)]
    pub(crate) safe_fixes: Vec<String>,
    /// Which codes are about bytes that are otherwise kept as they are.
    #[serde(default)]
    pub(crate) bytes: ByteCodes,
    /// Regular expressions of words that differ from run to run.
    #[serde(default)]
    pub(crate) volatile: Vec<String>,
    /// Files by name in which it must find something; see [`crate::selftest`].
    #[serde(default)]
    pub(crate) selftest: BTreeMap<String, String>,
    /// Commands that install it.
    #[serde(default)]
    pub(crate) install: Vec<String>,
    /// How the entry was tested.
    #[cfg_attr(not(test), expect(dead_code, reason = "for people who read the entry"))]
    #[serde(default)]
    pub(crate) verified: String,
}

/// What a checker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckerKind {
    /// It reads the code and complains.
    Lint,
    /// It compares the code with the way in which it would write it.
    Format,
    /// It finds out of what types values are.
    Type,
    /// It tells whether a file can be read at all.
    Syntax,
    /// It looks for what an attacker could use.
    Security,
    /// It runs the code.
    Test,
}

/// What the answer about a file depends on, beside the checker and its configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// Nothing but the file.
    File,
    /// The modules that it imports too, those they import, and so on: for Python.
    Imports,
    /// Any files of the project too.
    #[default]
    Project,
}

/// Which configuration a checker takes where there are several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Search {
    /// The first in the working directory, or in the nearest folder above it that has any.
    #[default]
    Nearest,
    /// The same from the folder in which all the files of a call lie.
    NearestOfFiles,
    /// The first of all, however far above.
    ByPlace,
}

/// What one call of a checker is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// Many files.
    Files,
    /// One file.
    File,
    /// The working directory.
    Project,
}

/// What a checker's output looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OutputFamily {
    /// What ruff prints as `json`.
    RuffJson,
    /// What pylint prints as `json2`.
    #[serde(rename = "pylint-json2")]
    PylintJson2,
    /// One finding per line, by regular expressions.
    Lines,
    /// Findings that may span lines, by regular expressions.
    Spans,
    /// The XML of `JUnit`.
    Junit,
    /// The XML of checkstyle.
    Checkstyle,
    /// SARIF 2.1.0.
    Sarif,
    /// The Reviewdog Diagnostic Format, as one document or one diagnostic per line.
    Rdjson,
    /// What `go test -json` prints.
    GoTestJson,
    /// A unified diff to how the file should be.
    UnifiedDiff,
    /// What `rustfmt --check` prints.
    RustfmtDiff,
    /// The names of the files that are not as they should be.
    FileList,
    /// What shellcheck prints as `json1`.
    #[serde(rename = "shellcheck-json1")]
    ShellcheckJson1,
    /// What pyright prints as JSON.
    PyrightJson,
    /// What bandit prints as JSON.
    BanditJson,
    /// What eslint prints as JSON.
    EslintJson,
    /// What sqlfluff prints as JSON.
    SqlfluffJson,
    /// What cargo prints as JSON: the compiler's messages.
    CargoJson,
    /// The same with what tests print.
    CargoTest,
}

/// Where a checker's findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stream {
    /// On standard output.
    Stdout,
    /// On standard error.
    Stderr,
    /// In the file whose path replaces `{report}`.
    Report,
}

/// What a checker's columns count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Columns {
    /// Bytes of UTF-8.
    #[default]
    Bytes,
    /// Unicode scalar values.
    Characters,
    /// Units of UTF-16.
    Utf16,
}

/// What a checker's exit statuses mean; see [`crate::verdict`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Exits {
    /// Nothing was found.
    pub(crate) clean: Vec<i32>,
    /// Something was found.
    pub(crate) findings: Vec<i32>,
    /// A status made of these bits only means the same.
    pub(crate) findings_mask: i32,
    /// Something was found, or the checker did not work.
    pub(crate) ambiguous: Vec<i32>,
    /// There was nothing to check.
    pub(crate) none: Vec<i32>,
    /// The checker did not work.
    pub(crate) broken: Vec<i32>,
    /// A status with one of these bits means the same.
    pub(crate) broken_mask: i32,
}

/// How an answer is read that comes on standard error instead of the usual way, or beside it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fallback {
    /// The exit statuses that it may come with.
    pub(crate) exit: Vec<i32>,
    /// Whether there is an answer of the usual form as well.
    #[serde(default)]
    pub(crate) beside: bool,
    /// The regular expressions of one finding, which may span lines; their groups are those of
    /// [`Checker::patterns`].
    pub(crate) patterns: Vec<String>,
    /// The code of the findings.
    pub(crate) code: String,
}

impl Checker {
    /// Reads an entry.
    ///
    /// # Errors
    ///
    /// Why it is not of its form.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, String> {
        toml::from_str(text)
            .map(|checker| Self::named(checker, name))
            .map_err(|error| malformed(name, error))
    }

    /// Reads an entry of the user's from a file of its own.
    ///
    /// # Errors
    ///
    /// Why it is not of its form.
    pub(crate) fn from_text(name: &str, text: &str) -> Result<Self, String> {
        let table = toml::from_str(text).map_err(|error| malformed(name, error))?;
        Self::from_table(name, &table)
    }

    /// Reads an entry of the user's, which may be written flat.
    ///
    /// # Errors
    ///
    /// Why it is not of its form.
    pub(crate) fn from_table(name: &str, table: &toml::Table) -> Result<Self, String> {
        Self::deserialize(flat::unfolded(table.clone()))
            .map(|checker| Self::named(checker, name))
            .map_err(|error| malformed(name, error.message()))
    }

    fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Tells whether it runs the code that it checks, so that a call that takes too long says
    /// something about the code.
    pub(crate) fn runs_the_code(&self) -> bool {
        self.kind == CheckerKind::Test
    }

    /// Returns how an answer with this exit status is read, if not in the usual way.
    pub(crate) fn fallback_for(&self, exit: i32) -> Option<&Fallback> {
        self.fallback
            .as_ref()
            .filter(|fallback| fallback.exit.contains(&exit))
    }

    /// Returns how bad a finding of this code is; the first of the entry's lists with a prefix of
    /// the code decides.
    pub(crate) fn severity_of(&self, code: &str) -> Severity {
        let usual = || match self.kind {
            CheckerKind::Test | CheckerKind::Syntax => Severity::Error,
            CheckerKind::Format => Severity::Info,
            CheckerKind::Lint | CheckerKind::Type | CheckerKind::Security => Severity::Warning,
        };
        self.severity.of(code).unwrap_or_else(usual)
    }

    /// Returns what counts more than the severity of a finding of this code.
    pub(crate) fn weight_of(&self, code: &str) -> Option<Weight> {
        if has_prefix(&self.hides, code) {
            Some(Weight::Hides)
        } else {
            self.runs_the_code().then_some(Weight::Test)
        }
    }

    /// Tells whether a fix of this code may be made without a look, although the checker does not
    /// say so.
    pub(crate) fn fixes_safely(&self, code: &str) -> bool {
        has_prefix(&self.safe_fixes, code)
    }

    /// Returns which bytes a finding of this code is about.
    pub(crate) fn bytes_of(&self, code: &str) -> Option<BytesAspect> {
        self.bytes.of(code)
    }

    /// Returns what the column of a finding of this code counts.
    pub(crate) fn columns_of(&self, code: &str) -> Columns {
        if has_prefix(&self.byte_columns, code) {
            Columns::Bytes
        } else {
            self.columns
        }
    }
}

/// Says that an entry is not of its form.
fn malformed(name: &str, why: impl fmt::Display) -> String {
    format!("checker '{name}' is not of its form: {why}")
}
