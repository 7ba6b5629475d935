//! Keys and secrets of this installation: made at the first start, kept in files that only their owner reads.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

/// The directory of keys.
#[derive(Debug, Clone)]
pub struct Keys {
    dir: PathBuf,
}

impl Keys {
    /// Opens the directory, and makes it where there is none.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("could not make {}", dir.display()))?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// The key file `name`; `make` gives its content where there is none yet.
    pub fn load_or_make(
        &self,
        name: &str,
        make: impl FnOnce() -> anyhow::Result<Vec<u8>>,
    ) -> anyhow::Result<Vec<u8>> {
        let path = self.dir.join(name);
        match fs::read(&path) {
            Ok(content) => return Ok(content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(error) => return Err(error).with_context(|| format!("could not read {}", path.display())),
        }
        let content = make()?;
        // Written aside and linked into place: of two processes that start at once, one key wins and both use it.
        let mut aside = tempfile::NamedTempFile::new_in(&self.dir).context("could not make a key file")?;
        aside.write_all(&content).context("could not write a key file")?;
        aside.as_file().sync_all().context("could not write a key file")?;
        match aside.persist_noclobber(&path) {
            Ok(_) => {
                fs::File::open(&self.dir)
                    .and_then(|dir| dir.sync_all())
                    .context("could not sync the keys")?;
                Ok(content)
            }
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                fs::read(&path).with_context(|| format!("could not read {}", path.display()))
            }
            Err(error) => Err(error.error).with_context(|| format!("could not write {}", path.display())),
        }
    }

    /// 32 secret bytes under `name`.
    pub fn secret(&self, name: &str) -> anyhow::Result<[u8; 32]> {
        let bytes = self.load_or_make(name, || {
            let mut bytes = [0; 32];
            aws_lc_rs::rand::fill(&mut bytes).context("the machine gives no random bytes")?;
            Ok(bytes.to_vec())
        })?;
        let bytes: [u8; 32] =
            bytes.try_into().map_err(|_| anyhow::anyhow!("{name} does not hold 32 bytes"))?;
        Ok(bytes)
    }

    /// Writes what others may read: public keys.
    pub fn publish(&self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let path = self.dir.join(name);
        if fs::read(&path).is_ok_and(|there| there == content) {
            return Ok(());
        }
        // Written aside and put into place: another process reads all of it or none.
        let readable = fs::Permissions::from_mode(0o644);
        let mut aside = tempfile::Builder::new()
            .permissions(readable)
            .tempfile_in(&self.dir)
            .context("could not make a file for a public key")?;
        aside
            .write_all(content)
            .and_then(|()| aside.as_file().sync_all())
            .context("could not write a public key")?;
        aside.persist(&path).with_context(|| format!("could not write {}", path.display()))?;
        Ok(())
    }

    /// All files that end in `suffix`, as (name without it, content).
    pub fn published(&self, suffix: &str) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.dir).context("could not list the keys")? {
            let entry = entry.context("could not list the keys")?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(stem) = name.strip_suffix(suffix) {
                let content = fs::read(entry.path()).with_context(|| format!("could not read {name}"))?;
                found.push((stem.to_owned(), content));
            }
        }
        found.sort();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_is_for_everybody_to_read_and_a_secret_for_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::open(dir.path()).unwrap();
        keys.publish("service-a.jwks", b"old").unwrap();
        keys.publish("service-a.jwks", b"new").unwrap();
        keys.secret("page.key").unwrap();
        assert_eq!(keys.published(".jwks").unwrap(), [("service-a".to_owned(), b"new".to_vec())]);
        let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
        // What the process may give at all is bounded by its umask.
        assert_eq!((mode("service-a.jwks") & 0o133, mode("page.key")), (0, 0o600));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside them");
    }
}
