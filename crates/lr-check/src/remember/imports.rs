//! Which modules of a Python project a module can see: those it imports, and those they import.
//!
//! Names are taken for more modules than they may stand for, not for fewer: any module is meant whose
//! path ends like the name, unless the name would have to begin inside of a package, where Python
//! looks for none. So what is not seen here cannot have changed an answer.

use std::collections::{HashMap, HashSet};

use lr_files::sha256_hex;
use regex::Regex;

/// The modules of a project, and what each of them can see.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    by_path: HashMap<String, usize>,
    /// The group of each module: modules that see each other are one group.
    groups: Vec<usize>,
    /// The digest of all that the modules of a group can see, themselves included.
    digests: Vec<String>,
}

/// One module: its path with `/`, the digest of its bytes, and its text.
pub(super) struct Module<'a> {
    pub(super) path: &'a str,
    pub(super) sha256: &'a str,
    pub(super) text: &'a str,
}

impl Imports {
    /// Reads the imports of all modules; `None` where that is not possible. With `anywhere` a name may
    /// begin inside of a package too, because Python is told to look there.
    pub(super) fn read(modules: &[Module<'_>], anywhere: bool) -> Option<Self> {
        let index = Index::of(modules, anywhere);
        let reader = Reader::new()?;
        let edges: Vec<Vec<usize>> = modules
            .iter()
            .enumerate()
            .map(|(number, module)| {
                let mut seen = index.own_packages(module.path);
                for name in reader.names(module) {
                    index.find(&name, &mut seen);
                }
                seen.remove(&number);
                let mut seen: Vec<usize> = seen.into_iter().collect();
                seen.sort_unstable();
                seen
            })
            .collect();
        let groups = groups(&edges);
        let digests = digests(modules, &edges, &groups);
        let paths = modules.iter().enumerate();
        Some(Self {
            by_path: paths
                .map(|(number, module)| (module.path.to_owned(), number))
                .collect(),
            groups,
            digests,
        })
    }

    /// Returns a digest of all that a module can see; `None` for what is no module.
    pub(super) fn digest(&self, path: &str) -> Option<&str> {
        Some(&self.digests[self.group(path)?])
    }

    /// Returns the group of a module: those that see each other have the same.
    pub(super) fn group(&self, path: &str) -> Option<usize> {
        Some(self.groups[*self.by_path.get(path)?])
    }
}

/// Finds modules by the ends of their dotted paths.
struct Index {
    /// By the last word of the path of a module or package.
    by_last: HashMap<String, Vec<Candidate>>,
    by_path: HashMap<String, usize>,
}

/// A module that a name may stand for.
struct Candidate {
    number: usize,
    dotted: String,
    /// How many words of the dotted path stand before the outermost package.
    outside: usize,
}

impl Index {
    fn of(modules: &[Module<'_>], anywhere: bool) -> Self {
        let mut by_last: HashMap<String, Vec<Candidate>> = HashMap::new();
        let mut by_path = HashMap::new();
        for (number, module) in modules.iter().enumerate() {
            by_path.insert(module.path.to_owned(), number);
        }
        for (number, module) in modules.iter().enumerate() {
            let outside = if anywhere {
                usize::MAX
            } else {
                outside(module.path, &by_path)
            };
            let dotted = dotted(module.path);
            let last = dotted.rsplit('.').next().unwrap_or_default().to_owned();
            by_last.entry(last).or_default().push(Candidate {
                number,
                dotted,
                outside,
            });
        }
        Self { by_last, by_path }
    }

    /// Adds the modules that a dotted name, or a beginning of it, may stand for.
    fn find(&self, name: &str, found: &mut HashSet<usize>) {
        let ends = name.match_indices('.').map(|(at, _)| at);
        for end in ends.chain([name.len()]) {
            let name = &name[..end];
            let last = name.rsplit('.').next().unwrap_or_default();
            let candidates = self.by_last.get(last).into_iter().flatten();
            let meant = candidates.filter(|candidate| {
                let before = candidate.dotted.strip_suffix(name);
                before.is_some_and(|before| {
                    (before.is_empty() || before.ends_with('.'))
                        && before.matches('.').count() <= candidate.outside
                })
            });
            found.extend(meant.map(|candidate| candidate.number));
        }
    }

    /// Returns the packages that a module lies in.
    fn own_packages(&self, path: &str) -> HashSet<usize> {
        let mut found = HashSet::new();
        let mut rest = path;
        while let Some((above, _)) = rest.rsplit_once('/') {
            for name in ["__init__.py", "__init__.pyi"] {
                found.extend(self.by_path.get(&format!("{above}/{name}")));
            }
            rest = above;
        }
        found
    }
}

/// Returns how many folders stand before the outermost of the packages that a module lies in.
fn outside(path: &str, by_path: &HashMap<String, usize>) -> usize {
    let mut outside = path.matches('/').count();
    let mut rest = path;
    while let Some((folder, _)) = rest.rsplit_once('/') {
        let is_package = ["__init__.py", "__init__.pyi"]
            .iter()
            .any(|name| by_path.contains_key(&format!("{folder}/{name}")));
        if !is_package {
            break;
        }
        outside -= 1;
        rest = folder;
    }
    outside
}

/// Returns the dotted path of a module: `src/a/__init__.py` is `src.a`.
fn dotted(path: &str) -> String {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
    stem.replace('/', ".")
}

/// Reads import statements.
struct Reader {
    comment: Regex,
    import: Regex,
}

impl Reader {
    fn new() -> Option<Self> {
        let import = r"(?m)(?:^|[;:])[ \t]*(?:from[ \t]*(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n;]*)|import[ \t]+([^\n;]+))";
        Some(Self {
            comment: Regex::new(r"#[^\n]*").ok()?,
            import: Regex::new(import).ok()?,
        })
    }

