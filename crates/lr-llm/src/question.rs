//! A question from the command line: files, the instruction, and the piped text. Pure.

use lr_blocks::{Fence, write_block};

use crate::files::Shown;

/// Puts a question together: the files as blocks, then the instruction, then the piped text. `None` if there is nothing.
pub(crate) fn compose(files: &[Shown], instruction: &str, piped: Option<&str>) -> Option<String> {
    let blocks = Some(blocks(files)).filter(|blocks| !blocks.is_empty());
    let instruction = Some(instruction.to_owned()).filter(|text| !text.trim().is_empty());
    let parts = [blocks, instruction, piped.map(str::to_owned)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// The blocks of all files, with a fence that no line of them can be mistaken for.
fn blocks(files: &[Shown]) -> String {
    let fence = Fence::clear_of(files.iter().map(|file| file.text.as_str()));
    let mut blocks = Vec::new();
    for file in files {
        let mut block = String::new();
        write_block(&mut block, &file.name, &file.text, fence);
        block.truncate(block.trim_end().len());
        blocks.push(block);
    }
    blocks.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        files: &[(&str, &str)],
        instruction: &str,
        piped: Option<&str>,
        expected: Option<&str>,
    ) {
        let shown = |(name, text): &(&str, &str)| Shown {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        };
        let files: Vec<_> = files.iter().map(shown).collect();
        assert_eq!(compose(&files, instruction, piped).as_deref(), expected);
    }

    #[test]
    fn files_come_first_and_what_is_piped_last() {
        check(&[], "", None, None);
        check(&[], " \n", None, None);
        check(&[], "why?", None, Some("why?"));
        check(&[], "why?", Some("log\n"), Some("why?\n\nlog\n"));
        check(
            &[("a.py", "x = 1\n"), ("", "piped")],
            "why?",
            Some("log"),
            Some("<<<< a.py <<<<\nx = 1\n>>>>>>>>\n\n<<<<<<<<\npiped\n>>>>>>>>\n\nwhy?\n\nlog"),
        );
        check(&[("a", "")], "", None, Some("<<<< a <<<<\n>>>>>>>>"));
    }

    #[test]
    fn no_line_of_a_file_ends_its_block() {
        check(
            &[("a", ">>>>>>>>\n")],
            "",
            None,
            Some("<<<< a <<<<\n>>>>>>>>\n>>>>>>>>>"),
        );
    }
}
