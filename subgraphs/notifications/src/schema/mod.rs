//! The GraphQL face of the service.

pub mod announcement;
pub mod delivery;
pub mod loaders;
pub mod mutation;
pub mod notification;
pub mod query;
pub mod stubs;
pub mod subscription;
pub mod template;
pub mod topic;
pub mod user;

use announcement::SystemAnnouncement;
use async_graphql::{ID, Interface};
use delivery::Delivery;
use notification::Notification;
use template::NotificationTemplate;
use topic::TopicSubscription;

/// Something with an ID of its own that can be fetched again by it.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque ID."))]
pub enum Node {
    Notification(Notification),
    Delivery(Delivery),
    NotificationTemplate(NotificationTemplate),
    SystemAnnouncement(SystemAnnouncement),
    TopicSubscription(TopicSubscription),
}
