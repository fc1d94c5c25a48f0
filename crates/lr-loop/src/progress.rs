//! One line per stage: the command that was run, and what came of it.

use lr_turn::{Commit, Outcome, Prompt, Turn, TurnError};

use crate::plan::Stage;
use crate::reading::{Answer, Checked, Taken};

/// The longest command that is shown whole, in characters.
const LONGEST: usize = 100;

/// Returns a command as it would be typed, shortened if it is long.
pub(crate) fn command(argv: &[String]) -> String {
    let typed = shell_words::join(argv);
    if typed.chars().count() <= LONGEST {
        return typed;
    }
    let head: String = typed.chars().take(LONGEST).collect();
    format!("{head} ...")
}

/// Returns the line of a stage.
pub(crate) fn line(turn: u64, command: &str, stage: Stage, turns: &[Turn]) -> String {
    format!("turn {turn}: $ {command} -> {}", found(stage, turns))
}

/// Tells what a stage came to; turns that cannot be read are reported where they are needed.
fn found(stage: Stage, turns: &[Turn]) -> String {
    let parts: Vec<String> = match stage {
        Stage::CHECK => return checked(turns),
        _ => turns.iter().map(|turn| part(stage, turn)).collect(),
    };
    if parts.len() <= 3 {
        return parts.join("; ");
    }
    format!("{} parts: {}; ...", parts.len(), parts[..3].join("; "))
}

fn checked(turns: &[Turn]) -> String {
    let Ok(check) = Checked::read(turns) else {
        return "not understood".to_owned();
    };
    match (&check.trouble, check.clean) {
        (Some(_), _) => "trouble".to_owned(),
        (None, true) => "clean".to_owned(),
        (None, false) => plural(check.findings, "finding"),
    }
}

fn part(stage: Stage, turn: &Turn) -> String {
    if let Ok(Some(error)) = turn.get::<TurnError>() {
        return format!("{}: {}", error.kind, error.message);
    }
    match stage {
        Stage::FIX if turn.has("reply") => "a free fix".to_owned(),
        Stage::FIX => "no free fix".to_owned(),
        Stage::PROMPT => prompted(turn.get().ok().flatten()),
        Stage::LLM if turn.has("estimate") => "not asked".to_owned(),
        Stage::LLM => {
            Taken::read(turn).map_or_else(|error| error.to_string(), |taken| replied(&taken))
        }
        Stage::APPLY => Answer::of(turn).map_or_else(|error| error.to_string(), |it| applied(&it)),
        Stage::COMMIT => committed(turn.get().ok().flatten()),
        _ => "done".to_owned(),
    }
}

fn prompted(prompt: Option<Prompt>) -> String {
    match prompt.map(|prompt| prompt.tokens) {
        Some(Some(tokens)) => format!("a prompt of about {}", plural(tokens, "token")),
        Some(None) => "a prompt".to_owned(),
        None => "no prompt".to_owned(),
    }
}

fn replied(taken: &Taken) -> String {
    let model = taken.model.as_deref().unwrap_or("a model");
    let usage = taken.usage;
    if usage.input + usage.output == 0 && taken.charge.tokens > 0 {
        return format!("a reply by {model}, at most {} tokens", taken.charge.tokens);
    }
    format!(
        "a reply by {model}, {} + {} tokens",
        usage.input, usage.output
    )
}

fn applied(answer: &Answer) -> String {
    match answer.outcome {
        None => "nothing to apply".to_owned(),
        Some(Outcome::Applied) => "applied".to_owned(),
        Some(Outcome::NoChange) => "no change".to_owned(),
        Some(Outcome::NoEdits) => "no new versions".to_owned(),
        Some(Outcome::Refused) => {
            format!("refused for {}", plural(answer.refusals as u64, "reason"))
        }
    }
}

fn committed(commit: Option<Commit>) -> String {
    match commit.and_then(|commit| commit.fix) {
        Some(hash) => format!("commit {}", hash.get(..8).unwrap_or(&hash)),
        None => "no commit".to_owned(),
    }
}

/// Returns a number with its noun.
pub(crate) fn plural(count: u64, noun: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stage: Stage, turns: &[&str], expected: &str) {
        let turns: Vec<Turn> = turns
            .iter()
            .map(|line| Turn::parse(line).unwrap())
            .collect();
        assert_eq!(found(stage, &turns), expected);
    }

    #[test]
    fn says_what_each_stage_came_to() {
        let finding = r#"{"lr":1,"check":{"clean":false,"results":[{"exit":1}]}}"#;
        check(Stage::CHECK, &[finding], "1 finding");
        check(Stage::CHECK, &[r#"{"lr":1}"#], "trouble");
        check(Stage::START, &[finding], "done");
        let failed = r#"{"lr":1,"error":{"stage":"lr-git","kind":"repository","message":"m"}}"#;
        check(Stage::START, &[failed], "repository: m");
        check(Stage::FIX, &[finding], "no free fix");
        check(
            Stage::PROMPT,
            &[r#"{"lr":1,"prompt":{"messages":[],"tokens":12}}"#],
            "a prompt of about 12 tokens",
        );
        check(
            Stage::LLM,
            &[r#"{"lr":1,"reply":{"text":"","model":"m","usage":{"input":5,"output":2}}}"#],
            "a reply by m, 5 + 2 tokens",
        );
        check(
            Stage::LLM,
            &[r#"{"lr":1,"reply":{"text":"","charged":{"tokens":900}}}"#],
            "a reply by a model, at most 900 tokens",
        );
        check(
            Stage::APPLY,
            &[
                r#"{"lr":1,"apply":{"outcome":"refused","refusals":[{"kind":"x","reason":"y"},{"kind":"x","reason":"z"}]}}"#,
            ],
            "refused for 2 reasons",
        );
        check(
            Stage::COMMIT,
            &[r#"{"lr":1,"commit":{"fix":"0123456789abcdef"}}"#],
            "commit 01234567",
        );
    }

    #[test]
    fn a_long_command_is_shortened() {
        let argv: Vec<String> = (0..50).map(|number| format!("file{number}.py")).collect();
        assert_eq!(command(&argv).len(), LONGEST + 4);
        assert_eq!(command(&argv[..2]), "file0.py file1.py");
    }
}
