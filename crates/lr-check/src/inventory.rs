//! What lr-check tells about the checkers themselves: the list of them, and whether they work.

use std::collections::BTreeMap;
use std::path::Path;

use lr_config::Config;
use lr_stage::output::Output;
use lr_stage::{Error, Form, Kind, Status};
use serde::Serialize;

use crate::args::Args;
use crate::catalogue::{Catalogue, Checker};
use crate::detect::Detector;
use crate::plan::{Choice, unknown_checker};
use crate::report::ReportForm;
use crate::{CheckSettings, list, selftest};

/// Writes the list of checkers, or tries them.
///
/// # Errors
///
/// What keeps it from doing so.
pub(crate) fn run(args: &Args) -> Result<Status, Error> {
    let config = Config::load(&args.common)?;
    let settings: CheckSettings = config.settings()?;
    let catalogue = Catalogue::load(&config)?;
    let here = Path::new(".");
    let chosen = wanted(args, &catalogue)?;
    let detector = Detector::of(&catalogue).map_err(|text| Error::new(Kind::Config, text))?;
    let chosen = (&*chosen, &detector);
    let jobs = args.jobs.or(settings.jobs);
    if args.selftest {
        let rows = selftest::rows(chosen, args, jobs)?;
        write(args, "selftest", &rows, selftest::page)?;
        return Ok(selftest::status(&rows));
    }
    let usual = Choice::new(&catalogue, (&settings.linters, &args.skip), None, here)?;
    let rows = list::rows(chosen, &usual, &args.sources, jobs)?;
    write(args, "checkers", &rows, list::page)?;
    Ok(Status::Done)
}

/// Returns the checkers that are named, else all; without those to skip.
fn wanted<'a>(args: &Args, catalogue: &'a Catalogue) -> Result<Vec<&'a Checker>, Error> {
    let is_unknown = |name: &&String| catalogue.find(name).is_none();
    if let Some(unknown) = args.linters.iter().chain(&args.skip).find(is_unknown) {
        return Err(unknown_checker(catalogue, unknown));
    }
    let is_wanted = |checker: &&Checker| {
        let named = args.linters.is_empty() || args.linters.contains(&checker.name);
        named && !args.skip.contains(&checker.name)
    };
    Ok(catalogue.checkers().filter(is_wanted).collect())
}

/// Writes rows as a table for people, else as one JSON document.
fn write<Row: Serialize>(
    args: &Args,
    name: &str,
    rows: &[Row],
    page: fn(&[Row]) -> String,
) -> Result<(), Error> {
    let mut output = Output::new(Some(Form::Text), Form::Text);
    match args.format {
        None | Some(ReportForm::Text) => output.text(&page(rows)),
        Some(ReportForm::Json | ReportForm::Turn) => {
            let document = serde_json::to_string(&BTreeMap::from([(name, rows)]))
                .map_err(|error| Error::new(Kind::Io, "cannot write the rows").because(error))?;
            output.text(&format!("{document}\n"))
        }
        Some(_) => Err(
            Error::new(Kind::Usage, "this is written as text or as JSON only")
                .hint("--format text, or --format json"),
        ),
    }
}

/// Lines up cells: each column as wide as its widest cell, the last one as it is.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
