//! Root mutations.

use super::dashboard::{DashboardPayload, WidgetInput};
use crate::{actions, actions::dashboards::Edit, domain::track::Sent, store::dashboards::Row};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    Outcome, UserError,
    error::{Split, parse_id},
    service::Deps,
    viewer::viewer,
};

/// Root of all writes.
pub struct Mutation;

/// Something a storefront saw.
#[derive(InputObject)]
pub struct TrackEventInput {
    /// 1 to 60 of a-z, 0-9 and _. `page_view` (payload: `referrer`), `product_view` and `add_to_cart` (subject: a
    /// product) have figures of their own; others serve funnels.
    #[graphql(name = "type")]
    kind: String,
    /// When it happened, within the last 7 days.
    occurred_at: DateTime<Utc>,
    /// The storefront's session: any text of up to 64 characters that stays the same during a visit.
    session_id: ID,
    /// What it is about.
    subject_id: Option<ID>,
    /// JSON object of up to 4096 bytes, without personal data.
    payload: Option<String>,
    /// The storefront's name for this event in its session: the same again counts once.
    event_id: ID,
}

/// What was taken.
#[derive(SimpleObject)]
pub struct TrackPayload {
    /// Events that are recorded now, also if they were before.
    accepted: i32,
    /// Why others were not, with their place in the input.
    user_errors: Vec<UserError>,
}

#[Object]
impl Mutation {
    /// Records what a storefront saw, 100 events at most. Good events are taken though others are not. Errors: INVALID,
    /// LIMIT_EXCEEDED.
    async fn track_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The events.")] events: Vec<TrackEventInput>,
    ) -> Result<TrackPayload> {
        let sent = events.into_iter().map(|event| Sent {
            kind: event.kind,
            occurred_at: event.occurred_at,
            session: event.session_id.0,
            subject: event.subject_id.map(|id| id.0),
            payload: event.payload,
            event: event.event_id.0,
        });
        let outcome = actions::track::track(ctx.data_unchecked::<Deps>(), viewer(ctx), sent.collect()).await;
        let (taken, mut refused) = outcome.split()?;
        let (accepted, user_errors) = taken.unwrap_or_default();
        refused.extend(user_errors);
        Ok(TrackPayload {
            accepted,
            user_errors: refused,
        })
    }

    /// Makes a dashboard of a vendor's sales or, for staff, of the marketplace's, or changes one. Errors: INVALID,
    /// NOT_FOUND, FORBIDDEN, VERSION_CONFLICT. Requires: VENDOR or STAFF.
    async fn dashboard_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The dashboard to change; absent for a new one.")] id: Option<ID>,
        #[graphql(desc = "Its name, 1 to 100 characters.")] name: String,
        #[graphql(desc = "Whose sales it shows; absent for the marketplace's.")] vendor_id: Option<ID>,
        #[graphql(desc = "What it shows, 30 widgets at most.")] widgets: Vec<WidgetInput>,
        #[graphql(desc = "The version the caller has read.")] expected_version: Option<i32>,
    ) -> Option<Result<DashboardPayload>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error.into()));
        }
        let outcome = async {
            let edit = Edit {
                id: id.as_ref().map(parse_id).transpose()?,
                name,
                vendor: vendor_id.as_ref().map(parse_id).transpose()?,
                widgets: widgets.into_iter().map(Into::into).collect(),
                expected_version,
            };
            actions::dashboards::upsert(ctx.data_unchecked::<Deps>(), viewer(ctx), edit).await
        };
        Some(dashboard(outcome.await))
    }

    /// Deletes a dashboard. Errors: NOT_FOUND. Requires: VENDOR or STAFF.
    async fn dashboard_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ID of the dashboard.")] id: ID,
    ) -> Option<Result<DashboardPayload>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error.into()));
        }
        let outcome = async {
            let id = parse_id(&id)?;
            actions::dashboards::delete(ctx.data_unchecked::<Deps>(), viewer(ctx), id).await
        };
        Some(dashboard(outcome.await))
    }
}

fn dashboard(outcome: Outcome<Row>) -> Result<DashboardPayload> {
    let (row, user_errors) = outcome.split()?;
    Ok(DashboardPayload {
        dashboard: row.map(Into::into),
        user_errors,
    })
}
