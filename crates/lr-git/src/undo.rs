//! `lr-git undo`: a commit that brings back what the files of a run were before it.
//!
//! History stays; FIXES.md is a file like the others and is brought back, too.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use lr_exec::signals;
use lr_stage::output::Output;
use lr_stage::{Error, Form, Status, say};

use crate::args;
use crate::bring_back::{self, Place, Traces};
use crate::commits::Run;
use crate::message::{self, CommitKind, Trailers, short};

/// Brings back what the files of a run were before it.
pub(crate) fn run(args: &args::Undo) -> Result<Status, Error> {
    let place = Place::open(Duration::from_secs(args.timeout))?;
    let repo = &place.repo;
    let name = place.run(args.run.as_deref())?;
    let run = Run::read(repo, &name)?;
    let traces = Traces::follow(repo, run.since_undo().rev())?;
    let mut view = repo.view()?;
    let set = traces.plan(&mut view)?;
    let mut output = Output::new(None, Form::Text);
    let n_commits = run.since_undo().count();
    if n_commits == 0 {
        say::note(&format!(
            "nothing to take back: HEAD has no commit of the run '{name}'"
        ));
        return Ok(Status::No);
    }
    if args.dry_run {
        output.text(&say::clean(&traces.page("would bring back")))?;
        return Ok(Status::Done);
    }
    let hooks = bring_back::hooks(args.no_verify);
    let paths = traces.paths();
    repo.refuse_changed_programs(&BTreeSet::new(), &paths, hooks)?;
    let held = signals::hold();
    traces.write(&view, repo, &set)?;
    let trailers = Trailers {
        run: name.clone(),
        turn: 0,
        part: 0,
        kind: CommitKind::Undo,
    };
    let text = message::undo(paths.len(), n_commits, &trailers);
    let paths: Vec<String> = paths.into_iter().collect();
    let made = repo.commit(&paths, &text, hooks)?;
    if let Some(id) = made {
        repo.keep_tip(&name, id);
    }
    drop(held);
    let Some(id) = made else {
        say::note("nothing to take back: the files are what they were before");
        return Ok(Status::No);
    };
    let mut page = traces.page("brought back");
    let _ = writeln!(
        page,
        "in the commit {}; 'git checkout -' leads back to your branch",
        short(&id.to_string())
    );
    output.text(&say::clean(&page))?;
    Ok(Status::Done)
}
