//! Writes the new file versions of a reply: all of them, or none.
//!
//! A reply is read by `lr-blocks`, held against what was offered and what stands on the disk
//! ([`plan`]), and written by `lr-files` as one set. Whatever is unclear refuses the reply as a
//! whole, with reasons that the model is shown in the next turn.
//!
//! Deliberately absent: any guess at what a reply may have meant, and any way to write a file that
//! was not offered.

mod args;
mod guard;
mod page;
mod plan;
mod receipt;
mod write;

use lr_blocks::Fence;
use lr_files::Root;
use lr_stage::config::{Config, Settings};
use lr_stage::input::{self, Input};
use lr_stage::output::Output;
use lr_stage::turns::{self, Ready, Worker};
use lr_stage::{Error, Form, Kind, Status, exit_zero};
use lr_turn::{Apply, Check, Finish, Outcome, Prompt, Reply, ReplyFormat, Source, Turn};
use serde::Deserialize;

pub use args::Args;
use guard::Offer;
use plan::{Plan, Request};
use write::Writer;

/// Runs `lr-apply`.
///
/// # Errors
///
/// What concerns the whole stream; what concerns one turn is written into it.
pub fn run(args: Args) -> Result<Status, Error> {
    lr_exec::signals::exit_at_once();
    let ApplySettings {} = Config::load(&args.common)?.settings()?;
    let mut stage = Stage {
        root: open_root()?,
        writer: Writer::new(),
        dry_run: args.dry_run,
    };
    let status = match input::read(args.input, "a reply")? {
        Input::Turns(reader) => {
            let form = if args.dry_run { Form::Text } else { Form::Turn };
            let mut output = Output::new(args.format, form);
            turns::run(reader, &mut output, &mut stage)?
        }
        Input::Text(text) => {
            let mut output = Output::new(args.format, Form::Text);
            stage.apply_text(&text, args.sources, &mut output)?
        }
    };
    Ok(exit_zero(status, args.exit_zero))
}

/// Nothing can be configured so far, so that each key in `[apply]` is a mistake and is told.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplySettings {}

impl Settings for ApplySettings {
    const TABLE: &'static str = "apply";
}

/// Opens the working directory, beneath which everything happens.
fn open_root() -> Result<Root, Error> {
    Root::open(std::path::Path::new(".")).map_err(|error| write::explain(&error))
}

struct Stage {
    root: Root,
    writer: Writer,
    dry_run: bool,
}

impl Stage {
    fn apply_text(
        &mut self,
        text: &str,
        sources: Vec<String>,
        output: &mut Output,
    ) -> Result<Status, Error> {
        if sources.is_empty() {
            let message = "a bare answer does not say which files it may change";
            return Err(
                Error::new(Kind::Usage, message).hint("name them: lr-apply SOURCE…, or give turns")
            );
        }
        let request = Request {
            text,
            finish: None,
            fence: Fence::default(),
            format: None,
            offer: Offer::of_arguments(&self.root, sources)?,
            is_computed: false,
            findings: None,
        };
        let plan = plan::make(&self.root, &request);
        let apply = self.carry_out(plan, None)?;
        let mut turn = Turn::new();
        turn.set(&apply);
        turns::write(&turn, output, self)?;
        Ok(status_of(&apply))
    }

    /// Writes what is planned, unless this is a dry run.
    fn carry_out(&mut self, plan: Plan, turn: Option<receipt::Key>) -> Result<Apply, Error> {
        if self.dry_run || plan.apply.outcome != Outcome::Applied {
            return Ok(plan.apply);
        }
        self.writer.write(&self.root, plan, turn)
    }
}

impl Worker for Stage {
    fn ready(&self, turn: &Turn) -> Result<Ready, Error> {
        Ok(if turn.has("apply") {
            Ready::Pass
        } else if turn.has("reply") {
            Ready::Work
        } else if turn.get::<Check>()?.is_some_and(|check| check.clean) {
            Ready::Pass
        } else {
            Ready::PassSaying("a turn without a reply is passed on; did lr-llm run before?")
        })
    }

    fn work(&mut self, turn: &mut Turn) -> Result<Status, Error> {
        refuse_candidates(turn)?;
        let reply: Reply = required(turn)?;
        let key = receipt::Key::of(turn, &reply)?;
        if !self.dry_run
            && let Some(apply) = self.writer.already_written(&self.root, &key)?
        {
            turn.set(&apply);
            return Ok(status_of(&apply));
        }
        let prompt: Option<Prompt> = turn.get()?;
        let check: Option<Check> = turn.get()?;
        let fence = prompt.as_ref().map(|prompt| prompt.fence).or(reply.fence);
        let is_computed = prompt.is_none() && !reply.fixes.is_empty();
        let request = Request {
            text: &reply.text,
            finish: reply.finish,
            fence: to_fence(fence.unwrap_or_default()),
            format: is_computed.then_some(ReplyFormat::Blocks),
            is_computed,
            offer: match prompt {
                Some(prompt) => Offer::of_prompt(&prompt),
                None => Offer::of_sources(&turn.get::<Vec<Source>>()?.unwrap_or_default()),
            },
            findings: check.as_ref(),
        };
        let plan = plan::make(&self.root, &request);
        let apply = self.carry_out(plan, Some(key))?;
        turn.set(&apply);
        Ok(status_of(&apply))
    }

    fn page(&self, turn: &Turn) -> String {
        match turn.get::<Apply>() {
            Ok(Some(apply)) => page::of(&apply, self.dry_run),
            _ => String::new(),
        }
    }
}

fn required(turn: &Turn) -> Result<Reply, Error> {
    turn.get()?
        .ok_or_else(|| Error::new(Kind::Input, "the turn has no reply"))
}

/// Several answers to one question cannot all be written.
fn refuse_candidates(turn: &Turn) -> Result<(), Error> {
    if turn.has("candidate") {
        let message = "the turn is one of several candidates, and only one may be applied";
        return Err(Error::new(Kind::Usage, message)
            .hint("keep one of them and remove its key 'candidate'"));
    }
    Ok(())
}

fn to_fence(fence: lr_turn::Fence) -> Fence {
    Fence {
        open: fence.open,
        close: fence.close,
    }
}

fn status_of(apply: &Apply) -> Status {
    match apply.outcome {
        Outcome::Applied => Status::Done,
        Outcome::NoChange | Outcome::NoEdits | Outcome::Refused => Status::No,
    }
}

/// Tells whether a reply that ended like this may be written.
fn is_complete(finish: Option<Finish>) -> bool {
    matches!(finish, None | Some(Finish::Stop | Finish::Unknown))
}
