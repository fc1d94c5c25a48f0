//! Lines of a source with findings under them, drawn by the renderer of the Rust compiler.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use lr_turn::{Finding, Position, Severity};

use crate::paint::Colours;
use crate::texts::{Lines, boundary};

/// How many findings are drawn in one go; the time grows with the square of it.
const AT_ONCE: usize = 50;

/// How long a drawn line of source may be, in bytes; findings in longer ones are told without it.
const LONGEST_LINE: usize = 2_000;

/// One finding to draw.
pub(crate) struct Mark<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) label: String,
}

/// Returns the bytes of the line that a finding is about; `None` where the text does not have it,
/// or it cannot be drawn.
pub(crate) fn span(lines: &Lines<'_>, finding: &Finding) -> Option<std::ops::Range<usize>> {
    let range = finding.location.range?;
    let line = lines.get(range.start.line)?;
    if line.len() > LONGEST_LINE {
        return None;
    }
    let offset = |position: Position| {
        let column = usize::try_from(position.column?).ok()?.checked_sub(1)?;
        Some(boundary(line, column))
    };
    let indent = line.len() - line.trim_start().len();
    let Some(start) = offset(range.start) else {
        return Some(indent..line.len());
    };
    let end = match range.end {
        Some(end) if end.line == range.start.line => offset(end).unwrap_or(line.len()),
        Some(_) => line.len(),
        None => start,
    };
    let next = line[start..].chars().next().map_or(0, char::len_utf8);
    Some(start..end.max(start + next))
}

/// Draws findings of one source, in the order of their lines.
pub(crate) fn draw(lines: &Lines<'_>, marks: &[Mark<'_>], colours: Colours) -> String {
    let mut drawn = String::new();
    let mut rest = marks;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(together(rest));
        drawn.push_str(&draw_few(lines, now, colours));
        drawn.push('\n');
        rest = later;
    }
    drawn
}

/// Returns how many of the first marks are drawn in one go: findings of one line stay together,
/// unless they are too many.
fn together(marks: &[Mark<'_>]) -> usize {
    let line = |mark: &Mark<'_>| mark.finding.location.range.map(|range| range.start.line);
    let most = marks.len().min(AT_ONCE);
    let Some(next) = marks.get(most) else {
        return most;
    };
    let ends = marks[..most]
        .iter()
        .rposition(|mark| line(mark) != line(next));
    ends.map_or(most, |last| last + 1)
}

fn draw_few(lines: &Lines<'_>, marks: &[Mark<'_>], colours: Colours) -> String {
    let numbers = || {
        marks
            .iter()
            .filter_map(|mark| Some(mark.finding.location.range?.start.line))
    };
    let (Some(first), Some(last)) = (numbers().min(), numbers().max()) else {
        return String::new();
    };
    let (text, start) = lines.between(first, last);
    let annotations = marks.iter().filter_map(|mark| {
        let line = mark.finding.location.range?.start.line;
        let span = span(lines, mark.finding)?;
        let at = lines.offset(line)?.checked_sub(start)?;
        let kind = AnnotationKind::Primary;
        Some(kind.span(at + span.start..at + span.end).label(&mark.label))
    });
    let snippet = Snippet::source(text)
        .line_start(usize::try_from(first).unwrap_or(1))
        .annotations(annotations);
    let level = match marks
        .iter()
        .map(|mark| mark.finding.severity)
        .max_by_key(|severity| gravity(*severity))
    {
        Some(Severity::Error) => Level::ERROR,
        Some(Severity::Info) => Level::NOTE,
        _ => Level::WARNING,
    };
    let renderer = match colours {
        Colours::Plain => Renderer::plain(),
        Colours::Terminal => Renderer::styled().hyperlink(false),
    };
    renderer.render(&[Group::with_level(level).element(snippet)])
}

fn gravity(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 2,
        Severity::Warning | Severity::Unknown => 1,
        Severity::Info => 0,
    }
}
