//! `lr-git recover`: the index brought up to a commit that was killed before it was.

use lr_stage::output::Output;
use lr_stage::{Error, Form, Status, say};

use crate::files;
use crate::message::{count, short};
use crate::repo::Repo;
use crate::start::working_directory;

/// Completes the commit at `HEAD`, whoever made it.
pub(crate) fn run() -> Result<Status, Error> {
    let repo = Repo::open(&working_directory()?)?;
    let _guard = repo.guard()?;
    repo.check_ready()?;
    files::recover(&repo.directory())?;
    let tip = match repo.head()?.commit {
        Some(id) => Some(repo.commit_at(id)?),
        None => None,
    };
    let n_files = match &tip {
        Some(tip) if repo.halfway(tip)?.is_some() => repo.read_index_from_head(tip)?,
        _ => 0,
    };
    let Some(tip) = tip.filter(|_| n_files > 0) else {
        say::note("nothing to recover: the index does not lie behind HEAD");
        return Ok(Status::No);
    };
    let id = tip.id.to_string();
    let files = count(n_files, "file");
    let page = format!(
        "brought the index up to the commit {}: {files}\n",
        short(&id)
    );
    Output::new(None, Form::Text).text(&say::clean(&page))?;
    Ok(Status::Done)
}
