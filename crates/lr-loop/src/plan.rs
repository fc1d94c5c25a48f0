//! From the flags to decisions: which command stands for each stage, and when to stop.

use std::path::PathBuf;
use std::str::FromStr;

use lr_config::{Config, Settings};
use lr_record::Author;
use lr_stage::{Error, Kind, environment, say};
use serde::Deserialize;

use crate::args::{Args, Asking, Condition, Keep, StopAfter, Until};
use crate::settings::{LoopSettings, limits};
use crate::stop::Limits;

/// The variable in which `lr-llm` finds the key that was given as a flag.
pub(crate) const API_KEY: &str = "LR_API_KEY";

/// The flag of `lr-llm` that names the model.
const MODEL: &str = "--model";

/// A stage of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    /// Its name in `--stage` and in the names of files.
    pub(crate) name: &'static str,
    /// The program that it is.
    pub(crate) program: &'static str,
    /// The flags that it always gets.
    flags: &'static [&'static str],
    /// The sections that it adds to a turn, its own last.
    pub(crate) adds: &'static [&'static str],
}

#[rustfmt::skip]
impl Stage {
    pub(crate) const CHECK: Self = Self::new("check", "lr-check", &["--exit-zero"], &["sources", "previous", "check"]);
    pub(crate) const START: Self = Self::new("start", "lr-git", &["start"], &[]);
    pub(crate) const FIX: Self = Self::new("fix", "lr-fix", &[], &["reply"]);
    pub(crate) const PROMPT: Self = Self::new("prompt", "lr-prompt", &[], &["sources", "check", "prompt"]);
    pub(crate) const LLM: Self = Self::new("llm", "lr-llm", &[], &["reply"]);
    pub(crate) const APPLY: Self = Self::new("apply", "lr-apply", &["--exit-zero"], &["apply"]);
    pub(crate) const COMMIT: Self = Self::new("commit", "lr-git", &["commit", "--exit-zero"], &["commit"]);
    pub(crate) const RESTORE: Self = Self::new("restore", "lr-git", &["restore", "--exit-zero"], &["commit"]);

    /// The stages of a turn, in their order.
    pub(crate) const OF_TURN: [Self; 7] =
        [Self::CHECK, Self::START, Self::FIX, Self::PROMPT, Self::LLM, Self::APPLY, Self::COMMIT];

    /// Every stage.
    fn all() -> impl Iterator<Item = Self> {
        Self::OF_TURN.into_iter().chain([Self::RESTORE])
    }

    /// The stage as the author of what it adds.
    pub(crate) fn author(self) -> Author<'static> {
        Author { program: self.program, adds: self.adds, begins: self == Self::CHECK }
    }

    const fn new(
        name: &'static str,
        program: &'static str,
        flags: &'static [&'static str],
        adds: &'static [&'static str],
    ) -> Self {
        Self { name, program, flags, adds }
    }
}

/// A command in the place of a stage, as `--stage NAME=CMD` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    stage: Stage,
    command: String,
}

impl FromStr for Replacement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, command) = text.split_once('=').ok_or("expected NAME=CMD")?;
        let short = name.strip_prefix("lr-").unwrap_or(name);
        let stage = Stage::all().find(|stage| stage.name == short);
        match stage {
            Some(stage) if !command.trim().is_empty() => Ok(Self {
                stage,
                command: command.to_owned(),
            }),
            Some(_) => Err(format!("no command for stage '{name}'")),
            None => Err(format!(
                "no stage is called '{name}'; the stages are: {}",
                Stage::all()
                    .map(|stage| stage.name)
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
        }
    }
}

/// The flag of lr-llm that asks a server on this machine.
const LOCAL: &str = "--local";

/// How many seconds a model that has answered in the run is waited for where its server is down or too busy.
const OUTAGE: &str = "600";

/// What the loop needs to know of the table `[llm]`: whether it names a model, and how long one is waited for.
#[derive(Debug, Default, Deserialize)]
struct LlmSettings {
    model: Option<String>,
    outage: Option<f64>,
}

impl Settings for LlmSettings {
    const TABLE: &'static str = "llm";
}

