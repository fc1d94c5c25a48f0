//! The lines of `turns.jsonl`: per stage and turn one, with `lr run turn part stage at` and only
//! what that stage added.
//!
//! Each line is a valid turn; the whole turn is their merge. Where a stage was run again for a turn
//! the later line counts.

use lr_turn::{Section, Turn};
use serde::{Deserialize, Serialize};

/// A stage, as the author of what it adds.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// The program.
    pub program: &'a str,
    /// The sections that it adds, its own last.
    pub adds: &'a [&'a str],
    /// Whether it makes turns, so that whatever it wrote is new.
    pub begins: bool,
}

/// Makes the line of a turn; `None` where the stage added nothing.
pub(crate) fn line(author: Author, at: &str, before: Option<&Turn>, after: &Turn) -> Option<Turn> {
    let is_new = |key: &str| {
        author.begins
            || after.has(key) && before.is_none_or(|before| before.raw(key) != after.raw(key))
    };
    let failed = is_new("error");
    let added = author.adds.last().is_some_and(|key| is_new(key));
    if !added && !failed {
        return None;
    }
    let mut line = Turn::new();
    for key in ["run", "turn", "part", "parts"] {
        line.copy(key, after);
    }
    line.set(&Program(author.program.to_owned()));
    line.set(&Moment(at.to_owned()));
    if added {
        author.adds.iter().for_each(|key| line.copy(key, after));
    }
    if failed {
        line.copy("error", after);
    }
    Some(line)
}

/// `stage`: the program that added what the line holds.
#[derive(Serialize, Deserialize)]
pub(crate) struct Program(pub(crate) String);

impl Section for Program {
    const KEY: &'static str = "stage";
}

/// `at`: when it was done, in UTC.
#[derive(Serialize, Deserialize)]
pub(crate) struct Moment(pub(crate) String);

impl Section for Moment {
    const KEY: &'static str = "at";
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: Author = Author {
        program: "lr-check",
        adds: &["sources", "previous", "check"],
        begins: true,
    };
    const FIX: Author = stage("lr-fix", &["reply"]);
    const LLM: Author = stage("lr-llm", &["reply"]);

    const fn stage(program: &'static str, adds: &'static [&'static str]) -> Author<'static> {
        Author {
            program,
            adds,
            begins: false,
        }
    }

    fn recorded(author: Author, before: Option<&str>, after: &str) -> Option<String> {
        let parse = |line: &str| Turn::parse(line).unwrap();
        let mut line = line(author, "now", before.map(parse).as_ref(), &parse(after))?;
        line.remove("at");
        Some(line.to_line())
    }

    #[test]
    fn a_line_holds_only_what_the_stage_added() {
        let check = r#"{"lr":1,"run":"r","turn":2,"sources":[],"previous":{},"check":{"clean":false},"x":1}"#;
        let expected = "{\"lr\":1,\"run\":\"r\",\"turn\":2,\"stage\":\"lr-check\",\"sources\":[],\
                        \"previous\":{},\"check\":{\"clean\":false}}";
        assert_eq!(recorded(CHECK, None, check).as_deref(), Some(expected));
        let replied = r#"{"lr":1,"run":"r","turn":2,"check":{},"reply":{"text":"t"}}"#;
        let expected =
            "{\"lr\":1,\"run\":\"r\",\"turn\":2,\"stage\":\"lr-fix\",\"reply\":{\"text\":\"t\"}}";
        let fixed = recorded(FIX, Some(check), replied);
        assert_eq!(fixed.as_deref(), Some(expected));
        assert_eq!(recorded(LLM, Some(replied), replied), None);
        let start = stage("lr-git", &[]);
        assert_eq!(recorded(start, Some(check), check), None);
    }

    #[test]
    fn a_split_turn_is_recorded_with_what_each_part_holds() {
        let part = r#"{"lr":1,"run":"r","turn":1,"part":1,"parts":2,"check":{},"prompt":{}}"#;
        let prompt = stage("lr-prompt", &["sources", "check", "prompt"]);
        let expected = "{\"lr\":1,\"run\":\"r\",\"turn\":1,\"part\":1,\"parts\":2,\
                        \"stage\":\"lr-prompt\",\"check\":{},\"prompt\":{}}";
        assert_eq!(recorded(prompt, None, part).as_deref(), Some(expected));
    }

    #[test]
    fn an_error_is_recorded_once() {
        let check = r#"{"lr":1,"run":"r","turn":1,"check":{}}"#;
        let failed = r#"{"lr":1,"run":"r","turn":1,"check":{},"error":{"stage":"lr-llm","kind":"network","message":"m"}}"#;
        let expected = "{\"lr\":1,\"run\":\"r\",\"turn\":1,\"stage\":\"lr-llm\",\
                        \"error\":{\"stage\":\"lr-llm\",\"kind\":\"network\",\"message\":\"m\"}}";
        assert_eq!(
            recorded(LLM, Some(check), failed).as_deref(),
            Some(expected)
        );
        assert_eq!(
            recorded(stage("lr-apply", &["apply"]), Some(failed), failed),
            None
        );
    }
}
