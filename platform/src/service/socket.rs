//! Sockets and their subscriptions live no longer than the token that opened them, and say so when it ends.

use crate::{revocation::Revocations, token::unix_now, viewer::Viewer};
use async_graphql::{Data, ErrorExtensionValues, Executor, Request, Response, ServerError};
use axum::extract::ws::{CloseFrame, Message};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

const ENDED: &str = "the access token has ended";
/// How graphql-transport-ws servers close such a socket; clients may come back with another token.
const FORBIDDEN: u16 = 4403;
/// How often it is looked.
const LOOKING: Duration = Duration::from_secs(5);
/// Time for the last messages.
const GRACE: Duration = Duration::from_secs(2);

/// How long a socket lives.
#[derive(Clone)]
pub struct Life {
    opened: Arc<Mutex<Option<Viewer>>>,
    revocations: Revocations,
    over: CancellationToken,
}

impl Life {
    pub fn new(revocations: Revocations) -> Self {
        Self {
            opened: Arc::default(),
            revocations,
            over: CancellationToken::new(),
        }
    }

    /// From now on it depends on this viewer's token.
    pub fn depends_on(&self, viewer: &Viewer) {
        if let Ok(mut opened) = self.opened.lock() {
            *opened = Some(viewer.clone());
        }
    }

    /// An executor whose subscriptions end with this life.
    pub fn mortal<E>(&self, executor: E) -> Mortal<E> {
        Mortal {
            executor,
            over: self.over.clone(),
        }
    }

    /// Waits until the token has ended, by itself or before its time, and its subscriptions have been told.
    pub async fn end(&self) {
        while !self.is_over() {
            tokio::time::sleep(LOOKING).await;
        }
        self.over.cancel();
        tokio::time::sleep(GRACE).await;
    }

    fn is_over(&self) -> bool {
        let over = |viewer: &Viewer| {
            self.revocations.concern(viewer) || viewer.expires_at.is_some_and(|at| at <= unix_now())
        };
        let opened = self.opened.lock();
        opened.is_ok_and(|viewer| viewer.as_ref().is_some_and(over))
    }
}

/// The last message of a socket whose token has ended.
pub fn farewell() -> Message {
    Message::Close(Some(CloseFrame {
        code: FORBIDDEN,
        reason: ENDED.into(),
    }))
}

/// See [`Life::mortal`].
#[derive(Clone)]
pub struct Mortal<E> {
    executor: E,
    over: CancellationToken,
}

impl<E: Executor> Executor for Mortal<E> {
    fn execute(&self, request: Request) -> impl Future<Output = Response> + Send {
        self.executor.execute(request)
    }

    /// The last event of a subscription that outlived its token is an error.
    fn execute_stream(&self, request: Request, data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let over = self.over.clone();
        let last = stream::once(async move { over.is_cancelled().then(refusal) });
        let events = self.executor.execute_stream(request, data);
        events
            .take_until(self.over.clone().cancelled_owned())
            .chain(last.filter_map(std::future::ready))
            .boxed()
    }
}

fn refusal() -> Response {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", "UNAUTHENTICATED");
    let mut error = ServerError::new(ENDED, None);
    error.extensions = Some(extensions);
    Response::from_errors(vec![error])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::SessionId,
        viewer::{Role, Viewer},
    };
    use async_graphql::{EmptyMutation, Object, Schema, Subscription};

    struct Query;
    #[Object]
    impl Query {
        async fn one(&self) -> i32 {
            1
        }
    }
    struct Forever;
    #[Subscription]
    impl Forever {
        async fn numbers(&self) -> impl stream::Stream<Item = i32> {
            stream::iter([1]).chain(stream::pending())
        }
    }

    #[tokio::test]
    async fn a_subscription_says_why_it_ends() {
        let life = Life::new(Revocations::default());
        let schema = Schema::new(Query, EmptyMutation, Forever);
        let viewer = Viewer {
            session: Some(SessionId::new()),
            roles: vec![Role::Customer],
            expires_at: Some(unix_now().saturating_sub(1)),
            ..Viewer::default()
        };
        let mut events = life
            .mortal(schema)
            .execute_stream(Request::new("subscription { numbers }"), None);
        assert!(events.next().await.unwrap().is_ok());
        life.depends_on(&viewer);
        tokio::join!(life.end(), async {
            let last = events.next().await.unwrap();
            let code = last.errors[0]
                .extensions
                .as_ref()
                .unwrap()
                .get("code")
                .unwrap()
                .clone();
            assert_eq!(
                (last.errors[0].message.as_str(), code),
                (ENDED, "UNAUTHENTICATED".into())
            );
            assert!(events.next().await.is_none());
        });
    }

    #[tokio::test]
    async fn it_goes_on_while_the_token_is_good() {
        let life = Life::new(Revocations::default());
        life.depends_on(&Viewer {
            expires_at: Some(unix_now() + 600),
            ..Viewer::default()
        });
        let end = tokio::time::timeout(Duration::from_millis(100), life.end());
        assert!(end.await.is_err());
    }
}
