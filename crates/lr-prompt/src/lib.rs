//! Builds the prompt of a turn from its sources and what the checkers found.
//!
//! The way of a turn: [`select`] decides which files are shown, [`context`] gathers what is said
//! about them (`findings`, `output`, `refusals`), [`render`] puts it through a Handlebars template,
//! and [`writer`] makes the `prompt` section of it. What was found where ([`places`]) decides how much
//! of a file is shown ([`view`], [`windows`]), and [`units`] and [`parts`] split a turn whose prompt
//! would be too long.
//!
//! Deliberately absent: running checkers, talking to models, and exact token counts (an estimate
//! is enough here, and the provider tells the truth afterwards).

mod args;
mod begin;
mod closed;
mod context;
mod exhibit;
mod findings;
mod format;
mod imports;
mod material;
mod options;
mod outline;
mod output;
mod parts;
mod passed;
mod places;
mod refusals;
mod render;
mod results;
mod select;
mod units;
mod view;
mod volatile;
mod windows;
mod writer;

pub use args::Args;

use lr_stage::input::{self, Input};
use lr_stage::turns::{self, Worker as _};
use lr_stage::{Error, Form, Status, output::Output};

use crate::options::Options;
use crate::writer::Writer;

/// Runs the program: turns, a text or files in, turns with a prompt out.
///
/// # Errors
///
/// What concerns the stream as a whole; what concerns one turn that was read becomes its `error`.
pub fn run(mut args: Args) -> Result<Status, Error> {
    lr_exec::signals::exit_at_once();
    let form = if args.text {
        Some(Form::Text)
    } else {
        args.format
    };
    let mut output = Output::new(form, Form::Turn);
    let options = Options::new(&args)?;
    if args.show_template {
        output.text(&options.template()?.text)?;
        return Ok(Status::Done);
    }
    let mut paths = std::mem::take(&mut args.sources);
    paths.append(&mut args.file);
    let mut writer = Writer::new(options, output.form);
    let is_piped = !paths.is_empty() || args.issues.as_deref().is_some_and(begin::is_stdin);
    writer.report = begin::report(args.issues.as_deref(), args.input, is_piped)?;
    if !is_piped {
        match input::read(args.input, "turns or a text")? {
            Input::Turns(turns) => return turns::run(turns, &mut output, &mut writer),
            Input::Text(text) => writer.report.push_str(&begin::plain(&text)),
        }
    }
    writer.is_bare = form == Some(Form::Text);
    let mut turn = begin::turn(&paths)?;
    writer.prompt(&mut turn)?;
    turns::write(&turn, &mut output, &writer)?;
    for part in writer.further_parts() {
        turns::write(&part, &mut output, &writer)?;
    }
    Ok(Status::Done)
}
