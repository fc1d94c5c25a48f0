//! What kind of repository this is: what is refused, and what is left to the git binary.
//!
//! The whitelist is [`for_gix`]: a repository that none of its reasons concern is ordinary.

use lr_stage::{Error, environment};

use super::{Hooks, Repo, hooks, refuse, trouble};

/// Variables by which git takes a part of the repository from another place than usual.
const REDIRECTIONS: [&str; 6] = [
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
];

/// Extensions of the format of repositories that lr-git itself understands.
const EXTENSIONS: [&str; 6] = [
    "noop",
    "objectformat",
    "preciousobjects",
    "refstorage",
    "relativeworktrees",
    "worktreeconfig",
];

/// Refuses a repository of another owner, where git refuses as well and gix would ignore half of
/// the configuration.
pub(super) fn owner(repo: &Repo) -> Result<(), Error> {
    if repo.gix.git_dir_trust() == gix::sec::Trust::Full {
        return Ok(());
    }
    let top = repo.top.display();
    Err(
        refuse(format!("the repository '{top}' belongs to somebody else")).hint(format!(
            "if you trust it: git config --global --add safe.directory '{top}'"
        )),
    )
}

/// Refuses references that are stored in a way gix cannot read.
pub(super) fn references(repo: &Repo) -> Result<(), Error> {
    let storage = repo.gix.config_snapshot().string("extensions.refStorage");
    match storage.map(|name| name.to_string()) {
        Some(name) if name != "files" => Err(refuse(format!(
            "the references of '{}' are stored as '{name}', which lr-git cannot read",
            repo.top.display()
        ))
        .hint("'git refs migrate --ref-format=files' converts them; or work without: lr-loop --no-git")),
        _ => Ok(()),
    }
}

/// Refuses where the environment gives git another index, other objects or the like: gix does not
/// know of it.
pub(super) fn redirections(repo: &Repo) -> Result<(), Error> {
    let mut set = REDIRECTIONS
        .iter()
        .copied()
        .filter(|name| environment::var(name).is_some());
    let index = environment::var("GIT_INDEX_FILE").map(|path| repo.top.join(path));
    let is_other = index.is_some_and(|path| {
        path.canonicalize().ok() != repo.gix.git_dir().join("index").canonicalize().ok()
    });
    match set.next().or(is_other.then_some("GIT_INDEX_FILE")) {
        None => Ok(()),
        Some(name) => Err(refuse(format!(
            "the environment variable '{name}' leads git elsewhere"
        ))
        .hint(format!("unset it first: unset {name}"))),
    }
}

/// Refuses while a merge, rebase or the like is in progress.
pub(super) fn operation(repo: &Repo) -> Result<(), Error> {
    use gix::state::InProgress as State;

    let name = match repo.gix.state() {
        None => match sequence(repo) {
            Some(name) => name,
            None => return Ok(()),
        },
        Some(state) => match state {
            State::ApplyMailbox | State::ApplyMailboxRebase => "am",
            State::Bisect => "bisect",
            State::CherryPick | State::CherryPickSequence => "cherry-pick",
            State::Merge => "merge",
            State::Rebase | State::RebaseInteractive => "rebase",
            State::Revert | State::RevertSequence => "revert",
        },
    };
    Err(refuse(format!(
        "a git {name} is in progress in '{}'",
        repo.top.display()
    ))
    .hint(format!(
        "finish it, or end it with 'git {name} {}'",
        if name == "bisect" { "reset" } else { "--abort" }
    )))
}

/// Returns what several commits are being taken over by, between two of them.
fn sequence(repo: &Repo) -> Option<&'static str> {
    let todo = std::fs::read_to_string(repo.gix.git_dir().join("sequencer/todo")).ok()?;
    let is_revert = todo.trim_start().starts_with("revert");
    Some(if is_revert { "revert" } else { "cherry-pick" })
}

/// Refuses if git does not know whose name to write into commits.
pub(super) fn identity(repo: &Repo) -> Result<(), Error> {
    for (role, person) in [
        ("author", repo.gix.author()),
        ("committer", repo.gix.committer()),
    ] {
        match person {
            Some(Ok(person))
                if person.name.iter().any(|byte| !is_left_out(*byte))
                    && person.email.iter().any(|byte| !is_left_out(*byte)) => {}
            Some(Err(error)) => {
                return Err(trouble(format!("cannot read the {role} of commits"), error));
            }
            _ => {
                return Err(refuse(format!(
                    "git knows no name and e-mail address for the {role} of commits"
                ))
                .hint(
                    "set them: git config --global user.name 'Your Name', and user.email likewise",
                ));
            }
        }
    }
    Ok(())
}

