//! What people can subscribe to, beside what concerns them anyway.

use super::types::Channel;
use chrono::{DateTime, Utc};
use contracts::events::NewsKind;
use platform::ids::{TopicSubscriptionId, UserId, VariantId};
use serde::{Deserialize, Serialize};

/// Subscriptions a user may have.
pub const MAX_SUBSCRIPTIONS: i64 = 500;

/// Stored and sent as its name in capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Topic {
    BackInStock,
    PriceDrop,
}

impl Topic {
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(text.into()).ok()
    }
}

impl From<NewsKind> for Topic {
    fn from(kind: NewsKind) -> Self {
        match kind {
            NewsKind::BackInStock => Self::BackInStock,
            NewsKind::PriceDrop => Self::PriceDrop,
        }
    }
}

/// A user's wish to hear of one variant on one channel.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: TopicSubscriptionId,
    pub user: UserId,
    pub topic: Topic,
    pub channel: Channel,
    pub variant: VariantId,
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_have_the_names_of_their_news() {
        assert_eq!(Topic::parse("BACK_IN_STOCK"), Some(NewsKind::BackInStock.into()));
        assert_eq!(Topic::parse("PRICE_DROP"), Some(NewsKind::PriceDrop.into()));
        for bad in ["", "price_drop", "NEWSLETTER", "PRICE_DROP "] {
            assert_eq!(Topic::parse(bad), None, "{bad}");
        }
    }
}
