//! The work on one turn: from its sections to its `prompt`.

use std::collections::VecDeque;

use lr_guard::Guard;
use lr_stage::turns::{Ready, Worker};
use lr_stage::{Error, Form, Status, say};
use lr_turn::{
    Check, Id, Message, Offered, Previous, Prompt, ReplyFormat, Share, Source, SourceRole, Turn,
};

use crate::closed;
use crate::context::Context;
use crate::exhibit::{self, Exhibit};
use crate::format::{self, Marks};
use crate::material::{Document, Material};
use crate::options::{Limits, Options};
use crate::parts::{self, Part};
use crate::refusals;
use crate::render::Renderer;
use crate::units::{self, Unit};
use crate::view::{Measure, View};

/// Files of up to so many lines are shown whole, unless the user says otherwise.
const WHOLE_BELOW: usize = 400;

/// Writes prompts into turns.
pub(crate) struct Writer {
    /// What another program reported about the files.
    pub(crate) report: String,
    /// Whether the reply will come to `lr-apply` as a text, where edits cannot be told from cut ones.
    pub(crate) is_bare: bool,
    options: Options,
    form: Form,
    tools: Option<Tools>,
    /// The parts behind the first one of the turn that was split.
    further: Vec<Turn>,
}

/// What is needed for a prompt and is made for the first one.
struct Tools {
    renderer: Renderer,
    limits: Limits,
    guard: Guard,
}

impl Writer {
    /// Makes a writer whose turns are written in this form.
    pub(crate) fn new(options: Options, form: Form) -> Self {
        Self {
            report: String::new(),
            is_bare: false,
            options,
            form,
            tools: None,
            further: Vec::new(),
        }
    }

    /// Writes the prompt of a turn, unless its check found nothing that can be shown, or those of
    /// its parts, of which the further ones are put aside.
    ///
    /// # Errors
    ///
    /// `changed` when a file is not the one that was checked, `input` when none can be shown,
    /// `template`, `config` and `io`.
    pub(crate) fn prompt(&mut self, turn: &mut Turn) -> Result<(), Error> {
        let check = turn.get::<Check>()?;
        let is_asked = check.as_ref().is_none_or(|check| check.clean);
        let check = check.unwrap_or_default();
        if !is_asked && !self.options.even_if_clean && !self.reports(&check) {
            say::note("no checker that worked found anything: nothing to ask");
            return Ok(());
        }
        let mut sources = turn.get::<Vec<Source>>()?.unwrap_or_default();
        let closed = closed::close(&mut sources, &self.tools()?.guard);
        let previous = turn.get::<Previous>()?.unwrap_or_default();
        let material = Material::gather(check, sources, previous, &self.report)?;
        if let Some(error) = closed::nothing_left(&material, &closed) {
            return Err(error);
        }
        let usual = Measure::usual(self.tools()?.limits.whole_below.unwrap_or(WHOLE_BELOW));
        let all = Part::whole(&material);
        let prompt = self.part(&all, &material.check, usual)?;
        if !self.is_too_long(&prompt) {
            turn.set(&prompt);
            return Ok(());
        }
        let may_split = turn.id()?.parts.is_none() && self.form == Form::Turn;
        let units = if may_split {
            units::of(&material)
        } else {
            vec![Unit::of_all(&material)]
        };
        let mut asked = self.split(&material, units, usual)?;
        if let [(_, prompt)] = &mut asked[..] {
            turn.set(prompt);
            return Ok(());
        }
        let n_parts = asked.len() as u64;
        let mut parts = Vec::new();
        for ((share, prompt), number) in asked.iter().zip(1..) {
            let mut part = turn.share(share)?;
            part.set_id(&Id {
                part: Some(number),
                parts: Some(n_parts),
                ..Id::default()
            });
            part.set(prompt);
            parts.push(part);
        }
        *turn = parts.remove(0);
        self.further = parts;
        Ok(())
    }

