//! Root fields that change stock and warehouses.

use super::payloads::{
    AlertPayload, StockAdjustInput, StockPayload, StockSetInput, WarehouseInput, WarehousePayload,
};
use super::purchasing::Purchasing;
use crate::actions::{
    adjust::{self, Correction, Corrections, Target},
    alert, retry,
    thresholds::{self, Thresholds},
    transfer::{self, Transfer},
    warehouse,
};
use crate::domain::warehouse::NewWarehouse;
use crate::store::{self, Scope};
use async_graphql::{Context, ID, MergedObject, Object, Result};
use platform::{
    Outcome, UserError, Viewer,
    address::text,
    error::{Split, parse_id},
    ids::{StockLevelId, uuids},
    service::Deps,
    viewer::viewer,
};

/// Root of all changes.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(Stock, Purchasing);

/// Changes of stock and of where it lies.
#[derive(Default)]
pub struct Stock;

/// The caller, if their role may change stock at all.
pub(super) fn caller<'a>(ctx: &Context<'a>) -> Result<(&'a Deps, &'a Viewer)> {
    let viewer = viewer(ctx);
    viewer.require_vendor_or_staff()?;
    Ok((ctx.data_unchecked::<Deps>(), viewer))
}

/// Shows the levels as they are after the change.
async fn stock(deps: &Deps, viewer: &Viewer, outcome: Outcome<Vec<StockLevelId>>) -> Result<StockPayload> {
    let (changed, user_errors) = outcome.split()?;
    let stock_levels = match changed {
        None => None,
        Some(ids) => {
            let scope = Scope::from(viewer);
            let levels = store::levels::by_ids(deps.db.pool(), &scope, &uuids(&ids)).await;
            Some(levels.map_err(platform::Error::from)?)
        }
    };
    Ok(StockPayload {
        stock_levels,
        user_errors,
    })
}

async fn correct(
    ctx: &Context<'_>,
    input: std::result::Result<Corrections, UserError>,
) -> Result<StockPayload> {
    let (deps, viewer) = caller(ctx)?;
    let outcome = match input {
        Ok(input) => retry(|| adjust::correct(deps, viewer, &input)).await,
        Err(error) => Err(error.into()),
    };
    stock(deps, viewer, outcome).await
}

fn checked(input: WarehouseInput) -> std::result::Result<NewWarehouse, UserError> {
    let mut serves_countries = input.serves_countries;
    serves_countries.sort_unstable();
    serves_countries.dedup();
    Ok(NewWarehouse {
        code: text(input.code, 50)
            .ok_or_else(|| UserError::invalid(&["input", "code"], "1..50 characters"))?,
        name: text(input.name, 200)
            .ok_or_else(|| UserError::invalid(&["input", "name"], "1..200 characters"))?,
        address: input
            .address
            .validate(&["input", "address"])
            .map_err(UserError::ValidationError)?,
        vendor: input.vendor_id.map(|id| parse_id(&id)).transpose()?,
        priority: input.priority.unwrap_or(0),
        serves_countries,
    })
}

#[Object]
impl Stock {
    /// Adds or takes away pieces, all or none. Requires: VENDOR or STAFF.
    async fn stock_adjust(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1 to 250 corrections of different levels.")] changes: Vec<StockAdjustInput>,
        #[graphql(desc = "Why, 1 to 500 characters; kept in the ledger.")] reason: String,
        #[graphql(desc = "Makes a repeat of the request harmless.")] idempotency_key: ID,
    ) -> Option<Result<StockPayload>> {
        let lines = changes.into_iter().map(|change| {
            Ok(Correction {
                variant: parse_id(&change.variant_id)?,
                warehouse: parse_id(&change.warehouse_id)?,
                target: Target::By(change.delta),
                from: change.change_from_quantity,
            })
        });
        let input = lines
            .collect::<std::result::Result<_, _>>()
            .map(|lines| Corrections {
                lines,
                reason,
                operation: "stockAdjust",
                list: "changes",
                key: idempotency_key.0,
            });
        Some(correct(ctx, input).await)
    }

