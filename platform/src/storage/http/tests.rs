//! The media server over a folder, request by request.

mod reading;

use super::routes;
use crate::{
    storage::{Key, Piece, Settings, Size, Storage},
    testing::{storage, storage_in_s3},
    token::ServiceKey,
};
use axum::{
    body::{Body, Bytes, to_bytes},
    http::{Method, Request, StatusCode, header},
    response::Response,
};
use futures::{StreamExt as _, stream};
use std::time::Duration;
use tower::ServiceExt as _;

const HOST: &str = "http://media.test";
const PATIENCE: Duration = Duration::from_millis(100);

async fn send(storage: &Storage, request: Request<Body>) -> Response {
    routes(storage.clone(), PATIENCE).oneshot(request).await.unwrap()
}

async fn put(storage: &Storage, url: &str, content_type: &str, body: &'static [u8]) -> StatusCode {
    let request = Request::put(url.strip_prefix(HOST).unwrap())
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CONTENT_LENGTH, body.len());
    send(storage, request.body(body.into()).unwrap()).await.status()
}

async fn get(storage: &Storage, path: &str) -> Response {
    let path = path.strip_prefix(HOST).unwrap_or(path);
    send(storage, Request::get(path).body(Body::empty()).unwrap()).await
}

async fn body(response: Response) -> Bytes {
    to_bytes(response.into_body(), 1 << 20).await.unwrap()
}

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

