//! The work on a turn, and on a bare answer.

use lr_blocks::Fence;
use lr_files::Root;
use lr_stage::output::Output;
use lr_stage::turns::{self, Ready, Worker};
use lr_stage::{Error, Form, Kind, Status, ask, say};
use lr_turn::{Apply, Check, Finish, Outcome, Prompt, Reply, ReplyFormat, Source, Turn};

use crate::guard::{Offer, refusal};
use crate::kept;
use crate::page;
use crate::patch::PatchOut;
use crate::plan::{self, Plan, Request};
use crate::receipt;
use crate::rules::Rules;
use crate::write::Writer;

/// What the work on every reply needs.
pub(crate) struct Stage {
    pub(crate) root: Root,
    pub(crate) rules: Rules,
    pub(crate) writer: Writer,
    pub(crate) dry_run: bool,
    /// The format to read replies in; `None`: whichever they are written in.
    pub(crate) format: Option<ReplyFormat>,
    /// Whether a bare answer is known to be complete.
    pub(crate) is_complete: bool,
    pub(crate) patch: Option<PatchOut>,
}

impl Stage {
    /// Opens standard output in the form that the user named, else in `piped` form for pipes and files.
    pub(crate) fn output(&self, named: Option<Form>, piped: Form) -> Result<Output, Error> {
        let output = Output::new(named, piped);
        self.patch
            .as_ref()
            .map_or(Ok(()), |patch| patch.check(&output))?;
        Ok(output)
    }

    /// Applies a bare answer to the files that the command line names.
    pub(crate) fn apply_text(
        &mut self,
        text: &str,
        sources: Vec<String>,
        output: &mut Output,
    ) -> Result<Status, Error> {
        if sources.is_empty() && self.rules.new.is_empty() {
            let message = "a bare answer does not say which files it may change";
            return Err(
                Error::new(Kind::Usage, message).hint("name them: lr-apply SOURCE…, or give turns")
            );
        }
        let request = Request {
            text,
            finish: None,
            fence: Fence::default(),
            format: self.format,
            offer: Offer::of_arguments(&self.root, sources)?,
            rules: &self.rules,
            is_computed: false,
            findings: None,
        };
        let mut plan = plan::make(&self.root, &request);
        if !self.dry_run && !self.is_complete && !plan.shows_its_end {
            plan = confirmed(plan);
        }
        let apply = self.carry_out(plan, None)?;
        let mut turn = Turn::new();
        turn.set(&apply);
        turns::write(&turn, output, self)?;
        if apply.outcome == Outcome::Refused && !self.dry_run {
            kept::keep(&self.root, text);
        }
        Ok(status_of(&apply))
    }

    /// Writes the patch of all that was applied, if one is wanted.
    pub(crate) fn write_patch(&self, output: &mut Output) -> Result<(), Error> {
        self.patch
            .as_ref()
            .map_or(Ok(()), |patch| patch.write(output))
    }

    /// Tells a person, who may lift a protection, how that is done.
    fn tell_protected(&self, apply: &Apply) {
        let protected = apply
            .refusals
            .iter()
            .filter(|refusal| refusal.kind == "protected");
        let paths = protected.filter_map(|refusal| refusal.path.as_deref());
        let protected = paths.filter(|path| self.rules.guard.can_be_lifted(path));
        if let Some(path) = protected.min() {
            say::note(&format!(
                "protected files are not changed; protect = [\"!{path}\"] in [apply] of lr.toml lifts it"
            ));
        }
    }

    /// Writes what is planned, unless this is a dry run.
    fn carry_out(&mut self, plan: Plan, turn: Option<&receipt::Key>) -> Result<Apply, Error> {
        if plan.apply.outcome != Outcome::Applied {
            self.tell_protected(&plan.apply);
            return Ok(plan.apply);
        }
        if let Some(patch) = &self.patch {
            patch.refuse_own(&self.root, &plan.apply)?;
        }
        let mut patch = self.patch.take();
        if let Some(patch) = &mut patch {
            patch.keep_old(&self.root, &plan.apply);
        }
        let applied = if self.dry_run {
            Ok(plan.checked(&self.root))
        } else {
            self.writer.write(&self.root, plan, turn)
        };
        if let (Some(patch), Ok(apply)) = (&mut patch, &applied) {
            patch.add(apply);
        }
        self.patch = patch;
        applied
    }
}

