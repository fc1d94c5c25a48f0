//! Loading a model into Ollama, and how far that has come. Reading what the server says is pure.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use lr_stage::say;
use lr_turn::Kind;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::http::{self, Target};
use crate::redact::Redactor;
use crate::refusal;
use crate::wire::complaint::one_line;

/// The longest line that a server sends while it loads.
const LONGEST_LINE: u64 = 64 << 10;

/// How often the bar is drawn, and how often a log gets a line.
const FRAME: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(30);

/// How wide the bar is.
const WIDTH: u64 = 30;

/// Has the server load a model, and shows how far it has come.
///
/// # Errors
///
/// Why it is not there afterwards.
pub(crate) fn pull(target: &Target<'_>, model: &str) -> Result<(), Failure> {
    let body = json!({"model": model, "stream": true}).to_string();
    let response = http::post(target, body.as_bytes())?;
    if !(200..300).contains(&response.status) {
        return Err(refusal::of(response, target));
    }
    let host = target.endpoint;
    let mut bar = Bar::new(model);
    let mut progress = Progress::default();
    let mut redactor = Redactor::new(target.key);
    let mut lines = BufReader::new(response.body);
    loop {
        let mut line = Vec::new();
        let read = lines
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line);
        match read {
            Ok(0) => break,
            Ok(_) => progress.take(&redactor.whole(String::from_utf8_lossy(&line).into())),
            Err(error) => {
                bar.end();
                return Err(http::broken(error, target));
            }
        }
        bar.show(&progress);
    }
    bar.end();
    let failed = |message: String| Err(Failure::new(Kind::NotFound, message));
    match (progress.error, progress.is_done) {
        (Some(error), _) => failed(format!("'{host}' cannot load '{model}': {error}")),
        (None, false) => failed(format!("'{host}' did not load '{model}' to its end")),
        (None, true) => Ok(()),
    }
}

/// How far a model is loaded.
#[derive(Debug, Default)]
struct Progress {
    /// Of each layer, the bytes that are there and all its bytes.
    layers: BTreeMap<String, (u64, u64)>,
    /// What the server is doing.
    status: String,
    error: Option<String>,
    is_done: bool,
}

impl Progress {
    /// Takes a line of what the server says; one that is not understood says nothing.
    fn take(&mut self, line: &str) {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            return;
        };
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let number = |key: &str| line.get(key).and_then(Value::as_u64);
        if let Some(error) = text("error") {
            self.error = Some(one_line(error));
        }
        if let Some(status) = text("status") {
            self.status = one_line(status);
            self.is_done |= status == "success";
        }
        if let (Some(digest), Some(total)) = (text("digest"), number("total")) {
            let there = number("completed").unwrap_or(0).min(total);
            self.layers.insert(digest.to_owned(), (there, total));
        }
    }

    /// The bytes that are there, and all that are known of.
    fn bytes(&self) -> (u64, u64) {
        let sum = |(a, b): (u64, u64), layer: &(u64, u64)| {
            (a.saturating_add(layer.0), b.saturating_add(layer.1))
        };
        self.layers.values().fold((0, 0), sum)
    }
}

/// Shows progress: a bar on a terminal, else a line now and then.
struct Bar<'a> {
    model: &'a str,
    begun: Instant,
    is_drawn: bool,
    last: Option<Instant>,
}

impl<'a> Bar<'a> {
    fn new(model: &'a str) -> Self {
        say::note(&format!(
            "loading '{model}', which this server does not have yet"
        ));
        Bar {
            model,
            begun: Instant::now(),
            is_drawn: say::can_draw(),
            last: None,
        }
    }

    fn show(&mut self, progress: &Progress) {
        let every = if self.is_drawn { FRAME } else { LINE };
        let since = self.last.unwrap_or(self.begun).elapsed();
        if since < every && !(self.is_drawn && self.last.is_none()) {
            return;
        }
        self.last = Some(Instant::now());
        let line = line(progress, self.begun.elapsed());
        if self.is_drawn {
            let (_, width) = say::terminal_size();
            let line: String = say::clean(&line)
                .chars()
                .take(usize::from(width).saturating_sub(1))
                .collect();
            say::draw(&format!("\r{line}\x1b[K"));
        } else {
            say::note(&format!("loading '{}': {line}", self.model));
        }
    }

    /// Takes the bar away.
    fn end(&self) {
        if self.is_drawn {
            say::draw("\r\x1b[K");
        }
    }
}

/// A line about progress after a time: what is there of how much, how fast it comes, and how long the rest takes.
fn line(progress: &Progress, after: Duration) -> String {
    let (there, all) = progress.bytes();
    if there >= all {
        return progress.status.clone();
    }
    let part = |whole: u64| u128::from(there) * u128::from(whole) / u128::from(all);
    let bar: String = (0..WIDTH)
        .map(|at| {
            if u128::from(at) < part(WIDTH) {
                '#'
            } else {
                '-'
            }
        })
        .collect();
    let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX).max(1);
    let speed = there.saturating_mul(1000) / millis;
    let left = match (all - there).checked_div(speed) {
        Some(seconds) => format!(", {} left", time(seconds)),
        None => String::new(),
    };
    let (percent, there, all, speed) = (part(100), size(there), size(all), size(speed));
    format!("[{bar}] {percent} %, {there} of {all}, {speed}/s{left}")
}

/// A number of bytes as people write it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes / 1000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

/// A time as people write it.
fn time(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lines: &[&str]) -> Progress {
        let mut progress = Progress::default();
        for line in lines {
            progress.take(line);
        }
        progress
    }

    #[test]
    fn layers_add_up() {
        let progress = after(&[
            r#"{"status":"pulling manifest"}"#,
            "no JSON",
            r#"{"status":"pulling a","digest":"a","total":3000000000}"#,
            r#"{"status":"pulling a","digest":"a","total":3000000000,"completed":1000000000}"#,
            r#"{"status":"pulling b","digest":"b","total":1000000000,"completed":1000000000}"#,
        ]);
        assert_eq!(progress.bytes(), (2_000_000_000, 4_000_000_000));
        let bar = "[###############---------------] 50 %, 2.0 GB of 4.0 GB, 200 MB/s, 10 s left";
        assert_eq!(line(&progress, Duration::from_secs(10)), bar);
        assert!(!progress.is_done);
    }

    #[test]
    fn the_end_and_an_error_are_told_apart() {
        assert!(
            after(&[
                r#"{"status":"verifying sha256 digest"}"#,
                r#"{"status":"success"}"#
            ])
            .is_done
        );
        let failed = after(&[r#"{"error":"pull model manifest: file does not exist"}"#]);
        assert_eq!(
            failed.error.as_deref(),
            Some("pull model manifest: file does not exist")
        );
    }

    #[test]
    fn what_is_not_known_is_not_shown() {
        assert_eq!(
            line(
                &after(&[r#"{"status":"writing manifest"}"#]),
                Duration::ZERO
            ),
            "writing manifest"
        );
    }
}
