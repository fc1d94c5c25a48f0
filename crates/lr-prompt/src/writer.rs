//! The work on one turn: from its sections to its `prompt`.

use lr_blocks::Fence;
use lr_files::{FileErrorKind, Root, SourceFile, plain};
use lr_stage::turns::{Ready, Worker};
use lr_stage::{Error, Form, Kind, Status, say};
use lr_turn::{
    Check, Message, Offered, Previous, Prompt, ReplyFormat, Shown, Source, SourceRole, Turn,
};

use crate::context::{Context, File};
use crate::options::Options;
use crate::render::Renderer;
use crate::{refusals, select};

/// Writes prompts into turns.
pub(crate) struct Writer {
    /// What another program reported about the files.
    pub(crate) report: String,
    options: Options,
    form: Form,
    renderer: Option<Renderer>,
    root: Option<Root>,
}

impl Writer {
    /// Makes a writer whose turns are written in this form.
    pub(crate) fn new(options: Options, form: Form) -> Self {
        Self {
            report: String::new(),
            options,
            form,
            renderer: None,
            root: None,
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
        let sources = turn.get::<Vec<Source>>()?.unwrap_or_default();
        let paths: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
        let mut context = Context::new(&check, &paths, &self.report);
        if !is_asked && !context.is_reported() && !self.options.even_if_clean {
            say::note("no checker that worked found anything: nothing to ask");
            return Ok(());
        }
        let files = self.files(&sources, &check)?;
        if files.is_empty() && !sources.is_empty() {
            return Err(Error::new(Kind::Input, "none of the sources can be shown"));
        }
        let shown: Vec<&str> = files.iter().map(|(_, file)| file.path.as_str()).collect();
        let previous = turn.get::<Previous>()?.unwrap_or_default();
        context.refusals = refusals::lines(&previous, &shown);
        context.instructions = self.options.instructions.clone().unwrap_or_default();
        let mut offered = Vec::new();
        for (source, file) in files {
            let shown = File {
                path: file.path.clone(),
                text: plain(file.text()),
            };
            match source.role {
                SourceRole::Read => context.reading.push(shown),
                SourceRole::Edit => {
                    context.sources.push(shown);
                    offered.push(Offered {
                        path: file.path,
                        sha256: Some(file.sha256),
                        shown: Shown::Whole,
                    });
                }
            }
        }
        turn.set(&self.render(&context, offered)?);
        Ok(())
    }

    fn render(&mut self, context: &Context, offered: Vec<Offered>) -> Result<Prompt, Error> {
        let renderer = match &mut self.renderer {
            Some(renderer) => renderer,
            renderer @ None => renderer.insert(Renderer::new(&self.options.template()?)?),
        };
        let fence = Fence::clear_of(context.texts());
        let messages = renderer.messages(context, fence)?;
        Ok(Prompt {
            template: Some(renderer.name.clone()),
            format: ReplyFormat::Blocks,
            fence: lr_turn::Fence {
                open: fence.open,
                close: fence.close,
            },
            offered,
            tokens: Some(estimated_tokens(&messages)),
            messages,
        })
    }

    /// Reads the files to show: those the check is about, else all.
    fn files<'t>(
        &mut self,
        sources: &'t [Source],
        check: &Check,
    ) -> Result<Vec<(&'t Source, SourceFile)>, Error> {
        if sources.is_empty() {
            return Ok(Vec::new());
        }
        let root = match self.root.take() {
            Some(root) => Ok(root),
            None => Root::open(".".as_ref()),
        };
        let root = root.map_err(|error| Error::new(Kind::Io, error.to_string()))?;
        let root = &*self.root.insert(root);
        let mut read_text = |source: &Source| Ok(read(root, source)?.map(SourceFile::into_text));
        let shown = select::shown(sources, check, &mut read_text)?;
        let mut files = Vec::new();
        for source in shown {
            if let Some(file) = read(root, source)? {
                files.push((source, file));
            }
        }
        Ok(files)
    }
}

/// Reads a source as it was checked; one that is no text is left out with a notice.
fn read(root: &Root, source: &Source) -> Result<Option<SourceFile>, Error> {
    root.read_version(&source.path, source.sha256.as_deref())
        .map(Some)
        .or_else(|error| match error.kind() {
            FileErrorKind::NotText | FileErrorKind::TooLarge => {
                say::note(&format!("left out: {error}"));
                Ok(None)
            }
            FileErrorKind::NotFound | FileErrorKind::Changed => {
                Err(Error::new(Kind::Changed, error.to_string()).hint("check again: lr-check"))
            }
            _ => Err(Error::new(Kind::Io, error.to_string())),
        })
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
