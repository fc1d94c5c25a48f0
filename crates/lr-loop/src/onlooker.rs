//! Looking on while stages run: on a terminal a block that shows what is going on, elsewhere a
//! sign of life now and then.

use std::time::{Duration, Instant};

use lr_exec::{Finished, Program, StartError, Watcher};
use lr_stage::say;

use crate::block::Block;
use crate::jobs::Jobs;
use crate::lines::Lines;
use crate::page::{self, Numbers};

/// How often the block is brought up to date.
const FRAME: Duration = Duration::from_millis(100);

/// How often a log learns that a stage is still running.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Looks on while a run goes on.
#[derive(Debug)]
pub(crate) struct Onlooker {
    block: Option<Block>,
    begin: Instant,
    so_far: Numbers,
}

impl Onlooker {
    /// Makes one that draws where that is possible.
    pub(crate) fn new() -> Self {
        Self {
            block: say::can_draw().then(Block::new),
            begin: Instant::now(),
            so_far: Numbers::default(),
        }
    }

    /// Takes the numbers of the run so far.
    pub(crate) fn note(&mut self, so_far: Numbers) {
        self.so_far = so_far;
    }

    /// Returns the flag by which a program tells what it is doing, where that is shown.
    pub(crate) fn flags(&self) -> Option<String> {
        self.block.as_ref().map(|_| "--tell-jobs".to_owned())
    }

    /// Runs the program of a stage and looks on. What it says goes to our own standard error, which
    /// it is given where nothing is drawn there.
    ///
    /// # Errors
    ///
    /// As [`Program::run`].
    pub(crate) fn run(
        &self,
        program: Program,
        turn: u64,
        name: &str,
    ) -> Result<Finished, StartError> {
        let mut watch = self.stage(turn, name);
        let program = match self.block {
            None => program.stderr_inherit(),
            Some(_) => program.capture_limit(0),
        };
        let finished = program.run_watched(&mut watch);
        watch.end();
        finished
    }

    fn stage<'a>(&'a self, turn: u64, program: &'a str) -> Watch<'a> {
        Watch {
            onlooker: self,
            turn,
            program,
            begin: Instant::now(),
            jobs: Jobs::default(),
            lines: Lines::default(),
        }
    }
}

/// Looks on while one stage runs.
#[derive(Debug)]
struct Watch<'a> {
    onlooker: &'a Onlooker,
    turn: u64,
    program: &'a str,
    begin: Instant,
    jobs: Jobs,
    /// What the stage says on its standard error.
    lines: Lines,
}

impl Watch<'_> {
    /// Says what is left of what the stage said.
    fn end(self) {
        let Self {
            lines, mut jobs, ..
        } = self;
        lines.end(|line| hear(&mut jobs, line));
    }
}

/// Takes a line for news of a job, or says it.
fn hear(jobs: &mut Jobs, line: &str) {
    if !jobs.take(line) {
        say::pass_on(line.trim_end_matches('\r'));
    }
}

impl Watcher for Watch<'_> {
    fn every(&self) -> Duration {
        match self.onlooker.block {
            Some(_) => FRAME,
            None => HEARTBEAT,
        }
    }

    fn tick(&mut self) {
        let running = self.begin.elapsed();
        match &self.onlooker.block {
            None => say::note(&heartbeat(self.turn, self.program, running)),
            Some(block) => {
                let jobs = self.jobs.words();
                let stage = stage_line(self.turn, self.program, running, &jobs);
                let run = run_line(&self.onlooker.so_far, self.onlooker.begin.elapsed());
                block.show([&stage, &run]);
            }
        }
    }

    fn stderr(&mut self, bytes: &[u8]) {
        let jobs = &mut self.jobs;
        self.lines.take(bytes, |line| hear(jobs, line));
    }
}

/// What a log learns of a stage that takes long.
fn heartbeat(turn: u64, program: &str, running: Duration) -> String {
    let seconds = running.as_secs();
    format!("turn {turn}: {program} has been running for {seconds} s")
}

fn stage_line(turn: u64, program: &str, running: Duration, jobs: &str) -> String {
    let running = page::duration(running.as_secs_f64());
    let more = if jobs.is_empty() { "" } else { "; " };
    format!("turn {turn}: {program}, {running}{more}{jobs}")
}

fn run_line(so_far: &Numbers, running: Duration) -> String {
    let running = page::duration(running.as_secs_f64());
    match so_far.findings {
        None => format!("{running} in all"),
        Some(_) => format!("{}, {running} in all", so_far.words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Amount;

    #[test]
    fn a_log_learns_how_long_a_stage_has_been_running() {
        assert_eq!(
            heartbeat(3, "lr-llm", Duration::from_millis(60_050)),
            "turn 3: lr-llm has been running for 60 s"
        );
    }

    #[test]
    fn the_block_tells_of_the_stage_and_of_the_run() {
        let numbers = Numbers {
            findings: Some((12, 5)),
            turns: 2,
            calls: 3,
            tokens: Amount {
                known: 12_345,
                counts: 12_345,
            },
            ..Numbers::default()
        };
        assert_eq!(
            stage_line(3, "lr-check", Duration::from_millis(1_260), ""),
            "turn 3: lr-check, 1.3 s"
        );
        assert_eq!(
            stage_line(3, "lr-check", Duration::from_millis(1_260), "ruff: running"),
            "turn 3: lr-check, 1.3 s; ruff: running"
        );
        assert_eq!(
            run_line(&numbers, Duration::from_secs(65)),
            "findings 12 -> 5, 2 turns, 3 calls, 12345 tokens, $0.00, 1 min 5 s in all"
        );
        assert_eq!(
            run_line(&Numbers::default(), Duration::from_secs(1)),
            "1.0 s in all"
        );
    }

    #[test]
    fn lines_about_jobs_are_taken_out_of_what_a_stage_says() {
        let onlooker = Onlooker::new();
        let mut watch = onlooker.stage(1, "lr-check");
        watch.stderr(b"\x1eruff\x1f");
        watch.stderr(b"\x1f\n\x1emypy\x1f\x1f\n\x1eruff\x1f2\x1ffinding\nla");
        assert_eq!(watch.jobs.words(), "mypy: running; ruff: 2 findings");
        let mut begun = Vec::new();
        watch.lines.end(|line| begun.push(line.to_owned()));
        assert_eq!(begun, ["la"]);
    }
}
