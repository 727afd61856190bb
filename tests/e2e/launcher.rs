//! The launcher: two instances side by side, taken ports, the same data after a restart.

use crate::support::{
    QUIET,
    process::{Up, agora, folder, ports},
    shared,
};
use serde_json::json;
use std::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_continues_with_the_same_data_also_after_a_kill() {
    let _quiet = QUIET.read().await;
    // The shared shop runs meanwhile: two instances do not disturb each other.
    let other = shared();
    let (data, port) = (folder("restart"), ports());
    assert_ne!(other.port, port);
    let query = "{ products(first: 1) { totalCount nodes { id } } }";
    let first = Up::start_in(&data, port, &[]).unwrap();
    let before = first.shop().anonymous().run(query, json!({})).await.unwrap();
    first.kill();
    let second = Up::start_in(&data, port, &[]).unwrap();
    let after = second.shop().anonymous().run(query, json!({})).await.unwrap();
    assert_eq!(before, after, "the seed changes nothing the second time");
    second.stop();
}

#[test]
fn a_taken_port_is_named_and_nothing_is_started() {
    let (data, port) = (folder("taken"), ports());
    let _taken = TcpListener::bind(("127.0.0.1", port + 3)).unwrap();
    let (ok, output) = agora(&[
        "up",
        "--data",
        data.to_str().unwrap(),
        "--port",
        &port.to_string(),
    ]);
    assert!(!ok);
    assert!(
        output.contains(&format!("port {}, which orders needs, is taken", port + 3)),
        "{output}"
    );
    assert!(output.contains("--port"), "{output}");
    assert!(!data.join("postgres").exists());
}

#[test]
fn help_names_every_role() {
    let (ok, help) = agora(&["--help"]);
    assert!(ok);
    for role in [
        "up", "serve", "migrate", "seed", "import", "doctor", "media", "sandbox",
    ] {
        assert!(help.contains(role), "{role}");
    }
    let (ok, output) = agora(&["serve", "nonsense"]);
    assert!(
        !ok && output.contains("there is no service \"nonsense\""),
        "{output}"
    );
}
