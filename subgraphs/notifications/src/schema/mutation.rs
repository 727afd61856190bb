//! Root mutations.

use super::{
    announcement::SystemAnnouncement,
    loaders::{PreferencesOf, Reader},
    notification::Notification,
    template::NotificationTemplate,
    topic::TopicMutation,
    user::{NotificationPreference, preferences},
};
use crate::{
    actions,
    domain::types::{AnnouncementAudience, Channel, NotificationCategory},
    store::announcements::New,
};
use async_graphql::{Context, ID, MergedObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Language, Outcome, UserError,
    error::{Split, parse_id},
    ids::UserId,
    loader::Batch,
    service::Deps,
    viewer::viewer,
};
use std::collections::BTreeMap;

/// Root of all writes.
#[derive(MergedObject, Default)]
pub struct Mutation(MessageMutation, TopicMutation);

#[derive(Default)]
pub struct MessageMutation;

/// A message, or why it was refused.
#[derive(SimpleObject)]
pub struct NotificationPayload {
    /// The message; absent if it is not shown in the app.
    notification: Option<Notification>,
    /// Why nothing happened.
    user_errors: Vec<UserError>,
}

/// A number of messages, or why it was refused.
#[derive(SimpleObject)]
pub struct NotificationsPayload {
    /// How many messages were changed.
    count: i32,
    /// Why nothing happened.
    user_errors: Vec<UserError>,
}

/// All preferences after the change, or why it was refused.
#[derive(SimpleObject)]
pub struct PreferencePayload {
    /// All preferences of the person.
    preferences: Option<Vec<NotificationPreference>>,
    /// Why nothing happened.
    user_errors: Vec<UserError>,
}

/// A template, or why it was refused.
#[derive(SimpleObject)]
pub struct TemplatePayload {
    /// The template as it is now.
    template: Option<NotificationTemplate>,
    /// Why nothing happened.
    user_errors: Vec<UserError>,
}

/// An announcement, or why it was refused.
#[derive(SimpleObject)]
pub struct AnnouncementPayload {
    /// The announcement as it is now.
    announcement: Option<SystemAnnouncement>,
    /// Why nothing happened.
    user_errors: Vec<UserError>,
}

fn deps<'a>(ctx: &Context<'a>) -> &'a Deps {
    ctx.data_unchecked::<Deps>()
}

/// For fields that say "Requires: STAFF.": the refusal nulls the field alone.
fn staff(ctx: &Context<'_>) -> Result<()> {
    Ok(viewer(ctx).require_staff()?)
}

fn message(outcome: Outcome<Option<crate::store::notifications::Row>>) -> Result<NotificationPayload> {
    let (row, user_errors) = outcome.split()?;
    Ok(NotificationPayload {
        notification: row.flatten().map(Into::into),
        user_errors,
    })
}

async fn preference_payload(ctx: &Context<'_>, outcome: Outcome<UserId>) -> Result<PreferencePayload> {
    let (user, user_errors) = outcome.split()?;
    let preferences = match user {
        Some(user) => {
            let rows = ctx
                .data_unchecked::<Batch<Reader>>()
                .load_one(PreferencesOf(user))
                .await?;
            Some(preferences(&rows.unwrap_or_default()))
        }
        None => None,
    };
    Ok(PreferencePayload {
        preferences,
        user_errors,
    })
}