    /// Sets the pieces on hand to what was counted, all or none. Requires: VENDOR or STAFF.
    async fn stock_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1 to 250 counts of different levels.")] quantities: Vec<StockSetInput>,
        #[graphql(desc = "Why, 1 to 500 characters; kept in the ledger.")] reason: String,
        #[graphql(desc = "Makes a repeat of the request harmless.")] idempotency_key: ID,
    ) -> Option<Result<StockPayload>> {
        let lines = quantities.into_iter().map(|count| {
            Ok(Correction {
                variant: parse_id(&count.variant_id)?,
                warehouse: parse_id(&count.warehouse_id)?,
                target: Target::To(count.on_hand),
                from: count.change_from_quantity,
            })
        });
        let input = lines
            .collect::<std::result::Result<_, _>>()
            .map(|lines| Corrections {
                lines,
                reason,
                operation: "stockSet",
                list: "quantities",
                key: idempotency_key.0,
            });
        Some(correct(ctx, input).await)
    }

    /// Moves pieces that nobody was promised to another warehouse. Requires: VENDOR or STAFF.
    async fn stock_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to move.")] variant_id: ID,
        #[graphql(desc = "Where it is.")] from_warehouse_id: ID,
        #[graphql(desc = "Where it goes.")] to_warehouse_id: ID,
        #[graphql(desc = "Pieces, at least 1.")] quantity: i32,
        #[graphql(desc = "Makes a repeat of the request harmless.")] idempotency_key: ID,
    ) -> Option<Result<StockPayload>> {
        let run = async {
            let (deps, viewer) = caller(ctx)?;
            let outcome: Outcome<_> = async {
                let input = Transfer {
                    variant: parse_id(&variant_id)?,
                    from: parse_id(&from_warehouse_id)?,
                    to: parse_id(&to_warehouse_id)?,
                    quantity,
                    key: idempotency_key.0,
                };
                retry(|| transfer::transfer(deps, viewer, &input)).await
            }
            .await;
            stock(deps, viewer, outcome).await
        };
        Some(run.await)
    }

    /// Sets when stock counts as low and how much is never sold. Requires: VENDOR or STAFF.
    async fn reorder_point_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which variant.")] variant_id: ID,
        #[graphql(desc = "In which warehouse.")] warehouse_id: ID,
        #[graphql(desc = "An alert is raised at so many available pieces; 0: never.")] reorder_point: i32,
        #[graphql(desc = "Pieces that are never sold; absent: as it is.")] safety_stock: Option<i32>,
    ) -> Option<Result<StockPayload>> {
        let run = async {
            let (deps, viewer) = caller(ctx)?;
            let outcome: Outcome<_> = async {
                let input = Thresholds {
                    variant: parse_id(&variant_id)?,
                    warehouse: parse_id(&warehouse_id)?,
                    reorder_point,
                    safety_stock,
                };
                retry(|| thresholds::set(deps, viewer, &input)).await
            }
            .await;
            stock(deps, viewer, outcome).await
        };
        Some(run.await)
    }

    /// Makes a warehouse, or overwrites one. Requires: VENDOR or STAFF.
    async fn warehouse_upsert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The warehouse to overwrite; absent: a new one.")] id: Option<ID>,
        #[graphql(desc = "What it shall be.")] input: WarehouseInput,
    ) -> Option<Result<WarehousePayload>> {
        let run = async {
            let (deps, viewer) = caller(ctx)?;
            let outcome: Outcome<_> = async {
                let id = id.map(|id| parse_id(&id)).transpose()?;
                warehouse::upsert(deps, viewer, id, checked(input)?).await
            }
            .await;
            let (warehouse, user_errors) = outcome.split()?;
            Ok(WarehousePayload {
                warehouse,
                user_errors,
            })
        };
        Some(run.await)
    }

    /// Says that somebody takes care of an alert. Requires: VENDOR or STAFF.
    async fn low_stock_alert_acknowledge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The alert.")] id: ID,
    ) -> Option<Result<AlertPayload>> {
        let run = async {
            let (deps, viewer) = caller(ctx)?;
            let outcome: Outcome<_> = async { alert::acknowledge(deps, viewer, parse_id(&id)?).await }.await;
            let (alert, user_errors) = outcome.split()?;
            Ok(AlertPayload { alert, user_errors })
        };
        Some(run.await)
    }
}
