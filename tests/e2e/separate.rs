//! The same journey with every service in a process of its own, over Redis, and one of them dead.

use crate::{
    access, journey,
    support::{
        QUIET, Shop,
        process::{AGORA, folder, ports, router_binary},
    },
};
use agora::{
    home::Home,
    postgres::Cluster,
    router::{Kind, Router},
    services::SERVICES,
    state::DataDir,
};
use serde_json::json;
use std::{
    collections::HashMap,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

struct Processes {
    children: HashMap<&'static str, Child>,
    cluster: Cluster,
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in self.children.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = self.cluster.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_over_redis_and_one_of_them_dead() {
    let _quiet = QUIET.read().await;
    let (path, port) = (folder("separate"), ports());
    let data = DataDir::open(&path).unwrap();
    let secrets = data.secrets().unwrap();
    let cluster = Cluster::prepare(data.path(), &secrets.database, None).unwrap();
    cluster.start().unwrap();
    let redis = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = cluster.url();
    let mut processes = Processes {
        children: HashMap::new(),
        cluster,
    };
    let redis_server = Command::new("redis-server")
        .args(["--port", &redis.to_string(), "--save", "", "--bind", "127.0.0.1"])
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server is installed (scripts/setup)");
    processes.children.insert("redis", redis_server);
    let env = [
        ("DATABASE_URL", url),
        ("AGORA_ROLE_SECRET", secrets.database.clone()),
        ("REDIS_URL", format!("redis://127.0.0.1:{redis}")),
        ("AGORA_SERVICE_KEY", secrets.service_key.clone()),
        ("AGORA_SIGNING_KEY", secrets.signing_key_pem.clone()),
        (
            "AGORA_JWKS",
            format!("http://127.0.0.1:{}/.well-known/jwks.json", port + 1),
        ),
        ("AGORA_PORT", port.to_string()),
        ("AGORA_DATA", path.display().to_string()),
        ("AGORA_MAIL_DIR", path.join("mail").display().to_string()),
        ("STRIPE_API_BASE", format!("http://127.0.0.1:{}", port + 10)),
        ("STRIPE_SECRET_KEY", secrets.stripe_secret_key.clone()),
        ("STRIPE_PUBLISHABLE_KEY", secrets.stripe_publishable_key.clone()),
        ("STRIPE_WEBHOOK_SECRETS", secrets.stripe_webhook_secret.clone()),
        ("SANDBOX_PORT", (port + 10).to_string()),
        (
            "SANDBOX_WEBHOOK_URL",
            format!("http://127.0.0.1:{}/webhooks/stripe", port + 4),
        ),
        ("RUST_LOG", "warn".to_owned()),
    ];
    let agora = |args: &[&str]| {
        let log = data.log(&format!("{}.log", args.last().unwrap())).unwrap();
        Command::new(AGORA)
            .args(args)
            .envs(env.clone())
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    };
    assert!(agora(&["migrate"]).wait().unwrap().success());
    processes.children.insert("sandbox", agora(&["sandbox"]));
    for entry in &SERVICES {
        processes
            .children
            .insert(entry.name, agora(&["serve", entry.name]));
    }
    let home = Home::find(None).unwrap();
    let binary = router_binary();
    let router = Router::prepare(Kind::Agora, &home, &data, "127.0.0.1", port, Some(&binary)).unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (router, stop) = (router.clone(), stop.clone());
        async move { router.run(stop).await }
    });
    for url in (1..=8)
        .map(|n| format!("http://127.0.0.1:{}/readyz", port + n))
        .chain([router.ready_url()])
    {
        answers(&url).await;
    }
    assert!(agora(&["seed", "--basic"]).wait().unwrap().success());
    let shop = Shop { port, data: path };
    journey::run(&shop).await;
    access::ends::a_logout_survives(&shop, async || empty(redis).await).await;
    a_dead_service_costs_its_own_fields_only(&shop, &mut processes).await;
    stop.cancel();
    running.await.unwrap().unwrap();
}

/// Redis loses everything.
async fn empty(redis: u16) {
    let mut socket = tokio::net::TcpStream::connect(("127.0.0.1", redis))
        .await
        .unwrap();
    socket.write_all(b"FLUSHALL\r\n").await.unwrap();
    let mut answer = [0; 5];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"+OK\r\n");
}

async fn answers(url: &str) {
    for _ in 0..300 {
        if reqwest::get(url)
            .await
            .is_ok_and(|response| response.status().is_success())
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{url} does not answer");
}

async fn a_dead_service_costs_its_own_fields_only(shop: &Shop, processes: &mut Processes) {
    let mut inventory = processes.children.remove("inventory").unwrap();
    inventory.kill().unwrap();
    inventory.wait().unwrap();
    let query = "{ products(first: 5) { nodes { name vendor { displayName } availability } } }";
    let (status, body) = shop.anonymous().send(query, json!({})).await.unwrap();
    let nodes = body["data"]["products"]["nodes"].as_array().unwrap();
    assert_eq!((status, nodes.len()), (200, 5));
    assert!(
        nodes
            .iter()
            .all(|node| node["vendor"]["displayName"].is_string() && node["availability"].is_null())
    );
    assert!(!body["errors"].as_array().unwrap().is_empty(), "{body}");
}
