use std::{
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// A file while it arrives: on disk, with no name, so that nothing is left of it when the process ends.
#[derive(Debug)]
pub struct Spool {
    file: Option<File>,
    hasher: Sha256,
    n_bytes: u64,
    max_bytes: u64,
}

/// Why no more can be taken.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge { max_bytes: u64 },
    #[error("the disk did not take the file")]
    Disk(#[from] io::Error),
}

/// A file that has arrived.
#[derive(Debug)]
pub struct Spooled {
    file: File,
    pub n_bytes: u64,
    pub sha256: [u8; 32],
}

impl Spool {
    /// `dir` is made when missing.
    pub async fn open(dir: &Path, max_bytes: u64) -> Result<Self, SpoolError> {
        let dir = dir.to_owned();
        let file = blocking(move || {
            std::fs::create_dir_all(&dir)?;
            tempfile::tempfile_in(&dir)
        });
        Ok(Self { file: Some(file.await?), hasher: Sha256::new(), n_bytes: 0, max_bytes })
    }

    /// Appends; after an error the file is of no use.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), SpoolError> {
        self.n_bytes += bytes.len() as u64;
        if self.max_bytes < self.n_bytes {
            return Err(SpoolError::TooLarge { max_bytes: self.max_bytes });
        }
        self.hasher.update(&bytes);
        let mut file = self.file.take().ok_or_else(|| io::Error::other("an earlier write failed"))?;
        self.file = Some(blocking(move || file.write_all(&bytes).map(|()| file)).await?);
        Ok(())
    }

    pub fn finish(self) -> Result<Spooled, SpoolError> {
        let file = self.file.ok_or_else(|| io::Error::other("an earlier write failed"))?;
        Ok(Spooled { file, n_bytes: self.n_bytes, sha256: self.hasher.finalize().into() })
    }
}

impl Spooled {
    /// All of it, in memory.
    pub async fn read(self) -> io::Result<Vec<u8>> {
        let mut file = self.file;
        blocking(move || {
            let mut bytes = Vec::with_capacity(usize::try_from(self.n_bytes).unwrap_or_default());
            file.rewind()?;
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        })
        .await
    }
}

/// The SHA-256 of a file that is in memory.
pub fn sha256(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_arrives_is_counted_hashed_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(&dir.path().join("in"), 8).await.unwrap();
        spool.write(Bytes::from_static(b"abcd")).await.unwrap();
        spool.write(Bytes::from_static(b"efgh")).await.unwrap();
        let spooled = spool.finish().unwrap();
        let hash: [u8; 32] = Sha256::digest(b"abcdefgh").into();
        assert_eq!((spooled.n_bytes, spooled.sha256), (8, hash));
        assert_eq!(std::fs::read_dir(dir.path().join("in")).unwrap().count(), 0, "it has no name");
        assert_eq!(spooled.read().await.unwrap(), b"abcdefgh");

        let mut spool = Spool::open(dir.path(), 8).await.unwrap();
        let refused = spool.write(Bytes::from_static(b"123456789")).await.unwrap_err();
        assert!(matches!(refused, SpoolError::TooLarge { max_bytes: 8 }));
    }
}
