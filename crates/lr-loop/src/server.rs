//! The server of a run with `--local`: started before the first question, kept until the run ends.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lr_exec::{Program, Watcher};
use lr_stage::say;

use crate::lines::Lines;

/// How long it may take until it has ended what it has started.
const GRACE: Duration = Duration::from_secs(15);

/// How often it is looked whether the run has ended.
const TICK: Duration = Duration::from_millis(50);

/// An `lr-llm --serve` that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts it, and waits until it says that it serves, or ends. Why it did not is found by whoever asks next.
    ///
    /// # Errors
    ///
    /// When the system has no pipe or no thread left.
    pub(crate) fn start(argv: Vec<String>) -> io::Result<Self> {
        let (mut reader, writer) = io::pipe()?;
        let program = Program::new(argv)
            .cleans_up(GRACE)
            .keep_keys()
            .stdout_file(File::from(OwnedFd::from(writer)));
        let is_over = Arc::new(AtomicBool::new(false));
        let mut watch = Watch {
            is_over: Arc::clone(&is_over),
            lines: Lines::default(),
        };
        let work = move || {
            let _ = program.run_watched(&mut watch);
            watch.lines.end(|line| say::pass_on(line.trim_end()));
        };
        let thread = thread::Builder::new().spawn(work)?;
        // Its address, or nothing when it has ended.
        let _ = reader.read(&mut [0; 256]);
        Ok(Self {
            is_over,
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Passes on what the server says, line by line.
struct Watch {
    is_over: Arc<AtomicBool>,
    lines: Lines,
}

impl Watcher for Watch {
    fn every(&self) -> Duration {
        TICK
    }

    fn tick(&mut self) {}

    fn stderr(&mut self, bytes: &[u8]) {
        self.lines.take(bytes, |line| say::pass_on(line.trim_end()));
    }

    fn has_enough(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}
