//! Shows what runs of lr-loop came to, from their records.
//!
//! Everything is counted anew from the lines of the record, so a run that is going on, was killed
//! or lost its summary is shown as what it is.
//!
//! Deliberately absent: changing anything, and everything about how a run is made.

mod args;
mod chart;
mod list;
mod one;
mod piece;
mod state;
mod words;

use lr_record::runs;
use lr_stage::output::Output;
use lr_stage::{Error, Form, Status, say};

use crate::piece::Wanted;
use crate::state::Known;

pub use args::{Args, Piece};

/// Runs `lr-view`.
///
/// # Errors
///
/// There is no such run, or its record cannot be read.
pub fn run(args: Args) -> Result<Status, Error> {
    let mut output = Output::new(Some(Form::Text), Form::Text);
    let Some(name) = args.run else {
        return list(args.json, &mut output);
    };
    let folder = runs::find(&name)?;
    if let Some(piece) = args.section {
        let wanted = Wanted {
            piece,
            turn: args.turn,
            part: args.part,
        };
        let text = match piece::text(&folder, wanted)? {
            Ok(text) => text,
            Err(absent) => {
                say::note(&absent);
                return Ok(Status::No);
            }
        };
        // A program that reads it gets it as it is; a terminal is never commanded.
        if output.is_terminal() {
            output.text(&say::clean(&text))?;
        } else {
            output.text(&text)?;
        }
        return Ok(Status::Done);
    }
    let known = Known::read(&folder)?;
    if args.json {
        output.text(&known.json())?;
    } else {
        output.text(&say::clean(&one::page(&known)))?;
    }
    Ok(Status::Done)
}

fn list(json: bool, output: &mut Output) -> Result<Status, Error> {
    let mut all = Vec::new();
    for folder in runs::all() {
        match Known::read(&folder) {
            Ok(known) => all.push(known),
            Err(error) => say::warn(&error.to_string()),
        }
    }
    if all.is_empty() {
        say::note("this project has no recorded runs; begin one: lr-loop SOURCES");
        return Ok(Status::No);
    }
    if json {
        let lines: String = all.iter().map(Known::line).collect();
        output.text(&lines)?;
    } else {
        output.text(&say::clean(&list::page(&all)))?;
    }
    Ok(Status::Done)
}
