//! Giving a new file the attributes of the one it replaces.
//!
//! The rule is that a file never becomes more open than before: where the owner, the group or an
//! access list cannot be carried over, the permissions that depended on them are taken away.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

use rustix::fs::XattrFlags;

const SET_USER_ID: u32 = 0o4000;
const SET_GROUP_ID: u32 = 0o2000;
const ACCESS_LIST: &str = "system.posix_acl_access";

/// Carries owner, group, extended attributes and permission bits over from `old` to `new`.
pub(crate) fn carry_over(old: &File, attributes: &Metadata, new: &File) -> io::Result<()> {
    let owner = keep_owner(attributes, &new.metadata()?, new);
    let access_list_kept = copy_extended(old, new);
    let mode = narrowed(attributes.mode() & 0o7777, owner, access_list_kept);
    new.set_permissions(Permissions::from_mode(mode))
}

/// What of the ownership could be kept.
#[derive(Debug, Clone, Copy)]
struct Kept {
    user: bool,
    group: bool,
}

fn keep_owner(old: &Metadata, made: &Metadata, new: &File) -> Kept {
    let group = old.gid() == made.gid() || fchown(new, None, Some(old.gid())).is_ok();
    let user = old.uid() == made.uid() || fchown(new, Some(old.uid()), None).is_ok();
    Kept { user, group }
}

/// Takes away what would be open to other people than before.
fn narrowed(mode: u32, kept: Kept, access_list_kept: bool) -> u32 {
    let mut mode = mode;
    if !kept.user {
        mode &= !SET_USER_ID;
    }
    if !kept.group {
        mode &= !SET_GROUP_ID;
    }
    if !kept.group || !access_list_kept {
        // The group gets no more than everybody has.
        mode &= !0o070 | ((mode & 0o007) << 3);
    }
    mode
}

/// Copies extended attributes as far as the file system allows; false if an access list was lost.
fn copy_extended(old: &File, new: &File) -> bool {
    let Ok(length) = rustix::fs::flistxattr_query(old) else {
        return true;
    };
    let mut names = vec![0_u8; length];
    let Ok(length) = rustix::fs::flistxattr(old, names.as_mut_slice()) else {
        return true;
    };
    names.truncate(length);
    let mut access_list_kept = true;
    for name in names
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty())
    {
        if copy_attribute(old, new, name).is_err() && name == ACCESS_LIST.as_bytes() {
            access_list_kept = false;
        }
    }
    access_list_kept
}

fn copy_attribute(old: &File, new: &File, name: &[u8]) -> rustix::io::Result<()> {
    let length = rustix::fs::fgetxattr_query(old, name)?;
    let mut value = vec![0_u8; length];
    let length = rustix::fs::fgetxattr(old, name, value.as_mut_slice())?;
    value.truncate(length);
    rustix::fs::fsetxattr(new, name, &value, XattrFlags::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mode: u32, (user, group, access_list): (bool, bool, bool), expected: u32) {
        let narrowed = narrowed(mode, Kept { user, group }, access_list);
        assert_eq!(format!("{narrowed:o}"), format!("{expected:o}"));
    }

    #[test]
    fn keeps_all_bits_of_a_file_of_ones_own() {
        check(0o6755, (true, true, true), 0o6755);
        check(0o640, (true, true, true), 0o640);
    }

    #[test]
    fn never_opens_a_file_to_another_group_or_user() {
        check(0o4755, (false, true, true), 0o755);
        check(0o2775, (true, false, true), 0o755);
        check(0o640, (true, false, true), 0o600);
        check(0o664, (true, true, false), 0o644);
    }

    #[test]
    fn carries_mode_and_extended_attributes_over() {
        let old = tempfile::tempfile().unwrap();
        let new = tempfile::tempfile().unwrap();
        old.set_permissions(Permissions::from_mode(0o750)).unwrap();
        let supported =
            rustix::fs::fsetxattr(&old, "user.lr", b"kept", XattrFlags::empty()).is_ok();
        carry_over(&old, &old.metadata().unwrap(), &new).unwrap();
        assert_eq!(new.metadata().unwrap().mode() & 0o7777, 0o750);
        if supported {
            let mut value = [0_u8; 8];
            let length = rustix::fs::fgetxattr(&new, "user.lr", &mut value).unwrap();
            assert_eq!(&value[..length], b"kept");
        }
    }
}
