//! `TopicSubscription`, and how to begin and to end one.

use super::stubs::ProductVariant;
use crate::{
    actions::topics::{self, Wish},
    domain::{
        topic::{Row, Topic},
        types::{Channel, name},
    },
};
use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Outcome, UserError,
    error::{Split, parse_id},
    ids::{TopicSubscriptionId, VariantId},
    service::Deps,
    viewer::viewer,
};

/// A user's wish to hear of something on one channel.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct TopicSubscription {
    /// Opaque ID.
    pub id: TopicSubscriptionId,
    /// BACK_IN_STOCK: a variant can be ordered again. PRICE_DROP: a variant costs less.
    pub topic: String,
    /// How the user is told.
    pub channel: Channel,
    /// When the user asked for it.
    pub created_at: DateTime<Utc>,
    #[graphql(skip)]
    variant_id: VariantId,
}

impl From<Row> for TopicSubscription {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            topic: name(row.topic),
            channel: row.channel,
            created_at: row.created_at,
            variant_id: row.variant,
        }
    }
}

#[ComplexObject]
impl TopicSubscription {
    /// What the news is about.
    async fn variant(&self) -> Option<ProductVariant> {
        Some(ProductVariant { id: self.variant_id })
    }
}

/// A subscription to a topic, or why it was refused.
#[derive(SimpleObject)]
pub struct TopicPayload {
    /// The subscription; after its end, as it was.
    subscription: Option<TopicSubscription>,
    /// Why nothing happened.
    user_errors: Vec<UserError>,
}

fn payload(outcome: Outcome<Row>) -> Result<TopicPayload> {
    let (row, user_errors) = outcome.split()?;
    Ok(TopicPayload {
        subscription: row.map(Into::into),
        user_errors,
    })
}

#[derive(Default)]
pub struct TopicMutation;

#[Object]
impl TopicMutation {
    /// Asks for news of a variant on one channel; the same again changes nothing. What the preferences switch off
    /// is not sent. Errors: UNAUTHENTICATED, NOT_FOUND, LIMIT_EXCEEDED (500 subscriptions).
    async fn topic_subscribe(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "BACK_IN_STOCK or PRICE_DROP.")] topic: String,
        #[graphql(desc = "How to be told.")] channel: Channel,
        #[graphql(desc = "ID of a variant on sale; both topics need one.")] variant_id: Option<ID>,
    ) -> Result<TopicPayload> {
        let subscribe = async {
            let known = || UserError::invalid(&["topic"], "BACK_IN_STOCK or PRICE_DROP");
            let topic = Topic::parse(&topic).ok_or_else(known)?;
            let missing = || UserError::invalid(&["variantId"], "the ID of a variant");
            let variant = parse_id(&variant_id.ok_or_else(missing)?)?;
            let wish = Wish {
                topic,
                channel,
                variant,
            };
            topics::subscribe(ctx.data_unchecked::<Deps>(), viewer(ctx), wish).await
        };
        payload(subscribe.await)
    }

    /// Ends one's own subscription. Errors: UNAUTHENTICATED, NOT_FOUND.
    async fn topic_unsubscribe(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the subscription.")] id: ID,
    ) -> Result<TopicPayload> {
        let end =
            async { topics::unsubscribe(ctx.data_unchecked::<Deps>(), viewer(ctx), parse_id(&id)?).await };
        payload(end.await)
    }
}
