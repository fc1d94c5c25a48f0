//! The checkers that are known, as data: one TOML file each under `checkers/`.
//!
//! An entry says which files a checker takes, how it is called, and how its exit status and output
//! are to be understood. A new checker is a new entry and a recorded sample, no code, as long as
//! its output is of a family in [`crate::findings`] already.
//!
//! Deliberately absent: looking for installed programs and running anything.

use std::collections::BTreeMap;

use lr_turn::{BytesAspect, Severity, Weight};
use serde::Deserialize;

/// The built-in entries, in the order in which their results are reported.
const BUILT_IN: [(&str, &str); 4] = [
    ("ruff", include_str!("../checkers/ruff.toml")),
    ("flake8", include_str!("../checkers/flake8.toml")),
    ("pylint", include_str!("../checkers/pylint.toml")),
    ("pytest", include_str!("../checkers/pytest.toml")),
];

/// All known checkers, in the order in which their results are reported.
#[derive(Debug)]
pub(crate) struct Catalogue {
    checkers: Vec<Checker>,
}

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
    /// The files of these languages that it takes; empty for all.
    #[serde(default)]
    pub(crate) globs: Vec<String>,
    /// The command line, with `{files}`, `{file}` and `{report}` to be replaced.
    pub(crate) argv: Vec<String>,
    /// What one call is about.
    pub(crate) unit: Unit,
    /// What its output looks like.
    pub(crate) output: OutputFamily,
    /// The regular expression of one finding's line, for [`OutputFamily::Lines`], with the groups
    /// `path`, `line`, `column`, `code`, `severity` and `message`.
    pub(crate) pattern: Option<String>,
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
    /// Whether it is used where no checker is named.
    #[serde(default)]
    pub(crate) default: bool,
    /// The files, or `file:table`, by which a project configures it.
    #[serde(default)]
    pub(crate) configured_by: Vec<String>,
    /// Prefixes of the codes that hide other findings.
    #[serde(default)]
    pub(crate) hides: Vec<String>,
    /// Codes that are about the checker's configuration, where they are not about a source.
    #[serde(default)]
    pub(crate) configuration: Vec<String>,
    /// Which codes are errors and which are remarks.
    #[serde(default)]
    pub(crate) severity: Severities,
    /// Which codes are about bytes that are otherwise kept as they are.
    #[serde(default)]
    pub(crate) bytes: ByteCodes,
    /// Regular expressions of words that differ from run to run.
    #[serde(default)]
    pub(crate) volatile: Vec<String>,
    /// Commands that install it.
    #[serde(default)]
    pub(crate) install: Vec<String>,
    /// How the entry was tested.
    #[expect(dead_code, reason = "written for people who read the entry")]
    pub(crate) verified: String,
}

/// What a checker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckerKind {
    /// It reads the code and complains.
    Lint,
    /// It runs the code.
    Test,
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
    /// One finding per line, by a regular expression.
    Lines,
    /// The XML of `JUnit`.
    Junit,
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

/// How an answer is read that comes on standard error instead of the usual way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fallback {
    /// The exit statuses that it may come with.
    pub(crate) exit: Vec<i32>,
    /// The regular expression of one finding, which may span lines; its groups are those of
    /// [`Checker::pattern`].
    pub(crate) pattern: String,
    /// The code of the findings.
    pub(crate) code: String,
}

/// Prefixes of the codes of each severity; all others are warnings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Severities {
    error: Vec<String>,
    info: Vec<String>,
}

/// Codes that are about bytes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ByteCodes {
    final_newline: Vec<String>,
    line_endings: Vec<String>,
    bom: Vec<String>,
}

impl Catalogue {
    /// Reads the built-in entries.
    ///
    /// # Errors
    ///
    /// Which entry is not of its form, and why.
    pub(crate) fn built_in() -> Result<Self, String> {
        let checkers = BUILT_IN
            .iter()
            .map(|(name, text)| Checker::parse(name, text))
            .collect::<Result<_, _>>()?;
        Ok(Self { checkers })
    }

    /// Returns all checkers, in order.
    pub(crate) fn checkers(&self) -> impl Iterator<Item = &Checker> {
        self.checkers.iter()
    }

    /// Finds a checker by its name.
    pub(crate) fn find(&self, name: &str) -> Option<&Checker> {
        self.checkers.iter().find(|checker| checker.name == name)
    }
}

