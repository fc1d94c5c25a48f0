//! What a reply would change: read, held against the disk, judged; nothing is written here.

use std::collections::HashMap;

use lr_blocks::{Block, Fence, Problem, Terms, read_reply, suspicious};
use lr_files::{FileError, FileErrorKind, Keep, Replacement, Root, SourceFile, fit, sha256_hex};
use lr_turn::{
    Apply, BytesAspect, Change, ChangeKind, Check, Finish, Outcome, Refusal, ReplyFormat, Shown,
};
use similar::{ChangeTag, TextDiff};

use crate::guard::{Offer, Offered, refusal};
use crate::is_complete;

/// A reply, and what it is to be held against.
pub(crate) struct Request<'a> {
    pub(crate) text: &'a str,
    pub(crate) finish: Option<Finish>,
    pub(crate) fence: Fence,
    /// The format to read it in; `None`: whichever it is written in.
    pub(crate) format: Option<ReplyFormat>,
    pub(crate) offer: Offer,
    /// Whether the versions were computed from the old text, as lr-fix does, so that one which
    /// empties a file is meant.
    pub(crate) is_computed: bool,
    /// What the checkers said, which tells where bytes may change that are otherwise kept.
    pub(crate) findings: Option<&'a Check>,
}

/// What a reply would change.
pub(crate) struct Plan {
    /// The section as it stands when the replacements are made.
    pub(crate) apply: Apply,
    /// What to write; empty unless the outcome is `applied`.
    pub(crate) replacements: Vec<Replacement>,
}

/// Reads a reply and decides what becomes of it.
pub(crate) fn make(root: &Root, request: &Request<'_>) -> Plan {
    if let Some(refusal) = refuse_unfinished(request.finish) {
        return refused(vec![refusal], String::new(), false);
    }
    let is_known = |path: &str| request.offer.knows(path);
    let terms = Terms {
        format: request.format,
        is_known: &is_known,
        ..Terms::announced(request.fence)
    };
    let reply = match read_reply(request.text, &terms) {
        Ok(reply) => reply,
        Err(problems) => {
            let refusals = problems.into_iter().map(from_problem).collect();
            return refused(refusals, String::new(), false);
        }
    };
    if reply.blocks.is_empty() && request.finish == Some(Finish::Unknown) {
        let reason = "it is not known whether the reply is complete, and it holds no closed block";
        let refusals = vec![refusal(None, "cut", reason.to_owned())];
        return refused(refusals, reply.notes, false);
    }
    let mut versions = Vec::new();
    let mut refusals = Vec::new();
    for block in &reply.blocks {
        match new_version(root, request, block) {
            Ok(version) => versions.push(version),
            Err(reasons) => refusals.extend(reasons),
        }
    }
    let mut versions = each_once(versions, &mut refusals);
    if !refusals.is_empty() {
        return refused(refusals, reply.notes, reply.declared_done);
    }
    let had_blocks = !versions.is_empty();
    versions.retain(|version| version.new != version.old.bytes());
    let outcome = match (had_blocks, versions.is_empty()) {
        (false, _) => Outcome::NoEdits,
        (true, true) => Outcome::NoChange,
        (true, false) => Outcome::Applied,
    };
    let apply = Apply {
        outcome,
        changes: versions.iter().map(Version::change).collect(),
        refusals,
        notes: reply.notes,
        declared_done: reply.declared_done,
    };
    let replacements = versions.into_iter().map(Version::replacement).collect();
    Plan {
        apply,
        replacements,
    }
}

fn refused(refusals: Vec<Refusal>, notes: String, declared_done: bool) -> Plan {
    let apply = Apply {
        outcome: Outcome::Refused,
        changes: Vec::new(),
        refusals,
        notes,
        declared_done,
    };
    Plan {
        apply,
        replacements: Vec::new(),
    }
}

fn refuse_unfinished(finish: Option<Finish>) -> Option<Refusal> {
    let (kind, reason) = match finish {
        _ if is_complete(finish) => return None,
        Some(Finish::Length) => ("cut", "the reply was cut off by a limit on its length"),
        Some(Finish::Filter) => (
            "filtered",
            "the reply was withheld by the provider's filter",
        ),
        _ => (
            "tool",
            "the reply asks for a tool instead of giving new versions",
        ),
    };
    Some(refusal(None, kind, reason.to_owned()))
}

fn from_problem(problem: Problem) -> Refusal {
    Refusal {
        path: problem.path,
        block: problem.block.map(|block| block as u64),
        kind: problem.kind.as_str().to_owned(),
        reason: problem.reason,
    }
}

