//! Writes the man pages, the completions and the command reference of all programs, from the same
//! definitions that the programs parse their command lines with.
//!
//! A tool for `scripts/install` and for the tests; nothing of it is linked into the programs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory, Parser};
use clap_complete::{Shell, generate_to};
use lr_stage::output::Output;
use lr_stage::{Common, Error, Form, Kind, Status};

/// Write the man pages and completions of all programs, or print their reference
#[derive(Parser, Debug)]
#[command(name = "lr-pages", version)]
pub struct Args {
    /// The folder to write share/man and the completions in; the reference is printed without it
    #[arg(value_name = "PREFIX")]
    pub prefix: Option<PathBuf>,

    /// Print the page about the configuration instead
    #[arg(long, conflicts_with = "prefix")]
    pub configuration: bool,

    /// The flags that all stages have.
    #[command(flatten)]
    pub common: Common,
}

impl AsRef<Common> for Args {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

/// Runs `lr-pages`.
///
/// # Errors
///
/// `io` when a page cannot be written.
pub fn run(args: Args) -> Result<Status, Error> {
    let Some(prefix) = args.prefix else {
        let page = if args.configuration {
            lr_config::page()?
        } else {
            reference()
        };
        Output::new(Some(Form::Text), Form::Text).text(&page)?;
        return Ok(Status::Done);
    };
    write_pages(&prefix).map_err(|error| {
        let message = format!("cannot write pages beneath '{}'", prefix.display());
        Error::new(Kind::Io, message).because(error)
    })?;
    Ok(Status::Done)
}

/// Returns the definitions of all programs, in the order of the loop.
pub fn programs() -> Vec<Command> {
    vec![
        lr_check::Args::command(),
        lr_fix::Args::command(),
        lr_prompt::Args::command(),
        lr_llm::Args::command(),
        lr_apply::Args::command(),
        lr_git::Args::command(),
        lr_loop::Args::command(),
        lr_view::Args::command(),
    ]
}

/// Returns the command reference: the `--help` of every program, as Markdown.
pub fn reference() -> String {
    let mut text = String::from(
        "# The programs\n\nThis page is printed by `cargo run -p lr-pages`; a test keeps it true.\n",
    );
    for program in programs() {
        let name = program.get_name().to_owned();
        text.push_str(&section(&name, program.clone()));
        for part in program.get_subcommands() {
            let title = format!("{name} {}", part.get_name());
            text.push_str(&section(&title, part.clone().bin_name(title.clone())));
        }
    }
    text
}

fn section(title: &str, command: Command) -> String {
    let command = command.mut_args(|argument| argument.hide_env_values(true));
    let help = command.term_width(100).render_long_help().to_string();
    let lines: Vec<_> = help.trim_end().lines().map(str::trim_end).collect();
    format!("\n## {title}\n\n```text\n{}\n```\n", lines.join("\n"))
}

fn write_pages(prefix: &Path) -> io::Result<()> {
    let man = prefix.join("share/man/man1");
    let shells = [
        (Shell::Bash, "share/bash-completion/completions"),
        (Shell::Zsh, "share/zsh/site-functions"),
        (Shell::Fish, "share/fish/vendor_completions.d"),
    ];
    fs::create_dir_all(&man)?;
    for program in programs() {
        clap_mangen::generate_to(program.clone(), &man)?;
        let name = program.get_name().to_owned();
        for (shell, folder) in shells {
            let folder = prefix.join(folder);
            fs::create_dir_all(&folder)?;
            generate_to(shell, &mut program.clone(), &name, &folder)?;
        }
    }
    Ok(())
}