impl Checker {
    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut checker: Self = toml::from_str(text)
            .map_err(|error| format!("checker '{name}' is not of its form: {error}"))?;
        name.clone_into(&mut checker.name);
        Ok(checker)
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
        if has_prefix(&self.severity.error, code) {
            Severity::Error
        } else if has_prefix(&self.severity.info, code) {
            Severity::Info
        } else {
            Severity::Warning
        }
    }

    /// Returns what counts more than the severity of a finding of this code.
    pub(crate) fn weight_of(&self, code: &str) -> Option<Weight> {
        if has_prefix(&self.hides, code) {
            Some(Weight::Hides)
        } else {
            self.runs_the_code().then_some(Weight::Test)
        }
    }

    /// Returns which bytes a finding of this code is about.
    pub(crate) fn bytes_of(&self, code: &str) -> Option<BytesAspect> {
        let is_in = |codes: &[String]| codes.iter().any(|listed| listed == code);
        if is_in(&self.bytes.final_newline) {
            Some(BytesAspect::FinalNewline)
        } else if is_in(&self.bytes.line_endings) {
            Some(BytesAspect::LineEndings)
        } else {
            is_in(&self.bytes.bom).then_some(BytesAspect::Bom)
        }
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

/// Tells whether one of the prefixes begins the code, up to a change from letters to digits: `D`
/// is a prefix of `D100`, not of `DTZ001`.
fn has_prefix(prefixes: &[String], code: &str) -> bool {
    prefixes.iter().any(|prefix| {
        code.strip_prefix(prefix.as_str()).is_some_and(|rest| {
            let ends_in_letter = prefix.ends_with(|last: char| last.is_ascii_alphabetic());
            !(ends_in_letter && rest.starts_with(|next: char| next.is_ascii_alphabetic()))
        })
    })
}

/// Which files are of which language, by name or by the program their first line names.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Languages {
    languages: BTreeMap<String, Language>,
}

/// One language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    /// The names of its files.
    pub(crate) globs: Vec<String>,
    /// The programs that its scripts name in their first line.
    pub(crate) interpreters: Vec<String>,
}

impl Languages {
    /// Reads the built-in list.
    ///
    /// # Errors
    ///
    /// Why the list is not of its form.
    pub(crate) fn built_in() -> Result<Self, String> {
        toml::from_str(include_str!("../languages.toml"))
            .map_err(|error| format!("the list of languages is not of its form: {error}"))
    }

    /// Returns each language with its name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Language)> {
        self.languages
            .iter()
            .map(|(name, language)| (name.as_str(), language))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruff() -> Checker {
        Catalogue::built_in().unwrap().find("ruff").unwrap().clone()
    }

    #[test]
    fn every_file_in_the_folder_is_an_entry() {
        let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/checkers"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
            .collect();
        files.sort();
        let mut names = BUILT_IN.map(|(name, _)| name);
        names.sort_unstable();
        assert_eq!(files, names);
    }

    #[test]
    fn every_entry_is_of_its_form_and_of_a_known_language() {
        let languages = Languages::built_in().unwrap();
        for checker in Catalogue::built_in().unwrap().checkers() {
            for language in &checker.languages {
                assert!(languages.iter().any(|(name, _)| name == language));
            }
            assert_eq!(
                checker.pattern.is_some(),
                checker.output == OutputFamily::Lines,
                "{}",
                checker.name
            );
            assert_eq!(
                checker.argv.iter().any(|word| word.contains("{report}")),
                checker.stream == Stream::Report,
                "{}",
                checker.name
            );
        }
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let text = include_str!("../checkers/ruff.toml").replace("hides =", "hide =");
        assert!(Checker::parse("ruff", &text).is_err());
    }

    #[test]
    fn the_severity_is_found_by_the_beginning_of_the_code() {
        for (code, severity) in [
            ("F821", Severity::Error),
            ("F401", Severity::Warning),
            ("D100", Severity::Info),
            ("DTZ001", Severity::Warning),
            ("I001", Severity::Info),
            ("ICN001", Severity::Warning),
            ("invalid-syntax", Severity::Error),
        ] {
            assert_eq!(ruff().severity_of(code), severity, "{code}");
        }
    }

    #[test]
    fn what_cannot_be_parsed_hides_other_findings() {
        assert_eq!(ruff().weight_of("invalid-syntax"), Some(Weight::Hides));
        assert_eq!(ruff().weight_of("F401"), None);
    }
}
