//! New versions of files as a reply in block form.

use std::collections::BTreeMap;

use lr_blocks::{Fence, write_block};
use lr_turn::Reply;

use crate::claims::claims;
use crate::file::{FixedFile, code};

/// Writes the reply: a line of explanation for each file, then the blocks.
///
/// `keys` are those of all findings of the check.
pub(crate) fn reply<'k>(files: &'k [FixedFile<'_>], keys: impl Iterator<Item = &'k str>) -> Reply {
    let explanations: String = files.iter().map(explanation).collect();
    let texts = files.iter().map(|file| file.text.as_str());
    let fence = Fence::clear_of(texts.chain([explanations.as_str()]));
    let mut text = explanations;
    for file in files {
        text.push('\n');
        write_block(&mut text, &file.path, &file.text, fence);
    }
    let fixed = files.iter().flat_map(|file| &file.findings);
    Reply {
        fence: Some(lr_turn::Fence {
            open: fence.open,
            close: fence.close,
        }),
        fixes: claims(keys, fixed.map(|finding| finding.key.as_str())),
        ..Reply::by("lr-fix", text)
    }
}

fn explanation(file: &FixedFile<'_>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &file.findings {
        *counts.entry(code(finding)).or_default() += 1;
    }
    let codes: Vec<String> = counts
        .into_iter()
        .map(|(code, count)| match count {
            1 => code.to_owned(),
            _ => format!("{code} ({count})"),
        })
        .collect();
    format!(
        "Applied safe fixes: {} in {}\n",
        codes.join(", "),
        file.path
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edits::tests::finding;

    #[test]
    fn explains_each_file_in_a_line_before_the_blocks() {
        let [first, second, third] = ["F401", "I001", "F401"].map(|code| finding(code, &[]));
        let files = [
            FixedFile {
                path: "a.py".to_owned(),
                text: "x = 1\n".to_owned(),
                findings: vec![&first, &second, &third],
            },
            FixedFile {
                path: "b.py".to_owned(),
                text: ">>>>>>>>\n".to_owned(),
                findings: vec![&second],
            },
        ];
        let reply = reply(&files, std::iter::empty());
        assert_eq!(
            reply.text,
            "Applied safe fixes: F401 (2), I001 in a.py\n\
             Applied safe fixes: I001 in b.py\n\
             \n<<<< a.py <<<<\nx = 1\n>>>>>>>>>\n\
             \n<<<< b.py <<<<\n>>>>>>>>\n>>>>>>>>>\n"
        );
        assert_eq!(
            reply.fixes,
            ["key-F401", "key-I001", "key-F401", "key-I001"]
        );
    }
}
