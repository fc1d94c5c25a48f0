//! Running one stage: a file of turns in, a file of turns out.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use lr_exec::{End, Program, StartError};
use lr_record::{Done, Record, Step};
use lr_stage::{Error, Kind, Status, say};
use lr_turn::{Id, Turn};

use crate::onlooker::Onlooker;
use crate::outcome::{Ran, outcome};
use crate::page::Numbers;
use crate::paid::{self, Asked};
use crate::plan::{API_KEY, Plan, Stage};
use crate::progress;
use crate::server::Server;

/// How long a stage may take to end itself and its children.
const GRACE: Duration = Duration::from_secs(5);

/// Runs stages, and records what they add.
#[derive(Debug)]
pub(crate) struct Runner<'a> {
    plan: &'a Plan,
    run: String,
    record: Record,
    /// How many stages were run.
    count: u32,
    /// Whether stages are run, instead of taking what they wrote from the record.
    is_live: bool,
    /// Whether a step could not be recorded.
    is_lost: bool,
    /// Whether a step failed as a whole.
    has_gap: bool,
    onlooker: Onlooker,
    /// The server of `--local`, from the first question on.
    server: Option<Server>,
}

impl<'a> Runner<'a> {
    /// Makes a runner for one run.
    pub(crate) fn new(plan: &'a Plan, run: String, record: Record) -> Self {
        Self {
            plan,
            run,
            record,
            count: 0,
            is_live: false,
            is_lost: false,
            has_gap: false,
            onlooker: Onlooker::new(),
            server: None,
        }
    }

    /// Notes the numbers of the run so far, for whoever looks on.
    pub(crate) fn note(&mut self, so_far: Numbers) {
        self.onlooker.note(so_far);
    }

    /// Runs a stage in a turn on the turns of another stage, with `more` arguments.
    ///
    /// # Errors
    ///
    /// The stage could not be run, was interrupted, or did not write the turns it had to.
    pub(crate) fn run(
        &mut self,
        stage: Stage,
        turn: u64,
        input: Option<&Ran>,
        more: &[String],
    ) -> Result<Ran, Error> {
        self.count += 1;
        if let Some(recorded) = self.recorded(stage, turn) {
            return recorded;
        }
        // Until the step is complete.
        let has_gap = std::mem::replace(&mut self.has_gap, true);
        // The files that the stages hand to each other are no news.
        let shown = progress::command(&self.plan.command(stage, &[]));
        let input_turns = input.map_or(&[][..], |input| &input.turns);
        if stage == Stage::LLM && input_turns.iter().any(is_asked) {
            self.serve()?;
        }
        let kept = match stage {
            Stage::LLM => Asked::find(&self.record, self.count, turn, input_turns)?,
            _ => None,
        };
        let (ran, before) = match kept {
            None => (self.live(stage, turn, input, more)?, input_turns.to_vec()),
            Some(asked) => {
                let before = asked.before(input_turns);
                (self.rest(asked, turn, more)?, before)
            }
        };
        let done = Done {
            number: self.count,
            turn,
            stage: stage.name,
            author: stage.author(),
            status: ran.status,
            seconds: ran.took.as_secs_f64(),
            file: &ran.file,
            is_paid: stage == Stage::LLM,
        };
        let recorded = self.record.complete(&done, &before, &ran.turns);
        self.is_lost = recorded.is_err();
        recorded?;
        self.has_gap = has_gap;
        say::note(&progress::line(turn, &shown, stage, &ran.turns));
        Ok(ran)
    }

    /// Starts the server of `--local` for the rest of the run, so that not every turn does.
    fn serve(&mut self) -> Result<(), Error> {
        if let (None, Some(mut argv)) = (&self.server, self.plan.server()) {
            argv[0] = beside(Stage::LLM.program);
            let server = Server::start(argv);
            let unable = |error| Error::new(Kind::Io, "cannot start a server").because(error);
            self.server = Some(server.map_err(unable)?);
        }
        Ok(())
    }

