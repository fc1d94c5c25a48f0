//! `lr-git commit`: a commit for what was applied, and one that writes it down.
//!
//! The parts of a turn are taken together, because one check follows them all.

use std::collections::BTreeSet;
use std::time::Duration;

use lr_exec::signals;
use lr_stage::output::Output;
use lr_stage::{Common, Error, Form, Kind, Status, exit_zero, input, say, turns};
use lr_turn::{Apply, Change, Id, Outcome as Applied, Reply, Turn};

use crate::args;
use crate::findings::Findings;
use crate::fix::Fix;
use crate::message::CommitKind;
use crate::page;
use crate::put_back;
use crate::repo::Hooks;
use crate::run::Session;
use crate::settings;
use crate::without_git;

/// What the flags say.
struct Options {
    recheck: Option<Findings>,
    only_if_improved: bool,
    without_git: bool,
    fixes_file: Option<String>,
}

/// Commits what the turns on standard input have applied.
pub(crate) fn run(args: &args::Commit, common: &Common) -> Result<Status, Error> {
    let options = Options {
        recheck: match &args.rechecked {
            Some(path) => Findings::of_recheck(&input::read_file(path)?)?,
            None => None,
        },
        only_if_improved: args.condition == Some(args::Condition::Improved),
        without_git: args.no_git,
        fixes_file: settings::fixes_file(&args.fixes, common)?,
    };
    let hooks = if args.no_verify {
        Hooks::Skip
    } else {
        Hooks::Run
    };
    let mut work = Work {
        options,
        session: Session::new(hooks, args.here, Duration::from_secs(args.timeout)),
        output: Output::new(args.format, Form::Turn),
        status: Status::Done,
        n_committed: 0,
    };
    let turns = input::read_turns("turns with applied changes")?;
    work.all(turns)?;
    if work.n_committed == 0 {
        work.status = work.status.max(Status::No);
    }
    Ok(exit_zero(work.status, args.exit_zero))
}

/// Parts of one turn, which one check follows.
#[derive(Default)]
struct Group {
    /// Which part came last.
    last: Option<Id>,
    /// The findings of the first parts, with which there is nothing to do: they are written.
    passed: Vec<Findings>,
    /// The others.
    turns: Vec<Turn>,
}

/// The work on a stream of turns.
struct Work {
    options: Options,
    session: Session,
    output: Output,
    status: Status,
    /// How many turns are committed, now or before.
    n_committed: usize,
}

impl Work {
    /// Works on all turns, and holds back only those that must be judged together with later ones.
    fn all(&mut self, turns: input::TurnReader) -> Result<(), Error> {
        let mut group = Group::default();
        for turn in turns {
            let turn = match turn {
                Ok(turn) => turn,
                Err(error) => {
                    self.group(group)?;
                    return Err(error);
                }
            };
            let id = turn.id().ok();
            if !belong_together(group.last.as_ref(), id.as_ref()) {
                self.group(std::mem::take(&mut group))?;
            }
            group.last = id;
            let goes_on = self.options.recheck.is_some() && may_go_on(group.last.as_ref());
            if group.turns.is_empty() && matches!(ready(&turn), Ok(None)) {
                if goes_on {
                    group.passed.extend(Findings::of(&turn));
                }
                self.write(&turn)?;
            } else {
                group.turns.push(turn);
            }
            if !goes_on {
                self.group(std::mem::take(&mut group))?;
            }
        }
        self.group(group)
    }

    /// Works on the parts of one turn, and writes them.
    fn group(&mut self, group: Group) -> Result<(), Error> {
        let Group {
            passed, mut turns, ..
        } = group;
        if turns.is_empty() {
            return Ok(());
        }
        let mut parts = Vec::new();
        for (position, turn) in turns.iter_mut().enumerate() {
            match ready(turn) {
                Ok(Some(apply)) => parts.push((position, apply)),
                Ok(None) => {}
                Err(error) => self.fail(turn, error)?,
            }
        }
        if !parts.is_empty() {
            self.output.check_reader()?;
            let held = signals::hold();
            let before = Findings::of_parts(passed, &turns);
            self.parts(&mut turns, &parts, &before)?;
            drop(held);
        }
        for turn in &turns {
            self.write(turn)?;
        }
        match signals::interrupted() {
            None => Ok(()),
            Some(signal) => Err(interrupted(signal)),
        }
    }

