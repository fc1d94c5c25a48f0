//! What a reply would change: read, held against the disk, judged; nothing is written here.

use std::collections::HashMap;

use lr_blocks::{
    Block, Content, Fence, Problem, ProblemKind, Reply, Terms, fragment, read_reply, suspicious,
    suspicious_beyond, without_lines,
};
use lr_files::{
    FileError, FileErrorKind, Keep, Replacement, Root, SourceFile, State, check_replacements, fit,
};
use lr_guard::Objection;
use lr_turn::{Apply, BytesAspect, Check, Finish, Outcome, Refusal, ReplyFormat, Shown};

use crate::guard::{Offer, Offered, refusal};
use crate::rules::Rules;
use crate::silenced::Silenced;
use crate::stage::is_complete;
use crate::version::Version;
use crate::write;

/// A reply, and what it is to be held against.
pub(crate) struct Request<'a> {
    pub(crate) text: &'a str,
    pub(crate) finish: Option<Finish>,
    pub(crate) fence: Fence,
    /// The format to read it in; `None`: whichever it is written in.
    pub(crate) format: Option<ReplyFormat>,
    pub(crate) offer: Offer,
    /// What a reply may do at all.
    pub(crate) rules: &'a Rules,
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
    /// Whether the reply would have been refused had its end been cut off.
    pub(crate) shows_its_end: bool,
}

impl Plan {
    /// Returns the section as it would stand if the plan were carried out now; writes nothing.
    pub(crate) fn checked(self, root: &Root) -> Apply {
        match check_replacements(root, &self.replacements) {
            Err(error) if write::is_refusal(&error) => write::refused(self.apply, &error),
            // What hinders writing is told when something is written.
            _ => self.apply,
        }
    }
}

/// Reads a reply and decides what becomes of it.
pub(crate) fn make(root: &Root, request: &Request<'_>) -> Plan {
    if let Some(refusal) = refuse_unfinished(request.finish) {
        return refused(vec![refusal], String::new(), false);
    }
    let is_known = |path: &str| may_be_about(root, request, path);
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
    let shows_its_end = shows_its_end(&reply);
    if request.finish == Some(Finish::Unknown) && reply.format != Some(ReplyFormat::Blocks) {
        let reason = "it is not known whether the reply is complete, and it holds no closed block";
        let refusals = vec![refusal(None, "cut", reason.to_owned())];
        return refused(refusals, reply.notes, false);
    }
    Plan {
        shows_its_end,
        ..judge(root, request, reply)
    }
}

/// Tells whether a file whose new version is cut off somewhere is refused, as an open block is.
fn shows_its_end(reply: &Reply) -> bool {
    match reply.format {
        None | Some(ReplyFormat::Blocks | ReplyFormat::Fences) => true,
        Some(ReplyFormat::Edits | ReplyFormat::Diff | ReplyFormat::Patch) => false,
    }
}

/// Tells whether a path, as it stands in a reply, names a file that the reply may be about.
fn may_be_about(root: &Root, request: &Request<'_>, path: &str) -> bool {
    let looks_like_a_path = || {
        // Neither a tag such as `</details>` nor a number such as `1.2.0` is the name of a new file.
        let is_of_names = |c: char| !c.is_whitespace() && !"<>:\"|?*".contains(c);
        let name = path.rsplit('/').next().unwrap_or(path);
        let ending = name.rsplit('.').next().unwrap_or(name);
        path.contains(['.', '/'])
            && path.chars().all(is_of_names)
            && ending.starts_with(char::is_alphabetic)
    };
    let may_be_new =
        || lr_files::relative_path(path).is_ok_and(|path| request.rules.new.hold(&path));
    request.offer.knows(root, path) || (looks_like_a_path() && may_be_new())
}

/// Holds what a reply says against the disk and the rules.
fn judge(root: &Root, request: &Request<'_>, reply: Reply) -> Plan {
    request.rules.forget_names();
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
    versions.retain(Version::is_change);
    let silenced = Silenced::by(&versions);
    if request.rules.no_new_suppressions && !silenced.refusals().is_empty() {
        return refused(silenced.refusals(), reply.notes, reply.declared_done);
    }
    let outcome = match (had_blocks, versions.is_empty()) {
        (false, _) => Outcome::NoEdits,
        (true, true) => Outcome::NoChange,
        (true, false) => Outcome::Applied,
    };
    let apply = Apply {
        outcome,
        changes: versions.iter().map(Version::change).collect(),
        refusals,
        suppressions: silenced.section(),
        notes: reply.notes,
        declared_done: reply.declared_done,
    };
    Plan {
        apply,
        replacements: versions.into_iter().map(Version::replacement).collect(),
        shows_its_end: true,
    }
}

