//! What this service knows about a `User`.

use super::{
    loaders::{MessagesOf, PreferencesOf, Reader, TopicsOf, UnreadOf},
    notification::Notification,
    topic::TopicSubscription,
};
use crate::{
    domain::{
        preference::{CATEGORIES, CHANNELS, locked},
        types::{Channel, NotificationCategory},
    },
    store::{notifications::Slice, preferences::Row},
};
use async_graphql::{ComplexObject, Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Error,
    ids::UserId,
    loader::Batch,
    page::{Page, PageArgs},
    viewer::viewer,
};
use uuid::Uuid;

/// A login of the users service. Its messages are seen by itself and by staff.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct User {
    /// Opaque ID.
    pub id: UserId,
}

/// Whether somebody wants one kind of message on one channel.
#[derive(Clone, SimpleObject)]
pub struct NotificationPreference {
    /// The kind of message.
    pub category: NotificationCategory,
    /// The channel.
    pub channel: Channel,
    /// Whether it is sent.
    pub enabled: bool,
    /// Whether it cannot be changed.
    pub locked: bool,
}

/// All kinds and channels, with what the person has chosen.
pub fn preferences(choices: &[Row]) -> Vec<NotificationPreference> {
    let choice = |category, channel| {
        let chosen = choices
            .iter()
            .find(|c| c.category == category && c.channel == channel);
        chosen.is_none_or(|c| c.enabled)
    };
    CATEGORIES
        .into_iter()
        .flat_map(|category| CHANNELS.map(|channel| (category, channel)))
        .map(|(category, channel)| NotificationPreference {
            category,
            channel,
            enabled: locked(category) || choice(category, channel),
            locked: locked(category),
        })
        .collect()
}

impl User {
    fn visible(&self, ctx: &Context<'_>) -> bool {
        let viewer = viewer(ctx);
        viewer.is_staff() || viewer.user == Some(self.id)
    }

    async fn page(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        unread_only: Option<bool>,
    ) -> Result<Page<Notification>, Error> {
        let args = PageArgs::<(DateTime<Utc>, Uuid)>::new(first, after.as_deref())?;
        let slice = Slice {
            after: args.after,
            unread_only: unread_only.unwrap_or(false),
            limit: args.limit(),
        };
        let loader = ctx.data_unchecked::<Batch<Reader>>();
        let rows = loader
            .load_one(MessagesOf(self.id, slice))
            .await?
            .unwrap_or_default();
        Ok(args.page(rows, Notification::key))
    }
}

#[ComplexObject]
impl User {
    /// Messages in the app, newest first; also those to the user's shopping persona. Absent for other people.
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last message of the page before.")] after: Option<String>,
        #[graphql(desc = "Leave out what was read.")] unread_only: Option<bool>,
    ) -> Option<Result<Page<Notification>, Error>> {
        if !self.visible(ctx) {
            return None;
        }
        Some(self.page(ctx, first, after, unread_only).await)
    }

    /// How many messages were not read. Absent for other people.
    async fn unread_notification_count(&self, ctx: &Context<'_>) -> Option<Result<i32, Error>> {
        if !self.visible(ctx) {
            return None;
        }
        let count = ctx
            .data_unchecked::<Batch<Reader>>()
            .load_one(UnreadOf(self.id))
            .await;
        Some(count.map(|n| i32::try_from(n.unwrap_or(0)).unwrap_or(i32::MAX)))
    }

    /// News the user has asked for, newest first. Absent for other people.
    async fn topic_subscriptions(&self, ctx: &Context<'_>) -> Option<Result<Vec<TopicSubscription>, Error>> {
        if !self.visible(ctx) {
            return None;
        }
        let rows = ctx
            .data_unchecked::<Batch<Reader>>()
            .load_one(TopicsOf(self.id))
            .await;
        Some(rows.map(Option::unwrap_or_default))
    }

    /// What the user wants to be told, per kind and channel. Absent for other people.
    async fn notification_preferences(
        &self,
        ctx: &Context<'_>,
    ) -> Option<Result<Vec<NotificationPreference>, Error>> {
        if !self.visible(ctx) {
            return None;
        }
        let choices = ctx
            .data_unchecked::<Batch<Reader>>()
            .load_one(PreferencesOf(self.id))
            .await;
        Some(choices.map(|rows| preferences(&rows.unwrap_or_default())))
    }
}
