//! What a run came to: counted while it goes on, told at its end, as data and as a page.

use std::fmt::Write as _;
use std::time::Instant;

use lr_record::Record;
use lr_stage::{Error, Status, clock, say};
use lr_turn::{Commit, Id, Outcome, Prompt, Reply, Section, Turn, TurnError, Usage};
use serde::{Deserialize, Serialize};

use crate::progress::plural;
use crate::reading::{Answer, Checked, Taken};
use crate::stop::{Reason, Stop};

/// How many lines of an explanation are listed; the record and FIXES.md hold it whole.
const LONGEST_NOTES: usize = 12;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Summary {
    run: String,
    /// When it began, or was taken up again.
    begin: Instant,
    /// What it had come to before that.
    before: lr_record::Summary,
    reason: Reason,
    /// What is handed out as `loop`.
    told: LoopSection,
    /// What the replies said outside their blocks, by turn.
    explanations: Vec<(u64, String)>,
    /// What `--stop-after` asked for.
    pub(crate) built: Vec<Turn>,
}

/// `loop`: why a loop stopped, and what it did.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct LoopSection {
    /// The name of the reason.
    reason: String,
    /// The exit status.
    status: u8,
    /// How many turns ended with a check.
    turns: u64,
    /// How often a model was called.
    calls: u64,
    findings: Findings,
    /// The tokens of all calls.
    usage: Usage,
    /// What all calls cost in US dollars, where the provider says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    /// How long the run took.
    seconds: f64,
    /// The branch of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    /// The commits of the run, in their order.
    commits: Vec<String>,
    /// What a stage said about why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<TurnError>,
}

impl Section for LoopSection {
    const KEY: &'static str = "loop";
}

/// How many findings there were; absent where no check said so.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Findings {
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
}

impl Summary {
    /// Begins to count for a run, of which there is a summary already if it is taken up again.
    pub(crate) fn of_run(run: String, before: Option<lr_record::Summary>) -> Self {
        Self {
            run,
            begin: Instant::now(),
            before: before.unwrap_or_else(|| lr_record::Summary {
                started: format!("{:.3}", clock::now()),
                ..lr_record::Summary::default()
            }),
            reason: Reason::STAGE_FAILED,
            told: LoopSection::default(),
            explanations: Vec::new(),
            built: Vec::new(),
        }
    }

    /// Notes that the branch of the run was made.
    pub(crate) fn started(&mut self) {
        self.told.branch = Some(format!("lr/{}", self.run));
    }

    /// Notes a check, the one with which `turn` begins.
    pub(crate) fn add_check(&mut self, turn: u64, check: &Checked) {
        self.told.turns = turn - 1;
        if check.trouble.is_none() {
            self.told.findings.before.get_or_insert(check.findings);
            self.told.findings.after = Some(check.findings);
        }
    }

    /// Notes what the replies that were applied said.
    pub(crate) fn add_notes(&mut self, turn: u64, answers: &[Answer]) {
        let applied = answers
            .iter()
            .filter(|it| it.outcome == Some(Outcome::Applied));
        let notes = applied.map(|answer| answer.notes.trim());
        let notes = notes.filter(|notes| !notes.is_empty());
        self.explanations
            .extend(notes.map(|notes| (turn, notes.to_owned())));
    }

    /// Notes what asking a model took.
    pub(crate) fn add_taken(&mut self, taken: &Taken) {
        let told = &mut self.told;
        told.calls += taken.calls;
        told.usage.input += taken.usage.input;
        told.usage.cached_input += taken.usage.cached_input;
        told.usage.cache_write += taken.usage.cache_write;
        told.usage.output += taken.usage.output;
        told.usage.reasoning += taken.usage.reasoning;
        if let Some(cost) = taken.cost_usd {
            told.cost_usd = Some(told.cost_usd.unwrap_or_default() + cost);
        }
    }

    /// Notes where a change was kept.
    pub(crate) fn add_commit(&mut self, commit: Commit) {
        if commit.branch.is_some() {
            self.told.branch = commit.branch;
        }
        self.told
            .commits
            .extend([commit.fix, commit.fixes].into_iter().flatten());
    }

    /// Notes why and when the run ended.
    pub(crate) fn end(&mut self, stop: Stop, record: &Record) {
        self.reason = stop.reason;
        stop.reason.name.clone_into(&mut self.told.reason);
        self.told.status = stop.reason.status.code();
        self.told.error = stop.error;
        self.told.seconds = self.seconds();
        self.record(record);
    }

    /// Writes what the run came to so far into its folder. That this fails is said; it is no reason
    /// to stop.
    pub(crate) fn record(&self, record: &Record) {
        let has_ended = !self.told.reason.is_empty();
        let ledger = record.ledger();
        let summary = lr_record::Summary {
            lr: lr_turn::VERSION,
            run: self.run.clone(),
            reason: if has_ended {
                self.told.reason.clone()
            } else {
                lr_record::RUNNING.to_owned()
            },
            status: has_ended.then_some(self.told.status),
            pid: std::process::id(),
            started: self.before.started.clone(),
            seconds: self.seconds(),
            turns: ledger.turns(),
            totals: ledger.totals(),
            branch: self.told.branch.clone(),
            next: has_ended.then(|| self.next_steps()),
        };
        if let Err(error) = record.summarize(&summary) {
            say::warn(&error.to_string());
        }
    }

    /// How long the run took, all times it was taken up together.
    fn seconds(&self) -> f64 {
        let seconds = self.before.seconds + self.begin.elapsed().as_secs_f64();
        (seconds * 1000.0).round() / 1000.0
    }

    /// The exit status of the run.
    pub(crate) fn status(&self) -> Status {
        self.reason.status
    }

