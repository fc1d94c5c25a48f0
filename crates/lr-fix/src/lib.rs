//! Answers a turn from the fixes that the checkers themselves suggest: free, offline and
//! deterministic.
//!
//! The answer is a reply like a model's, in block form, so that everything behind it (what may be
//! changed, all or nothing, recheck and commit) holds for it too. Only edits that the checker
//! calls safe are made, only where the text is still the one it saw, and all edits of a finding
//! together or none.
//!
//! Deliberately absent: any knowledge of a particular checker, and writing files (lr-apply does).

mod answer;
mod args;
mod claims;
mod edits;
mod file;
mod places;

pub use args::Args;

use lr_config::Config;
use lr_files::Root;
use lr_guard::{Guard, Protect};
use lr_stage::turns::{self, Ready, Worker};
use lr_stage::{Common, Error, Form, Kind, Status, input, output::Output};
use lr_turn::{Check, Previous, Reply, Source, Turn};

/// Runs the program: turns in, turns out.
///
/// # Errors
///
/// What concerns the stream as a whole; what concerns one turn becomes its `error`.
pub fn run(Args { format, common }: Args) -> Result<Status, Error> {
    lr_exec::signals::exit_at_once();
    let turns = input::read_turns("turns with a check")?;
    let mut output = Output::new(format, Form::Turn);
    turns::run(
        turns,
        &mut output,
        &mut Fixer {
            common,
            tools: None,
        },
    )
}

/// Answers turns.
struct Fixer {
    common: Common,
    tools: Option<Tools>,
}

/// What is opened when a file may be fixed.
struct Tools {
    root: Root,
    guard: Guard,
}

impl Fixer {
    fn tools(&mut self) -> Result<&Tools, Error> {
        match &mut self.tools {
            Some(tools) => Ok(tools),
            tools @ None => {
                let protect = Config::load(&self.common)?.settings::<Protect>()?.protect;
                let root = Root::open(".".as_ref())
                    .map_err(|error| Error::new(Kind::Io, error.to_string()))?;
                let guard = Guard::new(&root, &protect)?;
                Ok(tools.insert(Tools { root, guard }))
            }
        }
    }
}

impl Worker for Fixer {
    fn ready(&self, turn: &Turn) -> Result<Ready, Error> {
        let answered = turn.has("prompt") || turn.has("reply");
        Ok(if turn.has("check") && !answered {
            Ready::Work
        } else {
            Ready::Pass
        })
    }

    fn work(&mut self, turn: &mut Turn) -> Result<Status, Error> {
        let check = turn.get::<Check>()?.unwrap_or_default();
        if check.clean {
            return Ok(Status::Done);
        }
        let sources = turn.get::<Vec<Source>>()?.unwrap_or_default();
        let tried = turn.get::<Previous>()?.unwrap_or_default().tried;
        let fixable = file::fixable(&sources, &check, &tried);
        if fixable.is_empty() {
            return Ok(Status::Done);
        }
        let Tools { root, guard } = self.tools()?;
        let mut fixed = Vec::new();
        for file in fixable.iter().filter(|file| file.is_open(guard)) {
            fixed.extend(file::fix(root, file)?);
        }
        if !fixed.is_empty() {
            let keys = check.findings().map(|finding| finding.key.as_str());
            turn.set(&answer::reply(&fixed, keys));
        }
        Ok(Status::Done)
    }

    fn page(&self, turn: &Turn) -> String {
        match turn.get::<Reply>() {
            Ok(Some(reply)) => reply.text,
            _ => "nothing can be fixed without a model\n".to_owned(),
        }
    }
}
