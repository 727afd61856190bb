//! What other services may ask.

use crate::{
    App,
    actions::{cancel, capture, coupons, create, refund, reverse, sync},
};
use contracts::{
    Done,
    payments::{
        CancelPayment, CapturePayment, CaptureReply, CheckCoupons, CouponAnswer, CreatePayment,
        CreatePaymentReply, HoldCoupons, HoldCouponsReply, PaymentInfo, RedeemCoupons, RefundPayment,
        RefundReply, ReleaseCoupons, ReverseCoupons, ReverseShares, SyncPayment,
    },
};
use platform::{Error, commands::Call};

pub async fn check_coupons(app: App, call: Call, command: CheckCoupons) -> Result<Vec<CouponAnswer>, Error> {
    coupons::check(&app, call.moment, command).await
}

pub async fn hold_coupons(app: App, call: Call, command: HoldCoupons) -> Result<HoldCouponsReply, Error> {
    coupons::hold(&app, call.moment, command).await
}

pub async fn release_coupons(app: App, call: Call, command: ReleaseCoupons) -> Result<Done, Error> {
    coupons::release(&app, call.moment, command.order)
        .await
        .map(|()| Done {})
}

/// Giving a use back is the same whether it was held or redeemed; so is giving it back twice.
pub async fn reverse_coupons(app: App, call: Call, command: ReverseCoupons) -> Result<Done, Error> {
    coupons::release(&app, call.moment, command.order)
        .await
        .map(|()| Done {})
}

pub async fn redeem_coupons(app: App, call: Call, command: RedeemCoupons) -> Result<Done, Error> {
    coupons::redeem(&app, call.moment, command.order)
        .await
        .map(|()| Done {})
}

pub async fn create_payment(
    app: App,
    call: Call,
    command: CreatePayment,
) -> Result<CreatePaymentReply, Error> {
    create::create(&app, call.moment, command).await
}

pub async fn sync_payment(app: App, _: Call, command: SyncPayment) -> Result<Option<PaymentInfo>, Error> {
    sync::sync_order(&app, command.order).await
}

pub async fn cancel_payment(app: App, call: Call, command: CancelPayment) -> Result<Done, Error> {
    cancel::cancel_order(&app, call.moment, command.order, &command.reason)
        .await
        .map(|()| Done {})
}

pub async fn capture_payment(app: App, call: Call, command: CapturePayment) -> Result<CaptureReply, Error> {
    capture::capture(&app, call.moment, command).await
}

pub async fn refund_payment(app: App, call: Call, command: RefundPayment) -> Result<RefundReply, Error> {
    refund::refund(&app, call.moment, command).await
}

pub async fn reverse_shares(app: App, call: Call, command: ReverseShares) -> Result<Done, Error> {
    reverse::reverse(&app, call.moment, command)
        .await
        .map(|()| Done {})
}
