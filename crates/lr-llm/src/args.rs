//! The flags of `lr-llm` and their help.

#![expect(
    clippy::doc_markdown,
    reason = "the comments are the help, in which names stand as they are"
)]

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Parser;
use lr_stage::{Common, Form};

/// Ask a language model
///
/// With turns on standard input, answers those that have a prompt and no reply yet. With text on standard input, with
/// PROMPT, or with both (PROMPT first), prints the reply as it comes.
#[derive(Debug, Parser)]
#[command(
    name = "lr-llm",
    version,
    after_help = "Examples:\n  lr-llm \"what does EAGAIN mean?\"\n  git diff | lr-llm \"write a commit message\"\n  \
                  lr-llm -f src/a.py -f tests/test_a.py \"which case is not tested?\"\n  \
                  lr-llm -c \"and in one sentence?\"\n  \
                  lr-llm -x \"a shell command that lists the ten largest files below here\"\n  \
                  lr-check --exit-zero src/ | lr-prompt | lr-llm | lr-apply\n\n\
                  Exit status: 0 answered, 2 trouble, 3 no usable reply, 4 a limit was reached, 130 interrupted."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Args {
    /// What to ask; standard input is then read only from a pipe or a file
    #[arg(value_name = "PROMPT")]
    pub(crate) prompt: Vec<String>,

    /// Say TEXT to the model before the question
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) system: Option<String>,

    /// Show the model FILE before the question; may be given several times; '-' is standard input
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Vec<PathBuf>,

    /// Print the reply when it is complete, not as it comes
    #[arg(long)]
    pub(crate) no_stream: bool,

    /// Print the request instead of sending it, and a command of curl that sends it
    ///
    /// With '--format text' only that command is printed. The key is left out: the shell puts it in.
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,

    /// Say what asking would take and cost, instead of asking; needs no key
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) estimate: bool,

    /// List the models that the server offers now
    ///
    /// A line for each, with tabs between: its name, its context in tokens, and the day it ends, as far as known.
    #[arg(long, conflicts_with_all = ["dry_run", "estimate"])]
    pub(crate) list_models: bool,

    /// Record each reply in DIR [env: LR_RECORD]
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    pub(crate) record: Option<PathBuf>,

    /// Answer from the replies recorded in DIR, without a network [env: LR_REPLAY]
    ///
    /// DIR may be the folder of a run of lr-loop, too.
    #[arg(long, value_name = "DIR")]
    pub(crate) replay: Option<PathBuf>,

    /// Ask about this many turns at once [default: 4]
    #[arg(short, long, value_name = "JOBS", env = "LR_JOBS")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// Write each turn as soon as it is done, not in the order in which the turns came
    #[arg(long)]
    pub(crate) unordered: bool,

    /// What standard input holds, where it cannot be told
    #[arg(long, value_name = "FORM")]
    pub(crate) input: Option<Form>,

    /// How to write what was read as turns [default: text on a terminal, else turn]
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<Form>,

    #[command(flatten)]
    pub(crate) reply: ReplyArguments,

    #[command(flatten)]
    pub(crate) conversation: ConversationArguments,

    #[command(flatten)]
    pub(crate) model: ModelArguments,

    #[command(flatten)]
    pub(crate) request: RequestArguments,

    #[command(flatten)]
    pub(crate) limits: LimitArguments,

    #[command(flatten)]
    pub(crate) budget: BudgetArguments,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// What of the reply to a question is printed.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reply to a question")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ReplyArguments {
    /// Print only what stands in the first code fence of the reply
    #[arg(short = 'x', long)]
    pub(crate) extract: bool,

    /// Ask for JSON that meets the JSON Schema in FILE, and print nothing else
    ///
    /// The schema may be written out, too, as JSON ('{…}') or as fields ("name, age int, bio: one sentence").
    #[arg(long, value_name = "FILE", conflicts_with = "extract")]
    pub(crate) schema: Option<PathBuf>,

    /// Print the reply as a turn, with all that is known about it; as '--format turn'
    #[arg(long, conflicts_with_all = ["format", "extract"])]
    pub(crate) json: bool,

    /// Say on standard error which tokens the reply took, its cost and its time
    #[arg(long)]
    pub(crate) usage: bool,

    /// On a terminal, show the reasoning of the model before its reply, dim
    #[arg(long)]
    pub(crate) reasoning: bool,
}

/// What was said before, and where it is kept.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Conversation")]
pub(crate) struct ConversationArguments {
    /// Go on with the last conversation
    ///
    /// The model is the one that it was with, unless one is named.
    #[arg(short = 'c', long = "continue")]
    pub(crate) goes_on: bool,

