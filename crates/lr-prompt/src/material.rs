//! What a prompt is made of: the files that a turn is about, and where something was found in them.

use std::collections::HashSet;

use lr_files::{FileErrorKind, Root, SourceFile, plain};
use lr_stage::{Error, Kind, say};
use lr_turn::{Check, Previous, Source, Weight};

use crate::places::{self, Places};
use crate::results::{self, Shown};
use crate::select::{self, Index};
use crate::windows::Reach;

/// What the prompt of one turn, or its parts, are made of.
pub(crate) struct Material {
    /// What the checkers said.
    pub(crate) check: Check,
    /// All files of the turn.
    pub(crate) sources: Vec<Source>,
    /// What became of the turn before.
    pub(crate) previous: Previous,
    /// The files to show, in the order of the sources.
    pub(crate) documents: Vec<Document>,
}

/// A file to show.
pub(crate) struct Document {
    /// The number of its source.
    pub(crate) source: usize,
    /// Its path, cleaned.
    pub(crate) path: String,
    /// The name of its version.
    pub(crate) sha256: String,
    /// Its text, with LF at every line's end.
    pub(crate) text: String,
    /// Where something was found in it.
    pub(crate) places: Places,
    /// Where its lines begin, and where the last one ends.
    starts: Vec<usize>,
}

impl Material {
    /// Reads the files to show: those the check is about, else all.
    ///
    /// # Errors
    ///
    /// `changed` when a file is not the one that was checked, `input` when none can be shown, and
    /// `io`.
    pub(crate) fn gather(
        check: Check,
        sources: Vec<Source>,
        previous: Previous,
        report: &str,
    ) -> Result<Self, Error> {
        let documents = if sources.is_empty() {
            Vec::new()
        } else {
            let mut documents = read_shown(&sources, &check)?;
            find_places(&mut documents, &sources, &check, &previous, report);
            documents
        };
        if documents.is_empty() && !sources.is_empty() {
            return Err(Error::new(Kind::Input, "none of the sources can be shown"));
        }
        Ok(Self {
            check,
            sources,
            previous,
            documents,
        })
    }
}

impl Material {
    /// About how many bytes are said about a source: its findings, and its share of what scripts printed.
    pub(crate) fn n_said(&self, source: usize) -> usize {
        const PLACE: usize = 24;
        let path = self.sources[source].path.as_str();
        let said = self.check.results.iter().map(|result| {
            let own = result.findings.iter().filter(|it| it.location.path == path);
            let findings: usize = own.map(|it| it.message.len() + path.len() + PLACE).sum();
            let printed = match results::shown(result) {
                Shown::Raw => [&result.stdout, &result.stderr].into_iter().flatten(),
                _ => return findings,
            };
            let lines = printed.flat_map(|text| text.lines());
            findings
                + lines
                    .filter(|line| line.contains(path))
                    .map(str::len)
                    .sum::<usize>()
        });
        said.sum()
    }
}

impl Document {
    fn new(source: usize, file: &SourceFile) -> Self {
        Self {
            sha256: file.sha256.clone(),
            ..Self::of_text(source, &file.path, &plain(file.text()))
        }
    }

    /// Makes one of a text whose version nobody needs to know.
    pub(crate) fn of_text(source: usize, path: &str, text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            source,
            text: text.to_owned(),
            starts,
            path: path.to_owned(),
            sha256: String::new(),
            places: Places::default(),
        }
    }

    /// Returns the text of some of its lines, which count from 1, the last one included; `None` if
    /// it has no such lines.
    pub(crate) fn lines(&self, first: usize, last: usize) -> Option<&str> {
        let start = self.starts.get(first.checked_sub(1)?)?;
        self.text.get(*start..*self.starts.get(last)?)
    }
}

fn read_shown(sources: &[Source], check: &Check) -> Result<Vec<Document>, Error> {
    let root = Root::open(".".as_ref()).map_err(|error| Error::new(Kind::Io, error.to_string()))?;
    let mut read_text = |source: &Source| Ok(read(&root, source)?.map(SourceFile::into_text));
    let mut documents = Vec::new();
    for number in select::shown(sources, check, &mut read_text)? {
        if let Some(file) = read(&root, &sources[number])? {
            documents.push(Document::new(number, &file));
        }
    }
    Ok(documents)
}

/// Notes in each document where something was found.
fn find_places(
    documents: &mut [Document],
    sources: &[Source],
    check: &Check,
    previous: &Previous,
    report: &str,
) {
    let index = Index::new(sources);
    let mut all = places::of_check(&index, check, sources.len());
    places::add_named(&index, report, Reach::Statement, &mut all);
    places::add_refused(&index, previous, &mut all);
    for document in documents.iter_mut() {
        document.places = std::mem::take(&mut all[document.source]);
    }
    let failing = failing_tests(&index, check);
    let words: HashSet<String> = documents
        .iter()
        .filter(|document| failing.contains(&document.source))
        .flat_map(|document| places::words_around(&document.text, &document.places))
        .map(str::to_owned)
        .collect();
    for document in documents.iter_mut() {
        if document.places.list.is_empty() && !words.is_empty() {
            places::add_called(&document.text, &words, &mut document.places);
        }
    }
}

/// The sources that hold failing tests whose output is shown.
fn failing_tests(index: &Index<'_>, check: &Check) -> HashSet<usize> {
    let results = check.results.iter();
    results
        .filter(|result| results::shown(result) == Shown::Condensed)
        .flat_map(|result| &result.findings)
        .filter(|finding| finding.weight == Some(Weight::Test))
        .filter_map(|finding| index.at(&finding.location.path))
        .collect()
}

/// Reads a source as it was checked; one that is no text is left out with a notice.
fn read(root: &Root, source: &Source) -> Result<Option<SourceFile>, Error> {
    root.read_version(&source.path, source.sha256.as_deref())
        .map(Some)
        .or_else(|error| match error.kind() {
            FileErrorKind::NotText | FileErrorKind::TooLarge => {
                say::note(&format!("left out: {error}"));
                Ok(None)
            }
            FileErrorKind::NotFound | FileErrorKind::Changed => {
                Err(Error::new(Kind::Changed, error.to_string()).hint("check again: lr-check"))
            }
            _ => Err(Error::new(Kind::Io, error.to_string())),
        })
}
