//! Live messages: read from Postgres by position, woken by hints.

use super::{announcement::SystemAnnouncement, notification::Notification};
use crate::{
    actions::{announcements::audiences, mailboxes},
    store::{announcements, mailboxes::of_viewer, notifications},
};
use async_graphql::{Context, Subscription, futures_util::Stream};
use async_stream::stream;
use platform::{Error, Viewer, service::Deps, viewer::viewer};
use std::collections::HashSet;
use uuid::Uuid;

/// Root of all subscriptions.
pub struct Subscription;

/// Announcements start and end by the clock, too.
type Seen = HashSet<platform::ids::SystemAnnouncementId>;

#[Subscription]
impl Subscription {
    /// Messages to the viewer as they arrive, guests included. With `afterSeq`, first what was missed since.
    async fn notification_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`seq` of the last message the client has; without it, only new messages.")]
        after_seq: Option<i32>,
    ) -> Result<impl Stream<Item = Notification>, Error> {
        let (deps, viewer) = (ctx.data_unchecked::<Deps>().clone(), viewer(ctx).clone());
        let (mailbox, last) = mailboxes::open(&deps, &viewer).await?;
        Ok(messages(deps, viewer, mailbox, after_seq.map_or(last, i64::from)))
    }

    /// Announcements to the viewer as they are published or become due.
    async fn announcement_published(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = SystemAnnouncement>, Error> {
        let (deps, viewer) = (ctx.data_unchecked::<Deps>().clone(), viewer(ctx).clone());
        let audiences = audiences(&viewer);
        let mut follower = deps.live.follow("announcement", None);
        let current = announcements::current(deps.db.pool(), &audiences).await?;
        let mut seen: Seen = current.into_iter().map(|row| row.id).collect();
        Ok(stream! {
            loop {
                follower.changed().await;
                match announcements::current(deps.db.pool(), &audiences).await {
                    Ok(rows) => for row in rows.into_iter().rev() {
                        if seen.insert(row.id) {
                            yield row.into();
                        }
                    },
                    Err(error) => tracing::warn!(%error, "cannot read announcements"),
                }
            }
        })
    }
}

fn messages(deps: Deps, viewer: Viewer, mut mailbox: Uuid, mut seq: i64) -> impl Stream<Item = Notification> {
    stream! {
        let mut follower = deps.live.follow("mailbox", Some(mailbox.to_string()));
        loop {
            loop {
                match notifications::after(deps.db.pool(), mailbox, seq).await {
                    Ok(rows) if rows.is_empty() => break,
                    Ok(rows) => for row in rows {
                        seq = row.seq;
                        yield row.into();
                    },
                    Err(error) => {
                        tracing::warn!(%error, "cannot read messages");
                        break;
                    }
                }
            }
            follower.changed().await;
            // Two mailboxes may have become one.
            if let Ok(Some((current, last))) = of_viewer(deps.db.pool(), viewer.user, viewer.customer).await
                && current != mailbox
            {
                follower = deps.live.follow("mailbox", Some(current.to_string()));
                (mailbox, seq) = (current, last);
            }
        }
    }
}
