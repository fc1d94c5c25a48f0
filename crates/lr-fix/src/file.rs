//! The files of a turn that can be fixed, and the fixing of one.

use std::collections::BTreeMap;

use lr_blocks::{Fence, Terms, read_reply, write_block};
use lr_files::{FileErrorKind, Root, SourceFile, plain};
use lr_guard::Guard;
use lr_stage::{Error, Kind, say};
use lr_turn::{Applicability, Check, Finding, ReplyFormat, Source, SourceRole};

use crate::edits;

/// A source and the findings in it that come with a safe fix.
pub(crate) struct Fixable<'t> {
    source: &'t Source,
    findings: Vec<&'t Finding>,
}

impl Fixable<'_> {
    /// Whether a reply may change the file; else that its fixes are left out is said with `-v`.
    pub(crate) fn is_open(&self, guard: &Guard) -> bool {
        let path = &self.source.path;
        let objection = guard.objection(path);
        if let Some((_, reason)) = &objection {
            leave("the fixes of", path, &format!("it {reason}"));
        }
        objection.is_none()
    }
}

/// The new version of a file.
pub(crate) struct FixedFile<'t> {
    /// Its path.
    pub(crate) path: String,
    /// The complete text, with LF at every line's end.
    pub(crate) text: String,
    /// The findings that the new version is meant to remove.
    pub(crate) findings: Vec<&'t Finding>,
}

/// Returns the sources that may be changed and have findings with a safe fix that was not tried
/// in vain before.
pub(crate) fn fixable<'t>(
    sources: &'t [Source],
    check: &'t Check,
    tried: &[String],
) -> Vec<Fixable<'t>> {
    let mut findings: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in check.findings() {
        if is_safe(finding) && !tried.contains(&finding.key) {
            let path = finding.location.path.as_str();
            findings.entry(path).or_default().push(finding);
        }
    }
    let editable = sources
        .iter()
        .filter(|source| source.role == SourceRole::Edit);
    editable
        .filter_map(|source| {
            let findings = findings.remove(source.path.as_str())?;
            Some(Fixable { source, findings })
        })
        .collect()
}

fn is_safe(finding: &Finding) -> bool {
    let is_safe = |applicability| applicability == Some(Applicability::Safe);
    let edits = &finding.suggestions;
    !edits.is_empty() && edits.iter().all(|edit| is_safe(edit.applicability))
}

/// Makes the new version of a file, `None` when no fix can be made after all.
///
/// # Errors
///
/// `changed` when the file is not the one that was checked, `io` when it cannot be read.
pub(crate) fn fix<'t>(root: &Root, file: &Fixable<'t>) -> Result<Option<FixedFile<'t>>, Error> {
    let Some(old) = read(root, file.source)? else {
        return Ok(None);
    };
    let fixed = edits::apply(old.text(), &file.findings);
    for (finding, reason) in &fixed.skipped {
        leave(&format!("a fix of {} in", code(finding)), &old.path, reason);
    }
    if fixed.applied.is_empty() || fixed.text == old.text() {
        return Ok(None);
    }
    let new = plain(&fixed.text);
    if let Some(reason) = objection(&old, &fixed.text, &new) {
        leave("the fixes of", &old.path, reason);
        return Ok(None);
    }
    Ok(Some(FixedFile {
        path: old.path,
        text: new,
        findings: fixed.applied,
    }))
}

/// Returns the name of the rule that a finding breaks.
pub(crate) fn code(finding: &Finding) -> &str {
    finding
        .code
        .as_ref()
        .map_or("a finding", |code| code.value.as_str())
}

fn leave(what: &str, path: &str, reason: &str) {
    say::detail(1, &format!("left out {what} '{path}': {reason}"));
}

/// Reads a source as it was checked; `None` for one that no reply could hold.
fn read(root: &Root, source: &Source) -> Result<Option<SourceFile>, Error> {
    root.read_version(&source.path, source.sha256.as_deref())
        .map(Some)
        .or_else(|error| match error.kind() {
            FileErrorKind::NotText | FileErrorKind::TooLarge => {
                leave("the fixes of", &source.path, &error.to_string());
                Ok(None)
            }
            FileErrorKind::NotFound | FileErrorKind::Changed => {
                Err(Error::new(Kind::Changed, error.to_string()).hint("check again: lr-check"))
            }
            _ => Err(Error::new(Kind::Io, error.to_string())),
        })
}

