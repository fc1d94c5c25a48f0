//! Reasoning that models write into their reply: `<think>…</think>`.
//!
//! It is recognised only where a line outside blocks begins with it, so that a file about such tags stays whole. Letter
//! case does not matter.

/// The tag most models use, recognised everywhere outside blocks.
const THINK: Tag = Tag {
    begin: "<think>",
    end: "</think>",
};

/// Tags that are recognised at the very start of a reply only.
const AT_THE_START: [Tag; 2] = [
    Tag {
        begin: "<thinking>",
        end: "</thinking>",
    },
    Tag {
        begin: "<reasoning>",
        end: "</reasoning>",
    },
];

/// What reasoning stands between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) begin: &'static str,
    pub(crate) end: &'static str,
}

/// The tag a line begins with, and what follows it.
pub(crate) fn begin(line: &str, at_the_start: bool) -> Option<(Tag, &str)> {
    let line = line.trim_start();
    let others = AT_THE_START.iter().filter(|_| at_the_start);
    std::iter::once(&THINK)
        .chain(others)
        .find_map(|tag| Some((*tag, after_prefix(line, tag.begin)?)))
}

/// What follows the first end of the reasoning in a line.
pub(crate) fn after_end(line: &str, tag: Tag) -> Option<&str> {
    line.match_indices('<')
        .find_map(|(at, _)| after_prefix(&line[at..], tag.end))
}

/// What follows the end of reasoning that never began: prompt templates of some models begin it themselves, and only
/// its end is left in the reply.
pub(crate) fn end_without_begin(line: &str) -> Option<&str> {
    let line = line.trim();
    let last = line.rfind('<').map(|at| &line[at..]);
    let ends_so = last.is_some_and(|last| last.eq_ignore_ascii_case(THINK.end));
    if !ends_so && after_prefix(line, THINK.end).is_none() {
        return None;
    }
    line.rmatch_indices('<')
        .find_map(|(at, _)| after_prefix(&line[at..], THINK.end))
}

/// What follows a prefix, letter case aside.
fn after_prefix<'t>(line: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = line.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_begin(line: &str, at_the_start: bool, expected: Option<(&str, &str)>) {
        let found = begin(line, at_the_start).map(|(tag, after)| (tag.end, after));
        assert_eq!(found, expected, "{line:?}");
    }

    #[test]
    fn the_usual_tag_counts_at_the_start_of_any_line() {
        check_begin("  <think>so", false, Some(("</think>", "so")));
        check_begin("<Think>", false, Some(("</think>", "")));
        check_begin("use <think> here", true, None);
        check_begin("`<think>` is a tag", true, None);
    }

    #[test]
    fn other_tags_count_at_the_start_of_the_reply() {
        check_begin("<thinking>", true, Some(("</thinking>", "")));
        check_begin("<reasoning>", true, Some(("</reasoning>", "")));
        check_begin("<thinking>", false, None);
    }

    #[test]
    fn an_end_alone_counts_at_either_end_of_a_line() {
        assert_eq!(end_without_begin("</think>"), Some(""));
        assert_eq!(end_without_begin("so be it.</THINK> "), Some(""));
        assert_eq!(end_without_begin("</think>Done"), Some("Done"));
        assert_eq!(end_without_begin("the tag </think> ends it"), None);
        assert_eq!(end_without_begin("`</think>`"), None);
    }
}