/// What a run does.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) sources: Vec<String>,
    pub(crate) limits: Limits,
    pub(crate) git: bool,
    /// The state that the run ends on; without git always the last.
    pub(crate) keep: Keep,
    /// What is committed, where that is not everything.
    pub(crate) condition: Option<Condition>,
    pub(crate) stop_after: Option<StopAfter>,
    /// The folder of the run, or of the replies, that is replayed.
    pub(crate) replayed: Option<PathBuf>,
    /// The key that was given as a flag.
    pub(crate) api_key: Option<String>,
    /// Whether a flag, a variable or the configuration names the model to ask.
    pub(crate) names_model: bool,
    /// Whether a variable or the configuration says how long a server that is down is waited for.
    names_outage: bool,
    /// The model that is asked, where a flag names it.
    model: Option<String>,
    /// The model that is asked about what another one was asked in vain.
    escalate: Option<String>,
    replacements: Vec<Replacement>,
    common: Vec<String>,
    check: Vec<String>,
    prompt: Vec<String>,
    llm: Vec<String>,
}

impl Plan {
    /// Turns flags, variables and configuration into decisions.
    pub(crate) fn new(args: Args) -> Result<Self, Error> {
        let config = Config::load(&args.common)?;
        let (level, stray) = debug_level(args.debug.as_deref());
        let sources = named(stray.into_iter().chain(args.sources))?;
        if args.asking.api_key.is_some() {
            say::warn("--api-key shows the key to other users of this machine");
        }
        let dry_run = args.stopping.dry_run.then_some(StopAfter::Estimate);
        let stop_after = dry_run.or(args.stopping.stop_after).or(match level {
            2 => Some(StopAfter::Llm),
            3 => Some(StopAfter::Prompt),
            _ => None,
        });
        let settings: LoopSettings = config.settings()?;
        let keep = args.stopping.keep.or(settings.keep).unwrap_or(Keep::Best);
        let condition = args.stopping.condition.or(settings.condition);
        let limits = limits(&args.stopping, &args.asking, &settings)?;
        agree(
            &limits,
            condition,
            args.no_git && args.stopping.condition.is_some(),
        )?;
        Ok(Self {
            sources,
            limits,
            git: !args.no_git,
            keep: if args.no_git { Keep::Last } else { keep },
            condition: condition.filter(|_| !args.no_git),
            stop_after,
            names_model: names_model(&args.asking, &config)?,
            names_outage: names_outage(&config)?,
            replacements: args.stages,
            common: common_flags(&args.common, level),
            check: Flags::default()
                .value("--linters", args.checking.linters)
                .value("--script", args.checking.script)
                .value("-j", args.checking.jobs.map(|jobs| jobs.to_string()))
                .0,
            prompt: Flags::default()
                .value("--instructions", args.asking.instructions.clone())
                .value("--template", args.asking.template.clone())
                .only_if(limits.until == Until::Done, "--even-if-clean")
                .0,
            replayed: args.asking.replay.clone(),
            llm: llm_flags(&args.asking, args.checking.jobs),
            model: args.asking.model,
            escalate: args.asking.escalate.or(settings.escalate),
            api_key: args.asking.api_key,
        })
    }

    /// Returns the command of a stage with its own flags and `more`, program first.
    pub(crate) fn command(&self, stage: Stage, more: &[String]) -> Vec<String> {
        if let Some(command) = self.replacement(stage) {
            let mut argv = strings(&["sh", "-c", command, stage.program]);
            if stage == Stage::CHECK {
                argv.extend_from_slice(&self.sources);
            }
            return argv;
        }
        let mut argv = strings(&[stage.program]);
        argv.extend(strings(stage.flags));
        argv.extend_from_slice(&self.common);
        if stage == Stage::LLM && !more.iter().any(|flag| flag.starts_with(MODEL)) {
            argv.extend(Flags::default().value(MODEL, self.model.clone()).0);
        }
        argv.extend_from_slice(match stage {
            Stage::CHECK => &self.check,
            Stage::PROMPT => &self.prompt,
            Stage::LLM => &self.llm,
            _ => &[],
        });
        argv.extend_from_slice(more);
        if stage == Stage::CHECK {
            argv.extend_from_slice(&self.sources);
        }
        argv
    }

    /// Returns the command that keeps a server on this machine for the whole run, where the stage would start one.
    pub(crate) fn server(&self) -> Option<Vec<String>> {
        let is_ours = self.replacement(Stage::LLM).is_none() && self.replayed.is_none();
        let is_local = self.llm.iter().any(|flag| flag == LOCAL);
        let is_asked = self.stop_after != Some(StopAfter::Estimate);
        (is_ours && is_local && is_asked).then(|| self.command(Stage::LLM, &["--serve".to_owned()]))
    }

