//! Why nothing was checked, where no checker was chosen: which files are there, and who would take them.

use std::collections::BTreeMap;
use std::path::Path;

use lr_files::Root;
use lr_report::plural;

use crate::args::Args;
use crate::catalogue::{Catalogue, Checker};
use crate::detect::Detector;
use crate::installed::configured_in;
use crate::sources::{Sources, Taste};

/// Returns why there is nothing that could be checked, and what can be done about it.
pub(crate) fn why(args: &Args, catalogue: &Catalogue) -> String {
    let is_about_any_file =
        args.from.is_some() || args.script.is_some() || !args.command.is_empty();
    match Detector::of(catalogue) {
        Ok(detector) if !is_about_any_file => hint(args, catalogue, &detector),
        _ => "there are no files to check among the sources".to_owned(),
    }
}

fn hint(args: &Args, catalogue: &Catalogue, detector: &Detector) -> String {
    let languages = catalogue.checkers().flat_map(|checker| &checker.languages);
    let taste = Taste::Languages(detector, languages.map(String::as_str).collect());
    let sources = Root::open(Path::new("."))
        .ok()
        .and_then(|root| Sources::collect(root, &args.sources, &taste).ok());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for file in sources.iter().flat_map(Sources::files) {
        if let Some(language) = detector.language(&file.path, file.text()) {
            *counts.entry(language).or_default() += 1;
        }
    }
    let Some((language, count)) = counts.into_iter().max_by_key(|(_, count)| *count) else {
        return "no checker takes any file among the sources; use --script for one of your own"
            .to_owned();
    };
    let files = plural(count, &format!("{language} file"));
    let takers = takers(catalogue, language, Path::new("."));
    let is_or_are = if count == 1 { "is" } else { "are" };
    if takers
        .iter()
        .any(|taker| args.skip.iter().any(|skipped| skipped == taker))
    {
        return format!("there {is_or_are} {files}, and --skip leaves out what would check them");
    }
    let begin = format!("there {is_or_are} {files}, for which the project configures no checker");
    if takers.is_empty() {
        return format!("{begin}; use --script for one of your own");
    }
    format!("{begin}; --linters takes {}", takers.join(", "))
}

/// Returns the checkers for a language that could work here if they were named.
fn takers<'a>(catalogue: &'a Catalogue, language: &str, directory: &Path) -> Vec<&'a str> {
    let can_work = |checker: &&Checker| {
        checker.needs.is_empty() || configured_in(&checker.needs, directory).is_some()
    };
    catalogue
        .checkers()
        .filter(|checker| checker.languages.iter().any(|own| own == language))
        .filter(can_work)
        .map(|checker| checker.name.as_str())
        .collect()
}
