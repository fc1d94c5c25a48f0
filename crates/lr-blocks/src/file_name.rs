//! Which texts name a file.

use crate::Terms;

/// Whether a text names a file: a known one, or one that looks like a path of a file.
pub(crate) fn is_path(text: &str, terms: &Terms) -> bool {
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    let is_deep = name.len() + 1 < text.len() && !name.is_empty();
    is_file(text, terms) || (is_plain(text) && is_deep)
}

/// Whether a text among others names a file: a known one, or one that can be nothing else.
pub(crate) fn is_file(text: &str, terms: &Terms) -> bool {
    const NAMES: [&str; 5] = [
        "Makefile",
        "Dockerfile",
        "Jenkinsfile",
        "Rakefile",
        "Gemfile",
    ];
    if !text.contains(char::is_whitespace) && !text.is_empty() && (terms.is_known)(text) {
        return true;
    }
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    if text.contains(char::is_whitespace) {
        return has_ending(name) && (terms.is_known)(text);
    }
    let is_deep = text.starts_with(['/', '~', '.']) || text.matches('/').count() > 1;
    is_plain(text)
        && !name.is_empty()
        && (has_ending(name) || NAMES.contains(&name) || (text.contains('/') && is_deep))
}

/// Whether a text has only characters that paths usually have.
fn is_plain(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "._-/@+~\\".contains(c);
    let has_drive = text
        .get(1..3)
        .is_some_and(|rest| [":/", ":\\"].contains(&rest));
    let without_drive = if has_drive { &text[2..] } else { text };
    !text.contains("...") && without_drive.chars().all(is_plain)
}

/// Whether a name ends as those of files do, such as `.py`.
pub(crate) fn has_ending(name: &str) -> bool {
    let is_in = |list: &[&str], text: &str| list.iter().any(|one| text.eq_ignore_ascii_case(one));
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return false;
    };
    if stem.is_empty() {
        let is_word = |c: u8| c.is_ascii_alphanumeric() || b"_-".contains(&c);
        return ending.len() > 2 && ending.bytes().all(is_word);
    }
    !stem.ends_with('.') && is_in(&ENDINGS, ending) && !is_in(&PRODUCTS, name)
}

/// How names of files end.
const ENDINGS: [&str; 128] = [
    "adoc", "bash", "bat", "bazel", "bzl", "c", "cc", "cfg", "cjs", "clj", "cljs", "cmake", "cmd",
    "conf", "config", "cpp", "cs", "csproj", "css", "csv", "cu", "cue", "cxx", "dart", "ejs",
    "elm", "env", "erb", "erl", "ex", "exs", "fish", "fs", "glsl", "go", "gradle", "graphql",
    "groovy", "h", "haml", "hbs", "hcl", "hh", "hpp", "hrl", "hs", "htm", "html", "hxx", "in",
    "ini", "ipynb", "j2", "java", "jinja", "jinja2", "jl", "js", "json", "json5", "jsonl", "jsx",
    "kt", "kts", "less", "lisp", "lock", "log", "lua", "m4", "md", "mdx", "mjs", "mk", "ml", "mli",
    "mm", "nim", "nix", "org", "patch", "php", "pl", "plist", "pm", "proto", "ps1", "pxd", "py",
    "pyi", "pyx", "rb", "rs", "rst", "sass", "scala", "scm", "scss", "sh", "sln", "snap", "sol",
    "sql", "styl", "svelte", "svg", "swift", "tcl", "tex", "tf", "tmpl", "toml", "tpl", "ts",
    "tsv", "tsx", "twig", "txt", "vb", "vim", "vue", "wgsl", "xml", "xsl", "yaml", "yml", "zig",
    "zsh",
];

/// Names that look like files and are not.
const PRODUCTS: [&str; 10] = [
    "asp.net",
    "d3.js",
    "express.js",
    "next.js",
    "node.js",
    "nuxt.js",
    "react.js",
    "socket.io",
    "three.js",
    "vue.js",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: bool) {
        assert_eq!(is_file(text, &Terms::default()), expected, "{text:?}");
    }

    #[test]
    fn files_are_told_from_other_words_with_dots_and_slashes() {
        check("a.py", true);
        check("src/bin/tool", true);
        check("../a", true);
        check("C:\\a.py", true);
        check(".gitignore", true);
        check("Makefile", true);
        check("os.path", false);
        check("input/output", false);
        check("Node.js", false);
        check("1.2", false);
        check("my file.py", false);
        check("", false);
    }
}
