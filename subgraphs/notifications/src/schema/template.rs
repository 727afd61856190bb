//! `NotificationTemplate`.

use crate::domain::{
    template::Template,
    types::{Channel, NotificationCategory},
};
use async_graphql::SimpleObject;
use platform::{Language, ids::NotificationTemplateId};

/// The words of a message for one channel and language, as a Jinja text.
#[derive(Clone, SimpleObject)]
pub struct NotificationTemplate {
    /// Opaque ID.
    pub id: NotificationTemplateId,
    /// Which message it is, for example `order.confirmed`.
    pub code: String,
    /// What kind of message it is.
    pub category: NotificationCategory,
    /// Where the words appear.
    pub channel: Channel,
    /// Their language; English is used where a reader's is missing.
    pub locale: Language,
    /// Title or subject line.
    pub subject: Option<String>,
    /// The text. A mail's HTML part is made from it.
    pub body_template: String,
    /// Names the texts use.
    pub variables: Vec<String>,
    /// Counts changes.
    pub revision: i32,
    /// Whether it is used.
    pub active: bool,
}

impl From<Template> for NotificationTemplate {
    fn from(row: Template) -> Self {
        Self {
            id: NotificationTemplateId(row.id),
            code: row.code,
            category: row.category,
            channel: row.channel,
            locale: row.locale,
            subject: row.subject,
            body_template: row.body_template,
            variables: row.variables,
            revision: row.revision,
            active: row.active,
        }
    }
}