    /// Looks whether a run that is taken up again can go on in this repository, just before its
    /// first stage is run; `None` at all other times.
    ///
    /// # Errors
    ///
    /// As [`Runner::run`].
    pub(crate) fn probe(&self) -> Result<Option<Vec<Turn>>, Error> {
        let steps = &self.record.log().steps;
        let has_branch = steps.iter().any(|step| step.stage == Stage::START.name);
        let is_ours = self.plan.git && self.plan.replacement(Stage::START).is_none();
        let first = steps.first().filter(|_| has_branch && is_ours);
        let Some(first) = first.filter(|_| !self.is_live && !self.goes_on_recorded()) else {
            return Ok(None);
        };
        let file = self.record.folder().join(&first.file);
        let first = outcome(Stage::CHECK, End::Exited(0), 0.0, file)?;
        let argv = self.plan.command(Stage::START, &["--resume".to_owned()]);
        let program = self.program(Stage::START, 1, Some(&first), argv)?;
        let file = self.record.folder().join("resume.jsonl");
        let stdout = File::create(&file).map_err(|error| cannot("write", &file, error))?;
        let program = program.stdout_file(stdout);
        let finished = self.onlooker.run(program, 1, Stage::START.program);
        let finished = finished.map_err(cannot_run)?;
        let probed = outcome(Stage::START, finished.end, finished.seconds, file)?;
        Ok(Some(probed.turns))
    }

    /// Runs the program of a stage.
    fn live(
        &self,
        stage: Stage,
        turn: u64,
        input: Option<&Ran>,
        more: &[String],
    ) -> Result<Ran, Error> {
        let file = self.record.step_file(self.count, stage.name);
        let argv = self.plan.command(stage, more);
        let program = self.program(stage, turn, input, argv)?;
        let stdout = File::create(&file).map_err(|error| cannot("write", &file, error))?;
        let program = program.stdout_file(stdout);
        let finished = self.onlooker.run(program, turn, stage.program);
        let finished = finished.map_err(cannot_run)?;
        let mut ran = outcome(stage, finished.end, finished.seconds, file)?;
        let before = input.map_or(&[][..], |input| &input.turns);
        if stage == Stage::CHECK {
            self.identify(&mut ran, turn)?;
        } else if ran.turns.len() < before.len() {
            let (wrote, read) = (ran.turns.len(), before.len());
            let message = format!("'{}' wrote {wrote} turns of {read}", stage.program);
            return Err(Error::new(Kind::Stage, message));
        }
        if stage == Stage::LLM && ran.turns.len() == before.len() {
            let order: Vec<Id> = before.iter().map(paid::id).collect();
            if !ran.turns.iter().map(paid::id).eq(order.iter().cloned()) {
                ran.turns = paid::in_order(&order, ran.turns);
                lr_record::write_turns(&ran.file, &ran.turns.iter().collect::<Vec<_>>())?;
            }
        }
        Ok(ran)
    }

    /// Runs the model's stage for what earlier tries of this step have not answered.
    fn rest(&self, asked: Asked, turn: u64, more: &[String]) -> Result<Ran, Error> {
        let file = self.record.step_file(self.count, Stage::LLM.name);
        let open = asked.open();
        let mut ran = if open.is_empty() {
            Ran {
                turns: Vec::new(),
                file: file.clone(),
                status: Status::Done.code(),
                took: Duration::ZERO,
            }
        } else {
            let rest = Ran {
                turns: open.iter().copied().cloned().collect(),
                file: file.with_extension("rest.jsonl"),
                status: Status::Done.code(),
                took: Duration::ZERO,
            };
            lr_record::write_turns(&rest.file, &open)?;
            self.live(Stage::LLM, turn, Some(&rest), more)?
        };
        ran.turns = asked.merge(ran.turns);
        lr_record::write_turns(&file, &ran.turns.iter().collect::<Vec<_>>())?;
        Ok(ran)
    }

    /// Returns what a step wrote that was complete when the run was taken up again. Behind the
    /// first that was not, every step is run.
    fn recorded(&mut self, stage: Stage, turn: u64) -> Option<Result<Ran, Error>> {
        let step = self.record.completed(self.count, turn, stage.name);
        let Some(step) = step.filter(|_| !self.is_live) else {
            self.is_live = true;
            return None;
        };
        let file = self.record.folder().join(&step.file);
        let end = End::Exited(i32::from(step.status));
        Some(outcome(stage, end, step.seconds, file))
    }

    /// Puts turns into a file, for a stage to read.
    pub(crate) fn put_together(&self, name: &str, turns: Vec<Turn>) -> Result<Ran, Error> {
        let file = self.record.step_file(self.count, Stage::LLM.name);
        let file = file.with_extension(format!("{name}.jsonl"));
        lr_record::write_turns(&file, &turns.iter().collect::<Vec<_>>())?;
        Ok(Ran {
            turns,
            file,
            status: Status::Done.code(),
            took: Duration::ZERO,
        })
    }