/// Whether git leaves a byte out at the beginning and the end of a name in a commit.
fn is_left_out(byte: u8) -> bool {
    byte <= b' ' || b".,:;<>\"\\'".contains(&byte)
}

/// Whether git writes a name or an address into commits otherwise than it is configured.
fn is_identity_cleaned(repo: &Repo) -> bool {
    let is_cleaned = |text: &[u8]| {
        let ends = [text.first(), text.last()];
        ends.into_iter().flatten().any(|byte| is_left_out(*byte))
            || text.iter().any(|byte| b"<>\n".contains(byte))
    };
    [repo.gix.author(), repo.gix.committer()]
        .into_iter()
        .flatten()
        .flatten()
        .any(|person| is_cleaned(person.name) || is_cleaned(person.email))
}

/// Refuses an index that cannot be read or that holds unmerged files.
pub(super) fn index(repo: &Repo) -> Result<(), Error> {
    let index = super::index::shared(repo)?;
    let unmerged = index
        .entries()
        .iter()
        .find(|entry| entry.stage() != gix::index::entry::Stage::Unconflicted);
    match unmerged {
        None => Ok(()),
        Some(entry) => Err(refuse(format!("'{}' is not merged", entry.path(&index)))
            .hint("resolve the conflict and commit it first")),
    }
}

/// Says why gix must not write here, so that the git binary does; `None` for an ordinary
/// repository.
pub(super) fn for_gix(repo: &Repo, which: Hooks) -> Option<String> {
    if let Some(hook) = hooks::active(repo, which) {
        return Some(format!("the hook '{hook}' is active"));
    }
    if let Some(name) = unknown_extension(repo) {
        return Some(format!("it uses the extension '{name}'"));
    }
    let config = repo.gix.config_snapshot();
    let is_set = |key: &'static str| config.boolean(key).unwrap_or(false);
    let shared = config.string("core.sharedRepository");
    let is_shared =
        shared.is_some_and(|value| !["umask", "false", "0"].contains(&value.to_string().as_str()));
    let encoding = config.string("i18n.commitEncoding");
    let is_encoded = encoding.is_some_and(|name| !name.to_string().eq_ignore_ascii_case("utf-8"));
    let common = repo.gix.common_dir();
    let reasons = [
        (is_set("commit.gpgSign"), "commits are signed"),
        (
            is_set("core.sparseCheckout") && is_set("index.sparse"),
            "the index is sparse",
        ),
        (is_shared, "the repository is shared"),
        (is_encoded, "commit messages are not UTF-8"),
        (is_partial(repo), "it is a partial clone"),
        (
            is_identity_cleaned(repo),
            "your name for commits has signs that git leaves out",
        ),
        (
            is_set("core.ignoreCase"),
            "file names differ by more than their case",
        ),
        (
            is_set("core.preferSymlinkRefs"),
            "references are symbolic links",
        ),
        (
            config.string("core.fsync").is_some(),
            "it is configured what is brought to the disk at once",
        ),
        (
            common.join("info/grafts").exists() || has_replacements(repo),
            "objects are replaced by others",
        ),
        (
            environment::var("GIT_CONFIG_PARAMETERS").is_some(),
            "another git has given it settings",
        ),
    ];
    let mut reasons = reasons.iter().filter(|(applies, _)| *applies);
    reasons.next().map(|(_, reason)| (*reason).to_owned())
}

fn unknown_extension(repo: &Repo) -> Option<String> {
    let config = repo.gix.config_snapshot();
    let sections = config.plumbing().sections_by_name("extensions")?;
    let mut names = sections.flat_map(|section| {
        let names = section.value_names();
        names
            .map(|name| name.to_ascii_lowercase())
            .collect::<Vec<_>>()
    });
    names.find(|name| name != "partialclone" && !EXTENSIONS.contains(&name.as_str()))
}

/// Whether objects may be missing here that git would fetch.
pub(super) fn is_partial(repo: &Repo) -> bool {
    let config = repo.gix.config_snapshot();
    let remotes = config.plumbing().sections_by_name("remote");
    let mut remotes = remotes.into_iter().flatten();
    config.string("extensions.partialClone").is_some()
        || remotes.any(|remote| {
            remote
                .value("promisor")
                .is_some_and(|value| value != "false")
        })
}

fn has_replacements(repo: &Repo) -> bool {
    let references = repo.gix.references();
    let found = references.and_then(|all| Ok(all.prefixed("refs/replace/")?.next().is_some()));
    found.unwrap_or(false)
}