/// The new version of one file, beside the old one.
struct Version {
    old: SourceFile,
    new: Vec<u8>,
    /// The number of its block in the reply.
    block: usize,
}

fn new_version(root: &Root, request: &Request<'_>, block: &Block) -> Result<Version, Vec<Refusal>> {
    let (path, offered) = request
        .offer
        .resolve(block.number, &block.path)
        .map_err(|one| vec![one])?;
    if offered.shown == Shown::Windows && block.is_whole() {
        let reason =
            format!("'{path}' was shown in part, so it takes edits, not a whole new version");
        let at = Some((block.number, path.as_str()));
        return Err(vec![refusal(at, "not_whole", reason)]);
    }
    let old = root
        .read(&path)
        .map_err(|error| vec![unreadable(block, &path, &error)])?;
    refuse_changed(block, &offered, &old).map_err(|one| vec![one])?;
    let plain_old = lr_files::plain(old.text());
    let refuse = |problem: Problem| {
        let at = Some((problem.block.unwrap_or(block.number), path.as_str()));
        refusal(at, problem.kind.as_str(), problem.reason)
    };
    let text = block
        .apply(Some(&plain_old))
        .map_err(|problems| problems.into_iter().map(refuse).collect::<Vec<_>>())?;
    let text = text.unwrap_or_default();
    if !request.is_computed
        && let Some(problem) = suspicious(&plain_old, &text)
    {
        return Err(vec![refuse(problem)]);
    }
    let new = fit(&text, old.bytes(), keep(request.findings, &path));
    Ok(Version {
        old,
        new,
        block: block.number,
    })
}

fn refuse_changed(block: &Block, offered: &Offered, old: &SourceFile) -> Result<(), Refusal> {
    match &offered.sha256 {
        Some(sha256) if *sha256 != old.sha256 => {
            let path = old.path.as_str();
            let reason = format!("'{path}' has changed since it was shown");
            Err(refusal(Some((block.number, path)), "changed", reason))
        }
        _ => Ok(()),
    }
}

fn unreadable(block: &Block, path: &str, error: &FileError) -> Refusal {
    let reason = match error.kind() {
        FileErrorKind::NotFound => format!("there is no file '{path}' to give a new version of"),
        _ => error.to_string(),
    };
    refusal(Some((block.number, path)), error.kind().as_str(), reason)
}

/// Two blocks may turn out to name the same file only after their paths are resolved: the same
/// version again adds nothing, another is refused.
fn each_once(versions: Vec<Version>, refusals: &mut Vec<Refusal>) -> Vec<Version> {
    let mut once: Vec<Version> = Vec::with_capacity(versions.len());
    let mut index_by_path: HashMap<String, usize> = HashMap::new();
    for version in versions {
        let path = &version.old.path;
        let Some(earlier) = index_by_path.get(path).map(|at| &once[*at]) else {
            index_by_path.insert(path.clone(), once.len());
            once.push(version);
            continue;
        };
        if earlier.new != version.new {
            let reason = format!("'{path}' is given more than once; give each file once");
            refusals.push(refusal(Some((version.block, path)), "ambiguous", reason));
        }
    }
    once
}

/// Bytes stay as they are, unless a finding is about just them.
fn keep(check: Option<&Check>, path: &str) -> Keep {
    let mut keep = Keep::default();
    let findings = check.into_iter().flat_map(Check::findings);
    for finding in findings.filter(|finding| finding.location.path == path) {
        match finding.bytes {
            Some(BytesAspect::LineEndings) => keep.line_endings = false,
            Some(BytesAspect::FinalNewline) => keep.final_newline = false,
            Some(BytesAspect::Bom) => keep.bom = false,
            None => {}
        }
    }
    keep
}

impl Version {
    fn change(&self) -> Change {
        let new = String::from_utf8_lossy(&self.new);
        let diff = TextDiff::from_lines(self.old.text(), &new);
        let (mut added, mut removed) = (0, 0);
        for change in diff.iter_all_changes() {
            match change.tag() {
                ChangeTag::Insert => added += 1,
                ChangeTag::Delete => removed += 1,
                ChangeTag::Equal => {}
            }
        }
        let path = &self.old.path;
        let text = diff
            .unified_diff()
            .context_radius(3)
            .header(&format!("a/{path}"), &format!("b/{path}"))
            .to_string();
        Change {
            path: path.clone(),
            kind: ChangeKind::Modified,
            before: Some(self.old.sha256.clone()),
            after: Some(sha256_hex(&self.new)),
            added,
            removed,
            diff: Some(text),
        }
    }

    fn replacement(self) -> Replacement {
        Replacement {
            path: self.old.path,
            before: Some(self.old.sha256),
            after: Some(self.new),
        }
    }
}
