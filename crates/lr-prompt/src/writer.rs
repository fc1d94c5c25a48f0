//! The work on one turn: from its sections to its `prompt`.

use lr_stage::turns::{Ready, Worker};
use lr_stage::{Error, Form, Status, say};
use lr_turn::{
    Check, Message, Offered, Previous, Prompt, ReplyFormat, Shown, Source, SourceRole, Turn,
};

use crate::context::{Context, File};
use crate::format::{self, Marks};
use crate::material::{Document, Material};
use crate::options::{Limits, Options};
use crate::refusals;
use crate::render::Renderer;
use crate::view::{Measure, View};
use crate::windows::{Width, Window};

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
}

/// What is needed for a prompt and is made for the first one.
struct Tools {
    renderer: Renderer,
    limits: Limits,
}

/// A file as one prompt shows it.
struct Shelf<'m> {
    document: &'m Document,
    role: SourceRole,
    view: View,
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
        }
    }

    /// Writes the prompt of a turn, unless its check found nothing that can be shown.
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
        let sources = turn.get::<Vec<Source>>()?.unwrap_or_default();
        let previous = turn.get::<Previous>()?.unwrap_or_default();
        let material = Material::gather(check, sources, previous, &self.report)?;
        let limits = self.tools()?.limits;
        let shelves = material.documents.iter().map(|document| Shelf {
            document,
            role: material.sources[document.source].role,
            view: view(document, limits),
        });
        let shelves: Vec<_> = shelves.collect();
        let prompt = self.ask(&material, &material.check, &shelves)?;
        turn.set(&prompt);
        Ok(())
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
                Ok(tools.insert(Tools { renderer, limits }))
            }
        }
    }

    /// Makes the prompt that asks about these files.
    fn ask(
        &mut self,
        material: &Material,
        check: &Check,
        shelves: &[Shelf<'_>],
    ) -> Result<Prompt, Error> {
        let paths: Vec<&str> = material
            .sources
            .iter()
            .map(|source| source.path.as_str())
            .collect();
        let quote = |path: &str, line: u64| quoted(shelves, path, line);
        let mut context = Context::new(check, &paths, &self.report, &quote);
        let shown: Vec<&str> = shelves.iter().map(|it| it.document.path.as_str()).collect();
        context.refusals = refusals::lines(&material.previous, &shown);
        context.instructions = self.options.instructions.clone().unwrap_or_default();
        let mut offered = Vec::new();
        for shelf in shelves {
            context.has_windows |= shelf.view != View::Whole;
            let list = match shelf.role {
                SourceRole::Read => &mut context.reading,
                SourceRole::Edit => {
                    offered.push(shelf.offer());
                    &mut context.sources
                }
            };
            list.extend(shelf.files());
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
            tokens: Some(estimated_tokens(&messages)),
            messages,
        })
    }
}

impl Shelf<'_> {
    fn offer(&self) -> Offered {
        Offered {
            path: self.document.path.clone(),
            sha256: Some(self.document.sha256.clone()),
            shown: match self.view {
                View::Whole => Shown::Whole,
                View::Windows(_) => Shown::Windows,
            },
        }
    }

    fn files(&self) -> Vec<File> {
        let document = self.document;
        let View::Windows(windows) = &self.view else {
            return vec![File {
                path: document.path.clone(),
                text: document.text.clone(),
            }];
        };
        let file = |window: &Window| File {
            path: window.name(&document.path),
            text: document
                .lines(window.first, window.last)
                .unwrap_or_default()
                .to_owned(),
        };
        windows.iter().map(file).collect()
    }
}

/// Decides how much of a document is shown. Whole new versions can only be asked of what is shown
/// whole.
fn view(document: &Document, limits: Limits) -> View {
    if limits.reply_format.is_some_and(format::is_whole) {
        return View::Whole;
    }
    let measure = Measure {
        whole_below: limits.whole_below.unwrap_or(WHOLE_BELOW),
        width: Width::USUAL,
    };
    View::of(&document.text, &document.path, &document.places, measure)
}

/// The text of a line of a file that is shown in windows, where no line can be counted.
fn quoted(shelves: &[Shelf<'_>], path: &str, line: u64) -> Option<String> {
    const LONGEST: usize = 100;
    let path = path.strip_prefix("./").unwrap_or(path);
    let shelf = shelves.iter().find(|it| it.document.path == path)?;
    if shelf.view == View::Whole {
        return None;
    }
    let number = usize::try_from(line).ok()?;
    let text = shelf.document.lines(number, number)?.trim();
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    (!short.is_empty()).then_some(short)
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
