//! What mutations answer.

use crate::{
    actions::checkout::Checkout,
    domain::saga::SagaStatus,
    error::{Outcome, UserError},
    schema::{
        cart::Cart,
        load,
        loaders::{OwnCart, VisibleOrder, VisiblePart, VisibleRefund},
        order::Order,
        problems::CartProblem,
        refund::Refund,
        vendor_order::VendorOrder,
    },
};
use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform::{
    error::Split,
    ids::{CartId, OrderId, RefundId, VendorOrderId},
};

/// A changed cart.
#[derive(Debug, SimpleObject)]
pub struct CartPayload {
    /// The cart, unless it was refused.
    pub cart: Option<Cart>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
    /// What stands between the cart and its checkout.
    pub warnings: Vec<CartProblem>,
}

/// How far a checkout came.
#[derive(Debug, SimpleObject)]
pub struct CheckoutPayload {
    /// The order, once there is one.
    pub order: Option<Order>,
    /// How far it is.
    pub saga_status: Option<SagaStatus>,
    /// What the payer has to do, while the payment is awaited.
    pub payment: Option<CheckoutPayment>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// How to pay.
#[derive(Clone, Debug, SimpleObject)]
pub struct CheckoutPayment {
    /// The provider: stripe, paypal, manual.
    pub provider: String,
    /// For the provider's own form.
    pub client_secret: Option<String>,
    /// Page of the provider.
    pub redirect_url: Option<String>,
    /// When it is too late to pay.
    pub expires_at: DateTime<Utc>,
}

/// A changed order.
#[derive(Debug, SimpleObject)]
pub struct OrderPayload {
    /// The order, unless it was refused.
    pub order: Option<Order>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// A changed part of an order.
#[derive(Debug, SimpleObject)]
pub struct VendorOrderPayload {
    /// The part, unless it was refused.
    pub vendor_order: Option<VendorOrder>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

/// A changed refund.
#[derive(Debug, SimpleObject)]
pub struct RefundPayload {
    /// The refund, unless it was refused.
    pub refund: Option<Refund>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

type Answer<T> = async_graphql::Result<T>;

pub async fn cart(ctx: &Context<'_>, outcome: Outcome<CartId>) -> Answer<CartPayload> {
    let (id, user_errors) = outcome.split()?;
    let cart = match id {
        Some(id) => load(ctx, OwnCart(id)).await?,
        None => None,
    };
    let warnings = match &cart {
        // The change is done; that a neighbour does not answer is no reason to say it failed. Nobody asks the neighbours
        // for what the client does not.
        Some(cart) if ctx.look_ahead().field("warnings").exists() => {
            cart.find_problems(ctx).await.unwrap_or_default()
        }
        _ => Vec::new(),
    };
    Ok(CartPayload {
        cart,
        user_errors,
        warnings,
    })
}

pub async fn checkout(ctx: &Context<'_>, outcome: Outcome<Checkout>) -> Answer<CheckoutPayload> {
    let (done, mut user_errors) = outcome.split()?;
    let Some(done) = done else {
        return Ok(CheckoutPayload {
            order: None,
            saga_status: None,
            payment: None,
            user_errors,
        });
    };
    let order = match done.order {
        Some(id) => load(ctx, VisibleOrder(id)).await?,
        None => None,
    };
    user_errors.extend(done.error);
    let payment = done.payment.map(|payment| CheckoutPayment {
        provider: payment.provider,
        client_secret: payment.client_secret,
        redirect_url: payment.redirect_url,
        expires_at: payment.expires_at,
    });
    Ok(CheckoutPayload {
        order,
        saga_status: Some(done.status),
        payment,
        user_errors,
    })
}

pub async fn order(ctx: &Context<'_>, outcome: Outcome<OrderId>) -> Answer<OrderPayload> {
    let (id, user_errors) = outcome.split()?;
    let order = match id {
        Some(id) => load(ctx, VisibleOrder(id)).await?,
        None => None,
    };
    Ok(OrderPayload { order, user_errors })
}

pub async fn vendor_order(ctx: &Context<'_>, outcome: Outcome<VendorOrderId>) -> Answer<VendorOrderPayload> {
    let (id, user_errors) = outcome.split()?;
    let vendor_order = match id {
        Some(id) => load(ctx, VisiblePart(id)).await?,
        None => None,
    };
    Ok(VendorOrderPayload {
        vendor_order,
        user_errors,
    })
}

pub async fn refund(ctx: &Context<'_>, outcome: Outcome<RefundId>) -> Answer<RefundPayload> {
    let (id, user_errors) = outcome.split()?;
    let refund = match id {
        Some(id) => load(ctx, VisibleRefund(id)).await?,
        None => None,
    };
    Ok(RefundPayload { refund, user_errors })
}