    /// Returns the absolute names that a module imports.
    fn names(&self, module: &Module<'_>) -> Vec<String> {
        if !module.text.contains("import") {
            return Vec::new();
        }
        let text = self.comment.replace_all(module.text, "");
        let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
        let mut names = Vec::new();
        for import in self.import.captures_iter(&text) {
            if let Some(list) = import.get(4) {
                names.extend(words(list.as_str()).map(str::to_owned));
                continue;
            }
            let dots = import.get(1).map_or(0, |dots| dots.len());
            let from = import.get(2).map_or("", |word| word.as_str());
            let base = absolute(module.path, dots, from);
            let list = import.get(3).map_or("", |list| list.as_str());
            names.extend(words(list).map(|word| match base.as_str() {
                "" => word.to_owned(),
                base => format!("{base}.{word}"),
            }));
            names.push(base);
        }
        names
    }
}

/// Returns the names in a list of imports, without those they are given.
fn words(list: &str) -> impl Iterator<Item = &str> {
    list.trim_matches(['(', ')'])
        .split(',')
        .filter_map(|item| item.split_whitespace().next())
}

/// Returns the name that a relative one stands for in a module.
fn absolute(path: &str, dots: usize, named: &str) -> String {
    if dots == 0 {
        return named.to_owned();
    }
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.truncate(folders.len().saturating_sub(dots));
    folders.extend((!named.is_empty()).then_some(named));
    folders.join(".")
}

/// Numbers the groups of nodes that reach each other, so that a node reaches only groups with the
/// same or a lower number.
fn groups(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(edges.len());
    let mut seen = vec![false; edges.len()];
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (from, targets) in edges.iter().enumerate() {
        for to in targets {
            back[*to].push(from);
        }
    }
    // Against the edges first, so that what is reached comes before what reaches it.
    for start in 0..edges.len() {
        visit(start, &back, &mut seen, &mut order);
    }
    let mut groups = vec![0; edges.len()];
    let mut seen = vec![false; edges.len()];
    let mut next = 0;
    for start in order.into_iter().rev() {
        let mut group = Vec::new();
        visit(start, edges, &mut seen, &mut group);
        for member in &group {
            groups[*member] = next;
        }
        next += usize::from(!group.is_empty());
    }
    groups
}

/// Adds what is reached from a node and was not seen yet, each node behind those it leads to.
fn visit(start: usize, edges: &[Vec<usize>], seen: &mut [bool], order: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut path = vec![(start, 0)];
    while let Some((node, next)) = path.last_mut() {
        if let Some(target) = edges[*node].get(*next) {
            *next += 1;
            if !std::mem::replace(&mut seen[*target], true) {
                path.push((*target, 0));
            }
        } else {
            order.push(*node);
            path.pop();
        }
    }
}

/// Returns for each group the digest of its modules and of the groups they reach.
fn digests(modules: &[Module<'_>], edges: &[Vec<usize>], groups: &[usize]) -> Vec<String> {
    let count = groups.iter().max().map_or(0, |last| last + 1);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (module, group) in groups.iter().enumerate() {
        members[*group].push(module);
    }
    let mut digests: Vec<String> = Vec::with_capacity(count);
    for (group, members) in members.iter().enumerate() {
        let mut lines: Vec<String> = Vec::new();
        for member in members {
            let module = &modules[*member];
            lines.push(format!("{}\0{}", module.path, module.sha256));
            let reached = edges[*member].iter().map(|target| groups[*target]);
            lines.extend(
                reached
                    .filter(|reached| *reached != group)
                    .filter_map(|reached| digests.get(reached).cloned()),
            );
        }
        lines.sort_unstable();
        lines.dedup();
        digests.push(sha256_hex(lines.join("\n").as_bytes()));
    }
    digests
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(modules: &[(&str, &str)]) -> Imports {
        let digests: Vec<String> = modules
            .iter()
            .map(|(_, text)| sha256_hex(text.as_bytes()))
            .collect();
        let modules: Vec<Module<'_>> = modules
            .iter()
            .zip(&digests)
            .map(|((path, content), digest)| Module {
                path,
                sha256: digest,
                text: content,
            })
            .collect();
        Imports::read(&modules, false).unwrap()
    }

    /// Tells which modules see a change of `b.py` or what lies under that name.
    fn check(path: &str, importing: &str, other: &str, expected: bool) {
        let before = read(&[(path, importing), (other, "1")]);
        let after = read(&[(path, importing), (other, "2")]);
        let sees = before.digest(path) != after.digest(path);
        assert_eq!(sees, expected, "{importing}");
    }

    #[test]
    fn imports_are_seen_in_all_their_forms() {
        for text in [
            "import b",
            "import os, b as c",
            "if x: import b",
            "x = 1; import b",
            "from b import x",
            "from b import (\n  x,  # )\n  y,\n)",
            "try:\n    from b import x\nexcept ImportError: pass",
            "from . import b",
            "from .b import x",
            "from \\\n  b import x",
        ] {
            check("a.py", text, "b.py", true);
        }
        check("p/a.py", "from .. import b", "b.py", true);
        check("p/a.py", "from q.r import b", "q/r/b.py", true);
        check("a.py", "import q.r.b", "q/__init__.py", true);
        check("a.py", "from q import b", "src/q/b/__init__.py", true);
        check("p/a.py", "", "p/__init__.py", true);
        check("a.py", "import bb", "b.py", false);
        check("a.py", "from c import x", "q/b.py", false);
        check("a.py", "# import b", "b.py", false);
    }

    #[test]
    fn a_name_does_not_begin_inside_of_a_package() {
        let sees = |text: &str, path: &str| {
            let modules =
                |changing| read(&[("a.py", text), ("s/p/__init__.py", ""), (path, changing)]);
            modules("1").digest("a.py") != modules("2").digest("a.py")
        };
        assert!(!sees("import logging", "s/p/logging.py"));
        assert!(sees("import p.logging", "s/p/logging.py"));
        assert!(sees("import s.p.logging", "s/p/logging.py"));
        assert!(sees("import logging", "s/logging.py"));
    }

    #[test]
    fn what_is_seen_by_what_is_seen_is_seen() {
        let modules = |text| {
            read(&[
                ("a.py", "import b"),
                ("b.py", "import c"),
                ("c.py", text),
                ("d.py", ""),
            ])
        };
        let (before, after) = (modules("1"), modules("2"));
        assert_ne!(before.digest("a.py"), after.digest("a.py"));
        assert_eq!(before.digest("d.py"), after.digest("d.py"));
        assert_eq!(before.digest("e.py"), None);
    }

    #[test]
    fn modules_that_see_each_other_are_one_group() {
        let imports = read(&[
            ("a.py", "import b"),
            ("b.py", "import c"),
            ("c.py", "import a"),
            ("d.py", "import a"),
        ]);
        assert_eq!(imports.group("a.py"), imports.group("c.py"));
        assert_ne!(imports.group("a.py"), imports.group("d.py"));
    }

    proptest! {
        #[test]
        fn groups_are_what_reaches_each_other(edges in proptest::collection::vec(proptest::collection::vec(0..8usize, 0..4), 8)) {
            let reaches = |from: usize| {
                let (mut seen, mut order) = (vec![false; 8], Vec::new());
                visit(from, &edges, &mut seen, &mut order);
                seen
            };
            let groups = groups(&edges);
            for one in 0..8 {
                for other in 0..8 {
                    let (there, back) = (reaches(one)[other], reaches(other)[one]);
                    prop_assert_eq!(groups[one] == groups[other], there && back);
                    prop_assert!(!there || groups[one] >= groups[other]);
                }
            }
        }
    }
}
