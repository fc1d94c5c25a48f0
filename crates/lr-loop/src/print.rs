//! The same loop as a shell script, with the options filled in.

use crate::plan::{Plan, Stage};

/// The listing, with a name between `@` for each thing that is filled in.
const LISTING: &str = include_str!("print.sh");

/// Returns the script that does what the plan says, as far as ordinary shell goes: it stops when
/// clean, when a turn changes nothing, on failure, and at the limit on turns.
pub(crate) fn script(plan: &Plan) -> String {
    let mut script = LISTING
        .replace("@ITERATIONS@", &plan.limits.iterations.to_string())
        .replace("@SOURCES@", &shell_words::join(&plan.sources));
    for stage in Stage::OF_TURN {
        let mark = format!("@{}@", stage.name.to_uppercase());
        script = script.replace(&mark, &words(plan, stage));
    }
    if plan.replacement(Stage::CHECK).is_some() {
        script = script.replace(
            r#"check --previous "$work/applied""#,
            r#"LR_PREVIOUS="$work/applied" check"#,
        );
    }
    if plan.git {
        return script;
    }
    let without_git = |line: &&str| !line.contains("start");
    let lines: Vec<&str> = script.lines().filter(without_git).collect();
    lines.join("\n") + "\n"
}

/// A stage's command without the sources, which stand in `"$@"`.
fn words(plan: &Plan, stage: Stage) -> String {
    let more: &[String] = match stage {
        Stage::COMMIT if !plan.git => &["--no-git".to_owned()],
        _ => &[],
    };
    let mut argv = plan.command(stage, more);
    if stage == Stage::CHECK {
        argv.truncate(argv.len() - plan.sources.len());
    }
    shell_words::join(argv)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Args;

    fn printed(line: &str) -> String {
        let words = shell_words::split(&format!("lr-loop {line}")).unwrap();
        script(&Plan::new(Args::parse_from(words)).unwrap())
    }

    #[test]
    fn every_option_is_filled_in_and_quoted() {
        let script =
            printed("-m 'a b' -i 7 -s './c.sh {file}' --stage apply='cat; x' 'my file.py' src");
        for line in [
            "set -- 'my file.py' src",
            "turns=7",
            "check() { lr-check --exit-zero --script './c.sh {file}' \"$@\"; }",
            "llm() { lr-llm --model 'a b'; }",
            "apply() { sh -c 'cat; x' lr-apply; }",
        ] {
            assert!(script.lines().any(|it| it == line), "{line}\n{script}");
        }
        let marks: Vec<&str> = LISTING.split('@').filter(|word| !word.is_empty()).collect();
        let marks = marks
            .iter()
            .filter(|word| word.chars().all(|it| it.is_ascii_uppercase()));
        assert_eq!(marks.clone().count(), Stage::OF_TURN.len() + 2);
        for mark in marks {
            assert!(!script.contains(&format!("@{mark}@")), "{mark}\n{script}");
        }
    }

    #[test]
    fn no_key_is_printed() {
        assert!(!printed("--api-key LRSECRET a.py").contains("LRSECRET"));
    }

    #[test]
    fn without_git_no_branch_is_made() {
        assert!(printed("a.py").contains("lr-git start"));
        assert!(!printed("-g a.py").contains("start"));
    }
}
