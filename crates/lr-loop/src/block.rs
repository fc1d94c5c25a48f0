//! The live block at the bottom of a terminal: the only file that knows indicatif.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use lr_stage::say;

/// How often it is drawn at most, in a second.
const MOST_OFTEN: u8 = 10;

/// Two lines that are drawn again and again in the same place, below all that is said.
#[derive(Debug)]
pub(crate) struct Block {
    multi: MultiProgress,
    lines: [ProgressBar; 2],
    is_drawn: Arc<AtomicBool>,
}

impl Block {
    /// Makes a block that shows nothing yet, and lets everything that is said from now on appear
    /// above it.
    pub(crate) fn new() -> Self {
        let target = ProgressDrawTarget::term_like_with_hz(Box::<Screen>::default(), MOST_OFTEN);
        let multi = MultiProgress::with_draw_target(target);
        let lines = [(), ()].map(|()| {
            let line = multi.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
                line.set_style(style);
            }
            line
        });
        let is_drawn = Arc::new(AtomicBool::new(false));
        let (above, is_there) = (multi.clone(), Arc::clone(&is_drawn));
        say::draw_with(Box::new(move |words| {
            if is_there.load(Ordering::Relaxed) {
                above.suspend(words);
            } else {
                words();
            }
        }));
        Self {
            multi,
            lines,
            is_drawn,
        }
    }

    /// Shows these lines, each cut to the width of the terminal.
    pub(crate) fn show(&self, lines: [&str; 2]) {
        self.is_drawn.store(true, Ordering::Relaxed);
        for (line, text) in self.lines.iter().zip(lines) {
            line.set_message(say::clean(text).replace('\n', " "));
        }
    }
}

impl Drop for Block {
    /// Leaves nothing of it on the terminal.
    fn drop(&mut self) {
        if self.is_drawn.swap(false, Ordering::Relaxed) {
            self.lines.iter().for_each(ProgressBar::finish_and_clear);
            let _ = self.multi.clear();
        }
    }
}

/// The terminal, to which one drawing is written as a whole.
///
/// indicatif fills every line with blanks up to the right edge, and relies on the next line to
/// begin behind it. What is typed meanwhile, such as Ctrl-C, would then appear one line too low. So
/// lines end where their text ends, and the cursor waits at the beginning of the last one.
#[derive(Debug, Default)]
struct Screen {
    drawing: Mutex<Drawing>,
}

#[derive(Debug, Default)]
struct Drawing {
    bytes: String,
    /// Whether the next text belongs into the next line.
    is_filled: bool,
}

impl Screen {
    fn add(&self, text: &str) {
        let mut drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        drawing.bytes.push_str(text);
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        say::terminal_size().1
    }

    fn height(&self) -> u16 {
        say::terminal_size().0
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        if lines > 0 {
            self.add(&format!("\u{1b}[{lines}A"));
        }
        Ok(())
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        if lines > 0 {
            self.add(&format!("\u{1b}[{lines}B"));
        }
        Ok(())
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.add(&format!("\u{1b}[{columns}C"));
        Ok(())
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.add(&format!("\u{1b}[{columns}D"));
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.add(&format!("{text}\r\n"));
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        if text.chars().all(|it| it == ' ') {
            drawing.is_filled = true;
            return Ok(());
        }
        if std::mem::take(&mut drawing.is_filled) {
            drawing.bytes.push_str("\r\n");
        }
        drawing.bytes.push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\u{1b}[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        drawing.is_filled = false;
        drawing.bytes.push('\r');
        say::draw(&drawing.bytes);
        drawing.bytes.clear();
        Ok(())
    }
}