    /// Makes the prompts of the parts of a turn, none longer than the limit if that can be.
    fn split(
        &mut self,
        material: &Material,
        units: Vec<Unit>,
        usual: Measure,
    ) -> Result<Vec<(Share, Prompt)>, Error> {
        let mut asked: Vec<(Share, Prompt)> = Vec::new();
        let mut homes = vec![false; material.documents.len()];
        let mut waiting = VecDeque::from(self.packed(material, units, usual)?);
        while let Some(units) = waiting.pop_front() {
            let part = Part::new(material, &units, &homes, asked.is_empty());
            let check = part.check();
            let mut prompt = self.part(&part, &check, usual)?;
            if self.is_too_long(&prompt) && units.len() > 1 {
                let (first, second) = units.split_at(units.len() / 2);
                waiting.push_front(second.to_vec());
                waiting.push_front(first.to_vec());
                continue;
            }
            for measure in Measure::saving() {
                if self.is_too_long(&prompt) {
                    prompt = self.part(&part, &check, measure)?;
                }
            }
            if self.is_too_long(&prompt) {
                self.say_too_long(&prompt);
            }
            for document in &part.documents {
                homes[*document] = true;
            }
            asked.push((part.share(waiting.is_empty()), prompt));
        }
        Ok(asked)
    }

    /// Divides units into parts by an estimate, which is held against the prompts themselves later.
    fn packed(
        &mut self,
        material: &Material,
        units: Vec<Unit>,
        usual: Measure,
    ) -> Result<Vec<Vec<Unit>>, Error> {
        /// About how many bytes a checker's command line and the words around it have.
        const COMMAND: usize = 90;
        let fixed = self.ask(material, &Check::default(), &[])?;
        let scripts = material.check.results.iter().map(|result| {
            let script = result.script.as_ref();
            COMMAND + script.map_or(0, |script| script.text.len())
        });
        let n_tokens = self.limit().unwrap_or(u64::MAX);
        let n_tokens = n_tokens.saturating_sub(fixed.tokens.unwrap_or_default());
        let n_bytes = usize::try_from(n_tokens.saturating_mul(4)).unwrap_or(usize::MAX);
        let size = |document: usize| {
            let document = &material.documents[document];
            let files = self.exhibit(document, SourceRole::Edit, usual).files();
            let shown = files
                .iter()
                .map(|file| file.text.len() + 2 * file.path.len() + 24);
            shown.sum::<usize>() + material.n_said(document.source)
        };
        Ok(parts::pack(
            units,
            &size,
            n_bytes.saturating_sub(scripts.max().unwrap_or_default()),
        ))
    }

    fn limit(&self) -> Option<u64> {
        self.tools
            .as_ref()
            .and_then(|tools| tools.limits.prompt_tokens)
    }

    fn is_too_long(&self, prompt: &Prompt) -> bool {
        self.limit()
            .is_some_and(|limit| prompt.tokens > Some(limit))
    }

    fn say_too_long(&self, prompt: &Prompt) {
        let paths: Vec<&str> = prompt
            .offered
            .iter()
            .map(|file| file.path.as_str())
            .collect();
        let about = match paths[..] {
            [] => String::new(),
            [path] => format!(" about '{path}'"),
            [path, ..] => format!(" about '{path}' and {} more files", paths.len() - 1),
        };
        say::note(&format!(
            "the prompt{about} has about {} tokens, more than the {} of --prompt-tokens, and cannot be divided",
            prompt.tokens.unwrap_or_default(),
            self.limit().unwrap_or_default(),
        ));
    }

    /// Makes the prompt of a part.
    fn part(&mut self, part: &Part<'_>, check: &Check, measure: Measure) -> Result<Prompt, Error> {
        let material = part.material;
        let exhibits: Vec<_> = part
            .documents
            .iter()
            .map(|number| self.exhibit(&material.documents[*number], part.role(*number), measure))
            .collect();
        self.ask(material, check, &exhibits)
    }

