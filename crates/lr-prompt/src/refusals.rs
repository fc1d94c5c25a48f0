//! Why the last answer was not used, in words for the model.

use lr_turn::{Kind, NewFinding, Outcome, Previous, PreviousPart, Refusal};

/// Kinds of error that the model can do something about.
const ITS_OWN_ERRORS: [Kind; 3] = [Kind::Malformed, Kind::Empty, Kind::Cut];

/// Returns the reasons why the last answer about these files was not used, one per line; empty if
/// it was used, or was not the model's.
pub(crate) fn lines(previous: &Previous, shown: &[&str]) -> String {
    let reasons = its_own(previous, shown).flat_map(reasons);
    reasons.map(|reason| reason + "\n").collect()
}

/// Returns the findings that the last answer about these files caused, one per line.
pub(crate) fn caused(previous: &Previous, shown: &[&str]) -> String {
    let findings = its_own(previous, shown).flat_map(|part| &part.new_findings);
    findings
        .map(|finding| caused_line(finding) + "\n")
        .collect()
}

/// The parts of the turn before that the model answered, about some of these files.
fn its_own<'a>(
    previous: &'a Previous,
    shown: &'a [&str],
) -> impl Iterator<Item = &'a PreviousPart> {
    let is_about = |part: &&PreviousPart| {
        part.paths.is_empty() || part.paths.iter().any(|path| shown.contains(&path.as_str()))
    };
    let is_models = |part: &&PreviousPart| part.answered_by.as_deref() != Some("lr-fix");
    previous.parts.iter().filter(is_models).filter(is_about)
}

fn caused_line(finding: &NewFinding) -> String {
    let place = match (finding.path.as_str(), finding.line) {
        ("", _) => String::new(),
        (path, Some(line)) => format!("{path}:{line}: "),
        (path, None) => format!("{path}: "),
    };
    let code = finding.code.as_ref().map(|code| format!("{code} "));
    let message: Vec<&str> = finding.message.lines().map(str::trim).collect();
    place + &code.unwrap_or_default() + &message.join(" ")
}

fn reasons(part: &PreviousPart) -> Vec<String> {
    let mut reasons: Vec<String> = part.refusals.iter().map(reason).collect();
    if part.outcome == Some(Outcome::Refused) {
        reasons.push("Nothing of that answer was applied, the other files neither.".to_owned());
    }
    if part.put_back {
        reasons.push(
            "The change was taken back, because the checks did not get better by it.".to_owned(),
        );
    }
    if let Some(error) = &part.error {
        let is_its_own =
            Kind::from_name(&error.kind).is_some_and(|kind| ITS_OWN_ERRORS.contains(&kind));
        if is_its_own {
            reasons.push(error.message.clone());
        }
    }
    reasons
}

fn reason(refusal: &Refusal) -> String {
    // Blanks within a line stay: a reason may be about just them.
    let lines = refusal.reason.lines().map(str::trim);
    let reason = lines.collect::<Vec<_>>().join(" ");
    match (&refusal.path, refusal.block) {
        (Some(path), _) if reason.contains(path.as_str()) => reason,
        (Some(path), Some(block)) => format!("block {block}, '{path}': {reason}"),
        (Some(path), None) => format!("'{path}': {reason}"),
        (None, Some(block)) if !reason.contains("block ") => format!("block {block}: {reason}"),
        (None, _) => reason,
    }
}

#[cfg(test)]
mod tests {
    use lr_turn::TurnError;

    use super::*;

    fn check(part: PreviousPart, expected: &str) {
        let previous = Previous {
            parts: vec![part],
            tried: vec![],
        };
        assert_eq!(lines(&previous, &["a.py"]), expected);
    }

    fn refused() -> PreviousPart {
        PreviousPart {
            paths: vec!["a.py".to_owned()],
            answered_by: Some("lr-llm".to_owned()),
            outcome: Some(Outcome::Refused),
            refusals: vec![Refusal {
                path: Some("a.py".to_owned()),
                block: Some(2),
                kind: "elided".to_owned(),
                reason: "lines\nare left out".to_owned(),
            }],
            ..PreviousPart::default()
        }
    }

    #[test]
    fn says_which_block_and_why() {
        check(
            refused(),
            "block 2, 'a.py': lines are left out\nNothing of that answer was applied, the other files neither.\n",
        );
    }

    #[test]
    fn other_files_and_free_fixes_are_not_the_models_business() {
        let other = PreviousPart {
            paths: vec!["b.py".to_owned()],
            ..refused()
        };
        check(other, "");
        let free = PreviousPart {
            answered_by: Some("lr-fix".to_owned()),
            ..refused()
        };
        check(free, "");
    }

    #[test]
    fn a_change_that_was_taken_back_is_told() {
        let part = PreviousPart {
            put_back: true,
            outcome: Some(Outcome::Applied),
            ..PreviousPart::default()
        };
        check(
            part,
            "The change was taken back, because the checks did not get better by it.\n",
        );
    }

    #[test]
    fn what_the_last_answer_caused_is_listed() {
        let finding = |path: &str, line, code: Option<&str>, message: &str| NewFinding {
            path: path.to_owned(),
            line,
            code: code.map(str::to_owned),
            message: message.to_owned(),
        };
        let previous = Previous {
            parts: vec![PreviousPart {
                new_findings: vec![
                    finding("a.py", Some(3), Some("F821"), "undefined\n name 'x'"),
                    finding("", None, None, "./x.sh: exit status 1"),
                ],
                ..PreviousPart::default()
            }],
            tried: vec![],
        };
        assert_eq!(
            caused(&previous, &["a.py"]),
            "a.py:3: F821 undefined name 'x'\n./x.sh: exit status 1\n"
        );
    }

    #[test]
    fn only_errors_of_its_own_making_are_told() {
        let failed = |kind: &str| PreviousPart {
            error: Some(TurnError {
                stage: "lr-llm".to_owned(),
                kind: kind.to_owned(),
                message: "the reply was cut off".to_owned(),
                retryable: false,
                attempts: 0,
                charged: None,
            }),
            ..PreviousPart::default()
        };
        check(failed("cut_reply"), "the reply was cut off\n");
        check(failed("rate_limited"), "");
    }
}
