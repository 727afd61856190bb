//! Raw sockets: frames nobody's client sends, heads that never end, and crowds.

use super::process;
use crate::support::{QUIET, Shop, shared};
use futures::{SinkExt, StreamExt};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

const WAIT: Duration = Duration::from_secs(20);

/// Conversations with something deeply nested in each place that takes JSON.
pub fn deep_frames(deep: &str) -> Vec<(&'static str, Vec<String>)> {
    let init = r#"{"type":"connection_init"}"#.to_owned();
    let subscribe = |rest: &str| {
        format!(r#"{{"id":"1","type":"subscribe","payload":{{"query":"{{ brands {{ id }} }}",{rest}}}}}"#)
    };
    vec![
        (
            "connection_init",
            vec![
                format!(r#"{{"type":"connection_init","payload":{{"authorization":{deep}}}}}"#),
                subscribe("\"a\":1"),
            ],
        ),
        (
            "variables",
            vec![init.clone(), subscribe(&format!(r#""variables":{{"a":{deep}}}"#))],
        ),
        (
            "extensions",
            vec![
                init.clone(),
                subscribe(&format!(r#""extensions":{{"headers":{deep}}}"#)),
            ],
        ),
        (
            "ping",
            vec![
                init.clone(),
                format!(r#"{{"type":"ping","payload":{{"a":{deep}}}}}"#),
            ],
        ),
        (
            "unknown",
            vec![init, format!(r#"{{"type":"what","a":{deep}}}"#), deep.to_owned()],
        ),
    ]
}

/// Sends frames and hears what comes, until the socket closes or is silent.
pub async fn exchange(shop: &Shop, frames: &[String]) -> Vec<String> {
    let mut request = shop.websocket().into_client_request().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    for frame in frames {
        if socket.send(Message::text(frame.clone())).await.is_err() {
            break;
        }
    }
    let mut heard = Vec::new();
    while let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_millis(700), socket.next()).await {
        heard.push(message.to_string());
    }
    heard
}

#[tokio::test]
async fn bad_frames_close_their_socket_only() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let init = r#"{"type":"connection_init"}"#;
    let subscribe = r#"{"id":"1","type":"subscribe","payload":{"query":"{ __typename }"}}"#;
    for frames in [
        vec![subscribe],
        vec![init, init],
        vec![init, "{"],
        vec![init, "[]"],
        vec![init, r#"{"type":"subscribe"}"#],
        vec![
            init,
            r#"{"id":"1","type":"subscribe","payload":{"query":"{ \ud800 }"}}"#,
        ],
        vec![init, r#"{"id":1,"type":"complete"}"#],
    ] {
        let frames: Vec<String> = frames.into_iter().map(str::to_owned).collect();
        let heard = exchange(&shop, &frames).await;
        assert!(
            !heard.iter().any(|frame| frame.contains("\"data\"")),
            "{frames:?}: {heard:?}"
        );
    }
    shop.anonymous()
        .run("{ brands { id } }", json!({}))
        .await
        .unwrap();
}

/// A connection that has sent `bytes` and stays.
async fn connection(shop: &Shop, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", shop.port)).await.unwrap();
    // What is too large is answered before it is read to its end.
    let _ = stream.write_all(bytes.as_bytes()).await;
    stream
}

/// The first line of what comes before the other side closes.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let _ = tokio::time::timeout(WAIT, stream.read_to_end(&mut text))
        .await
        .expect("the router closes it");
    String::from_utf8_lossy(&text)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn slow_clients_are_sent_away_and_do_not_slow_others() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let (files, router) = (process::open_files(&shop), process::id(&shop));
    let head = "POST /graphql HTTP/1.1\r\nhost: agora\r\n";
    let body = format!("{head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{{");
    let mut slow = Vec::new();
    for number in 0..200 {
        slow.push(connection(&shop, if number % 2 == 0 { head } else { &body }).await);
    }
    // They drip on while others shop.
    let client = shop.anonymous();
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let began = Instant::now();
        client.run("{ brands { id } }", json!({})).await.unwrap();
        slowest = slowest.max(began.elapsed());
        for stream in &mut slow {
            let _ = stream.write_all(b"x").await;
        }
    }
    assert!(slowest < Duration::from_secs(2), "a request took {slowest:?}");
    let ends = futures::future::join_all(slow.iter_mut().map(answer)).await;
    assert!(
        ends.iter().all(|line| line.is_empty() || line.contains(" 408 ")),
        "{ends:?}"
    );
    assert!(ends.iter().any(|line| line.contains(" 408 ")), "{ends:?}");
    drop(slow);
    assert_eq!(process::id(&shop), router);
    if let (Some(before), Some(after)) = (files, process::open_files(&shop)) {
        assert!(after < before + 100, "{before} open files became {after}");
    }
}

#[tokio::test]
async fn large_heads_are_refused() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let heads = [
        format!(
            "GET /graphql HTTP/1.1\r\nhost: agora\r\nx-a: {}\r\n\r\n",
            "x".repeat(100_000)
        ),
        format!(
            "GET /graphql?{} HTTP/1.1\r\nhost: agora\r\n\r\n",
            "x".repeat(100_000)
        ),
        format!(
            "GET /graphql HTTP/1.1\r\nhost: agora\r\n{}\r\n",
            "x-a: b\r\n".repeat(200)
        ),
    ];
    for head in &heads {
        let line = answer(&mut connection(&shop, head).await).await;
        assert!(
            [" 400 ", " 403 ", " 414 ", " 431 "]
                .iter()
                .any(|status| line.contains(status)),
            "{line}"
        );
    }
    shop.anonymous()
        .run("{ brands { id } }", json!({}))
        .await
        .unwrap();
}

/// A stream reset as soon as it is opened costs an HTTP/2 server more than its client; this port does not speak it.
#[tokio::test]
async fn there_is_no_http2_to_reset() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let settings = "\0\0\0\u{4}\0\0\0\0\0";
    let preface = format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{settings}");
    let line = answer(&mut connection(&shop, &preface).await).await;
    assert!(line.is_empty() || line.starts_with("HTTP/1.1 4"), "{line:?}");
}

#[tokio::test]
async fn a_crowd_of_idle_connections_does_not_keep_others_out() {
    let _quiet = QUIET.read().await;
    let shop = shared();
    let mut crowd = Vec::new();
    for _ in 0..500 {
        crowd.push(connection(&shop, "").await);
    }
    let began = Instant::now();
    shop.anonymous()
        .run("{ brands { id } }", json!({}))
        .await
        .unwrap();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
