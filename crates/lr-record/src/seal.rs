//! Telling the records that were made here from those that came with somebody's files.
//!
//! A record says which programs a run started. A clone or an archive may bring one along, so what
//! it says is believed only with a seal, which needs a secret. The secret lies where no clone can
//! put it: in git's own folder of the repository, else in the user's folder for state.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use lr_files::sha256_hex;
use lr_stage::environment;

use crate::git_folder;

/// Returns the seal of a text; `None` where no secret can be kept.
pub(crate) fn seal(text: &str) -> Option<String> {
    let secret = secret(&place()?).ok()?;
    let sealed = [&secret, b"\n".as_slice(), text.as_bytes(), b"\n", &secret].concat();
    Some(sha256_hex(&sealed))
}

/// The file with the secret.
fn place() -> Option<PathBuf> {
    if let Some(git) = git_folder::common(Path::new(".")) {
        return Some(git.join("lr-seal"));
    }
    let state = environment::var("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|path| path.is_absolute()).or_else(|| {
        let home = environment::var("HOME")?;
        Some(Path::new(&home).join(".local/state"))
    })?;
    Some(state.join("lr/seal"))
}

/// Reads the secret, or makes it. Of two that are made at once the first counts.
fn secret(file: &Path) -> io::Result<Vec<u8>> {
    match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    let mut random = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let own = folder.join(format!("lr-seal.{}", std::process::id()));
    let mut options = OpenOptions::new();
    let mut new = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&own)?;
    let made = new
        .write_all(sha256_hex(&random).as_bytes())
        .and_then(|()| fs::hard_link(&own, file));
    fs::remove_file(&own)?;
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::read(file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lr/seal");
        let first = secret(&file).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(secret(&file).unwrap(), first);
        assert_eq!(fs::read_dir(folder.path().join("lr")).unwrap().count(), 1);
    }
}
