//! What a run came to: counted while it goes on, told at its end, as data and as a page.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use lr_record::Record;
use lr_stage::{Error, Status, clock, say};
use lr_turn::{
    Charge, Commit, Id, Outcome, Prompt, Reply, Section, Turn, TurnError, Usage, microusd,
};
use serde::{Deserialize, Serialize};

use crate::money;
use crate::page::{self, Amount, Changed, Cost, Ending, Numbers};
use crate::reading::{Answer, Checked, Taken};
use crate::stop::{Best, Reason, Stop};

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Summary {
    run: String,
    /// Whether it has a work tree of its own.
    is_apart: bool,
    /// When it began, or was taken up again.
    begin: Instant,
    /// What it had come to before that.
    before: lr_record::Summary,
    reason: Reason,
    /// What is handed out as `loop`.
    told: LoopSection,
    /// What the replies said outside their blocks, by turn.
    explanations: Vec<(u64, String)>,
    /// What names the run to `--resume`, where it left a record.
    resume: Option<String>,
    cost: Cost,
    /// Whether what is found at the end hides others that were seen at the beginning.
    hides_more: bool,
    /// Whether a change was applied.
    has_changes: bool,
    /// What `--stop-after` asked for.
    pub(crate) built: Vec<Turn>,
    /// What `--dry-run` says about them.
    pub(crate) estimate: String,
}

/// `loop`: why a loop stopped, and what it did.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct LoopSection {
    /// The name of the reason.
    reason: String,
    /// The exit status.
    status: u8,
    /// In how many turns there was a reply, or a model was called.
    turns: u64,
    /// How often a model was called.
    calls: u64,
    findings: Findings,
    /// The tokens of all replies.
    usage: Usage,
    /// What counts against limits: also what calls may have taken of which nobody says so.
    charged: Charge,
    /// What all calls cost in US dollars, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    /// The same in whole millionths, as the record sums it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_microusd: Option<u64>,
    /// How long the run took.
    seconds: f64,
    /// The branch of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    /// The commits of the run, in their order.
    commits: Vec<String>,
    /// The last turn that began in the best state.
    #[serde(skip_serializing_if = "Option::is_none")]
    best_turn: Option<u64>,
    /// Which state the run ended on: `best`, or `last` where another one was better.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
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
    pub(crate) fn of_run(run: String, before: Option<lr_record::Summary>, is_apart: bool) -> Self {
        Self {
            run,
            is_apart,
            begin: Instant::now(),
            before: before.unwrap_or_else(|| lr_record::Summary {
                started: format!("{:.3}", clock::now()),
                ..lr_record::Summary::default()
            }),
            reason: Reason::STAGE_FAILED,
            told: LoopSection::default(),
            explanations: Vec::new(),
            resume: None,
            cost: Cost::default(),
            hides_more: false,
            has_changes: false,
            built: Vec::new(),
            estimate: String::new(),
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
        told.charged.tokens += taken.charge.tokens;
        let cost = &mut self.cost;
        cost.unknown += taken.unpriced;
        cost.known += taken.calls - taken.unpriced;
        cost.micro_dollars.known += taken.cost_usd.map_or(0, microusd);
        cost.micro_dollars.counts += taken.charge.cost_microusd.unwrap_or_default();
    }

    /// Notes where a change was kept.
    pub(crate) fn add_commit(&mut self, commit: Commit) {
        if commit.branch.is_some() {
            self.told.branch = commit.branch;
        }
        self.told.commits.extend(
            [commit.fix, commit.fixes, commit.restore]
                .into_iter()
                .flatten(),
        );
    }

    /// Notes which state was the best, and whether it is the one that the run ended on.
    pub(crate) fn add_best(&mut self, best: &Best) {
        self.told.best_turn = best.turn();
        let kept = if best.better().is_some() {
            "last"
        } else {
            "best"
        };
        self.told.kept = best.turn().map(|_| kept.to_owned());
    }

    /// Notes why and when the run ended.
    pub(crate) fn end(&mut self, stop: Stop, record: &Record) {
        self.reason = stop.reason;
        stop.reason.name.clone_into(&mut self.told.reason);
        self.told.status = stop.reason.status.code();
        self.told.error = stop.error;
        self.told.seconds = self.seconds();
        self.resume = name_for_resume(record.folder(), &self.run);
        self.settle(record);
        self.record(record);
    }

    /// Takes the numbers from the record, which also knows of steps that were set aside.
    fn settle(&mut self, record: &Record) {
        let totals = record.ledger().totals();
        let told = &mut self.told;
        told.turns = record.ledger().turn_count();
        told.findings = Findings {
            before: totals.findings.before,
            after: totals.findings.after,
        };
        told.calls = totals.calls;
        told.usage = totals.usage;
        told.charged = totals.charged;
        told.cost_microusd = totals.cost_microusd;
        let dollars = totals.cost_microusd.map(money::written);
        told.cost_usd = dollars.and_then(|dollars| dollars.parse().ok());
        told.commits = totals.commits;
        self.hides_more = totals.rank.after.map(|rank| rank[0])
            > totals.rank.before.map(|rank| rank[0]).or(Some(0));
        self.has_changes = totals.outcomes.contains_key("applied");
        self.cost = Cost {
            micro_dollars: Amount {
                known: totals.cost_microusd.unwrap_or_default(),
                counts: totals.charged.cost_microusd.unwrap_or_default(),
            },
            known: totals.calls - totals.unpriced,
            unknown: totals.unpriced,
        };
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
            next: if has_ended {
                self.ending().next()
            } else {
                None
            },
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

    /// Returns what the replies said, for people.
    pub(crate) fn explanations(&self) -> String {
        page::explanations(&self.explanations)
    }

    /// Returns the numbers of the run so far.
    pub(crate) fn numbers(&self) -> Numbers {
        let told = &self.told;
        Numbers {
            findings: told.findings.before.zip(told.findings.after),
            hides_more: self.hides_more,
            turns: told.turns,
            calls: told.calls,
            tokens: Amount {
                known: told.usage.input + told.usage.output,
                counts: told.charged.tokens,
            },
            cost: self.cost,
        }
    }

    /// Tells who can show what was changed.
    fn changed(&self) -> Changed {
        if !self.has_changes {
            Changed::Nothing
        } else if lr_record::is_in_git() {
            Changed::InGit
        } else {
            Changed::OutsideGit
        }
    }

    /// Returns what the run came to, for the last line.
    pub(crate) fn ending(&self) -> Ending<'_> {
        let told = &self.told;
        Ending {
            run: &self.run,
            is_apart: self.is_apart,
            reason: self.reason,
            error: told.error.as_ref().map(|error| error.message.as_str()),
            numbers: self.numbers(),
            seconds: told.seconds,
            branch: told.branch.as_deref(),
            changed: self.changed(),
            has_commits: !told.commits.is_empty(),
            resume: self.resume.clone(),
        }
    }
}

