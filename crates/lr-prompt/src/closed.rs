//! Files that a turn names and no reply may touch: shown, and not offered.

use lr_guard::Guard;
use lr_stage::{Error, Kind};
use lr_turn::{Source, SourceRole};

use crate::material::Material;

/// A file that no reply may touch.
pub(crate) struct Closed {
    path: String,
    /// Why, as the end of a sentence about it.
    reason: String,
    can_be_lifted: bool,
}

/// Makes files to read of those that a reply to this turn would be refused for.
pub(crate) fn close(sources: &mut [Source], guard: &Guard) -> Vec<Closed> {
    let mut closed = Vec::new();
    for source in sources.iter_mut().filter(|it| it.role == SourceRole::Edit) {
        if let Some((_, reason)) = guard.objection(&source.path) {
            source.role = SourceRole::Read;
            closed.push(Closed {
                path: source.path.clone(),
                reason,
                can_be_lifted: guard.can_be_lifted(&source.path),
            });
        }
    }
    closed
}

/// Says that a prompt would offer nothing, because the files it would be about are closed.
pub(crate) fn nothing_left(material: &Material, closed: &[Closed]) -> Option<Error> {
    let shown = || material.documents.iter();
    let first = closed
        .iter()
        .find(|closed| shown().any(|it| it.path == closed.path))?;
    if shown().any(|it| material.sources[it.source].role == SourceRole::Edit) {
        return None;
    }
    let Closed { path, reason, .. } = first;
    let message = format!("no file that was asked about may be changed: '{path}' {reason}");
    let hint = if first.can_be_lifted {
        format!("protect = [\"!{path}\"] in [apply] of lr.toml lifts it")
    } else {
        "take it out of the sources, or change it by hand".to_owned()
    };
    Some(Error::new(Kind::Input, message).hint(hint))
}
