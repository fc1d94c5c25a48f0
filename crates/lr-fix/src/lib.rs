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

use lr_files::Root;
use lr_stage::turns::{self, Ready, Worker};
use lr_stage::{Error, Form, Kind, Status, input, output::Output};
use lr_turn::{Check, Previous, Reply, Source, Turn};

/// Runs the program: turns in, turns out.
///
/// # Errors
///
/// What concerns the stream as a whole; what concerns one turn becomes its `error`.
pub fn run(Args { format, .. }: Args) -> Result<Status, Error> {
    lr_exec::signals::exit_at_once();
    let turns = input::read_turns("turns with a check")?;
    let mut output = Output::new(format, Form::Turn);
    turns::run(turns, &mut output, &mut Fixer::default())
}

/// Answers turns; the working directory is opened when a file must be read.
#[derive(Default)]
struct Fixer {
    root: Option<Root>,
}

impl Fixer {
    fn root(&mut self) -> Result<&Root, Error> {
        match &mut self.root {
            Some(root) => Ok(root),
            root @ None => {
                let opened = Root::open(".".as_ref())
                    .map_err(|error| Error::new(Kind::Io, error.to_string()))?;
                Ok(root.insert(opened))
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
        let mut fixed = Vec::new();
        for file in &fixable {
            fixed.extend(file::fix(self.root()?, file)?);
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
