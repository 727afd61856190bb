//! A router alone, before something that only listens.

use crate::support::process::{folder, ports, router_binary};
use agora::services::{SERVICES, port_offset};
use std::{
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Takes the place of all services: keeps every request it gets, and answers nothing of use.
pub struct Echo(Arc<Mutex<Vec<String>>>);

impl Echo {
    async fn listen(port: u16) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        for service in &SERVICES {
            let listener = TcpListener::bind(("127.0.0.1", port + port_offset(service.name)))
                .await
                .unwrap();
            let heard = heard.clone();
            tokio::spawn(async move {
                while let Ok((mut socket, _)) = listener.accept().await {
                    let heard = heard.clone();
                    tokio::spawn(async move {
                        let mut buffer = vec![0; 64 * 1024];
                        while let Ok(length @ 1..) = socket.read(&mut buffer).await {
                            heard
                                .lock()
                                .unwrap()
                                .push(String::from_utf8_lossy(&buffer[..length]).into_owned());
                            let body = r#"{"data":{"brands":[]}}"#;
                            let answer = format!(
                                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                                body.len()
                            );
                            if socket.write_all(answer.as_bytes()).await.is_err() {
                                return;
                            }
                        }
                    });
                }
            });
        }
        Self(heard)
    }

    pub fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// A router alone.
pub struct Router {
    child: Child,
    port: u16,
}

impl Drop for Router {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Router {
    pub async fn start(env: &[(&str, &str)]) -> (Self, Echo) {
        platform::http::use_ring();
        let port = ports();
        let echo = Echo::listen(port).await;
        let folder = folder(&format!("echo-{port}"));
        std::fs::create_dir_all(&folder).unwrap();
        let home = env!("CARGO_MANIFEST_DIR");
        let mut command = Command::new(router_binary());
        for service in &SERVICES {
            let url = format!("http://127.0.0.1:{}/graphql", port + port_offset(service.name));
            command.env(format!("{}_GRAPHQL_URL", service.name.to_uppercase()), url);
        }
        let child = command
            .env(
                "ROUTER_CONFIG_FILE_PATH",
                format!("{home}/router/router.config.yaml"),
            )
            .env(
                "SUPERGRAPH_FILE_PATH",
                format!("{home}/router/supergraph.graphql"),
            )
            .env("PORT", port.to_string())
            .env("AGORA_ROUTER_KEY", "the-real-key")
            .env("AGORA_GRAPHIQL", "false")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(folder.join("router.log")).unwrap())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let router = Self { child, port };
        for _ in 0..200 {
            if reqwest::get(format!("http://127.0.0.1:{port}/readyz"))
                .await
                .is_ok_and(|ready| ready.status().is_success())
            {
                return (router, echo);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the router is not ready: see {}", folder.display());
    }

    pub fn post(&self) -> reqwest::RequestBuilder {
        reqwest::Client::new().post(format!("http://127.0.0.1:{}/graphql", self.port))
    }
}