impl Worker for Stage {
    fn ready(&self, turn: &Turn) -> Result<Ready, Error> {
        Ok(if turn.has("apply") {
            Ready::Pass
        } else if turn.has("reply") {
            Ready::Work
        } else if turn.get::<Check>()?.is_some_and(|check| check.clean) {
            Ready::Pass
        } else {
            Ready::PassSaying("a turn without a reply is passed on; did lr-llm run before?")
        })
    }

    fn work(&mut self, turn: &mut Turn) -> Result<Status, Error> {
        refuse_candidates(turn)?;
        let reply: Reply = required(turn)?;
        let key = receipt::Key::of(turn, &reply)?;
        if !self.dry_run
            && let Some(apply) = self.writer.already_written(&self.root, &key)?
        {
            if let Some(patch) = &mut self.patch {
                patch.add(&apply);
            }
            turn.set(&apply);
            return Ok(status_of(&apply));
        }
        let prompt: Option<Prompt> = turn.get()?;
        let check: Option<Check> = turn.get()?;
        let fence = prompt.as_ref().map(|prompt| prompt.fence).or(reply.fence);
        let is_computed = prompt.is_none() && !reply.fixes.is_empty();
        let request = Request {
            text: &reply.text,
            finish: reply.finish,
            fence: to_fence(fence.unwrap_or_default()),
            format: if is_computed {
                Some(ReplyFormat::Blocks)
            } else {
                self.format
            },
            is_computed,
            offer: match prompt {
                Some(prompt) => Offer::of_prompt(&prompt),
                None => Offer::of_sources(&turn.get::<Vec<Source>>()?.unwrap_or_default()),
            },
            rules: &self.rules,
            findings: check.as_ref(),
        };
        let plan = plan::make(&self.root, &request);
        let apply = self.carry_out(plan, Some(&key))?;
        turn.set(&apply);
        Ok(status_of(&apply))
    }

    fn page(&self, turn: &Turn) -> String {
        match turn.get::<Apply>() {
            Ok(Some(apply)) if self.patch.as_ref().is_some_and(PatchOut::is_output) => {
                for reason in page::refusals(&apply).lines() {
                    say::note(reason);
                }
                String::new()
            }
            Ok(Some(apply)) => page::of(&apply, self.dry_run),
            _ => String::new(),
        }
    }
}

/// Asks whether an answer that does not show its end is complete; without a yes it is refused.
fn confirmed(plan: Plan) -> Plan {
    if plan.apply.outcome != Outcome::Applied {
        return plan;
    }
    let names: Vec<&str> = plan
        .apply
        .changes
        .iter()
        .map(|change| change.path.as_str())
        .collect();
    let question = format!(
        "edits do not show when the answer is cut off; change '{}' all the same?",
        names.join("', '")
    );
    if ask::yes(&question) == Some(true) {
        return plan;
    }
    let reason = "edits and diffs do not show when the answer was cut off, and nobody said that it is complete; \
                  give --complete if you know that it is";
    plan::refused(
        vec![refusal(None, "unconfirmed", reason.to_owned())],
        plan.apply.notes,
        plan.apply.declared_done,
    )
}

fn required(turn: &Turn) -> Result<Reply, Error> {
    turn.get()?
        .ok_or_else(|| Error::new(Kind::Input, "the turn has no reply"))
}

/// Several answers to one question cannot all be written.
fn refuse_candidates(turn: &Turn) -> Result<(), Error> {
    if turn.has("candidate") {
        let message = "the turn is one of several candidates, and only one may be applied";
        return Err(Error::new(Kind::Usage, message)
            .hint("keep one of them and remove its key 'candidate'"));
    }
    Ok(())
}

fn to_fence(fence: lr_turn::Fence) -> Fence {
    Fence {
        open: fence.open,
        close: fence.close,
    }
}

fn status_of(apply: &Apply) -> Status {
    match apply.outcome {
        Outcome::Applied => Status::Done,
        Outcome::NoChange | Outcome::NoEdits | Outcome::Refused => Status::No,
    }
}

/// Tells whether a reply that ended like this may be written.
pub(crate) fn is_complete(finish: Option<Finish>) -> bool {
    matches!(finish, None | Some(Finish::Stop | Finish::Unknown))
}