    /// Returns the flags by which a model is asked that has answered in this run: it is not given up at once where
    /// its server is down, unless the user says how long to wait.
    pub(crate) fn answered(&self) -> Vec<String> {
        let flags = if self.names_outage {
            &[][..]
        } else {
            &["--outage", OUTAGE]
        };
        strings(flags)
    }

    /// Returns the flags by which the other model is asked.
    pub(crate) fn escalated(&self) -> Vec<String> {
        Flags::default().value(MODEL, self.escalate.clone()).0
    }

    /// Returns the command that stands in the place of a stage.
    pub(crate) fn replacement(&self, stage: Stage) -> Option<&str> {
        let replacement = self.replacements.iter().rev();
        replacement
            .filter(|replacement| replacement.stage == stage)
            .map(|replacement| replacement.command.as_str())
            .next()
    }
}

/// Refuses flags that contradict each other.
fn agree(limits: &Limits, condition: Option<Condition>, without_git: bool) -> Result<(), Error> {
    if limits.until == Until::Done && condition.is_some() {
        return Err(Error::new(
            Kind::Usage,
            "'--until done' and '--if improved' do not go together: nothing is better than clean",
        )
        .hint("leave out one of them"));
    }
    if without_git {
        return Err(
            Error::new(Kind::Usage, "--if improved needs git, to put files back")
                .hint("leave out --no-git"),
        );
    }
    Ok(())
}

/// Flags for a stage, as far as there are values for them.
#[derive(Default)]
struct Flags(Vec<String>);

impl Flags {
    fn only_if(mut self, condition: bool, flag: &str) -> Self {
        self.0.extend(condition.then(|| flag.to_owned()));
        self
    }

    fn value(mut self, flag: &str, value: Option<String>) -> Self {
        if let Some(value) = value {
            if value.starts_with('-') && flag.starts_with("--") {
                self.0.push(format!("{flag}={value}"));
            } else {
                self.0.extend([flag.to_owned(), value]);
            }
        }
        self
    }
}

fn llm_flags(asking: &Asking, jobs: Option<u32>) -> Vec<String> {
    let folder =
        |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let flags = Flags::default()
        .value("--provider", asking.provider.clone())
        .value("--base-url", asking.url.clone())
        .value("--replay", folder(&asking.replay))
        .value("--record", folder(&asking.record))
        .value("--price", asking.price.clone())
        .value("--jobs", jobs.map(|jobs| jobs.to_string()));
    let mut flags = asking
        .fallback
        .iter()
        .fold(flags, |flags, model| {
            flags.value("--fallback", Some(model.clone()))
        })
        .0;
    if asking.local {
        flags.push(LOCAL.to_owned());
    }
    flags
}

fn common_flags(common: &lr_stage::Common, debug_level: u8) -> Vec<String> {
    let mut flags = Vec::new();
    if common.quiet {
        flags.push("--quiet".to_owned());
    }
    let verbose = common.verbose.max(debug_level.min(1));
    flags.extend((0..verbose).map(|_| "--verbose".to_owned()));
    Flags(flags).value("--profile", common.profile.clone()).0
}

/// Tells whether the user said how long to wait for a server that is down.
fn names_outage(config: &Config) -> Result<bool, Error> {
    let settings: LlmSettings = config.settings()?;
    Ok(environment::var("LR_OUTAGE").is_some() || settings.outage.is_some())
}

/// Tells whether the user named a model to ask. A provider or an address counts: whoever names one
/// expects it to be asked.
fn names_model(asking: &Asking, config: &Config) -> Result<bool, Error> {
    let names = ["LR_MODEL", "LR_PROVIDER", "LR_BASE_URL", "LR_REPLAY"];
    Ok(asking.model.is_some()
        || asking.provider.is_some()
        || asking.url.is_some()
        || asking.local
        || asking.replay.is_some()
        || names.iter().any(|name| environment::var(name).is_some())
        || config.settings::<LlmSettings>()?.model.is_some())
}

/// Reads the value of `-d`: its level, or 1 and the source that was taken for it.
fn debug_level(value: Option<&str>) -> (u8, Option<String>) {
    match value {
        None => (0, None),
        Some(value) => match value.parse() {
            Ok(level @ 0..=3) => (level, None),
            _ => (1, Some(value.to_owned())),
        },
    }
}