    /// Tells whether a step could not be recorded: nothing more may be done then, because the run
    /// would be taken up before it.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Tells whether a step failed as a whole: whatever is done after it is not what a run that is
    /// taken up would come to, because that does the step again.
    pub(crate) fn has_gap(&self) -> bool {
        self.has_gap
    }

    /// Tells whether the next step is recorded, and so is not run.
    pub(crate) fn goes_on_recorded(&self) -> bool {
        let mut steps = self.record.log().steps.iter();
        !self.is_live && steps.any(|step| step.step == self.count + 1)
    }

    /// Tells whether the next step is recorded, and of this stage.
    pub(crate) fn goes_on_with(&self, stage: Stage) -> bool {
        let mut steps = self.record.log().steps.iter();
        let is_next = |step: &Step| step.step == self.count + 1 && step.stage == stage.name;
        !self.is_live && steps.any(is_next)
    }

    /// Tells whether the run went on from here although there was a reason to stop: it had ended
    /// here and was taken up again.
    pub(crate) fn went_on(&self) -> bool {
        !self.is_live && self.record.log().went_on_after(self.count)
    }

    /// Returns the record of the run.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// Hands back the record of the run.
    pub(crate) fn into_record(self) -> Record {
        self.record
    }

    /// Prepares a stage's program: found beside this one, else in `PATH`.
    fn program(
        &self,
        stage: Stage,
        turn: u64,
        input: Option<&Ran>,
        mut argv: Vec<String>,
    ) -> Result<Program, Error> {
        if argv[0] == stage.program {
            argv[0] = beside(stage.program);
            if argv[0] != stage.program {
                argv.extend(self.onlooker.flags());
            }
        }
        let mut program = Program::new(argv)
            .cleans_up(GRACE)
            .env("LR_RUN", &self.run)
            .env("LR_TURN", turn.to_string());
        if let Some(ran) = input {
            if stage == Stage::CHECK {
                program = program.env("LR_PREVIOUS", &ran.file);
            } else {
                let file =
                    File::open(&ran.file).map_err(|error| cannot("read", &ran.file, error))?;
                program = program.stdin_file(file);
            }
        }
        if stage == Stage::LLM {
            let output = self.record.step_file(self.count, stage.name);
            program = program
                .keep_keys()
                .env("LR_CALLS", lr_record::calls_file(&output));
            if let Some(key) = &self.plan.api_key {
                program = program.env(API_KEY, key);
            }
        } else {
            program = program.drop_env(lr_config::keys::variables());
        }
        Ok(program)
    }

    /// Gives the turns of a check what tells them apart, where a foreign checker left it out.
    fn identify(&self, ran: &mut Ran, turn: u64) -> Result<(), Error> {
        let count = ran.turns.len() as u64;
        let mut changed = false;
        for (number, written) in (1..).zip(&mut ran.turns) {
            let id = written.id()?;
            let is_split = count > 1 && id.part.is_none();
            if id.run.is_some() && id.turn.is_some() && !is_split {
                continue;
            }
            changed = true;
            written.set_id(&Id {
                run: id.run.or_else(|| Some(self.run.clone())),
                turn: id.turn.or(Some(turn)),
                part: id.part.or(is_split.then_some(number)),
                parts: id.parts.or(is_split.then_some(count)),
            });
        }
        if !changed {
            return Ok(());
        }
        let lines: String = ran.turns.iter().map(|turn| turn.to_line() + "\n").collect();
        std::fs::write(&ran.file, lines).map_err(|error| cannot("write", &ran.file, error))
    }
}

/// Whether a model is asked about a turn.
fn is_asked(turn: &Turn) -> bool {
    turn.has("prompt") && !turn.has("reply") && !turn.has("error")
}

/// Returns the path of a program that lies beside this one, else its name, to be found in `PATH`.
pub(crate) fn beside(program: &str) -> String {
    let own = std::env::current_exe().ok();
    let folder = own.as_deref().and_then(Path::parent);
    let path = folder.map(|folder| folder.join(program));
    let path = path.filter(|path| path.is_file());
    path.map_or_else(|| program.to_owned(), |path| path.display().to_string())
}

fn cannot_run(error: StartError) -> Error {
    Error::new(Kind::Stage, "cannot run a stage")
        .because(error)
        .hint("the programs of lr belong into one folder, or into PATH")
}

fn cannot(what: &str, file: &Path, error: std::io::Error) -> Error {
    Error::new(Kind::Io, format!("cannot {what} '{}'", file.display())).because(error)
}