/// A plan that writes nothing, for these reasons.
pub(crate) fn refused(refusals: Vec<Refusal>, notes: String, declared_done: bool) -> Plan {
    let apply = Apply {
        outcome: Outcome::Refused,
        changes: Vec::new(),
        refusals,
        suppressions: Vec::new(),
        notes,
        declared_done,
    };
    Plan {
        apply,
        replacements: Vec::new(),
        shows_its_end: true,
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

/// Decides what a block makes of its file.
fn new_version(root: &Root, request: &Request<'_>, block: &Block) -> Result<Version, Vec<Refusal>> {
    let (path, old) = old_version(root, request, block).map_err(|one| vec![one])?;
    let refuse = |problem: Problem| {
        let at = Some((problem.block.unwrap_or(block.number), path.as_str()));
        refusal(at, problem.kind.as_str(), problem.reason)
    };
    let plain_old = old.as_ref().map(|old| lr_files::plain(old.text()));
    let text = block
        .apply(plain_old.as_deref())
        .map_err(|problems| problems.into_iter().map(refuse).collect::<Vec<_>>())?;
    if let Some(text) = text.as_ref().filter(|_| !request.is_computed) {
        let plain_old = plain_old.as_deref().unwrap_or_default();
        let max_shrink = request.rules.max_shrink;
        let may_be_piece = block.is_whole() && max_shrink < 100;
        let problem = suspicious_beyond(plain_old, text, max_shrink)
            .or_else(|| may_be_piece.then(|| fragment(plain_old, text)).flatten());
        problem.map_or(Ok(()), |problem| Err(vec![refuse(problem)]))?;
    }
    if text.is_none() && !request.rules.delete.hold(&path) {
        let reason = format!(
            "block {} deletes '{path}', which may be changed and not deleted",
            block.number
        );
        let at = Some((block.number, path.as_str()));
        return Err(vec![refusal(at, "deletion", reason)]);
    }
    let new = text.map(|text| match &old {
        Some(old) => fit(&text, old.bytes(), keep(request.findings, &path)),
        None => lr_files::plain(&text).into_bytes(),
    });
    Ok(Version {
        path,
        old,
        new,
        block: block.number,
    })
}

/// Finds the file that a block is about, and what it holds, if the block may be about it.
fn old_version(
    root: &Root,
    request: &Request<'_>,
    block: &Block,
) -> Result<(String, Option<SourceFile>), Refusal> {
    let (path, offered) = request.offer.resolve(root, block.number, &block.path)?;
    let (old, offered) = look_up(root, request, block, &path, offered)?;
    let is_window = without_lines(&path).is_none() && without_lines(&block.path).is_some();
    if block.is_whole() && (is_window || offered.shown == Shown::Windows) {
        let mut reason =
            format!("'{path}' was shown in part, so it takes edits, not a whole new version");
        if holds_edits(block) {
            reason = format!(
                "block {} puts SEARCH/REPLACE edits of '{path}' between the markers of a whole file: leave those two \
                 markers out, and write the path in a line of its own above each edit",
                block.number
            );
        } else if is_window {
            reason = format!(
                "block {} gives lines of '{path}': name the file by its path alone, and change its lines by \
                 SEARCH/REPLACE edits",
                block.number
            );
        }
        return Err(refusal(Some((block.number, &path)), "not_whole", reason));
    }
    if let Some(old) = &old {
        refuse_changed(block, &offered, old)?;
    }
    Ok((path, old))
}

/// Tells whether edits or a diff stand where a whole version belongs.
fn holds_edits(block: &Block) -> bool {
    match &block.content {
        Content::Whole(whole) => {
            suspicious("", &whole.text).is_some_and(|it| it.kind == ProblemKind::Edit)
        }
        _ => false,
    }
}

/// Reads the file that a block is about; none, if the block may make it.
fn look_up(
    root: &Root,
    request: &Request<'_>,
    block: &Block,
    path: &str,
    offered: Option<Offered>,
) -> Result<(Option<SourceFile>, Offered), Refusal> {
    let object = |(kind, reason): (&str, String)| {
        let reason = format!(
            "block {} is about '{path}', which {reason}; {}",
            block.number,
            // Being offered does not make a file open to changes: to name it would invite the same reply again.
            request.offer.names_of(|path| {
                lr_files::relative_path(path).is_ok() && request.rules.objection(path).is_none()
            })
        );
        refusal(Some((block.number, path)), kind, reason)
    };
    let is_there = || match root.state(path) {
        Ok(state) => state != State::Absent,
        Err(error) => error.kind() != FileErrorKind::NotFound,
    };
    match offered {
        Some(offered) => {
            if let Some(objection) = request.rules.objection(path) {
                return Err(object(objection));
            }
            match root.read(path) {
                Ok(old) => Ok((Some(old), offered)),
                Err(error) if error.kind() == FileErrorKind::NotFound && !offered.is_named => {
                    new_file(root, request, path).map_err(object)
                }
                Err(error) => Err(unreadable(block, path, &error)),
            }
        }
        None if is_there() => Err(object(("not_offered", "may not be changed".to_owned()))),
        None => new_file(root, request, path).map_err(object),
    }
}

fn new_file(
    root: &Root,
    request: &Request<'_>,
    path: &str,
) -> Result<(Option<SourceFile>, Offered), Objection> {
    match request.rules.objection_to_new(root, path) {
        Some(objection) => Err(objection),
        None => Ok((None, Offered::default())),
    }
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
        let path = &version.path;
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