#[tokio::test]
async fn an_upload_is_exactly_what_its_url_announced() {
    let storage = storage().unwrap();
    let key = key("uploads/a");
    let url = storage
        .put_url(&key, "image/png", Size::Exactly(4), 60)
        .await
        .unwrap();
    assert_eq!(
        put(&storage, &url, "image/png", b"12345").await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(
        put(&storage, &url, "image/png", b"123").await,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        put(&storage, &url, "text/html", b"1234").await,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let lying = Request::put(url.strip_prefix(HOST).unwrap())
        .header(header::CONTENT_TYPE, "image/png")
        .header(header::CONTENT_LENGTH, 4)
        .body(Body::from("123456789"));
    assert_eq!(
        send(&storage, lying.unwrap()).await.status(),
        StatusCode::BAD_REQUEST
    );
    let endless = Request::put(url.strip_prefix(HOST).unwrap())
        .header(header::CONTENT_TYPE, "image/png")
        .body(Body::from("1234"));
    assert_eq!(
        send(&storage, endless.unwrap()).await.status(),
        StatusCode::LENGTH_REQUIRED
    );
    assert_eq!(storage.size(&key).await.unwrap(), None, "nothing of it is kept");
    assert_eq!(
        put(&storage, &url, "image/png", b"1234").await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(storage.get(&key, 4).await.unwrap().unwrap(), "1234");
    assert!(storage.get(&key, 3).await.is_err(), "the limit holds");
}

/// A PUT whose body comes as it is given.
fn streamed(url: &str, length: usize, body: Body) -> Request<Body> {
    let request = Request::put(url.strip_prefix(HOST).unwrap())
        .header(header::CONTENT_TYPE, "image/png")
        .header(header::CONTENT_LENGTH, length);
    request.body(body).unwrap()
}

#[tokio::test]
async fn a_body_that_is_cut_off_or_stalls_leaves_nothing() {
    let storage = storage().unwrap();
    let key = key("uploads/a");
    let url = storage
        .put_url(&key, "image/png", Size::Exactly(4), 60)
        .await
        .unwrap();
    let first = || stream::iter([Ok::<_, std::io::Error>("12")]);
    let cut = first().chain(stream::iter([Err(std::io::Error::other("gone"))]));
    for body in [
        Body::from("123"),
        Body::from_stream(cut),
        Body::from_stream(first().chain(stream::pending())),
    ] {
        let answer = send(&storage, streamed(&url, 4, body)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    }
    // Who goes away takes the rest along.
    let gone = streamed(&url, 4, Body::from_stream(first().chain(stream::pending())));
    let _ = tokio::time::timeout(PATIENCE / 2, send(&storage, gone)).await;
    assert_eq!(storage.size(&key).await.unwrap(), None);
    let folder = storage.folder.clone().unwrap().join("uploads");
    for _ in 0..100 {
        if std::fs::read_dir(&folder).unwrap().count() == 0 {
            return;
        }
        tokio::time::sleep(PATIENCE / 10).await;
    }
    panic!("something is left in {}", folder.display());
}

#[tokio::test]
async fn of_two_uploads_at_once_one_is_kept_whole() {
    const SIZE: usize = 3 << 20;
    let storage = storage().unwrap();
    let key = key("uploads/a");
    let url = storage
        .put_url(&key, "image/png", Size::Exactly(SIZE as u64), 60)
        .await
        .unwrap();
    let put = |byte: u8| {
        let chunks = (0..SIZE / (64 << 10)).map(move |_| Ok::<_, std::io::Error>(vec![byte; 64 << 10]));
        send(
            &storage,
            streamed(&url, SIZE, Body::from_stream(stream::iter(chunks))),
        )
    };
    let (one, other) = tokio::join!(put(1), put(2));
    assert_eq!(
        (one.status(), other.status()),
        (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT)
    );
    let kept = storage.get(&key, SIZE as u64).await.unwrap().unwrap();
    assert_eq!(kept.len(), SIZE);
    assert!(kept.iter().all(|byte| *byte == kept[0]), "a mixture");
}

#[tokio::test]
async fn more_uploads_than_there_is_room_for_come_again() {
    let storage = storage().unwrap();
    let url = storage
        .put_url(&key("uploads/a"), "image/png", Size::Exactly(4), 60)
        .await
        .unwrap();
    let server = routes(storage.clone(), PATIENCE * 10);
    let send = |body| server.clone().oneshot(streamed(&url, 4, body));
    let slow = || Body::from_stream(stream::pending::<Result<&str, std::io::Error>>());
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..32 {
        waiting.spawn(send(slow()));
    }
    tokio::time::sleep(PATIENCE).await;
    let refused = send("1234".into()).await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    waiting.join_all().await;
    let later = send("1234".into()).await.unwrap();
    assert_eq!(later.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_upload_may_be_announced_by_its_limit() {
    let storage = storage().unwrap();
    let key = key("uploads/a");
    let url = storage
        .put_url(&key, "text/csv", Size::AtMost(4), 60)
        .await
        .unwrap();
    for (body, expected) in [
        (&b"12345"[..], StatusCode::PAYLOAD_TOO_LARGE),
        (b"123", StatusCode::NO_CONTENT),
        (b"1234", StatusCode::NO_CONTENT),
        (b"", StatusCode::NO_CONTENT),
    ] {
        assert_eq!(put(&storage, &url, "text/csv", body).await, expected);
    }
    let larger = url.replace("limit=4", "limit=5");
    assert_eq!(
        put(&storage, &larger, "text/csv", b"12345").await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(storage.size(&key).await.unwrap(), Some(0));
}

#[tokio::test]
async fn a_file_is_read_in_pieces_only_as_long_as_it_is_the_same() {
    let storage = storage().unwrap();
    let (from, to) = (key("uploads/a"), key("imports/a"));
    assert!(!storage.rename(&from, &to).await.unwrap());
    storage.put(&from, b"0123456789".to_vec()).await.unwrap();
    assert!(storage.rename(&from, &to).await.unwrap());
    assert_eq!(storage.entry(&from).await.unwrap(), None);
    let entry = storage.entry(&to).await.unwrap().unwrap();
    let piece = |range| storage.piece(&to, range, entry.tag.as_deref());
    assert_eq!(piece(3..7).await.unwrap(), Piece::Bytes("3456".into()));
    // Also if it is as long as before.
    storage.put(&to, b"9876543210".to_vec()).await.unwrap();
    assert_eq!(piece(3..7).await.unwrap(), Piece::Changed);
    storage.delete(vec![to.clone()]).await.unwrap();
    assert_eq!(piece(3..7).await.unwrap(), Piece::Gone);
}

#[tokio::test]
async fn what_a_killed_server_leaves_is_cleared_away() {
    let storage = storage().unwrap();
    let folder = storage.folder.clone().unwrap();
    storage.put(&key("uploads/a"), vec![1]).await.unwrap();
    let left = folder.join("uploads/b#1");
    std::fs::write(&left, "half of it").unwrap();
    let now = chrono::Utc::now();
    let early = now - chrono::TimeDelta::hours(1);
    assert_eq!(storage.delete_broken_off(early).await.unwrap(), 0);
    let late = now + chrono::TimeDelta::seconds(5);
    assert_eq!(storage.delete_broken_off(late).await.unwrap(), 1);
    assert!(!left.exists());
    assert_eq!(storage.size(&key("uploads/a")).await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_url_that_was_changed_or_has_ended_opens_nothing() {
    let storage = storage().unwrap();
    let (file, other) = (key("uploads/a"), key("uploads/b"));
    let url = storage
        .put_url(&file, "image/png", Size::Exactly(4), 60)
        .await
        .unwrap();
    for forged in [
        url.replace("uploads/a", "uploads/b"),
        url.replace("uploads/a", "public/a"),
        url.replace("size=4", "size=5"),
        url.replace("size=4", "limit=4"),
        url.replace("image%2Fpng", "text%2Fhtml"),
        url.replace("expires=", "expires=9"),
        url.replace("signature=", "signature=00"),
        url.split_once("&signature").unwrap().0.to_owned(),
        url.split_once('?').unwrap().0.to_owned(),
        storage
            .put_url(&file, "image/png", Size::Exactly(4), 0)
            .await
            .unwrap(),
        storage.get_url(&file, 60).await.unwrap(),
        elsewhere()
            .put_url(&file, "image/png", Size::Exactly(4), 60)
            .await
            .unwrap(),
    ] {
        let status = put(&storage, &forged, "image/png", b"1234").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{forged}");
    }
    assert_eq!(storage.size(&file).await.unwrap(), None);
    assert_eq!(storage.size(&other).await.unwrap(), None);

    storage.put(&file, b"secret".to_vec()).await.unwrap();
    let good = storage.get_url(&file, 60).await.unwrap();
    let response = get(&storage, &good).await;
    assert_eq!(response.headers()[header::CACHE_CONTROL], "private, no-store");
    assert!(
        response.headers()[header::CONTENT_DISPOSITION]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    assert_eq!(body(response).await, "secret");
    for bad in [
        storage.public_url(&file),
        good.replace("uploads/a", "uploads/b"),
        storage.get_url(&file, 0).await.unwrap(),
        url,
    ] {
        assert_eq!(get(&storage, &bad).await.status(), StatusCode::NOT_FOUND, "{bad}");
    }
}

/// The same folder's name, another instance's secret.
fn elsewhere() -> Storage {
    let settings = Settings {
        url: std::env::temp_dir().display().to_string(),
        public_url: HOST.to_owned(),
        service_key: ServiceKey::new("another"),
    };
    Storage::open(&settings).unwrap()
}