    fn exhibit<'m>(
        &self,
        document: &'m Document,
        role: SourceRole,
        measure: Measure,
    ) -> Exhibit<'m> {
        let asked = self
            .tools
            .as_ref()
            .and_then(|tools| tools.limits.reply_format);
        Exhibit::new(document, role, asked, measure)
    }

    fn reports(&self, check: &Check) -> bool {
        Context::new(check, &[], &self.report, &|_, _| None).is_reported()
    }

    fn tools(&mut self) -> Result<&mut Tools, Error> {
        match &mut self.tools {
            Some(tools) => Ok(tools),
            tools @ None => {
                let mut limits = self.options.limits()?;
                if self.is_bare {
                    limits.reply_format.get_or_insert(ReplyFormat::Blocks);
                }
                let renderer = Renderer::new(&self.options.template()?)?;
                Ok(tools.insert(Tools {
                    renderer,
                    limits,
                    guard: self.options.guard()?,
                }))
            }
        }
    }

    /// Makes the prompt that asks about these files.
    fn ask(
        &mut self,
        material: &Material,
        check: &Check,
        exhibits: &[Exhibit<'_>],
    ) -> Result<Prompt, Error> {
        let paths: Vec<&str> = material
            .sources
            .iter()
            .map(|source| source.path.as_str())
            .collect();
        let quote = |path: &str, line: u64| exhibit::quoted(exhibits, path, line);
        let mut context = Context::new(check, &paths, &self.report, &quote);
        let shown: Vec<&str> = exhibits
            .iter()
            .map(|it| it.document.path.as_str())
            .collect();
        context.refusals = refusals::lines(&material.previous, &shown);
        context.regressions = refusals::caused(&material.previous, &shown);
        context.instructions = self.options.instructions.clone().unwrap_or_default();
        let mut offered = Vec::new();
        for exhibit in exhibits {
            context.has_windows |= exhibit.view != View::Whole;
            let list = match exhibit.role {
                SourceRole::Read => &mut context.reading,
                SourceRole::Edit => {
                    offered.push(exhibit.offer());
                    &mut context.sources
                }
            };
            list.extend(exhibit.files());
        }
        self.render(&context, offered)
    }

    fn render(&mut self, context: &Context, offered: Vec<Offered>) -> Result<Prompt, Error> {
        let has_windows = context.has_windows;
        let tools = self.tools()?;
        let format = tools.limits.reply_format.unwrap_or(if has_windows {
            ReplyFormat::Edits
        } else {
            ReplyFormat::Blocks
        });
        let marks = Marks::clear_of(context.texts());
        let system = format::system(format, marks, has_windows);
        let messages = tools.renderer.messages(system, context, marks.fence)?;
        Ok(Prompt {
            template: Some(tools.renderer.name.clone()),
            format,
            fence: lr_turn::Fence {
                open: marks.fence.open,
                close: marks.fence.close,
            },
            offered,
            tools: Vec::new(),
            tokens: Some(estimated_tokens(&messages)),
            messages,
        })
    }
}

/// Estimates the length of messages in tokens: one for four bytes, rounded up.
fn estimated_tokens(messages: &[Message]) -> u64 {
    let bytes: usize = messages.iter().map(|message| message.content.len()).sum();
    bytes.div_ceil(4) as u64
}

impl Worker for Writer {
    fn ready(&self, turn: &Turn) -> Result<Ready, Error> {
        if turn.has("prompt") || turn.has("reply") {
            return Ok(Ready::Pass);
        }
        let is_asked = self.options.even_if_clean || !self.report.is_empty();
        let reason = match turn.get::<Check>()? {
            Some(check) if check.clean && !is_asked => "the checks are clean: nothing to ask",
            None if self.options.instructions.is_none() && !is_asked => {
                "neither a check nor instructions: nothing to ask"
            }
            _ => return Ok(Ready::Work),
        };
        Ok(match self.form {
            Form::Text => Ready::PassSaying(reason),
            Form::Turn => Ready::Pass,
        })
    }

    fn work(&mut self, turn: &mut Turn) -> Result<Status, Error> {
        self.prompt(turn)?;
        Ok(Status::Done)
    }

    fn further_parts(&mut self) -> Vec<Turn> {
        std::mem::take(&mut self.further)
    }

    fn page(&self, turn: &Turn) -> String {
        let Ok(Some(prompt)) = turn.get::<Prompt>() else {
            return String::new();
        };
        let contents: Vec<_> = prompt
            .messages
            .into_iter()
            .map(|message| message.content)
            .collect();
        contents.join("\n")
    }

    fn page_is_data(&self) -> bool {
        true
    }
}