    /// Commits the parts of one turn that were applied, or puts all of them back.
    fn parts(
        &mut self,
        turns: &mut [Turn],
        parts: &[(usize, Apply)],
        before: &Findings,
    ) -> Result<(), Error> {
        if self.is_put_back(before) {
            match self.put_back(turns, parts, before) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => {
                    self.fail_all(turns, parts, &error);
                    return Ok(());
                }
            }
        }
        if !self.options.without_git {
            let changes: Vec<&Change> =
                parts.iter().flat_map(|(_, apply)| &apply.changes).collect();
            if let Err(error) = self.session.applied(&changes) {
                self.fail_all(turns, parts, &error);
                return Ok(());
            }
        }
        for (position, apply) in parts {
            let turn = &mut turns[*position];
            if let Err(error) = self.part(turn, apply, before, parts.len() > 1) {
                self.fail(turn, error)?;
            }
        }
        Ok(())
    }

    fn is_put_back(&self, before: &Findings) -> bool {
        let recheck = self.options.recheck.as_ref();
        self.options.only_if_improved && recheck.is_some_and(|after| !before.is_improved_by(after))
    }

    /// Puts the files of all parts back, unless one of them is committed already, and tells each
    /// part what is found now that was not found before.
    fn put_back(
        &mut self,
        turns: &mut [Turn],
        parts: &[(usize, Apply)],
        before: &Findings,
    ) -> Result<bool, Error> {
        for (position, _) in parts {
            let part = self.session.part(&turns[*position])?;
            let run = self.session.look(&part)?;
            if run.find(&part.trailers(CommitKind::Fix)).is_some() {
                return Ok(false);
            }
        }
        let changes: Vec<&Change> = parts.iter().flat_map(|(_, apply)| &apply.changes).collect();
        put_back::all(self.session.repo()?, &changes)?;
        let all: BTreeSet<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        for (position, apply) in parts {
            let own = paths_of(apply);
            let concerns = |path: &str| own.contains(path) || !all.contains(path);
            let after = self.options.recheck.as_ref();
            turns[*position].set(&lr_turn::Commit {
                put_back: true,
                new_findings: after.map_or_else(Vec::new, |it| it.new_since(before, concerns)),
                ..Default::default()
            });
        }
        Ok(true)
    }

    /// Makes the two commits of one part, or finds them.
    fn part(
        &mut self,
        turn: &mut Turn,
        apply: &Apply,
        before: &Findings,
        is_split: bool,
    ) -> Result<(), Error> {
        let asked = Findings::of(turn)?;
        let outcome = match &self.options.recheck {
            None => asked.asked_for(),
            Some(after) if is_split => asked.compare(before, after, Some(&paths_of(apply))),
            Some(after) => asked.compare(before, after, None),
        };
        let session = &mut self.session;
        if self.options.without_git {
            if let Some(file) = &self.options.fixes_file {
                without_git::write_down(&session.part(turn)?, apply, &outcome, file)?;
            }
            turn.set(&lr_turn::Commit::default());
            return Ok(());
        }
        let part = session.part(turn)?;
        session.prepare(&part, &apply.changes, self.options.fixes_file.as_deref())?;
        let fix = Fix {
            part,
            apply,
            outcome,
            by: author(turn)?,
        };
        let Some(commit) = fix.commit(session)? else {
            say::note("nothing to commit: HEAD has these versions already");
            return Ok(());
        };
        let fixes = match &self.options.fixes_file {
            Some(file) => fix.write_down(session, file, &commit)?,
            None => None,
        };
        turn.set(&lr_turn::Commit {
            branch: session.repo()?.head()?.branch,
            fix: Some(commit.id.to_string()),
            fixes,
            ..Default::default()
        });
        Ok(())
    }

    fn fail_all(&mut self, turns: &mut [Turn], parts: &[(usize, Apply)], error: &Error) {
        say::error(error);
        for (position, _) in parts {
            turns[*position].set(&error.to_section(say::program()));
        }
        self.status = self.status.max(error.kind.status());
    }

    fn fail(&mut self, turn: &mut Turn, error: Error) -> Result<(), Error> {
        self.status = self.status.max(turns::fail(turn, error)?);
        Ok(())
    }

    fn write(&mut self, turn: &Turn) -> Result<(), Error> {
        let passed = turns::passed_error(turn).unwrap_or(Status::Done);
        self.status = self.status.max(passed);
        let commit = turn.get::<lr_turn::Commit>().ok().flatten();
        let is_kept = commit.as_ref().is_some_and(|commit| {
            commit.fix.is_some() || (self.options.without_git && !commit.put_back)
        });
        self.n_committed += usize::from(is_kept);
        match self.output.form {
            Form::Turn => self.output.turn(turn),
            Form::Text => {
                let page = page::of_turn(turn, commit.as_ref(), self.options.recheck.as_ref());
                self.output.text(&say::clean(&page))
            }
        }
    }
}

/// Returns the `apply` section of a turn that is to be committed.
fn ready(turn: &Turn) -> Result<Option<Apply>, Error> {
    if turn.has("error") || turn.has("commit") {
        return Ok(None);
    }
    let apply: Option<Apply> = turn.get()?;
    Ok(apply.filter(|apply| apply.outcome == Applied::Applied && !apply.changes.is_empty()))
}

/// Whether a turn is the next part of the same turn of the same run.
fn belong_together(last: Option<&Id>, next: Option<&Id>) -> bool {
    let (Some(last), Some(next)) = (last, next) else {
        return false;
    };
    last.run == next.run && last.turn == next.turn && last.part < next.part && last.part.is_some()
}

/// Whether another part of the same turn may follow.
fn may_go_on(last: Option<&Id>) -> bool {
    let part = |id: &Id| id.part.map(|part| (part, id.parts));
    last.and_then(part)
        .is_some_and(|(part, parts)| parts.is_none_or(|parts| part < parts))
}

fn paths_of(apply: &Apply) -> BTreeSet<String> {
    apply
        .changes
        .iter()
        .map(|change| change.path.clone())
        .collect()
}

/// Says who wrote the reply: `lr-llm with openai/gpt-oss-120b`.
fn author(turn: &Turn) -> Result<Option<String>, Error> {
    let reply: Option<Reply> = turn.get()?;
    Ok(reply.and_then(|reply| match (reply.by, reply.model) {
        (Some(by), Some(model)) => Some(format!("{by} with {model}")),
        (by, model) => by.or(model),
    }))
}

fn interrupted(signal: i32) -> Error {
    // SIGTERM is 15 everywhere.
    let kind = if signal == 15 {
        Kind::Terminated
    } else {
        Kind::Interrupted
    };
    Error::new(kind, "interrupted between two commits")
}