/// Says what keeps a new version out of a reply: a reader would take it for another text.
fn objection(old: &SourceFile, fixed: &str, new: &str) -> Option<&'static str> {
    if has_lone_carriage_return(old.text()) || has_lone_carriage_return(fixed) {
        return Some("a carriage return stands inside a line");
    }
    let old_text = plain(old.text());
    let fence = Fence::clear_of([new]);
    let mut reply = String::new();
    write_block(&mut reply, &old.path, new, fence);
    let terms = Terms {
        format: Some(ReplyFormat::Blocks),
        ..Terms::announced(fence)
    };
    let survives = read_reply(&reply, &terms).is_ok_and(|reply| {
        matches!(&reply.blocks[..], [block] if block.path == old.path
            && block.apply(Some(&old_text)).is_ok_and(|text| text.as_deref() == Some(new)))
    });
    (!survives).then_some("no block can hold it")
}

fn has_lone_carriage_return(text: &str) -> bool {
    text.split('\r').skip(1).any(|rest| !rest.starts_with('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn source(path: &str, text: &[u8]) -> Source {
        Source {
            sha256: Some(lr_files::sha256_hex(text)),
            ..Source::new(path)
        }
    }

    /// A finding whose fix takes the first line, which must be `replaces`, away.
    fn finding(replaces: &str) -> Finding {
        crate::edits::tests::finding("F1", &[((1, 1), (2, 1), replaces, "")])
    }

    fn fixed(on_disk: &[u8], checked: &[u8], replaces: &str) -> Result<Option<String>, Kind> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.py"), on_disk).unwrap();
        let root = Root::open(folder.path()).unwrap();
        let (source, finding) = (source("a.py", checked), finding(replaces));
        let file = Fixable {
            source: &source,
            findings: vec![&finding],
        };
        fix(&root, &file)
            .map(|fixed| fixed.map(|file| file.text))
            .map_err(|error| error.kind)
    }

    #[test]
    fn a_new_version_is_plain_text() {
        let text = b"import os\r\nx = 1";
        assert_eq!(
            fixed(text, text, "import os\r\n"),
            Ok(Some("x = 1\n".to_owned()))
        );
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_an_error() {
        let result = fixed(b"import os\ny = 2\n", b"import os\n", "import os\n");
        assert_eq!(result, Err(Kind::Changed));
    }

    #[test]
    fn a_fix_may_leave_little_of_a_file() {
        let only = b"import os\n";
        assert_eq!(fixed(only, only, "import os\n"), Ok(Some(String::new())));
    }

    #[test]
    fn what_a_reply_cannot_hold_is_left_out() {
        let lone = b"import os\nx = 'a\rb'\n";
        assert_eq!(fixed(lone, lone, "import os\n"), Ok(None));
        let latin1 = b"import os\n# caf\xe9\n";
        assert_eq!(fixed(latin1, latin1, "import os\n"), Ok(None));
    }

    fn fixable_paths(sources: &[Source], findings: Vec<Finding>, tried: &[String]) -> Vec<String> {
        let results = vec![lr_turn::CheckResult {
            findings,
            ..lr_turn::CheckResult::default()
        }];
        let check = Check {
            results,
            ..Check::default()
        };
        let files = fixable(sources, &check, tried);
        files.iter().map(|file| file.source.path.clone()).collect()
    }

    #[test]
    fn only_sources_that_may_be_changed_are_fixed() {
        let mut read_only = Source::new("a.py");
        read_only.role = SourceRole::Read;
        let findings = || vec![finding("import os\n")];
        assert_eq!(
            fixable_paths(&[Source::new("a.py")], findings(), &[]),
            ["a.py"]
        );
        assert!(fixable_paths(&[read_only], findings(), &[]).is_empty());
        assert!(fixable_paths(&[Source::new("b.py")], findings(), &[]).is_empty());
    }

    #[test]
    fn a_fix_that_was_tried_or_is_not_safe_throughout_is_left_out() {
        let sources = [Source::new("a.py")];
        let tried = vec![finding("").key];
        assert!(fixable_paths(&sources, vec![finding("")], &tried).is_empty());
        let mut half_safe = finding("");
        let mut edit = half_safe.suggestions[0].clone();
        edit.applicability = None;
        half_safe.suggestions.push(edit);
        assert!(fixable_paths(&sources, vec![half_safe], &[]).is_empty());
    }
}
