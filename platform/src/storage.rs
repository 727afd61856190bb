//! Files: pictures, exports, archives. On a local disk or in S3, under names that services choose, never clients.
//! The first part of a name says what becomes of it: `public/…` is for everybody, whatever else needs a signed URL.

use crate::{error::Error, token::ServiceKey};
use anyhow::Context;
use axum::body::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    Attribute, Attributes, GetOptions, GetResult, ObjectStore, ObjectStoreExt, PutMultipartOptions,
    PutOptions, WriteMultipart, aws::AmazonS3Builder, local::LocalFileSystem, signer::Signer,
};
use std::{ops::Range, path::PathBuf, sync::Arc, time::SystemTime};
use url::Url;

mod disk;
mod http;
mod key;
mod links;
mod size;

pub use http::serve;
pub use key::Key;
use links::Links;
pub use size::Size;

/// Bytes held of a file on its way to the disk, and to S3, which takes no smaller parts.
const LOCAL_CHUNK: usize = 256 << 10;
const S3_CHUNK: usize = 5 << 20;

/// Where files are, and how they are reached from outside.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A folder, `file:///…`, or `s3://bucket?region=…&endpoint=…` with credentials as AWS tools take them.
    pub url: String,
    /// The media server as browsers reach it: `http://127.0.0.1:4011`.
    pub public_url: String,
    /// Signs URLs; the same in all processes.
    pub service_key: ServiceKey,
}

/// A store of files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// Signs URLs that clients use without us; a disk has none.
    s3: Option<Arc<dyn Signer>>,
    /// The folder, if it is one.
    folder: Option<PathBuf>,
    links: Links,
}

/// A file that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: Key,
    pub bytes: u64,
    pub modified: chrono::DateTime<chrono::Utc>,
    /// Another one whenever the file is another one.
    pub tag: Option<String>,
}

impl Entry {
    fn new(key: Key, meta: object_store::ObjectMeta) -> Self {
        Self {
            key,
            bytes: meta.size,
            modified: meta.last_modified,
            tag: meta.e_tag,
        }
    }
}

/// A piece of a file that is read over a long time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Bytes(Bytes),
    /// There is no such file any more.
    Gone,
    /// It is another file now.
    Changed,
}

impl Storage {
    /// Makes a folder if it is missing; S3 is not asked before the first use.
    pub fn open(settings: &Settings) -> anyhow::Result<Self> {
        Self::open_as(settings, AmazonS3Builder::from_env())
    }

    /// The same with what is known of S3 beside the URL.
    pub(crate) fn open_as(settings: &Settings, account: AmazonS3Builder) -> anyhow::Result<Self> {
        let links = Links::new(&settings.public_url, settings.service_key.clone());
        if settings.url.starts_with("s3://") {
            let store = Arc::new(s3(account, &settings.url)?);
            let s3: Arc<dyn Signer> = store.clone();
            return Ok(Self {
                store,
                s3: Some(s3),
                folder: None,
                links,
            });
        }
        let path = folder(&settings.url)?;
        let problem = || format!("cannot keep files in {}", path.display());
        std::fs::create_dir_all(&path).with_context(problem)?;
        let store = LocalFileSystem::new_with_prefix(&path)
            .with_context(problem)?
            .with_fsync(true)
            .with_automatic_cleanup(true);
        Ok(Self {
            store: Arc::new(store),
            s3: None,
            folder: Some(path),
            links,
        })
    }

    /// Stores a file, or replaces it: whole or not at all.
    pub async fn put(&self, key: &Key, bytes: Vec<u8>) -> Result<(), Error> {
        let options = PutOptions {
            attributes: self.attributes(key),
            ..PutOptions::default()
        };
        let put = self.store.put_opts(key.path(), bytes.into(), options).await;
        put.map(drop).map_err(Error::unavailable)
    }

    /// The same for a file that is too big for the memory; returns how many bytes it has.
    pub async fn put_stream<E: std::fmt::Display>(
        &self,
        key: &Key,
        mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin,
        size: Size,
    ) -> Result<u64, Error> {
        let options = PutMultipartOptions {
            attributes: self.attributes(key),
            ..PutMultipartOptions::default()
        };
        let upload = self.store.put_multipart_opts(key.path(), options).await;
        let chunk = if self.s3.is_some() { S3_CHUNK } else { LOCAL_CHUNK };
        let mut writer = WriteMultipart::new_with_chunk_size(upload.map_err(Error::unavailable)?, chunk);
        match write(&mut writer, &mut stream, size).await {
            Ok(bytes) => match writer.finish().await {
                Ok(_) => Ok(bytes),
                Err(error) => Err(Error::unavailable(error)),
            },
            Err(error) => {
                // What it leaves behind is no file, only space.
                let _ = writer.abort().await;
                Err(error)
            }
        }
    }

