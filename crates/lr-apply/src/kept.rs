//! Keeping a bare answer that was not used: it may have been paid for, and a pipe has it no more.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use lr_files::{Root, keep_text};
use lr_stage::{clock, project, say};

/// The folder of `.lr` for answers that were not used.
const FOLDER: &str = "refused";

/// How many of them are kept.
const N_KEPT: usize = 20;

/// Keeps an answer that came through a pipe, and says how to give it again.
pub(crate) fn keep(root: &Root, text: &str) {
    if text.trim().is_empty() || is_in_file() {
        return;
    }
    let project = project::root(root.path());
    let name = format!("{}.txt", clock::run_id());
    let kept = Root::open(&project).and_then(|it| keep_text(&it, FOLDER, &name, text, N_KEPT));
    match kept {
        Ok(()) => {
            let path = project.join(project::LR_FOLDER).join(FOLDER).join(name);
            let path = path.strip_prefix(root.path()).unwrap_or(&path).display();
            say::note(&format!(
                "the answer is kept; to give it again: lr-apply SOURCE… < {path}"
            ));
        }
        Err(error) => say::warn(&format!("the answer is not kept: {error}")),
    }
}

/// Tells whether standard input is a file, which still has the answer.
fn is_in_file() -> bool {
    let stdin = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    stdin
        .and_then(|stdin| stdin.metadata())
        .is_ok_and(|metadata| metadata.is_file())
}
