//! Sales and cancellations of another system, made by the same steps and actions as live ones, at their own dates.

use crate::{
    Settings,
    actions::{
        refunds::{self, Pieces, Wish},
        saga::{self, Driver},
        tasks,
    },
    domain::{
        order::OrderLineRow,
        quote::{Quote, QuotedVendor, Sums},
        refund::{RefundReason, RefundStatus},
        saga::{Owner, Plan, PlanVendor, Saga, SagaKind, SagaStatus, Step},
    },
    error::infallible,
    store,
};
use contracts::orders::{ImportOrder, ImportOrderReply, ImportRefund, ImportRefundReply};
use platform::{
    Deps, Error, Moment,
    ids::{OrderId, OrderLineId, SagaId, VendorId, VendorOrderId},
};
use std::{collections::HashMap, time::Duration};
use uuid::Uuid;

/// Places, pays, ships and delivers a sale. Repeated, it goes on where it was or answers what it was.
pub async fn order(
    deps: &Deps,
    settings: &Settings,
    command: &ImportOrder,
) -> Result<ImportOrderReply, Error> {
    if command.lines.is_empty()
        || command
            .lines
            .iter()
            .any(|line| line.quantity < 1 || line.unit_price < 0)
        || command.shipping < 0
    {
        return Err(Error::BadInput(
            "an order needs lines with pieces and prices of zero or more".to_owned(),
        ));
    }
    let actor = format!("import:{}", command.source);
    let mut known = store::sagas::by_key(deps.db.pool(), &actor, &command.reference)
        .await?
        .map(|row| row.0);
    if known.is_none() {
        let owner = Owner(Uuid::now_v7());
        match start(deps, &actor, command, owner).await? {
            Some(saga) => {
                let (saga, _) = Driver::new(deps, settings, owner).drive(saga).await?;
                return reply(deps, &saga).await;
            }
            None => {
                known = store::sagas::by_key(deps.db.pool(), &actor, &command.reference)
                    .await?
                    .map(|row| row.0)
            }
        }
    }
    let Some(id) = known else {
        return Err(Error::internal(anyhow::anyhow!("an import vanished")));
    };
    // Somebody else may be at it, or died at it.
    for _ in 0..90 {
        if let Some((saga, _)) = saga::run(deps, settings, id).await? {
            return reply(deps, &saga).await;
        }
        let saga = store::sagas::by_id(deps.db.pool(), id).await?;
        if let Some(saga) =
            saga.filter(|saga| matches!(saga.status, SagaStatus::Completed | SagaStatus::Compensated))
        {
            return reply(deps, &saga).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(Error::unavailable(anyhow::anyhow!(
        "the import of {} is under way",
        command.reference
    )))
}

async fn reply(deps: &Deps, saga: &Saga) -> Result<ImportOrderReply, Error> {
    if let Some(refusal) = &saga.failure {
        return Err(Error::BadInput(refusal.reason()));
    }
    if saga.status != SagaStatus::Completed {
        let error = saga
            .last_error
            .clone()
            .unwrap_or_else(|| "it is under way".to_owned());
        return Err(Error::unavailable(anyhow::anyhow!(error)));
    }
    let lines = store::lines::of_orders(deps.db.pool(), &[saga.order_id]).await?;
    Ok(ImportOrderReply {
        order: saga.order_id,
        total: saga.plan.quote.as_ref().map_or(0, |quote| quote.totals.total),
        lines: lines.iter().map(|line| line.id).collect(),
    })
}

/// The saga and the order it is about, in one transaction. `None`: somebody else was faster.
async fn start(deps: &Deps, actor: &str, command: &ImportOrder, owner: Owner) -> Result<Option<Saga>, Error> {
    let id = OrderId::new();
    let quote = terms(command).map_err(|error| Error::BadInput(format!("{error:?}")))?;
    let vendors: Vec<PlanVendor> = quote
        .vendors
        .iter()
        .map(|part| PlanVendor {
            vendor: part.vendor,
            vendor_order: VendorOrderId::new(),
            method: None,
            return_days: None,
        })
        .collect();
    let of: HashMap<VendorId, VendorOrderId> = vendors
        .iter()
        .map(|part| (part.vendor, part.vendor_order))
        .collect();
    let lines: Vec<OrderLineRow> = command
        .lines
        .iter()
        .zip(1_i32..)
        .filter_map(|(line, position)| {
            Some(OrderLineRow {
                id: OrderLineId::new(),
                order_id: id,
                vendor_order_id: *of.get(&line.vendor)?,
                vendor_id: line.vendor,
                currency: command.currency,
                position,
                product_id: line.product,
                variant_id: line.variant,
                product_name: line.name.clone(),
                variant_name: line.name.clone(),
                sku: line.sku.clone(),
                image_url: None,
                quantity: line.quantity,
                fulfilled_quantity: 0,
                delivered_quantity: 0,
                returned_quantity: 0,
                refunded_quantity: 0,
                canceled_quantity: 0,
                unit_price: line.unit_price,
                platform_discount: 0,
                vendor_discount: 0,
                loyalty: 0,
                tax: 0,
                total: line.unit_price * i64::from(line.quantity),
                refunded_amount: 0,
            })
        })
        .collect();
    let plan = Plan {
        currency: command.currency,
        tier: None,
        lines: Vec::new(),
        vendors,
        shipping_address: command.address.clone(),
        billing_address: command.address.clone(),
        coupons: Vec::new(),
        points: 0,
        quote_hash: String::new(),
        quoted_total: quote.totals.total,
        provider: "manual".to_owned(),
        saved_method: None,
        return_url: None,
        attempt: 1,
        variants: Vec::new(),
        quote: Some(quote.clone()),
        order_number: None,
        commissions: Vec::new(),
        placed_at: Some(command.placed_at),
        late: false,
        held: false,
    };
    let mut saga = Saga {
        id: SagaId::new(),
        kind: SagaKind::Import,
        actor: actor.to_owned(),
        customer_id: command.customer,
        cart_id: None,
        order_id: id,
        status: SagaStatus::Running,
        step: Step::Reserve.name().to_owned(),
        plan,
        failure: None,
        attempts: 0,
        last_error: None,
        deadline: None,
    };
    let mut tx = deps.db.begin(Moment::imported(command.placed_at)).await?;
    saga::insert_order(
        &mut tx,
        &mut saga,
        &quote,
        &lines,
        Some((&command.source, &command.reference)),
    )
    .await
    .map_err(infallible)?;
    if !store::sagas::insert(&mut tx, &saga, &command.reference, &[], owner).await? {
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(saga))
}

/// What was paid is what it was: no coupons, no tax that the file does not know.
fn terms(command: &ImportOrder) -> Result<Quote, platform::UserError> {
    let mut vendors: Vec<QuotedVendor> = Vec::new();
    let limit = i128::from(platform::MinorUnits::MAX);
    let all: i128 = command
        .lines
        .iter()
        .map(|line| i128::from(line.unit_price) * i128::from(line.quantity))
        .sum();
    if all + i128::from(command.shipping) > limit {
        return Err(platform::money::MoneyError::Overflow.into());
    }
    for line in &command.lines {
        let gross = line.unit_price * i64::from(line.quantity);
        let at = vendors
            .iter()
            .position(|part| part.vendor == line.vendor)
            .unwrap_or_else(|| {
                // The fee goes to the first vendor; the file has one fee an order.
                let shipping = if vendors.is_empty() { command.shipping } else { 0 };
                vendors.push(QuotedVendor {
                    vendor: line.vendor,
                    method: None,
                    sums: Sums {
                        shipping,
                        total: shipping,
                        ..Sums::default()
                    },
                    platform_discount: 0,
                    vendor_discount: 0,
                    tax_included: 0,
                });
                vendors.len() - 1
            });
        vendors[at].sums.subtotal += gross;
        vendors[at].sums.total += gross;
    }
    let subtotal = vendors.iter().map(|part| part.sums.subtotal).sum();
    let totals = Sums {
        subtotal,
        shipping: command.shipping,
        total: subtotal + command.shipping,
        ..Sums::default()
    };
    Ok(Quote {
        currency: command.currency,
        lines: Vec::new(),
        vendors,
        coupons: Vec::new(),
        points: 0,
        totals,
    })
}

/// Pays lines of an imported order back, through the same actions as a live refund, until the money has moved.
pub async fn refund(deps: &Deps, command: &ImportRefund) -> Result<ImportRefundReply, Error> {
    let moment = Moment::imported(command.at);
    let import = Some((command.source.as_str(), command.reference.as_str()));
    let mut tx = deps.db.begin(moment).await?;
    let Some(mut order) = store::orders::lock(&mut tx, command.order).await? else {
        return Err(Error::BadInput("there is no such order".to_owned()));
    };
    let refund = match store::refunds::imported(&mut *tx, &command.source, &command.reference).await? {
        Some(refund) => refund,
        None => {
            let parts = store::vendor_orders::of_orders(&mut *tx, &[order.id]).await?;
            let mut lines: Vec<Pieces> = Vec::new();
            for line in &command.lines {
                match lines.iter_mut().find(|known| known.line == line.line) {
                    Some(known) => known.quantity += line.quantity,
                    None => lines.push(Pieces {
                        line: line.line,
                        quantity: line.quantity,
                        restock: command.restock,
                    }),
                }
            }
            let by = format!("import:{}", command.source);
            let wish = Wish {
                lines,
                shipping: 0,
                reason: RefundReason::Return,
                note: None,
                by: by.clone(),
            };
            refunds::now(&mut tx, &mut order, &parts, wish, &by, import)
                .await
                .map_err(infallible)?
        }
    };
    tx.commit().await?;
    for task in store::tasks::of_order(deps.db.pool(), order.id).await? {
        if !tasks::run(deps, task).await? {
            return Err(Error::unavailable(anyhow::anyhow!(
                "a step of the refund is still to be done"
            )));
        }
    }
    let done = store::refunds::by_ids(deps.db.pool(), &[refund.id]).await?.pop();
    match done.filter(|refund| refund.status == RefundStatus::Succeeded) {
        Some(refund) => Ok(ImportRefundReply { amount: refund.total }),
        None => Err(Error::unavailable(anyhow::anyhow!("the money has not moved yet"))),
    }
}
