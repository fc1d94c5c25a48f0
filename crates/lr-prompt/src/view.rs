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
    whole_below: usize,
    /// The most that windows may have of a file, in percent: a whole file needs no search for the
    /// place of a change.
    worth: usize,
    /// How wide windows are.
    width: Width,
}

impl Measure {
    /// Windows for files of more than so many lines.
    pub(crate) fn usual(whole_below: usize) -> Self {
        Self {
            whole_below,
            worth: 50,
            width: Width::USUAL,
        }
    }

    /// Windows wherever they save something, from the widest to the narrowest, for a prompt that
    /// would be too long.
    pub(crate) fn saving() -> [Self; 2] {
        [Width::USUAL, Width::NARROW].map(|width| Self {
            whole_below: 0,
            worth: 90,
            width,
        })
    }
}

/// About how many bytes the marker lines of a window have beside the file's path.
const FRAME: usize = 45;

impl View {
    /// Decides how much of a text is shown, given where something was found in it.
    pub(crate) fn of(text: &str, path: &str, places: &Places, measure: Measure) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        if lines.len() <= measure.whole_below || places.list.is_empty() {
            return Self::Whole;
        }
        let windows = windows::around(&lines, &places.list, places.imports, measure.width);
        let shown: usize = windows
            .iter()
            .flat_map(|window| &lines[window.first - 1..window.last])
            .map(|line| line.len() + 1)
            .sum();
        let cost = shown + windows.len() * (FRAME + path.len());
        if 100 * cost > measure.worth * text.len() {
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
        View::of(text, "a.py", places, Measure::usual(100))
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

    #[test]
    fn any_saving_is_worth_it_where_a_prompt_would_be_too_long() {
        let text = "x = 1\n".repeat(30);
        let [usual, narrow] =
            Measure::saving().map(|measure| View::of(&text, "a.py", &places([9]), measure));
        assert_eq!(usual, View::Windows(vec![Window { first: 3, last: 15 }]));
        assert_eq!(narrow, View::Windows(vec![Window { first: 7, last: 11 }]));
    }
}
