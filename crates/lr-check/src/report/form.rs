//! The forms in which an answer is written.

use std::fs::File;
use std::io::Write as _;

use clap::ValueEnum;
use lr_report::{Colours, Report, Texts};
use lr_stage::output::Output;
use lr_stage::{Error, Form, environment, say};
use lr_turn::{Check, Turn};

use crate::sources::Sources;

/// The form of an answer, where the user names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// A turn: one line of JSON
    Turn,
    /// Text for people
    Text,
    /// A turn, indented
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// One rdjson Diagnostic per line, for reviewdog
    Rdjsonl,
    /// Commands for GitHub's workflows, and the page for people in the summary of the step
    Github,
    /// The XML of `JUnit`
    Junit,
}

/// When the page for people has colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColourWhen {
    /// On a terminal, unless `NO_COLOR` is set, or `TERM` is dumb or not set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColourWhen {
    fn colours(self, output: &Output) -> Colours {
        match self {
            Self::Never => Colours::Plain,
            Self::Auto if !output.takes_colours() => Colours::Plain,
            Self::Auto | Self::Always => Colours::Terminal,
        }
    }
}

impl ReportForm {
    /// Returns the form of the output as all stages know it.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Turn | Self::Json => Form::Turn,
            _ => Form::Text,
        }
    }
}

/// Writes the answer; `turn` makes the turn, for the forms that are one.
///
/// # Errors
///
/// Those of writing it.
pub(crate) fn write(
    output: &mut Output,
    (named, colour): (Option<ReportForm>, ColourWhen),
    (check, sources): (&Check, &Sources),
    turn: impl FnOnce() -> Turn,
) -> Result<(), Error> {
    let form = named.unwrap_or(match output.form {
        Form::Turn => ReportForm::Turn,
        Form::Text => ReportForm::Text,
    });
    let files = sources.files().iter();
    let texts = Texts::of(files.map(|file| (file.path.as_str(), file.text())));
    let report = Report { check, texts };
    let text = match form {
        ReportForm::Turn => return output.turn(&turn()),
        ReportForm::Json => indented(&turn().to_line()),
        ReportForm::Text => lr_report::page(&report, colour.colours(output)),
        ReportForm::Sarif => lr_report::sarif(&report),
        ReportForm::Rdjsonl => lr_report::rdjsonl(&report),
        ReportForm::Github => {
            step_summary(&report);
            lr_report::github(&report)
        }
        ReportForm::Junit => lr_report::junit(&report),
    };
    output.text(&text)
}

/// Adds the page to the summary of a workflow's step, where GitHub names a file for that.
fn step_summary(report: &Report<'_>) {
    let Some(path) = environment::var("GITHUB_STEP_SUMMARY") else {
        return;
    };
    let file = File::options().append(true).create(true).open(&path);
    let written = file.and_then(|mut file| {
        let already = file.metadata()?.len();
        let summary = lr_report::github_summary(report, already);
        file.write_all(summary.unwrap_or_default().as_bytes())
    });
    if let Err(error) = written {
        say::warn(&format!("cannot add to the summary '{path}': {error}"));
    }
}

/// Breaks and indents the lines of a JSON text; what stands in it, and in which order, stays.
fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let (mut in_string, mut is_escaped) = (false, false);
    let mut characters = json.chars().peekable();
    let new_line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(character) = characters.next() {
        if in_string {
            text.push(character);
            in_string = is_escaped || character != '"';
            is_escaped = !is_escaped && character == '\\';
            continue;
        }
        match character {
            '"' => {
                in_string = true;
                text.push(character);
            }
            '{' | '[' => {
                text.push(character);
                if characters.peek().is_some_and(|next| !"]}".contains(*next)) {
                    depth += 1;
                    new_line(&mut text, depth);
                } else {
                    text.extend(characters.next());
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut text, depth);
                text.push(character);
            }
            ',' => {
                text.push(character);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            other if other.is_ascii_whitespace() => {}
            other => text.push(other),
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_as_it_stands() {
        let line = r#"{"b":[1,{"a":"\\\",:{[\\"}],"c":{},"d":[]}"#;
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = indented(line);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
        assert_eq!(
            text,
            "{\n  \"b\": [\n    1,\n    {\n      \"a\": \"\\\\\\\",:{[\\\\\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}\n"
        );
    }
}