    /// Returns the summary as a turn that holds nothing else.
    pub(crate) fn to_turn(&self) -> Turn {
        let mut turn = Turn::new();
        turn.set_id(&Id {
            run: Some(self.run.clone()),
            ..Id::default()
        });
        turn.set(&self.told);
        turn
    }

    /// Returns the page for people: the explanations, what it came to, and what to type next.
    pub(crate) fn page(&self) -> String {
        let mut page = String::new();
        if !self.explanations.is_empty() {
            page.push_str("what was done, in the words of the replies:\n");
        }
        for (turn, notes) in &self.explanations {
            let shown: Vec<&str> = notes.lines().take(LONGEST_NOTES).collect();
            let _ = writeln!(page, "  turn {turn}: {}", shown.join("\n    "));
            let left_out = notes.lines().count() - shown.len();
            if left_out > 0 {
                let _ = writeln!(page, "    (and {})", plural(left_out as u64, "more line"));
            }
        }
        page.push_str(&self.came_to());
        page.push('\n');
        if let Some(branch) = &self.told.branch {
            let _ = writeln!(page, "on branch {branch}; next: {}", self.next_steps());
        }
        page
    }

    fn came_to(&self) -> String {
        let told = &self.told;
        let mut line = format!("{}: {}", told.reason, self.reason.words);
        if let Some(error) = told
            .error
            .as_ref()
            .filter(|_| self.reason != Reason::NO_MODEL)
        {
            let _ = write!(line, " ({})", error.message);
        }
        if let (Some(before), Some(after)) = (told.findings.before, told.findings.after) {
            let _ = write!(line, "; findings {before} -> {after}");
        }
        let _ = write!(
            line,
            "; {}, {}, {}",
            plural(told.turns, "turn"),
            plural(told.calls, "call"),
            plural(told.usage.input + told.usage.output, "token"),
        );
        if let Some(cost) = told.cost_usd {
            let _ = write!(line, ", ${cost:.4}");
        }
        line
    }

    /// What to type next, once there is a branch.
    fn next_steps(&self) -> String {
        let leave = "git checkout - (leave it)";
        if self.told.commits.is_empty() {
            return leave.to_owned();
        }
        let run = &self.run;
        format!("git diff refs/lr/{run}/base... (see it), lr-git undo (take it back), {leave}")
    }
}

/// Returns what `--stop-after` asked for, as text.
pub(crate) fn built_text(turns: &[Turn]) -> Result<String, Error> {
    let mut text = String::new();
    for turn in turns {
        if let Some(reply) = turn.get::<Reply>()? {
            let _ = writeln!(text, "{}", reply.text.trim_end());
        } else if let Some(prompt) = turn.get::<Prompt>()? {
            for message in &prompt.messages {
                let _ = writeln!(text, "{}\n", message.content.trim_end());
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let folder = tempfile::tempdir().unwrap();
        Record::create("r", Some(folder.path())).unwrap()
    }

    fn summary(reason: Reason) -> Summary {
        let mut summary = Summary::of_run("r".to_owned(), None);
        let checked = |findings| Checked {
            findings,
            ..Checked::default()
        };
        summary.add_check(1, &checked(12));
        summary.add_check(4, &checked(1));
        summary.add_taken(&Taken {
            calls: 2,
            usage: Usage {
                input: 30,
                output: 4,
                ..Usage::default()
            },
            ..Taken::default()
        });
        summary.end(reason.into(), &record());
        summary.told.seconds = 1.235;
        summary
    }

    #[test]
    fn the_page_says_what_it_came_to_and_what_to_type_next() {
        let mut summary = summary(Reason::STALLED);
        assert_eq!(
            summary.page(),
            "stalled: turn after turn removes nothing it is asked to; findings 12 -> 1; \
             3 turns, 2 calls, 34 tokens\n"
        );
        summary.started();
        summary.add_commit(Commit {
            fix: Some("a".to_owned()),
            fixes: Some("b".to_owned()),
            ..Commit::default()
        });
        assert_eq!(
            summary.page(),
            "stalled: turn after turn removes nothing it is asked to; findings 12 -> 1; \
             3 turns, 2 calls, 34 tokens\n\
             on branch lr/r; next: git diff refs/lr/r/base... (see it), \
             lr-git undo (take it back), git checkout - (leave it)\n"
        );
    }

    #[test]
    fn the_stop_reason_is_data() {
        assert_eq!(
            summary(Reason::ITERATIONS).to_turn().to_line(),
            "{\"lr\":1,\"run\":\"r\",\"loop\":{\"reason\":\"iterations\",\"status\":4,\"turns\":3,\
             \"calls\":2,\"findings\":{\"before\":12,\"after\":1},\"usage\":{\"input\":30,\
             \"cached_input\":0,\"cache_write\":0,\"output\":4,\"reasoning\":0},\
             \"seconds\":1.235,\"commits\":[]}}"
        );
    }

    #[test]
    fn explanations_are_listed_by_turn() {
        let mut summary = summary(Reason::CLEAN);
        let answer = |outcome, notes: &str| Answer {
            outcome: Some(outcome),
            notes: notes.to_owned(),
            ..Answer::default()
        };
        summary.add_notes(1, &[answer(Outcome::Refused, "not used")]);
        summary.add_notes(2, &[answer(Outcome::Applied, "Removed x.\nAnd y.\n")]);
        assert!(summary.page().starts_with(
            "what was done, in the words of the replies:\n  turn 2: Removed x.\n    And y.\nclean: "
        ));
        summary.add_notes(3, &[answer(Outcome::Applied, &"x\n".repeat(14))]);
        let lines = summary.page().matches("    x\n").count();
        assert_eq!(lines, LONGEST_NOTES - 1);
        assert!(summary.page().contains("\n    (and 2 more lines)\nclean: "));
    }
}
