//! The only place that writes to standard error.
//!
//! Text that comes from files, checkers, models or providers may hold escape sequences; everything
//! said goes through [`clean`], so that a terminal shows it and does not obey it.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::sync::OnceLock;

use crate::{Common, Error, environment};

/// How much is said: 0 only errors, 1 warnings and notes, 2 and 3 details.
struct Voice {
    program: String,
    level: u8,
    tells_jobs: bool,
}

static VOICE: OnceLock<Voice> = OnceLock::new();

/// Calls what it is given when there is room for words.
type Aside = dyn Fn(&mut dyn FnMut()) + Send + Sync;

static ASIDE: OnceLock<Box<Aside>> = OnceLock::new();

/// Begins a line that tells of a job; no other line holds it.
pub const JOB: char = '\u{1e}';
/// Stands between the fields of such a line: name, count, and what is counted.
pub const FIELD: char = '\u{1f}';

/// Says who speaks and how much is said. The first call counts.
pub(crate) fn begin(program: &str, common: &Common) {
    VOICE.get_or_init(|| Voice {
        program: program.to_owned(),
        level: if common.quiet {
            0
        } else {
            common.verbose.saturating_add(1)
        },
        tells_jobs: common.tell_jobs,
    });
}

/// Has everything that is said go through `aside`, for a program that draws on the terminal. The
/// first call counts.
pub fn draw_with(aside: Box<Aside>) {
    let _ = ASIDE.set(aside);
}

/// Tells whether standard error is a terminal on which something may be drawn.
pub fn can_draw() -> bool {
    !is_quiet() && std::io::stderr().is_terminal() && environment::has_able_terminal()
}

/// Tells the program that started this one, if it gave `--tell-jobs`, that a job has begun; and when
/// it is done, how much of `what` it came to, such as 3 of "finding", or in a word what it came to.
pub fn job(name: &str, count: Option<usize>, what: &str) {
    if VOICE.get().is_some_and(|voice| voice.tells_jobs) {
        let count = count.map_or_else(String::new, |count| count.to_string());
        let [name, what] = [name, what].map(|text| clean(text).replace('\n', " "));
        raw(&format!("{JOB}{name}{FIELD}{count}{FIELD}{what}\n"));
    }
}

/// Returns the name of the running program, such as `lr-check`.
pub fn program() -> &'static str {
    VOICE.get().map_or("lr", |voice| &voice.program)
}

/// Tells whether details of a level (1 for `-v`, 2 for `-vv`) are said.
pub fn detailed(level: u8) -> bool {
    VOICE.get().is_some_and(|voice| voice.level > level)
}

/// Says something a user wants to know, unless `-q` was given.
pub fn note(message: &str) {
    if detailed(0) {
        line(message);
    }
}

/// Says something even with `-q`: the one line for which somebody started the program.
pub fn always(message: &str) {
    line(message);
}

/// Tells whether `-q` was given.
pub fn is_quiet() -> bool {
    !detailed(0)
}

/// Says something that may be wrong, unless `-q` was given.
pub fn warn(message: &str) {
    note(&format!("warning: {message}"));
}

/// Says a detail of a level: 1 for `-v`, 2 for `-vv`.
pub fn detail(level: u8, message: &str) {
    if detailed(level) {
        line(message);
    }
}

/// Says why something failed, and what to do next.
pub fn error(error: &Error) {
    line(&error.to_string());
    if let Some(hint) = &error.hint {
        raw(&format!("hint: {}\n", clean(hint)));
    }
}

/// Returns the height and the width of the terminal on standard error.
pub fn terminal_size() -> (u16, u16) {
    match rustix::termios::tcgetwinsize(std::io::stderr()) {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => (size.ws_row, size.ws_col),
        _ => (24, 80),
    }
}

/// Draws on the terminal: the only words that may command it, and must not come from anywhere else.
pub fn draw(commands: &str) {
    write(commands);
}

/// Passes on a line that another program said.
pub fn pass_on(line: &str) {
    raw(&format!("{}\n", clean(line)));
}

fn line(message: &str) {
    raw(&format!("{}: {}\n", program(), clean(message)));
}

/// Writes at once, so that lines of several threads do not mix. A closed standard error is no
/// reason to fail.
fn raw(text: &str) {
    match ASIDE.get() {
        Some(aside) => aside(&mut || write(text)),
        None => write(text),
    }
}

fn write(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Returns what begins and ends a code fence of Markdown around a text: more backticks than follow each other in it.
pub fn code_fence(text: &str) -> String {
    let runs = text.split(|other| other != '`').map(str::len);
    "`".repeat(runs.max().unwrap_or_default().max(2) + 1)
}

/// Replaces control characters, other than line break and tab, and characters that change the
/// direction of text by visible escapes.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unprintable(character) {
            cleaned.extend(character.escape_unicode());
        } else {
            cleaned.push(character);
        }
    }
    Cow::Owned(cleaned)
}

fn is_unprintable(character: char) -> bool {
    (character.is_control() && character != '\n' && character != '\t')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_never_commanded() {
        assert_eq!(clean("plain\ttext\n"), "plain\ttext\n");
        assert_eq!(clean("a\x1b[2Jb\r"), "a\\u{1b}[2Jb\\u{d}");
        assert_eq!(clean("x\u{202e}y"), "x\\u{202e}y");
    }
}
