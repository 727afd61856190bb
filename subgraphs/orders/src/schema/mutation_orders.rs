//! Changes of orders, their parts and refunds.

use crate::{
    actions::{
        orders,
        refunds::{self, Pieces, Wish},
        vendor_orders,
    },
    schema::{
        deps,
        inputs::RefundInput,
        payloads::{self, OrderPayload, RefundPayload, VendorOrderPayload},
    },
};
use async_graphql::{Context, ID, Object, Result};
use platform::{error::parse_id, viewer::viewer};

/// Orders.
#[derive(Default)]
pub struct OrderMutation;

#[Object]
impl OrderMutation {
    /// Calls an order off: customers until a vendor accepts, staff until something is shipped. What was paid goes back.
    /// Errors: NOT_FOUND, CONFLICT, INVALID_TRANSITION, VERSION_CONFLICT, IDEMPOTENCY_KEY_REUSED.
    async fn order_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order.")] id: ID,
        #[graphql(desc = "Why, 1 to 500 characters.")] reason: String,
        #[graphql(desc = "The order's version.")] expected_version: i32,
        #[graphql(desc = "Same key, same cancellation.")] idempotency_key: ID,
    ) -> Result<OrderPayload> {
        payloads::order(
            ctx,
            orders::cancel(
                deps(ctx),
                ctx.data_unchecked::<crate::Settings>(),
                viewer(ctx),
                &id,
                &reason,
                expected_version,
                &idempotency_key,
            )
            .await,
        )
        .await
    }

    /// Stops an order. Requires: STAFF.
    async fn order_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order.")] id: ID,
        #[graphql(desc = "Why.")] reason: String,
    ) -> Option<Result<OrderPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        Some(payloads::order(ctx, orders::hold(deps(ctx), viewer(ctx), &id, &reason).await).await)
    }

    /// Lets a stopped order go on. Requires: STAFF.
    async fn order_release(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order.")] id: ID,
    ) -> Option<Result<OrderPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        Some(payloads::order(ctx, orders::release(deps(ctx), viewer(ctx), &id).await).await)
    }

    /// Writes a note into an order's history. Requires: STAFF.
    async fn order_note_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order.")] id: ID,
        #[graphql(desc = "1 to 2000 characters.")] note: String,
        #[graphql(desc = "The customer may see it.")] is_public: bool,
    ) -> Option<Result<OrderPayload>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error.into()));
        }
        Some(
            payloads::order(
                ctx,
                orders::note(deps(ctx), viewer(ctx), &id, &note, is_public).await,
            )
            .await,
        )
    }

    /// Makes a checkout try again now. Requires: ADMIN.
    async fn saga_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The saga.")] saga_id: ID,
    ) -> Option<Result<OrderPayload>> {
        if let Err(error) = viewer(ctx).require_admin() {
            return Some(Err(error.into()));
        }
        Some(payloads::order(ctx, orders::retry(deps(ctx), &saga_id).await).await)
    }

    /// The vendor will deliver. Errors: NOT_FOUND, CONFLICT, INVALID_TRANSITION, VERSION_CONFLICT.
    async fn vendor_order_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The vendor's part.")] id: ID,
        #[graphql(desc = "Its version.")] expected_version: i32,
    ) -> Result<VendorOrderPayload> {
        payloads::vendor_order(
            ctx,
            vendor_orders::accept(deps(ctx), viewer(ctx), &id, expected_version).await,
        )
        .await
    }

    /// The vendor will not deliver; its part is paid back. Errors: NOT_FOUND, INVALID_TRANSITION, VERSION_CONFLICT, IDEMPOTENCY_KEY_REUSED.
    async fn vendor_order_reject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The vendor's part.")] id: ID,
        #[graphql(desc = "Why.")] reason: String,
        #[graphql(desc = "Its version.")] expected_version: i32,
        #[graphql(desc = "Same key, same refusal.")] idempotency_key: ID,
    ) -> Result<VendorOrderPayload> {
        let done = vendor_orders::reject(
            deps(ctx),
            viewer(ctx),
            &id,
            &reason,
            expected_version,
            &idempotency_key,
        )
        .await;
        payloads::vendor_order(ctx, done).await
    }

    /// Asks for a refund of lines and shipping fees. Errors: NOT_FOUND, INVALID, CONFLICT, IDEMPOTENCY_KEY_REUSED.
    async fn refund_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: RefundInput,
    ) -> Result<RefundPayload> {
        let mut lines = Vec::new();
        for line in input.lines.unwrap_or_default() {
            match parse_id(&line.order_line_id) {
                Ok(id) => lines.push(Pieces {
                    line: id,
                    quantity: line.quantity,
                    restock: line.restock,
                }),
                Err(error) => {
                    return Ok(RefundPayload {
                        refund: None,
                        user_errors: vec![error.into()],
                    });
                }
            }
        }
        let wish = Wish {
            lines,
            shipping: input.shipping.map_or(0, |amount| amount.0),
            reason: input.reason,
            note: input.note.map(|note| note.chars().take(1000).collect()),
            by: viewer(ctx).actor(),
        };
        payloads::refund(
            ctx,
            refunds::request(
                deps(ctx),
                viewer(ctx),
                &input.order_id,
                wish,
                &input.idempotency_key,
            )
            .await,
        )
        .await
    }

    /// Grants a refund, or tries a failed one again. Requires: STAFF or VENDOR.
    async fn refund_approve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refund.")] id: ID,
        #[graphql(desc = "Its version.")] expected_version: i32,
    ) -> Option<Result<RefundPayload>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error.into()));
        }
        Some(
            payloads::refund(
                ctx,
                refunds::approve(deps(ctx), viewer(ctx), &id, expected_version).await,
            )
            .await,
        )
    }

    /// Refuses a refund. Requires: STAFF or VENDOR.
    async fn refund_reject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refund.")] id: ID,
        #[graphql(desc = "Why.")] reason: String,
    ) -> Option<Result<RefundPayload>> {
        if let Err(error) = viewer(ctx).require_vendor_or_staff() {
            return Some(Err(error.into()));
        }
        Some(payloads::refund(ctx, refunds::reject(deps(ctx), viewer(ctx), &id, &reason).await).await)
    }
}
