use std::{fmt, io, ops::Range, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt as _, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    local::LocalFileSystem,
    path::Path as Key,
};

/// Where files are kept, each under a key that says nothing of it.
#[derive(Debug, Clone)]
pub struct Blobs(Arc<dyn ObjectStore>);

/// A store that speaks as S3 does.
#[derive(Clone)]
pub struct S3 {
    /// As `https://oss.example.gov.cn`; the bucket stands in the path.
    pub endpoint: String,
    pub bucket: String,
    pub region: String,
    pub access_key: String,
    pub secret_key: String,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

/// A file on its way out.
pub type Content = BoxStream<'static, io::Result<Bytes>>;

/// What went wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("the file is not in the store")]
    Missing,
    #[error("the store could not {doing}")]
    Store { doing: &'static str, source: object_store::Error },
    #[error("the file broke off on its way out of the store")]
    Broken(#[source] io::Error),
    #[error("the store's directory cannot be made")]
    Directory(#[source] io::Error),
}

impl Blobs {
    /// In a directory of this machine, which is made when missing. What was written stays after a crash.
    pub fn on_disk(dir: &Path) -> Result<Self, BlobError> {
        std::fs::create_dir_all(dir).map_err(BlobError::Directory)?;
        let store = LocalFileSystem::new_with_prefix(dir).map_err(failed("be opened"))?.with_fsync(true);
        Ok(Self(Arc::new(store)))
    }

    /// In a bucket. Plain `http` is taken for what it is: the caller decides whether the way there is safe.
    pub fn s3(config: &S3) -> Result<Self, BlobError> {
        let S3 { endpoint, bucket, region, access_key, secret_key } = config;
        let client = ClientOptions::new()
            .with_connect_timeout(Duration::from_secs(5))
            .with_timeout(Duration::from_mins(1))
            .with_allow_http(endpoint.starts_with("http://"));
        let retry =
            RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
        let store = AmazonS3Builder::new()
            .with_endpoint(endpoint)
            .with_bucket_name(bucket)
            .with_region(region)
            .with_access_key_id(access_key)
            .with_secret_access_key(secret_key)
            .with_client_options(client)
            .with_retry(retry)
            // Not every store that speaks as S3 does deletes several at once.
            .with_config(AmazonS3ConfigKey::DisableBulkDelete, "true")
            .build()
            .map_err(failed("be opened"))?;
        Ok(Self(Arc::new(store)))
    }

    /// Keeps a file: all of it, or nothing. One that is there already is written over.
    pub async fn put(&self, key: &str, content: Bytes) -> Result<(), BlobError> {
        self.0.put(&place(key), content.into()).await.map(drop).map_err(failed("take the file"))
    }

    /// A part of the file, piece by piece; the range lies within it.
    pub async fn get(&self, key: &str, range: Range<u64>) -> Result<Content, BlobError> {
        let options = object_store::GetOptions { range: Some(range.into()), ..Default::default() };
        let found = self.0.get_opts(&place(key), options).await.map_err(failed("give the file"))?;
        Ok(found.into_stream().map(|piece| piece.map_err(io::Error::other)).boxed())
    }

    /// Deletes the file; one that is not there is as good as deleted.
    pub async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match self.0.delete(&place(key)).await.map_err(failed("delete the file")) {
            Ok(()) | Err(BlobError::Missing) => Ok(()),
            Err(other) => Err(other),
        }
    }
}

/// No directory gets too full: the first two characters are a directory of their own.
fn place(key: &str) -> Key {
    let (head, tail) = key.split_at_checked(2).unwrap_or((key, ""));
    Key::from_iter([head, tail])
}

fn failed(doing: &'static str) -> impl Fn(object_store::Error) -> BlobError {
    move |source| match source {
        object_store::Error::NotFound { .. } => BlobError::Missing,
        source => BlobError::Store { doing, source },
    }
}

#[cfg(test)]
mod tests;
