//! Root fields about suppliers and purchase orders.

use super::mutation::caller;
use super::payloads::{PurchaseOrderLineInput, PurchaseOrderPayload, SupplierPayload};
use crate::actions::{
    purchase::{self, Arrival, NewLine, NewPurchase},
    retry,
    supplier::{self, NewSupplier},
};
use crate::domain::purchase::PurchaseOrder;
use async_graphql::{Context, ID, Object, Result};
use platform::{
    Currency, Outcome, UserError,
    error::{Split, parse_id},
};

/// Changes of what is bought.
#[derive(Default)]
pub struct Purchasing;

fn purchase_payload(outcome: Outcome<PurchaseOrder>) -> Result<PurchaseOrderPayload> {
    let (purchase_order, user_errors) = outcome.split()?;
    Ok(PurchaseOrderPayload {
        purchase_order,
        user_errors,
    })
}

#[Object]
impl Purchasing {
    /// Makes a supplier, or overwrites one. Requires: VENDOR or STAFF.
    #[expect(clippy::too_many_arguments, reason = "GraphQL arguments")]
    async fn supplier_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier to overwrite; absent: a new one.")] id: Option<ID>,
        #[graphql(desc = "Name of the company, 1 to 200 characters.")] name: String,
        #[graphql(
            desc = "Whose it is. Absent: the caller's only vendor's or, for staff, the marketplace's."
        )]
        vendor_id: Option<ID>,
        #[graphql(desc = "Where orders are sent to.")] email: Option<String>,
        #[graphql(desc = "Days between order and delivery, 0 to 3,650.")] lead_time_days: Option<i32>,
        #[graphql(desc = "Currency of its prices.")] currency: Currency,
    ) -> Option<Result<SupplierPayload>> {
        let run = async {
            let (deps, viewer) = caller(ctx)?;
            let outcome: Outcome<_> = async {
                let new = NewSupplier {
                    name,
                    vendor: vendor_id.map(|id| parse_id(&id)).transpose()?,
                    email,
                    lead_time_days,
                    currency,
                };
                supplier::upsert(deps, viewer, id.map(|id| parse_id(&id)).transpose()?, new).await
            }
            .await;
            let (supplier, user_errors) = outcome.split()?;
            Ok(SupplierPayload {
                supplier,
                user_errors,
            })
        };
        Some(run.await)
    }

    /// Records an order that was sent to a supplier. Requires: VENDOR or STAFF.
    async fn purchase_order_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who delivers.")] supplier_id: ID,
        #[graphql(desc = "Where it is delivered to.")] warehouse_id: ID,
        #[graphql(desc = "1 to 250 lines of different variants.")] lines: Vec<PurchaseOrderLineInput>,
        #[graphql(desc = "Makes a repeat of the request harmless.")] idempotency_key: ID,
    ) -> Option<Result<PurchaseOrderPayload>> {
        let run = async {
            let (deps, viewer) = caller(ctx)?;
            let outcome: Outcome<_> = async {
                let lines = lines.iter().map(|line| {
                    Ok(NewLine {
                        variant: parse_id(&line.variant_id)?,
                        quantity: line.quantity,
                        unit_cost: line.unit_cost.amount.0,
                        currency: line.unit_cost.currency,
                    })
                });
                let input = NewPurchase {
                    supplier: parse_id(&supplier_id)?,
                    warehouse: parse_id(&warehouse_id)?,
                    lines: lines.collect::<std::result::Result<_, UserError>>()?,
                    key: idempotency_key.0,
                };
                retry(|| purchase::create(deps, viewer, &input)).await
            }
            .await;
            purchase_payload(outcome)
        };
        Some(run.await)
    }

    /// Books pieces that have arrived. Requires: VENDOR or STAFF.
    async fn purchase_order_receive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The purchase order.")] id: ID,
        #[graphql(desc = "What has arrived.")] variant_id: ID,
        #[graphql(desc = "Pieces, not more than are missing.")] quantity: i32,
        #[graphql(desc = "Makes a repeat of the request harmless.")] idempotency_key: ID,
    ) -> Option<Result<PurchaseOrderPayload>> {
        let run = async {
            let (deps, viewer) = caller(ctx)?;
            let outcome: Outcome<_> = async {
                let input = Arrival {
                    order: parse_id(&id)?,
                    variant: parse_id(&variant_id)?,
                    quantity,
                    key: idempotency_key.0,
                };
                retry(|| purchase::receive(deps, viewer, &input)).await
            }
            .await;
            purchase_payload(outcome)
        };
        Some(run.await)
    }

    /// Ends a purchase order; what has arrived stays. Requires: VENDOR or STAFF.
    async fn purchase_order_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The purchase order.")] id: ID,
    ) -> Option<Result<PurchaseOrderPayload>> {
        let run = async {
            let (deps, viewer) = caller(ctx)?;
            let outcome: Outcome<_> = async { purchase::cancel(deps, viewer, parse_id(&id)?).await }.await;
            purchase_payload(outcome)
        };
        Some(run.await)
    }
}