#[Object]
impl MessageMutation {
    /// Marks one of the viewer's messages as read. Errors: NOT_FOUND.
    async fn notification_mark_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the message.")] id: ID,
    ) -> Result<NotificationPayload> {
        let outcome = async {
            let id = parse_id(&id)?;
            actions::reading::mark_read(deps(ctx), viewer(ctx), id)
                .await
                .map(Some)
        };
        message(outcome.await)
    }

    /// Marks all messages of the viewer as read. Errors: UNAUTHENTICATED.
    async fn notifications_mark_all_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only messages stored before this time.")] before: Option<DateTime<Utc>>,
    ) -> Result<NotificationsPayload> {
        let (count, user_errors) = actions::reading::mark_all_read(deps(ctx), viewer(ctx), before)
            .await
            .split()?;
        Ok(NotificationsPayload {
            count: count.unwrap_or(0),
            user_errors,
        })
    }

    /// Switches one kind of message on one channel on or off. Errors: UNAUTHENTICATED; CONFLICT for what cannot be
    /// switched off.
    async fn notification_preference_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The kind of message.")] category: NotificationCategory,
        #[graphql(desc = "The channel.")] channel: Channel,
        #[graphql(desc = "Whether it is wanted.")] enabled: bool,
    ) -> Result<PreferencePayload> {
        let (deps, viewer) = (deps(ctx), viewer(ctx));
        let outcome = actions::preferences::set(deps, viewer, category, channel, enabled).await;
        preference_payload(ctx, outcome).await
    }

    /// Stops mails of one kind for the person a mail was sent to; needs no login. Errors: INVALID.
    async fn unsubscribe(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token at the end of the mail.")] token: String,
    ) -> Result<PreferencePayload> {
        let outcome = actions::preferences::unsubscribe(deps(ctx), &token).await;
        preference_payload(ctx, outcome).await
    }

    /// Makes a template, or changes one. Errors: INVALID (also a text that is not Jinja), NOT_FOUND,
    /// VERSION_CONFLICT, CONFLICT if code, channel and locale are taken. Requires: STAFF.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn template_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The template to change; absent for a new one.")] id: Option<ID>,
        #[graphql(desc = "Which message it is: a-z, 0-9, _ and .")] code: String,
        #[graphql(desc = "What kind of message it is.")] category: NotificationCategory,
        #[graphql(desc = "Where the words appear.")] channel: Channel,
        #[graphql(desc = "Their language.")] locale: Language,
        #[graphql(desc = "Title or subject line; at most 500 bytes.")] subject: Option<String>,
        #[graphql(desc = "Jinja text; at most 20,000 bytes.")] body_template: String,
        #[graphql(desc = "The revision the caller has read.")] expected_revision: Option<i32>,
    ) -> Option<Result<TemplatePayload>> {
        if let Err(error) = staff(ctx) {
            return Some(Err(error));
        }
        let outcome = async {
            let edit = actions::templates::Edit {
                id: id.as_ref().map(parse_id).transpose()?,
                code,
                category,
                channel,
                locale,
                subject,
                body_template,
                expected_revision,
            };
            actions::templates::upsert(deps(ctx), edit).await
        };
        Some(outcome.await.split().map(|(row, user_errors)| TemplatePayload {
            template: row.map(Into::into),
            user_errors,
        }))
    }

    /// Announces something. The same key announces it once. Errors: INVALID, IDEMPOTENCY_KEY_REUSED. Requires: STAFF.
    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn announcement_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One line, 1 to 200 characters.")] title: String,
        #[graphql(desc = "Plain text, 1 to 5000 characters.")] body: String,
        #[graphql(desc = "Whom it is for.")] audience: AnnouncementAudience,
        #[graphql(desc = "`INFO`, `WARNING` or `CRITICAL`.")] severity: String,
        #[graphql(desc = "When it is first shown; now by default.")] starts_at: Option<DateTime<Utc>>,
        #[graphql(desc = "When it is no longer shown.")] ends_at: Option<DateTime<Utc>>,
        #[graphql(desc = "Makes a retry harmless.")] idempotency_key: ID,
    ) -> Option<Result<AnnouncementPayload>> {
        if let Err(error) = staff(ctx) {
            return Some(Err(error));
        }
        let new = New {
            title,
            body,
            audience,
            severity,
            starts_at,
            ends_at,
        };
        let outcome = actions::announcements::publish(deps(ctx), viewer(ctx), new, &idempotency_key).await;
        Some(announcement(outcome))
    }

    /// Takes an announcement back. Errors: NOT_FOUND. Requires: STAFF.
    async fn announcement_retract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the announcement.")] id: ID,
    ) -> Option<Result<AnnouncementPayload>> {
        if let Err(error) = staff(ctx) {
            return Some(Err(error));
        }
        let outcome = async {
            let id = parse_id(&id)?;
            actions::announcements::retract(deps(ctx), id).await
        };
        Some(announcement(outcome.await))
    }

    /// Sends somebody a message made from a template. The same key sends it once. Errors: INVALID, NOT_FOUND,
    /// IDEMPOTENCY_KEY_REUSED. Requires: STAFF.
    async fn notification_send(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to tell.")] user_id: ID,
        #[graphql(desc = "Code of a template.")] template_code: String,
        #[graphql(desc = "Where to tell them.")] channels: Vec<Channel>,
        #[graphql(desc = "JSON object with texts by name.")] variables: String,
        #[graphql(desc = "Makes a retry harmless.")] idempotency_key: ID,
    ) -> Option<Result<NotificationPayload>> {
        if let Err(error) = staff(ctx) {
            return Some(Err(error));
        }
        let outcome = async {
            let variables: BTreeMap<String, String> = serde_json::from_str(&variables)
                .map_err(|_| UserError::invalid(&["variables"], "a JSON object of texts"))?;
            let send = actions::sending::Send {
                user: parse_id(&user_id)?,
                code: template_code,
                channels,
                variables,
            };
            actions::sending::send(deps(ctx), viewer(ctx), send, &idempotency_key).await
        };
        Some(message(outcome.await))
    }

    /// Puts a failed mail back into the queue. Errors: NOT_FOUND, INVALID_TRANSITION, CONFLICT. Requires: STAFF.
    async fn delivery_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the delivery.")] id: ID,
    ) -> Option<Result<NotificationPayload>> {
        if let Err(error) = staff(ctx) {
            return Some(Err(error));
        }
        let outcome = async {
            let id = parse_id(&id)?;
            actions::sending::retry(deps(ctx), viewer(ctx), id).await
        };
        Some(message(outcome.await))
    }
}

fn announcement(outcome: Outcome<crate::store::announcements::Row>) -> Result<AnnouncementPayload> {
    let (row, user_errors) = outcome.split()?;
    Ok(AnnouncementPayload {
        announcement: row.map(Into::into),
        user_errors,
    })
}
