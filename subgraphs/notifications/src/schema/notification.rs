//! `Notification`.

use super::{
    delivery::Delivery,
    loaders::{DeliveriesOf, Reader},
    stubs::{NotificationSubject, Order, ProductVariant, Shipment, Vendor},
    user::User,
};
use crate::{
    domain::{draft::Subject, types::NotificationCategory},
    store::notifications::Row,
};
use async_graphql::{ComplexObject, Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{Error, ids::NotificationId, loader::Batch, service::Deps};

/// A message to one person.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Notification {
    /// Opaque ID.
    pub id: NotificationId,
    /// What kind of message it is.
    pub category: NotificationCategory,
    /// One line.
    pub title: String,
    /// Plain text.
    pub body: String,
    /// When its reader marked it as read.
    pub read_at: Option<DateTime<Utc>>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// Position among its reader's messages, without gaps: what `notificationReceived` resumes after.
    pub seq: i32,
    #[graphql(skip)]
    row: Row,
}

impl From<Row> for Notification {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            category: row.category,
            title: row.title.clone(),
            body: row.body.clone(),
            read_at: row.read_at,
            created_at: row.created_at,
            seq: i32::try_from(row.seq).unwrap_or(i32::MAX),
            row,
        }
    }
}

impl Notification {
    /// Sort key of lists.
    pub fn key(&self) -> (DateTime<Utc>, uuid::Uuid) {
        (self.created_at, self.id.0)
    }
}

#[ComplexObject]
impl Notification {
    /// Whose message it is; absent for guests.
    async fn recipient(&self) -> Option<User> {
        self.row.user.map(|id| User { id })
    }

    /// What it is about.
    async fn subject(&self) -> Option<NotificationSubject> {
        let subject = Subject::from_parts(self.row.subject_type.as_deref()?, self.row.subject_id?)?;
        Some(match subject {
            Subject::Order(id) => NotificationSubject::Order(Order { id }),
            Subject::Shipment(id) => NotificationSubject::Shipment(Shipment { id }),
            Subject::Variant(id) => NotificationSubject::ProductVariant(ProductVariant { id }),
            Subject::Vendor(id) => NotificationSubject::Vendor(Vendor { id }),
        })
    }

    /// Where in the shop its reader can do something about it.
    async fn action_url(&self, ctx: &Context<'_>) -> Option<String> {
        let subject = Subject::from_parts(self.row.subject_type.as_deref()?, self.row.subject_id?)?;
        let settings = &ctx.data_unchecked::<Deps>().settings;
        Some(settings.storefront_link(&subject.path(), None))
    }

    /// Its ways to the reader outside the app.
    async fn deliveries(&self, ctx: &Context<'_>) -> Result<Vec<Delivery>, Error> {
        let loader = ctx.data_unchecked::<Batch<Reader>>();
        Ok(loader.load_one(DeliveriesOf(self.id)).await?.unwrap_or_default())
    }
}
