//! Writes the new file versions of a reply: all of them, or none.
//!
//! A reply is read by `lr-blocks`, held against what was offered and what stands on the disk
//! ([`plan`]), and written by `lr-files` as one set. Whatever is unclear refuses the reply as a
//! whole, with reasons that the model is shown in the next turn.
//!
//! Deliberately absent: any guess at what a reply may have meant, and any way to write a file that
//! was not offered.

mod args;
mod options;

mod guard;
mod rules;

mod diff;
mod plan;
mod silenced;
mod version;

mod kept;
mod receipt;
mod write;

mod page;
mod patch;
mod stage;

use lr_files::Root;
use lr_stage::input::{self, Input};
use lr_stage::turns;
use lr_stage::{Error, Form, Kind, Status, exit_zero, say};

pub use args::{Args, Format, LeaveArguments};
use patch::PatchOut;
use stage::Stage;
use write::Writer;

/// Runs `lr-apply`.
///
/// # Errors
///
/// What concerns the whole stream; what concerns one turn is written into it.
pub fn run(args: Args) -> Result<Status, Error> {
    lr_exec::signals::install().map_err(|error| {
        Error::new(Kind::Io, "cannot prepare for being interrupted").because(error)
    })?;
    let root = open_root()?;
    if args.recover {
        return recover(&root);
    }
    let rules = options::rules(&args, &root)?;
    let mut writer = Writer::new();
    if args.dry_run {
        write::tell_pending(&root);
    } else {
        writer.settle(&root)?;
    }
    let prefix = rules.guard.prefix();
    let mut stage = Stage {
        patch: args.patch_out.map(|name| PatchOut::new(name, prefix)),
        root,
        rules,
        writer,
        dry_run: args.dry_run,
        format: args.leave.reply_format.map(Into::into),
        is_complete: args.leave.complete,
    };
    let input = input::read(args.input, "a reply")?;
    let status = answer(&mut stage, input, args.format, args.sources)
        .map_err(|error| stage.writer.with_changes(error))?;
    Ok(exit_zero(status, args.exit_zero))
}

/// Works on all that standard input holds.
fn answer(
    stage: &mut Stage,
    input: Input,
    format: Option<Form>,
    sources: Vec<String>,
) -> Result<Status, Error> {
    let piped = match input {
        Input::Turns(_) if !stage.dry_run => Form::Turn,
        _ => Form::Text,
    };
    let mut output = stage.output(format, piped)?;
    let status = match input {
        Input::Turns(reader) => turns::run(reader, &mut output, stage)?,
        Input::Text(text) => {
            let applied = stage.apply_text(&text, sources, &mut output);
            if applied.is_err() && !stage.dry_run && !stage.writer.has_written() {
                kept::keep(&stage.root, &text);
            }
            applied?
        }
    };
    stage.write_patch(&mut output)?;
    Ok(status)
}

/// Opens the working directory, beneath which everything happens.
fn open_root() -> Result<Root, Error> {
    Root::open(std::path::Path::new(".")).map_err(|error| write::explain(&error))
}

/// Settles what an interrupted run left behind, and says so either way.
fn recover(root: &Root) -> Result<Status, Error> {
    if !Writer::new().recover(root)? {
        say::note("no change was interrupted, nothing to do");
    }
    Ok(Status::Done)
}
