//! Root queries and entity lookups.

use super::{
    announcement::SystemAnnouncement, delivery::Delivery, loaders::Reader, notification::Notification,
    stubs::Order, template::NotificationTemplate, topic::TopicSubscription, user::User,
};
use crate::{
    actions::announcements::audiences,
    domain::{
        template::render,
        types::{Channel, DeliveryStatus, NotificationCategory, name},
    },
    store::{announcements, deliveries, templates},
};
use async_graphql::{Context, ID, Object};
use platform::{
    Error,
    ids::{
        DeliveryId, NotificationId, NotificationTemplateId, OrderId, SystemAnnouncementId,
        TopicSubscriptionId, UserId,
    },
    loader::Batch,
    service::Deps,
    viewer::viewer,
};

/// Root of all reads.
pub struct Query;

fn loader<'a>(ctx: &Context<'a>) -> &'a Batch<Reader> {
    ctx.data_unchecked::<Batch<Reader>>()
}

fn pool<'a>(ctx: &Context<'a>) -> &'a sqlx::PgPool {
    ctx.data_unchecked::<Deps>().db.pool()
}

#[Object]
impl Query {
    /// One of the viewer's messages.
    async fn notification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the message.")] id: ID,
    ) -> Option<Result<Notification, Error>> {
        loader(ctx)
            .load_one(NotificationId::parse(&id)?)
            .await
            .transpose()
    }

    /// What the marketplace announces to the viewer now, newest first; at most 100.
    async fn announcements(&self, ctx: &Context<'_>) -> Result<Vec<SystemAnnouncement>, Error> {
        let rows = announcements::current(pool(ctx), &audiences(viewer(ctx))).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// All templates. Requires: STAFF.
    async fn notification_templates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only for this channel.")] channel: Option<Channel>,
        #[graphql(desc = "Only of this category.")] category: Option<NotificationCategory>,
    ) -> Option<Result<Vec<NotificationTemplate>, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        let rows = templates::list(pool(ctx), channel, category).await;
        Some(
            rows.map(|rows| rows.into_iter().map(Into::into).collect())
                .map_err(Into::into),
        )
    }

    /// The text of a template with these variables: subject, an empty line, body. Errors: BAD_USER_INPUT. Requires: STAFF.
    async fn template_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the template.")] id: ID,
        #[graphql(desc = "JSON object with values by name.")] variables: String,
    ) -> Option<Result<String, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        preview(ctx, NotificationTemplateId::parse(&id)?, &variables)
            .await
            .transpose()
    }

    /// The newest deliveries. Requires: STAFF.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only in these states.")] status: Option<Vec<DeliveryStatus>>,
        #[graphql(desc = "Only by this channel.")] channel: Option<Channel>,
        #[graphql(desc = "How many, 1 to 100; 20 by default.")] first: Option<i32>,
    ) -> Option<Result<Vec<Delivery>, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        let first = first.unwrap_or(20);
        if !(1..=100).contains(&first) {
            return Some(Err(Error::BadInput("first must be 1..100".to_owned())));
        }
        let statuses = status.map(|all| all.into_iter().map(name).collect::<Vec<_>>());
        let rows = deliveries::list(pool(ctx), statuses.as_deref(), channel.map(name), first.into()).await;
        Some(
            rows.map(|rows| rows.into_iter().map(Into::into).collect())
                .map_err(Into::into),
        )
    }

    #[graphql(entity)]
    async fn find_notification_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<Notification>, Error> {
        let Some(id) = NotificationId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_delivery_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Delivery>, Error> {
        let Some(id) = DeliveryId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_template_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<NotificationTemplate>, Error> {
        let Some(id) = NotificationTemplateId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_announcement_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<SystemAnnouncement>, Error> {
        let Some(id) = SystemAnnouncementId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_topic_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<TopicSubscription>, Error> {
        let Some(id) = TopicSubscriptionId::parse(&id) else {
            return Ok(None);
        };
        loader(ctx).load_one(id).await
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, id: ID) -> Option<User> {
        UserId::parse(&id).map(|id| User { id })
    }

    #[graphql(entity)]
    async fn find_order_by_id(&self, id: ID) -> Option<Order> {
        OrderId::parse(&id).map(|id| Order { id })
    }
}

async fn preview(ctx: &Context<'_>, id: NotificationTemplateId, json: &str) -> Result<Option<String>, Error> {
    let Some(template) = templates::by_ids(pool(ctx), &[id.0]).await?.pop() else {
        return Ok(None);
    };
    let variables: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json)
        .map_err(|_| Error::BadInput("variables must be a JSON object".to_owned()))?;
    let words = render(&template, &variables).map_err(|error| Error::BadInput(error.to_string()))?;
    Ok(Some(format!("{}\n\n{}", words.title, words.body)))
}
