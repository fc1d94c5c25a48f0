//! What `/proc` says about our own children. Where there is no `/proc` there seem to be none.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// A process as the system describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: i32,
    pub(crate) is_zombie: bool,
    pub(crate) group: i32,
    pub(crate) session: i32,
}

/// Lists the ids of our children, those we adopted included.
pub(crate) fn children() -> Vec<i32> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    threads
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok())
        .flat_map(|ids| {
            ids.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Describes a process; `None` if it is gone.
pub(crate) fn process(id: i32) -> Option<Process> {
    parse_stat(&fs::read(format!("/proc/{id}/stat")).ok()?)
}

/// The session we are in ourselves.
pub(crate) fn own_session() -> Option<i32> {
    parse_stat(&fs::read("/proc/self/stat").ok()?).map(|process| process.session)
}

/// The value the variable had when the process began to run its program.
pub(crate) fn variable(id: i32, name: &str) -> Option<String> {
    let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
    environment.split(|byte| *byte == 0).find_map(|entry| {
        let value = entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        Some(OsStr::from_bytes(value).to_string_lossy().into_owned())
    })
}

/// Reads `/proc/<id>/stat`: `id (name) state parent group session …`, where the name may hold
/// anything, parentheses included.
fn parse_stat(stat: &[u8]) -> Option<Process> {
    let stat = String::from_utf8_lossy(stat);
    let (id, rest) = stat.split_once(' ')?;
    let (_, fields) = rest.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let is_zombie = matches!(fields.next()?, "Z" | "X");
    let _parent = fields.next()?;
    Some(Process {
        id: id.parse().ok()?,
        is_zombie,
        group: fields.next()?.parse().ok()?,
        session: fields.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_process_whose_name_looks_like_fields() {
        let stat = b"42 (a) S 1 ) Z 7 41 40 0 -1";
        let expected = Process {
            id: 42,
            is_zombie: true,
            group: 41,
            session: 40,
        };
        assert_eq!(parse_stat(stat), Some(expected));
        assert_eq!(parse_stat(b"42 (cut"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn knows_our_own_process() {
        let id = i32::try_from(std::process::id()).unwrap();
        assert_eq!(process(id).map(|process| process.id), Some(id));
        assert_eq!(process(id).map(|process| process.session), own_session());
        assert_eq!(process(-1), None);
    }
}
