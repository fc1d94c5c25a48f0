//! The key that a program prints, such as one that keeps passwords.

use std::time::Duration;

use lr_exec::{End, Program};
use lr_turn::Kind;

use crate::failure::Failure;
use crate::key::Key;

/// How long the program may take; somebody may have to type a password.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// As much of its output as is read, which is far more than a key has.
const MOST_BYTES: usize = 64 << 10;

/// Runs a command line, without a shell, and takes the first line it prints for the key. What it prints is never shown,
/// also not what it says on standard error, since that may be the key as well.
///
/// It sees no key for a model, but the tokens of other programs, such as its own.
pub(crate) fn key(line: &str, hidden: &[String]) -> Result<Key, Failure> {
    let unusable = |reason: &str| {
        let message = format!("cannot use the key from the command for it: {reason}");
        Failure::new(Kind::NoKey, message)
    };
    let words = lr_exec::words(line).ok_or_else(|| unusable("a quote is not closed"))?;
    if words.is_empty() {
        return Err(unusable("it is empty"));
    }
    let finished = Program::new(words)
        .keep_keys()
        .drop_env(&keys_of_models())
        .drop_env(lr_config::keys::variables())
        .drop_env(hidden)
        .timeout(TIME_LIMIT)
        .capture_limit(MOST_BYTES)
        .run()
        .map_err(|error| unusable(&error.to_string()))?;
    match finished.end {
        End::Exited(0) => {}
        End::Interrupted => return Err(Failure::new(Kind::Interrupted, "interrupted")),
        End::TimedOut => {
            let seconds = TIME_LIMIT.as_secs();
            return Err(unusable(&format!("it took more than {seconds} s")));
        }
        end => {
            let failure = unusable(&format!("it failed ({end})"));
            return Err(failure.hint("run it by hand to see why; what it prints is not shown here"));
        }
    }
    let text = finished.stdout.text();
    Key::new(text.lines().next().unwrap_or_default())
        .map_err(|reason| unusable(&format!("of what it prints, {reason}")))
}

/// The variables that are set and named as keys for models are.
fn keys_of_models() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.ends_with("_API_KEY")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<&str, &str>) {
        let key = key(line, &["CARGO_PKG_NAME".to_owned()]);
        let shown = match &key {
            Ok(key) => Ok(key.expose()),
            Err(failure) => Err(failure
                .message
                .trim_start_matches("cannot use the key from the command for it: ")),
        };
        assert_eq!(shown, expected, "{line}");
    }

    #[test]
    fn the_first_line_is_the_key() {
        check("printf 'k-1\\nlogin: me\\n'", Ok("k-1"));
        check("/bin/sh -c 'echo k-$(echo 2)'", Ok("k-2"));
        check("/bin/sh -c 'echo k-${CARGO_PKG_NAME:-gone}'", Ok("k-gone"));
    }

    #[test]
    fn what_is_wrong_is_said_without_what_it_printed() {
        check("", Err("it is empty"));
        check("echo 'a", Err("a quote is not closed"));
        check("true", Err("of what it prints, it is empty"));
        check(
            "/bin/sh -c 'echo SECRET; echo SECRET >&2; exit 3'",
            Err("it failed (exit status 3)"),
        );
    }
}
