//! One statement per relation and request, with the viewer's rights in it.

use super::{
    announcement::SystemAnnouncement, delivery::Delivery, notification::Notification,
    template::NotificationTemplate, topic::TopicSubscription,
};
use crate::{
    actions::announcements::audiences,
    domain::topic,
    store::{announcements, deliveries, notifications, notifications::Slice, preferences, templates, topics},
};
use async_graphql::dataloader::Loader;
use platform::{
    Db, Error, Viewer,
    ids::{
        DeliveryId, NotificationId, NotificationTemplateId, OrderId, SystemAnnouncementId,
        TopicSubscriptionId, UserId, uuids,
    },
};
use std::collections::HashMap;

/// Reads for one viewer.
#[derive(Clone)]
pub struct Reader {
    pub db: Db,
    pub viewer: Viewer,
}

fn grouped<K: std::hash::Hash + Eq, V>(rows: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut map: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in rows {
        map.entry(key).or_default().push(value);
    }
    map
}

impl Loader<NotificationId> for Reader {
    type Value = Notification;
    type Error = Error;
    async fn load(&self, keys: &[NotificationId]) -> Result<HashMap<NotificationId, Notification>, Error> {
        let rows = notifications::by_ids(self.db.pool(), &self.viewer, keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
    }
}

impl Loader<DeliveryId> for Reader {
    type Value = Delivery;
    type Error = Error;
    async fn load(&self, keys: &[DeliveryId]) -> Result<HashMap<DeliveryId, Delivery>, Error> {
        let rows = deliveries::by_ids(self.db.pool(), &self.viewer, keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
    }
}

/// Deliveries of a message.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DeliveriesOf(pub NotificationId);

impl Loader<DeliveriesOf> for Reader {
    type Value = Vec<Delivery>;
    type Error = Error;
    async fn load(&self, keys: &[DeliveriesOf]) -> Result<HashMap<DeliveriesOf, Vec<Delivery>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = deliveries::of_notifications(self.db.pool(), &ids).await?;
        Ok(grouped(rows.into_iter().filter_map(|row| {
            Some((DeliveriesOf(row.notification?), row.into()))
        })))
    }
}

impl Loader<NotificationTemplateId> for Reader {
    type Value = NotificationTemplate;
    type Error = Error;
    async fn load(
        &self,
        keys: &[NotificationTemplateId],
    ) -> Result<HashMap<NotificationTemplateId, NotificationTemplate>, Error> {
        if !self.viewer.is_staff() {
            return Ok(HashMap::new());
        }
        let rows = templates::by_ids(self.db.pool(), &uuids(keys)).await?;
        Ok(rows
            .into_iter()
            .map(|row| (NotificationTemplateId(row.id), row.into()))
            .collect())
    }
}

impl Loader<SystemAnnouncementId> for Reader {
    type Value = SystemAnnouncement;
    type Error = Error;
    async fn load(
        &self,
        keys: &[SystemAnnouncementId],
    ) -> Result<HashMap<SystemAnnouncementId, SystemAnnouncement>, Error> {
        let (audiences, staff) = (audiences(&self.viewer), self.viewer.is_staff());
        let rows = announcements::by_ids(self.db.pool(), &audiences, staff, keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
    }
}

/// A page of a user's messages.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MessagesOf(pub UserId, pub Slice);

impl Loader<MessagesOf> for Reader {
    type Value = Vec<Notification>;
    type Error = Error;
    async fn load(&self, keys: &[MessagesOf]) -> Result<HashMap<MessagesOf, Vec<Notification>>, Error> {
        let mut found = HashMap::new();
        for (slice, users) in grouped(keys.iter().map(|key| (key.1.clone(), key.0))) {
            let rows = notifications::of_users(self.db.pool(), &self.viewer, &users, &slice).await?;
            let rows = rows
                .into_iter()
                .map(|(user, row)| (MessagesOf(user, slice.clone()), row.into()));
            found.extend(grouped(rows));
        }
        Ok(found)
    }
}

/// Number of messages a user has not read.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UnreadOf(pub UserId);

impl Loader<UnreadOf> for Reader {
    type Value = i64;
    type Error = Error;
    async fn load(&self, keys: &[UnreadOf]) -> Result<HashMap<UnreadOf, i64>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = notifications::unread(self.db.pool(), &self.viewer, &ids).await?;
        Ok(rows
            .into_iter()
            .map(|(user, count)| (UnreadOf(user), count))
            .collect())
    }
}

/// What a user has switched off or on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PreferencesOf(pub UserId);

impl Loader<PreferencesOf> for Reader {
    type Value = Vec<preferences::Row>;
    type Error = Error;
    async fn load(
        &self,
        keys: &[PreferencesOf],
    ) -> Result<HashMap<PreferencesOf, Vec<preferences::Row>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = preferences::of_users(self.db.pool(), &ids).await?;
        Ok(grouped(
            rows.into_iter().map(|row| (PreferencesOf(row.user), row)),
        ))
    }
}

impl Loader<TopicSubscriptionId> for Reader {
    type Value = TopicSubscription;
    type Error = Error;
    async fn load(
        &self,
        keys: &[TopicSubscriptionId],
    ) -> Result<HashMap<TopicSubscriptionId, TopicSubscription>, Error> {
        let rows = topics::find(self.db.pool(), keys, &[]).await?;
        let own = |row: &topic::Row| self.viewer.is_staff() || self.viewer.user == Some(row.user);
        Ok(rows
            .into_iter()
            .filter(own)
            .map(|row| (row.id, row.into()))
            .collect())
    }
}

/// What a user has subscribed to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TopicsOf(pub UserId);

impl Loader<TopicsOf> for Reader {
    type Value = Vec<TopicSubscription>;
    type Error = Error;
    async fn load(&self, keys: &[TopicsOf]) -> Result<HashMap<TopicsOf, Vec<TopicSubscription>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = topics::find(self.db.pool(), &[], &ids).await?;
        Ok(grouped(
            rows.into_iter().map(|row| (TopicsOf(row.user), row.into())),
        ))
    }
}

/// Everything told about an order; for staff.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MessagesAbout(pub OrderId);

impl Loader<MessagesAbout> for Reader {
    type Value = Vec<Notification>;
    type Error = Error;
    async fn load(&self, keys: &[MessagesAbout]) -> Result<HashMap<MessagesAbout, Vec<Notification>>, Error> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = notifications::of_orders(self.db.pool(), &ids).await?;
        Ok(grouped(
            rows.into_iter()
                .filter_map(|row| Some((MessagesAbout(row.order?), row.into()))),
        ))
    }
}
