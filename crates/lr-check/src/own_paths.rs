//! Paths in a checker's own configuration, and where they lead from the folder in which that lies.

use std::path::{Component, Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::Deserialize;

/// How a checker writes paths in its configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OwnPaths {
    /// What stands for the folder in which the configuration lies.
    folder: Vec<String>,
    /// Whether square brackets hold a set of characters, and not themselves.
    sets: bool,
    /// Whether blanks part them, as commas and line breaks do.
    pub(crate) blanks: bool,
    /// Which of them are names, in whichever folder.
    names: Names,
    /// What a star stands for.
    stars: Stars,
}

/// Which paths are names, in whichever folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Names {
    /// None is.
    #[default]
    None,
    /// Those without a slash.
    Some,
    /// All are: one with a slash is the name of nothing.
    All,
}

/// What a star in a path stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stars {
    /// For characters of a name.
    #[default]
    Within,
    /// For slashes too.
    Across,
    /// For itself.
    Plain,
}

/// Where a path leads, which may have `*` and `**`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To this place in the folder of the configuration.
    To(String),
    /// To the whole of that folder, and maybe others around it.
    Everywhere,
    /// Out of it.
    Elsewhere,
    /// Nobody knows where: it has a variable in it, or begins somewhere else.
    Anywhere,
}

impl Leads {
    /// Returns where a module of Python may lie.
    pub(crate) fn of_module(name: &str) -> [Self; 3] {
        let place = name.replace('.', "/");
        ["", ".py", ".pyi"].map(|ending| Self::To(format!("**/{place}{ending}")))
    }

    /// Tells whether any file of the folder may be meant.
    pub(crate) fn may_be_anywhere(&self) -> bool {
        matches!(self, Self::Everywhere | Self::Anywhere)
    }
}

impl OwnPaths {
    /// Finds out where a path leads.
    pub(crate) fn leads(&self, path: &str, folder: &Path) -> Leads {
        let below = self.folder.iter().find_map(|name| {
            let rest = path.strip_prefix(name.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
        });
        let path = below.unwrap_or(path);
        if path.starts_with('~') || path.contains('$') {
            return Leads::Anywhere;
        }
        match (self.names, path.contains('/')) {
            (Names::None, _) | (Names::Some, true) => {}
            (Names::All, true) => return Leads::Elsewhere,
            (_, false) => return Leads::To(format!("**/{}", self.escaped(path))),
        }
        let full = without_detours(&folder.join(path));
        match full.strip_prefix(folder).map(Path::to_str) {
            Ok(Some("")) => Leads::Everywhere,
            Ok(Some(inside)) => Leads::To(self.escaped(inside)),
            Ok(None) => Leads::Anywhere,
            Err(_) if folder.starts_with(&full) => Leads::Everywhere,
            // It may lead here through a link.
            Err(_) if path.starts_with('/') => Leads::Anywhere,
            Err(_) => Leads::Elsewhere,
        }
    }

    /// Writes a path so that its characters mean what they mean to the checker.
    fn escaped(&self, path: &str) -> String {
        let is_plain = |one| match one {
            '\\' | '{' | '}' => true,
            '[' | ']' => !self.sets,
            '*' | '?' => self.stars == Stars::Plain,
            _ => false,
        };
        let mut escaped = String::with_capacity(path.len());
        for one in path.chars() {
            if is_plain(one) {
                escaped.push('\\');
            }
            escaped.push(one);
        }
        if self.stars != Stars::Across {
            return escaped;
        }
        let steps = escaped.split('/').map(|step| match step {
            "*" | "**" => "*/**",
            step => step,
        });
        let steps: Vec<&str> = steps.collect();
        let all = steps.join("/");
        all.strip_suffix("/**").map(str::to_owned).unwrap_or(all)
    }
}

/// Makes what tells whether a file lies where paths lead, as far as that is known.
pub(crate) fn globs(all: &[Leads]) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    for leads in all {
        if let Leads::To(place) = leads {
            builder.add_line(None, &format!("/{place}")).ok()?;
        }
    }
    builder.build().ok()
}

/// Returns the path without `.`, and without folders that are left again by `..`, so that a file is known by one name
/// however often others lead to it.
pub(crate) fn without_detours(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match (part, plain.components().next_back()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                plain.pop();
            }
            (part, _) => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &Leads) {
        let paths = OwnPaths {
            folder: vec!["$HERE".to_owned()],
            ..OwnPaths::default()
        };
        assert_eq!(&paths.leads(path, Path::new("/p/w")), expected, "{path}");
    }

    #[test]
    fn names_are_found_in_any_folder_and_stars_may_stand_for_slashes() {
        let check = |stars, path, place: &str| {
            let paths = OwnPaths {
                names: Names::Some,
                stars,
                ..OwnPaths::default()
            };
            let to = Leads::To(place.to_owned());
            assert_eq!(paths.leads(path, Path::new("/p")), to, "{path}");
        };
        check(Stars::Within, "a*", "**/a*");
        check(Stars::Plain, "a*", "**/a\\*");
        check(Stars::Across, "./a", "a");
        check(Stars::Across, "*/a*/**/b/*", "*/**/a*/*/**/b/*");
    }

    #[test]
    fn paths_begin_in_the_folder_of_the_configuration() {
        let to = |place: &str| Leads::To(place.to_owned());
        for (path, place) in [
            ("./a//b/", "a/b"),
            ("a/../b/./*.py", "b/*.py"),
            ("../w/a", "a"),
            ("/p/w/a", "a"),
            ("$HERE/a", "a"),
            ("!a[b]{c}", "!a\\[b\\]\\{c\\}"),
        ] {
            check(path, &to(place));
        }
        for path in ["", ".", "..", "/p", "$HERE", "a/.."] {
            check(path, &Leads::Everywhere);
        }
        for path in ["../x", "a/../../b"] {
            check(path, &Leads::Elsewhere);
        }
        for path in ["~/a", "$HEREX/a", "${env:A}/a", "/q/a"] {
            check(path, &Leads::Anywhere);
        }
    }
}
