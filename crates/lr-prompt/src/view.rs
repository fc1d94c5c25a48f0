//! How much of a file is shown: all of it, or windows.

use crate::places::Places;
use crate::windows::{self, Width, Window};

/// How much of a file is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// All of it.
    Whole,
    /// Windows around what was found in it.
    Windows(Vec<Window>),
}

/// When windows are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// Files of up to so many lines are shown whole.
    pub(crate) whole_below: usize,
    /// How wide windows are.
    pub(crate) width: Width,
}

/// About how many bytes the marker lines of a window have beside the file's path.
const FRAME: usize = 45;

impl View {
    /// Decides how much of a text is shown, given where something was found in it.
    ///
    /// Windows must save at least half of the file, because a whole file needs no search for the
    /// place of a change.
    pub(crate) fn of(text: &str, path: &str, places: &Places, measure: Measure) -> Self {
        // With more places than this, windows cannot save so much.
        const LINES_FOR_A_PLACE: usize = 6;
        let lines: Vec<&str> = text.lines().collect();
        let n_places = places.list.len();
        if lines.len() <= measure.whole_below
            || n_places == 0
            || n_places * LINES_FOR_A_PLACE > lines.len()
        {
            return Self::Whole;
        }
        let windows = windows::around(&lines, &places.list, places.imports, measure.width);
        let shown: usize = windows
            .iter()
            .flat_map(|window| &lines[window.first - 1..window.last])
            .map(|line| line.len() + 1)
            .sum();
        if 2 * (shown + windows.len() * (FRAME + path.len())) > text.len() {
            return Self::Whole;
        }
        Self::Windows(windows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::{Place, Reach};

    fn places(lines: impl IntoIterator<Item = u64>) -> Places {
        let place = |line| Place {
            line,
            last: line,
            reach: Reach::Statement,
        };
        Places {
            list: lines.into_iter().map(place).collect(),
            imports: false,
        }
    }

    fn view(text: &str, places: &Places) -> View {
        let measure = Measure {
            whole_below: 100,
            width: Width::USUAL,
        };
        View::of(text, "a.py", places, measure)
    }

    #[test]
    fn large_files_with_few_places_are_shown_in_windows() {
        let text = "x = 1\n".repeat(300);
        assert!(matches!(view(&text, &places([9, 200])), View::Windows(_)));
        assert_eq!(view(&text, &places([])), View::Whole);
        assert_eq!(view(&text, &places((1..300).step_by(20))), View::Whole);
        assert_eq!(view(&text, &places(1..300)), View::Whole);
        assert_eq!(view(&"x = 1\n".repeat(100), &places([9])), View::Whole);
        assert_eq!(view("", &places([9])), View::Whole);
    }
}
