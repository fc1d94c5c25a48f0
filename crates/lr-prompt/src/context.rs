//! What a template can say: the variables, gathered from a turn.

use lr_turn::{Check, CheckResult};
use serde::Serialize;

use crate::findings::Quote;
use crate::results::{self, Shown};
use crate::{findings, output, volatile};

/// The variables of a template; [`SHAPE`] lists them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Context {
    /// The files that may be changed.
    pub(crate) sources: Vec<File>,
    /// The files that are only shown.
    pub(crate) reading: Vec<File>,
    /// What scripts and checkers without a name said.
    scripts: Vec<ScriptRun>,
    /// The command lines of known checkers.
    checkers: Vec<Command>,
    /// What they found, one per line.
    findings: String,
    /// What they printed, where that says more.
    outputs: Vec<CheckerOutput>,
    /// What another program reported.
    pub(crate) report: String,
    /// Why the last answer was not used, one per line.
    pub(crate) refusals: String,
    /// What the last answer made worse, one finding per line.
    pub(crate) regressions: String,
    /// What the user said is to be done.
    pub(crate) instructions: String,
    /// Whether anything was found or reported.
    reported: bool,
    /// Whether files are shown in windows.
    #[serde(skip)]
    pub(crate) has_windows: bool,
}

/// A file, or a window of one, as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct File {
    /// Its path; of a window also its lines.
    pub(crate) path: String,
    /// Its text, with LF at every line's end.
    pub(crate) text: String,
}

#[derive(Debug, Serialize)]
struct ScriptRun {
    /// The script, where it was not shown before.
    script: Option<File>,
    command: String,
    ending: String,
    stdout: String,
    stderr: String,
}

#[derive(Debug, Serialize)]
struct Command {
    command: String,
    ending: String,
}

#[derive(Debug, Serialize)]
struct CheckerOutput {
    checker: String,
    text: String,
}

/// What a variable holds, so that a template can be tested before it is used.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A text, or a yes or no.
    Text,
    /// A list.
    List(&'static Shape),
    /// Named values.
    Record(&'static [(&'static str, Shape)]),
}

const FILE: Shape = Shape::Record(&[("path", Shape::Text), ("text", Shape::Text)]);

const SCRIPT_RUN: Shape = Shape::Record(&[
    ("script", FILE),
    ("command", Shape::Text),
    ("ending", Shape::Text),
    ("stdout", Shape::Text),
    ("stderr", Shape::Text),
]);

const COMMAND: Shape = Shape::Record(&[("command", Shape::Text), ("ending", Shape::Text)]);

const OUTPUT: Shape = Shape::Record(&[("checker", Shape::Text), ("text", Shape::Text)]);

/// The variables of a template.
pub(crate) const SHAPE: Shape = Shape::Record(&[
    ("sources", Shape::List(&FILE)),
    ("reading", Shape::List(&FILE)),
    ("scripts", Shape::List(&SCRIPT_RUN)),
    ("checkers", Shape::List(&COMMAND)),
    ("findings", Shape::Text),
    ("outputs", Shape::List(&OUTPUT)),
    ("report", Shape::Text),
    ("refusals", Shape::Text),
    ("regressions", Shape::Text),
    ("instructions", Shape::Text),
    ("reported", Shape::Text),
]);

impl Context {
    /// Gathers what the checkers said, and another program's report.
    ///
    /// `paths` are those of all sources, so that a command line need not repeat them; `quote` has
    /// the lines that a number alone does not show.
    pub(crate) fn new(check: &Check, paths: &[&str], report: &str, quote: &Quote<'_>) -> Self {
        let shown_as = |kind| {
            let results = check.results.iter();
            results.filter(move |result| results::shown(result) == kind)
        };
        let known = check
            .results
            .iter()
            .filter(|result| matches!(results::shown(result), Shown::Findings | Shown::Condensed));
        let context = Self {
            scripts: scripts(shown_as(Shown::Raw)),
            checkers: results::joined(known, &check.results)
                .iter()
                .map(|result| command(result, paths))
                .collect(),
            findings: findings::lines(shown_as(Shown::Findings), quote),
            outputs: shown_as(Shown::Condensed).map(checker_output).collect(),
            report: volatile::settle(report),
            ..Self::default()
        };
        let reported = !context.scripts.is_empty()
            || !context.checkers.is_empty()
            || !context.report.is_empty();
        Self {
            reported,
            ..context
        }
    }

    /// Tells whether anything was found or reported.
    pub(crate) fn is_reported(&self) -> bool {
        self.reported
    }

    /// Tells whether there is anything that a partial would show.
    pub(crate) fn has(&self, partial: &str) -> bool {
        match partial {
            "sources" => !self.sources.is_empty(),
            "reading" => !self.reading.is_empty(),
            "scripts" => !self.scripts.is_empty(),
            "checkers" => !self.checkers.is_empty(),
            "report" => !self.report.is_empty(),
            "refusals" => !self.refusals.is_empty() || !self.regressions.is_empty(),
            _ => true,
        }
    }

    /// Returns every text that is shown, so that markers can be chosen clear of them.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        let files = self.sources.iter().chain(&self.reading);
        let scripts = self.scripts.iter().flat_map(|run| {
            let script = run.script.as_ref().map(|script| script.text.as_str());
            script
                .into_iter()
                .chain([run.command.as_str(), &run.stdout, &run.stderr])
        });
        files
            .map(|file| file.text.as_str())
            .chain(scripts)
            .chain(self.checkers.iter().map(|run| run.command.as_str()))
            .chain(self.outputs.iter().map(|output| output.text.as_str()))
            .chain([
                self.findings.as_str(),
                &self.report,
                &self.refusals,
                &self.regressions,
                &self.instructions,
            ])
    }
}

fn scripts<'c>(results: impl Iterator<Item = &'c CheckResult>) -> Vec<ScriptRun> {
    let mut known = Vec::new();
    let mut runs = Vec::new();
    for result in results {
        let script = result
            .script
            .as_ref()
            .filter(|script| !known.contains(script));
        known.extend(script);
        let settled = |text: &Option<String>| volatile::settle(text.as_deref().unwrap_or_default());
        runs.push(ScriptRun {
            script: script.map(|script| File {
                path: script.path.clone(),
                text: script.text.clone(),
            }),
            command: results::command(result),
            ending: results::ending(result),
            stdout: settled(&result.stdout),
            stderr: settled(&result.stderr),
        });
    }
    runs
}

fn command(result: &CheckResult, paths: &[&str]) -> Command {
    Command {
        command: results::short_command(result, paths),
        ending: results::ending(result),
    }
}

fn checker_output(result: &CheckResult) -> CheckerOutput {
    CheckerOutput {
        checker: result.checker.clone().unwrap_or_default(),
        text: output::condensed(result),
    }
}