    /// Go on with the conversation NAME, or with the one in FILE; begin it if there is none
    ///
    /// A path with '/', '.jsonl' or '.json' is a file.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) conversation: Option<String>,

    /// Begin with the conversation in FILE; '-' is standard input
    ///
    /// It holds JSON Lines of messages, or what llm-loop exports.
    #[arg(long, value_name = "FILE", conflicts_with = "goes_on")]
    pub(crate) import_conversation: Option<PathBuf>,

    /// Write the conversation to FILE; '-' prints it in place of the reply
    ///
    /// It is written as JSON Lines of messages, or in llm-loop's form if FILE ends in '.json'.
    #[arg(long, value_name = "FILE")]
    pub(crate) export_conversation: Option<PathBuf>,

    /// Do not keep this question and its reply for '--continue'
    #[arg(long)]
    pub(crate) no_keep: bool,
}

impl ConversationArguments {
    /// Whether there is something to do without a question.
    pub(crate) fn moves(&self) -> bool {
        self.import_conversation.is_some() || self.export_conversation.is_some()
    }
}

/// Which model, where, and the key for it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Model")]
pub(crate) struct ModelArguments {
    /// The model: PROVIDER/MODEL, MODEL where the provider is clear, or 'command:PROGRAM ARGUMENTS' [env: LR_MODEL]
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: Option<String>,

    /// Ask MODEL where the one before has failed for good; may be given several times [env: LR_FALLBACK, with commas]
    #[arg(long, value_name = "MODEL")]
    pub(crate) fallback: Vec<String>,

    /// The provider: one of those that are built in (see the README), or one of your own [env: LR_PROVIDER]
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,

    /// The base URL of a server that speaks Chat Completions, or what --provider speaks [env: LR_BASE_URL]
    #[arg(long, value_name = "URL", visible_alias = "llm-url")]
    pub(crate) base_url: Option<String>,

    /// Use Ollama, and load MODEL into it; if it does not run, start it until the end
    ///
    /// It is asked on this machine or where OLLAMA_HOST says. Where it is not installed, it is started with Docker.
    #[arg(short = 'L', long, value_name = "MODEL", num_args = 0..=1, default_missing_value = "", conflicts_with = "provider")]
    pub(crate) local: Option<String>,

    /// Start the Ollama of '-L' for several programs, and keep it until interrupted
    ///
    /// Its address is printed when it answers.
    #[arg(long, requires = "local", conflicts_with_all = ["prompt", "dry_run", "estimate", "list_models"])]
    pub(crate) serve: bool,

    /// Read the key from the variable NAME [default: LR_API_KEY, else the provider's own]
    #[arg(long, value_name = "NAME")]
    pub(crate) api_key_env: Option<String>,

    /// Read the key from FILE
    #[arg(long, value_name = "FILE", conflicts_with = "api_key_env")]
    pub(crate) api_key_file: Option<PathBuf>,

    /// Take the key from the first line that CMD prints; no shell is involved
    #[arg(long, value_name = "CMD", conflicts_with_all = ["api_key_env", "api_key_file"])]
    pub(crate) api_key_cmd: Option<String>,

    /// The key itself; others can see it in the list of processes
    #[arg(long, value_name = "KEY", visible_alias = "key", conflicts_with_all = ["api_key_env", "api_key_file", "api_key_cmd"])]
    pub(crate) api_key: Option<String>,
}

/// What is asked for beside the messages.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Request")]
pub(crate) struct RequestArguments {
    /// How freely to choose words; some models refuse any
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) temperature: Option<f64>,

    /// The most tokens of one reply
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<u64>,

    /// Ask for the same reply to the same prompt, where the provider can
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) seed: Option<i64>,

    /// End the reply before TEXT; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) stop: Vec<String>,

    /// How much to think, in the provider's words: low, medium, high
    #[arg(long, value_name = "LEVEL")]
    pub(crate) effort: Option<String>,

    /// Add the fields of a JSON object to the request; null takes one of lr-llm's own away
    #[arg(long, value_name = "JSON")]
    pub(crate) extra_body: Vec<String>,

    /// Add a header to the request
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) extra_header: Vec<String>,

    /// Add a field to the request; VALUE is JSON, else a text
    #[arg(short, long = "option", num_args = 2, value_names = ["KEY", "VALUE"], allow_hyphen_values = true)]
    pub(crate) option: Vec<String>,
}

/// What a request may take.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArguments {
    /// Time for the connection [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) connect_timeout: Option<f64>,

    /// Time until the answer begins [default: 300]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) first_byte_timeout: Option<f64>,

    /// Time without a sign of life in the answer [default: 120]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) idle_timeout: Option<f64>,

    /// Time for one question, all attempts together [default: 900]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<f64>,

    /// How often to try again what may pass [default: 3]
    #[arg(long, value_name = "N", visible_alias = "max-retries")]
    pub(crate) retries: Option<u32>,

    /// Keep trying for this long while a server is down or too busy, which costs nothing [default: 0]
    #[arg(long, value_name = "SECONDS", env = "LR_OUTAGE")]
    pub(crate) outage: Option<f64>,
}