    /// A disk keeps no attributes; the name's ending says it all there.
    fn attributes(&self, key: &Key) -> Attributes {
        let mut attributes = Attributes::new();
        if self.s3.is_some() {
            attributes.insert(Attribute::ContentType, key.content_type().into());
            if !key.is_inline() {
                attributes.insert(Attribute::ContentDisposition, "attachment".into());
            }
            if !key.is_public() {
                attributes.insert(Attribute::CacheControl, "private, no-store".into());
            }
        }
        attributes
    }

    /// A file's size; `None` if there is no such file.
    pub async fn size(&self, key: &Key) -> Result<Option<u64>, Error> {
        Ok(self.entry(key).await?.map(|entry| entry.bytes))
    }

    /// What is known of a file without reading it.
    pub async fn entry(&self, key: &Key) -> Result<Option<Entry>, Error> {
        let meta = found(self.store.head(key.path()).await)?;
        Ok(meta.map(|meta| Entry::new(key.clone(), meta)))
    }

    /// Some bytes of a file, as long as it is the one that had this tag.
    pub async fn piece(&self, key: &Key, range: Range<u64>, tag: Option<&str>) -> Result<Piece, Error> {
        let options = GetOptions {
            range: Some(range.clone().into()),
            if_match: tag.map(str::to_owned),
            ..GetOptions::default()
        };
        let read = async {
            let file = self.read(key, options).await?;
            // Not everything that speaks like S3 knows conditions.
            let same = tag.is_none() || file.meta.e_tag.as_deref() == tag;
            object_store::Result::Ok((same, file.bytes().await?))
        };
        match read.await {
            Ok((true, bytes)) if bytes.len() as u64 == range.end - range.start => Ok(Piece::Bytes(bytes)),
            Ok(_) | Err(object_store::Error::Precondition { .. }) => Ok(Piece::Changed),
            Err(object_store::Error::NotFound { .. }) => Ok(Piece::Gone),
            Err(error) => Err(Error::unavailable(error)),
        }
    }

    /// Gives a file another name; what had that name is replaced. Says whether there was a file.
    pub async fn rename(&self, from: &Key, to: &Key) -> Result<bool, Error> {
        let moved = found(self.store.rename(from.path(), to.path()).await)?;
        Ok(moved.is_some())
    }

    /// A whole file, if it is there; one of more than `limit` bytes is refused before it is read.
    pub async fn get(&self, key: &Key, limit: u64) -> Result<Option<Bytes>, Error> {
        match found(self.store.get(key.path()).await)? {
            None => Ok(None),
            Some(file) if file.meta.size > limit => Err(Error::BadInput(format!("more than {limit} bytes"))),
            Some(file) => found(file.bytes().await),
        }
    }

    /// The first bytes of a file, at most `count`.
    pub async fn start(&self, key: &Key, count: u64) -> Result<Option<Bytes>, Error> {
        match self.size(key).await? {
            None => Ok(None),
            Some(0) => Ok(Some(Bytes::new())),
            Some(size) => found(self.store.get_range(key.path(), 0..size.min(count)).await),
        }
    }

    /// A file as a stream, with its size.
    pub async fn stream(
        &self,
        key: &Key,
    ) -> Result<Option<(u64, BoxStream<'static, Result<Bytes, object_store::Error>>)>, Error> {
        let file = found(self.store.get(key.path()).await)?;
        Ok(file.map(|file| (file.meta.size, file.into_stream())))
    }

    async fn read(&self, key: &Key, options: GetOptions) -> object_store::Result<GetResult> {
        self.store.get_opts(key.path(), options).await
    }

    /// Deletes files; that one is gone already is no error.
    pub async fn delete(&self, keys: Vec<Key>) -> Result<(), Error> {
        let paths = futures::stream::iter(keys.into_iter().map(|key| Ok(key.path().clone()))).boxed();
        let mut deleted = self.store.delete_stream(paths);
        while let Some(result) = deleted.next().await {
            found(result)?;
        }
        Ok(())
    }

