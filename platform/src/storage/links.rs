//! URLs of files: plain ones for `public/`, and signed ones that end.

use super::{Key, Size, unix_now};
use crate::{error::Error, token::ServiceKey};
use http::Method;
use object_store::signer::{SignedUrlOptions, Signer};
use std::time::Duration;
use url::form_urlencoded::Serializer;

/// What a signed URL says beside the name of the file. All of it is signed.
#[derive(Clone, Debug, serde::Deserialize)]
pub(super) struct Signed {
    /// Seconds since 1970.
    expires: u64,
    size: Option<u64>,
    limit: Option<u64>,
    #[serde(default, rename = "type")]
    pub content_type: String,
    signature: String,
}

impl Signed {
    /// Of an upload; nothing, if it says nothing.
    pub fn size(&self) -> Size {
        match (self.size, self.limit) {
            (Some(size), _) => Size::Exactly(size),
            (None, limit) => Size::AtMost(limit.unwrap_or(0)),
        }
    }
}

/// Makes and checks URLs of the media server.
#[derive(Clone, Debug)]
pub(super) struct Links {
    base: String,
    key: ServiceKey,
}

impl Links {
    pub fn new(public_url: &str, key: ServiceKey) -> Self {
        let base = format!("{}/media", public_url.trim_end_matches('/'));
        Self { base, key }
    }

    pub fn public(&self, key: &Key) -> String {
        format!("{}/{key}", self.base)
    }

    pub fn put(&self, key: &Key, content_type: &str, size: Size, expires: u64) -> String {
        self.signed("PUT", key, expires, size, content_type)
    }

    pub fn get(&self, key: &Key, expires: u64) -> String {
        self.signed("GET", key, expires, Size::AtMost(0), "")
    }

    fn signed(&self, method: &str, key: &Key, expires: u64, size: Size, content_type: &str) -> String {
        let signature = self.key.sign(&message(method, key, expires, size, content_type));
        let mut query = Serializer::new(String::new());
        query.append_pair("expires", &expires.to_string());
        if method == "PUT" {
            query.append_pair(name(size), &size.limit().to_string());
            query.append_pair("type", content_type);
        }
        query.append_pair("signature", &signature);
        format!("{}?{}", self.public(key), query.finish())
    }

    /// Whether a URL was made here, for this use, and has not ended.
    pub fn allows(&self, method: &str, key: &Key, signed: &Signed) -> bool {
        let message = message(method, key, signed.expires, signed.size(), &signed.content_type);
        signed.expires > unix_now() && self.key.has_signed(&message, &signed.signature)
    }
}

/// No part but the last can have a line end in it.
fn message(method: &str, key: &Key, expires: u64, size: Size, content_type: &str) -> String {
    let (name, bytes) = (name(size), size.limit());
    format!("storage\n{method}\n{key}\n{expires}\n{name}={bytes}\n{content_type}")
}

fn name(size: Size) -> &'static str {
    match size {
        Size::Exactly(_) => "size",
        Size::AtMost(_) => "limit",
    }
}

/// S3 itself refuses another type, because it is a signed header. The size cannot be one: whoever reads the file checks it.
pub(super) async fn s3_put(
    s3: &dyn Signer,
    key: &Key,
    content_type: &str,
    seconds: u32,
) -> Result<String, Error> {
    let content_type = content_type.parse().map_err(Error::internal)?;
    let options = SignedUrlOptions::new().with_signed_header(http::header::CONTENT_TYPE, content_type);
    let (path, time) = (key.path(), Duration::from_secs(seconds.into()));
    let url = s3.signed_url_opts(Method::PUT, path, time, &options).await;
    url.map(String::from).map_err(Error::unavailable)
}

pub(super) async fn s3_get(s3: &dyn Signer, key: &Key, seconds: u32) -> Result<String, Error> {
    let time = Duration::from_secs(seconds.into());
    let url = s3.signed_url(Method::GET, key.path(), time).await;
    url.map(String::from).map_err(Error::unavailable)
}
