//! The XML of checkstyle, which many checkers can write: files with their errors, lines and columns
//! from 1.

use std::io::Read;

use roxmltree::Node;

use super::few::MOST;
use super::{Complaint, Place, lines};

/// Reads the complaints.
pub(super) fn read(output: impl Read) -> Result<Vec<Complaint>, String> {
    let text = super::text(output)?;
    let document = super::xml(&text)?;
    if !document.root_element().has_tag_name("checkstyle") {
        return Err("it is not a report of checkstyle's form".to_owned());
    }
    let errors = document
        .descendants()
        .filter(|node| node.has_tag_name("error"));
    Ok(errors.take(MOST + 1).map(complaint).collect())
}

fn complaint(error: Node<'_, '_>) -> Complaint {
    let attribute = |name| error.attribute(name).unwrap_or_default().to_owned();
    let number = |name| error.attribute(name)?.parse::<u64>().ok();
    let file = error.parent().and_then(|file| file.attribute("name"));
    Complaint {
        path: file.unwrap_or_default().to_owned(),
        start: number("line").map(|line| Place {
            line: line.max(1),
            column: number("column").filter(|column| *column > 0),
        }),
        code: attribute("source"),
        message: attribute("message"),
        severity: error.attribute("severity").map(lines::severity),
        ..Complaint::default()
    }
}