/// What all requests of the program may take together.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Budget, for all requests together")]
pub(crate) struct BudgetArguments {
    /// The most requests to send, all attempts counted
    #[arg(long, value_name = "N", env = "LR_MAX_CALLS")]
    pub(crate) max_calls: Option<u64>,

    /// The most tokens of all prompts and replies
    #[arg(long, value_name = "N", env = "LR_MAX_TOTAL_TOKENS")]
    pub(crate) max_total_tokens: Option<u64>,

    /// The most that all replies may cost
    #[arg(long, value_name = "USD", env = "LR_MAX_COST")]
    pub(crate) max_cost: Option<f64>,

    /// The most time from the start of the program to the last reply
    #[arg(long, value_name = "SECONDS", env = "LR_MAX_TIME")]
    pub(crate) max_time: Option<f64>,

    /// What a million tokens of prompts and of replies cost in USD, where it is not known or not right
    #[arg(long, value_name = "IN,OUT", env = "LR_PRICE")]
    pub(crate) price: Option<String>,
}

impl Args {
    /// Whether something is asked, whatever stands on standard input.
    pub(crate) fn asks(&self) -> bool {
        !self.prompt.is_empty() || self.file.iter().any(|file| !is_stdin(file))
    }

    /// Whether standard input is shown as a file.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.file.iter().any(|file| is_stdin(file))
    }

    /// Whether standard input is a conversation.
    pub(crate) fn imports_stdin(&self) -> bool {
        let file = self.conversation.import_conversation.as_deref();
        file.is_some_and(is_stdin)
    }

    /// The first flag that means something only for a question, not for turns.
    pub(crate) fn only_for_a_question(&self) -> Option<&'static str> {
        let (reply, conversation) = (&self.reply, &self.conversation);
        let flags = [
            (self.file.is_empty(), "--file"),
            (!reply.extract, "--extract"),
            (reply.schema.is_none(), "--schema"),
            (!reply.json, "--json"),
            (!reply.usage, "--usage"),
            (!reply.reasoning, "--reasoning"),
            (!conversation.goes_on, "--continue"),
            (conversation.conversation.is_none(), "--conversation"),
            (
                conversation.import_conversation.is_none(),
                "--import-conversation",
            ),
            (
                conversation.export_conversation.is_none(),
                "--export-conversation",
            ),
        ];
        let given = flags.iter().find(|(is_absent, _)| !is_absent);
        given.map(|(_, name)| *name)
    }

    /// Takes what stands behind `-L` for a part of the question if it cannot be the name of a model: if it holds
    /// blanks, or the model is named elsewhere, or there is no other question and nothing `is_piped`.
    #[must_use]
    pub(crate) fn settle(mut self, is_piped: bool) -> Self {
        let has_model = self.model.model.is_some();
        let has_no_question = !self.asks() && !is_piped && !self.list_models;
        let is_question =
            |word: &String| has_model || has_no_question || word.contains(char::is_whitespace);
        let word = self.model.local.as_mut().filter(|word| is_question(word));
        let word = word.map(std::mem::take).filter(|word| !word.is_empty());
        if let Some(word) = word {
            self.prompt.insert(0, word);
        }
        self
    }
}

/// Whether a name stands for standard input.
pub(crate) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn a_question_behind_the_flag_for_a_local_model_is_one() {
        let check = |words: &str, local: Option<&str>, prompt: &[&str]| {
            for is_piped in [false, true] {
                let words = ["lr-llm"].into_iter().chain(words.split('|'));
                let args = Args::parse_from(words).settle(is_piped);
                assert_eq!(args.model.local.as_deref(), local);
                assert_eq!(args.prompt, prompt);
            }
        };
        check("why is it so?", None, &["why is it so?"]);
        check("-L|why is it so?", Some(""), &["why is it so?"]);
        check("-L|gpt-oss:20b|why?", Some("gpt-oss:20b"), &["why?"]);
        check("-L|-m|gpt-oss:20b|why?", Some(""), &["why?"]);
        check("-m|gpt-oss:20b|-L|why?", Some(""), &["why?"]);
        check("-L|--|why?", Some(""), &["why?"]);
        let word = |is_piped| Args::parse_from(["lr-llm", "-L", "word"]).settle(is_piped);
        assert_eq!(word(true).model.local.as_deref(), Some("word"));
        assert_eq!(word(false).prompt, ["word"]);
    }

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Args::command().debug_assert();
    }
}