/// Returns how `--resume` finds a run: by its name, or by the folder that the user chose.
fn name_for_resume(folder: &Path, run: &str) -> Option<String> {
    if !lr_record::runs::is_run(folder) {
        return None;
    }
    if folder.ends_with(Path::new("runs").join(run)) {
        return Some(run.to_owned());
    }
    Some(shell_words::quote(&folder.display().to_string()).into_owned())
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
    use lr_record::Done;
    use tempfile::TempDir;

    use super::*;
    use crate::plan::Stage;

    const LINES: [&str; 3] = [
        r#"{"lr":1,"turn":1,"sources":[],"check":{"clean":false,"results":[{"exit":1},{"exit":2}]}}"#,
        r#"{"lr":1,"turn":1,"reply":{"text":"","by":"lr-llm","attempts":2,"usage":{"input":30,"output":4}}}"#,
        r#"{"lr":1,"turn":4,"sources":[],"check":{"clean":false,"results":[{"exit":1}]}}"#,
    ];

    /// The record of two checks and a reply.
    fn record(folder: &TempDir) -> Record {
        let mut record = Record::create("r", Some(folder.path())).unwrap();
        for (number, stage) in (1..).zip([Stage::CHECK, Stage::LLM, Stage::CHECK]) {
            let turn = Turn::parse(LINES[number as usize - 1]).unwrap();
            let file = record.step_file(number, stage.name);
            std::fs::write(&file, "").unwrap();
            let done = Done {
                number,
                turn: turn.id().unwrap().turn.unwrap(),
                stage: stage.name,
                author: stage.author(),
                status: 0,
                seconds: 0.1,
                file: &file,
                is_paid: false,
            };
            record.complete(&done, &[], &[turn]).unwrap();
        }
        record
    }

    fn summary(reason: Reason) -> Summary {
        let folder = tempfile::tempdir().unwrap();
        let mut summary = Summary::of_run("r".to_owned(), None, false);
        summary.end(reason.into(), &record(&folder));
        summary.told.seconds = 1.235;
        summary
    }

    #[test]
    fn the_last_line_has_its_numbers() {
        let mut summary = summary(Reason::STALLED);
        summary.started();
        let line = summary.ending().line();
        let numbers =
            "; findings 2 -> 1, 1 turn, 2 calls, 34 tokens, cost unknown, 1.2 s, branch lr/r; ";
        assert!(line.contains(numbers), "{line}");
    }

    #[test]
    fn the_stop_reason_is_data() {
        assert_eq!(
            summary(Reason::ITERATIONS).to_turn().to_line(),
            "{\"lr\":1,\"run\":\"r\",\"loop\":{\"reason\":\"iterations\",\"status\":4,\"turns\":1,\
             \"calls\":2,\"findings\":{\"before\":2,\"after\":1},\"usage\":{\"input\":30,\
             \"cached_input\":0,\"cache_write\":0,\"output\":4,\"reasoning\":0},\
             \"charged\":{\"tokens\":34},\"seconds\":1.235,\"commits\":[]}}"
        );
    }

    #[test]
    fn only_what_was_applied_is_explained() {
        let mut summary = summary(Reason::CLEAN);
        let answer = |outcome, notes: &str| Answer {
            outcome: Some(outcome),
            notes: notes.to_owned(),
            ..Answer::default()
        };
        summary.add_notes(1, &[answer(Outcome::Refused, "not used")]);
        summary.add_notes(2, &[answer(Outcome::Applied, "Removed x.\n")]);
        let page = summary.explanations();
        assert!(page.ends_with("replies:\n  turn 2: Removed x.\n"), "{page}");
    }
}
