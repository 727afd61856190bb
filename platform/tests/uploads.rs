//! Memory of the media server while many send large files at once.

use axum::body::Bytes;
use futures::{StreamExt, stream};
use platform::storage::{self, Key, Size};
use std::{io, time::Duration};

const MIB: usize = 1 << 20;
const FILE: usize = 4 * MIB;
const AT_ONCE: usize = 32;

/// Bytes that this process has had in memory at most.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) * 1024
}

#[tokio::test]
async fn large_uploads_take_little_memory() {
    let store = platform::testing::storage().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(storage::serve(store.clone(), listener, Default::default()));
    let http = platform::http::client(Duration::from_secs(120)).unwrap();
    let piece = Bytes::from(vec![7; 64 << 10]);
    let before = peak();
    let uploads = (0..AT_ONCE).map(|n| {
        let (store, base, http, piece) = (store.clone(), base.clone(), http.clone(), piece.clone());
        async move {
            let key = Key::new(&format!("uploads/{n}")).unwrap();
            let size = Size::Exactly(FILE as u64);
            let url = store.put_url(&key, "video/mp4", size, 60).await.unwrap();
            let pieces = stream::repeat(piece).take(FILE / (64 << 10));
            let body = reqwest::Body::wrap_stream(pieces.map(Ok::<_, io::Error>));
            let put = http.put(url.replace("http://media.test", &base));
            let put = put
                .header("content-type", "video/mp4")
                .header("content-length", FILE);
            assert_eq!(put.body(body).send().await.unwrap().status(), 204);
            assert_eq!(store.size(&key).await.unwrap(), Some(FILE as u64));
            store.delete(vec![key]).await.unwrap();
        }
    });
    futures::future::join_all(uploads).await;
    let more = peak().saturating_sub(before);
    assert!(more < 64 * MIB, "{} MiB for {AT_ONCE} uploads", more / MIB);
}
