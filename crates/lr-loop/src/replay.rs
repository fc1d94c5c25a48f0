//! Replaying a recorded run: the same arguments, and the replies that were given then.

use std::path::{Path, PathBuf};

use lr_record::runs;
use lr_stage::{Error, input, say};

use crate::args::Args;
use crate::reading::Checked;
use crate::recorded::{self, Recorded};

/// Looks for the run that `--replay` names. Without sources, they and all flags are those that the
/// run was begun with. Returns also the words of the command line that this comes to.
///
/// # Errors
///
/// There is no such run, or its arguments cannot be used.
pub(crate) fn beginning(mut args: Args) -> Result<(Args, Vec<String>), Error> {
    let named = args.asking.replay.as_deref();
    let Some(folder) = named.map(run_of).transpose()?.flatten() else {
        return Ok((args, recorded::own_words().collect()));
    };
    let folder = folder.canonicalize().unwrap_or(folder);
    if args.sources.is_empty() {
        let recorded = Recorded::read(&folder)
            .map_err(|error| error.hint("name the sources: lr-loop --replay RUN SOURCES"))?;
        recorded.enter()?;
        return recorded.again(&folder);
    }
    args.asking.replay = Some(folder);
    Ok((args, recorded::own_words().collect()))
}

/// Returns the folder of the run that is meant; `None` if it is a folder of single replies.
fn run_of(named: &Path) -> Result<Option<PathBuf>, Error> {
    if runs::is_run(named) {
        return Ok(Some(named.to_path_buf()));
    }
    if named.is_dir() {
        return Ok(None);
    }
    runs::find(&named.to_string_lossy()).map(Some)
}

/// Says so where the sources are not those that a replayed run began with.
pub(crate) fn compare(folder: &Path, found: &Checked) {
    let first = input::read_file(&folder.join("001-check.jsonl"));
    let Some(then) = first.ok().and_then(|turns| Checked::read(&turns).ok()) else {
        return;
    };
    if then.sources != found.sources {
        let run = folder.file_name().unwrap_or_default().to_string_lossy();
        say::warn(&format!(
            "the sources are not what they were when the run '{run}' began; its replies may not fit"
        ));
        say::note(&format!("hint: git checkout refs/lr/{run}/base"));
    }
}