    /// All files below a prefix such as `uploads`, in no order.
    pub fn list(&self, prefix: &str) -> BoxStream<'static, Result<Entry, Error>> {
        let files = self.store.list(Some(&object_store::path::Path::from(prefix)));
        let entry = |meta: object_store::ObjectMeta| async move {
            // A file that no service of ours has named is none of ours.
            Ok(Key::new(meta.location.as_ref()).map(|key| Entry::new(key, meta)))
        };
        files.map_err(Error::unavailable).try_filter_map(entry).boxed()
    }

    /// Deletes what uploads left behind that ended with their process. A rule of the bucket does this in S3.
    pub async fn delete_broken_off(&self, before: chrono::DateTime<chrono::Utc>) -> Result<usize, Error> {
        let Some(folder) = self.folder.clone() else {
            return Ok(0);
        };
        let delete = move || disk::delete_broken_off(&folder, before.into());
        let deleted = tokio::task::spawn_blocking(delete).await;
        deleted.map_err(Error::internal)?.map_err(Error::unavailable)
    }

    /// Where anybody finds a file of `public/`. The URL never changes, so that caches may keep it.
    pub fn public_url(&self, key: &Key) -> String {
        self.links.public(key)
    }

    /// A URL to which a file of `content_type` can be sent, with PUT, for `seconds`. S3 takes any size: look at it
    /// before the file is used.
    pub async fn put_url(
        &self,
        key: &Key,
        content_type: &str,
        size: Size,
        seconds: u32,
    ) -> Result<String, Error> {
        match &self.s3 {
            Some(s3) => links::s3_put(s3.as_ref(), key, content_type, seconds).await,
            None => Ok(self.links.put(key, content_type, size, expires(seconds))),
        }
    }

    /// A URL from which a file can be had for `seconds`.
    pub async fn get_url(&self, key: &Key, seconds: u32) -> Result<String, Error> {
        match &self.s3 {
            Some(s3) => links::s3_get(s3.as_ref(), key, seconds).await,
            None => Ok(self.links.get(key, expires(seconds))),
        }
    }
}

/// Passes a stream on, a few chunks at a time, and counts its bytes.
async fn write<E: std::fmt::Display>(
    writer: &mut WriteMultipart,
    stream: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    size: Size,
) -> Result<u64, Error> {
    let mut bytes = 0_u64;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Error::BadInput(error.to_string()))?;
        bytes = bytes.saturating_add(chunk.len() as u64);
        if bytes > size.limit() {
            break;
        }
        writer.wait_for_capacity(2).await.map_err(Error::unavailable)?;
        writer.write(&chunk);
    }
    match size.allows(bytes) {
        true => Ok(bytes),
        false => Err(Error::BadInput(format!("not {size}"))),
    }
}

fn found<T>(result: object_store::Result<T>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(Error::unavailable(error)),
    }
}

fn unix_now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn expires(seconds: u32) -> u64 {
    unix_now() + u64::from(seconds)
}

fn folder(url: &str) -> anyhow::Result<PathBuf> {
    if !url.contains("://") {
        return Ok(PathBuf::from(url));
    }
    let url: Url = url.parse().context("the storage URL is none")?;
    anyhow::ensure!(
        url.scheme() == "file",
        "a storage URL begins with file:// or s3://"
    );
    let path = url.to_file_path();
    path.map_err(|()| anyhow::anyhow!("file:// needs an absolute path: file:///var/lib/agora/media"))
}

fn s3(account: AmazonS3Builder, url: &str) -> anyhow::Result<object_store::aws::AmazonS3> {
    crate::http::use_ring();
    let url: Url = url.parse().context("the storage URL is none")?;
    let bucket = url.host_str().context("s3:// needs the name of a bucket")?;
    let mut builder = account.with_bucket_name(bucket);
    for (name, value) in url.query_pairs() {
        builder = match name.as_ref() {
            "region" => builder.with_region(value),
            "endpoint" => builder
                .with_allow_http(value.starts_with("http://"))
                .with_endpoint(value),
            other => anyhow::bail!("s3:// knows region and endpoint, not {other}"),
        };
    }
    builder.build().context("S3 cannot be used")
}