/// Returns the sources that are named, of which there must be one.
fn named(sources: impl Iterator<Item = String>) -> Result<Vec<String>, Error> {
    let sources: Vec<String> = sources.map(no_flag).collect();
    if sources.is_empty() {
        return Err(Error::new(Kind::Usage, "no sources named")
            .hint("name files or directories, such as: lr-loop ."));
    }
    Ok(sources)
}

/// Spells a source so that no program takes it for a flag.
fn no_flag(source: String) -> String {
    if source.starts_with('-') {
        format!("./{source}")
    } else {
        source
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn command(stage: Stage, line: &str) -> String {
        let words = shell_words::split(&format!("lr-loop {line}")).unwrap();
        let plan = Plan::new(Args::parse_from(words)).unwrap();
        shell_words::join(plan.command(stage, &[]))
    }

    #[test]
    fn hands_each_letter_to_its_stage() {
        let check = |stage, line: &str, expected: &str| assert_eq!(command(stage, line), expected);
        check(Stage::CHECK, "a.py", "lr-check --exit-zero a.py");
        check(
            Stage::CHECK,
            "--linters ruff,pylint -j 2 -v a.py src",
            "lr-check --exit-zero --verbose --linters ruff,pylint -j 2 a.py src",
        );
        check(
            Stage::CHECK,
            "-s './my.sh -x' a.py",
            "lr-check --exit-zero --script './my.sh -x' a.py",
        );
        check(
            Stage::PROMPT,
            "--instructions=-v a.py",
            "lr-prompt '--instructions=-v'",
        );
        check(Stage::FIX, "-m m -q a.py", "lr-fix --quiet");
        check(
            Stage::PROMPT,
            "--instructions 'be brief' --template t.hbs a.py",
            "lr-prompt --instructions 'be brief' --template t.hbs",
        );
        check(
            Stage::LLM,
            "-m m --llm-url http://h/v1 --provider p --record d a.py",
            "lr-llm --model m --provider p --base-url http://h/v1 --record d",
        );
        check(
            Stage::LLM,
            "-m m --fallback n --fallback o --price 1,2 -j 8 a.py",
            "lr-llm --model m --price 1,2 --jobs 8 --fallback n --fallback o",
        );
        check(
            Stage::LLM,
            "-L --replay d a.py",
            "lr-llm --replay d --local",
        );
        check(
            Stage::PROMPT,
            "--until done a.py",
            "lr-prompt --even-if-clean",
        );
        check(Stage::APPLY, "a.py", "lr-apply --exit-zero");
        check(Stage::START, "a.py", "lr-git start");
        check(Stage::COMMIT, "a.py", "lr-git commit --exit-zero");
    }

    #[test]
    fn a_key_never_stands_on_a_command_line() {
        for stage in Stage::all() {
            let line = command(stage, "--api-key LRSECRET a.py");
            assert!(!line.contains("LRSECRET"), "{line}");
        }
    }

    #[test]
    fn a_command_takes_the_place_of_a_stage_and_check_gets_the_sources() {
        let line = "--stage check='./c \"$@\"' --stage lr-llm=cat a.py 'b c'";
        assert_eq!(
            command(Stage::CHECK, line),
            "sh -c './c \"$@\"' lr-check a.py 'b c'"
        );
        assert_eq!(command(Stage::LLM, line), "sh -c cat lr-llm");
    }

    #[test]
    fn a_source_is_never_taken_for_a_flag() {
        assert_eq!(
            command(Stage::CHECK, "-- -x.py"),
            "lr-check --exit-zero ./-x.py"
        );
    }

    #[test]
    fn the_debug_level_may_be_left_out_before_a_source() {
        assert_eq!(debug_level(None), (0, None));
        assert_eq!(debug_level(Some("3")), (3, None));
        assert_eq!(debug_level(Some("a.py")), (1, Some("a.py".to_owned())));
        assert_eq!(
            command(Stage::CHECK, "-d a.py"),
            "lr-check --exit-zero --verbose a.py"
        );
    }

    #[test]
    fn a_replacement_names_a_stage_and_a_command() {
        let refused = |text: &str| Replacement::from_str(text).unwrap_err();
        assert_eq!(refused("llm"), "expected NAME=CMD");
        assert_eq!(refused("llm= "), "no command for stage 'llm'");
        assert_eq!(
            refused("lmm=cat"),
            "no stage is called 'lmm'; \
             the stages are: check, start, fix, prompt, llm, apply, commit, restore"
        );
    }
}
