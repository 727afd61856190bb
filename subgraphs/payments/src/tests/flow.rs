//! Payments from beginning to end, also when replies are lost.

use super::support::{order, shares, shop};
use crate::{
    actions::{cancel, refund, sync},
    domain::status::PaymentStatus,
    store::refunds,
};
use contracts::payments::{CaptureReply, CreatePaymentReply, PaymentState, RefundReply};
use platform::{Moment, ids::RefundId};

#[tokio::test]
async fn authorize_capture_refund() {
    let shop = shop().await;
    let (command, shares) = (order("stripe"), shares());
    let info = shop.create(&command).await;
    assert_eq!(info.status, PaymentState::Created);
    assert_eq!(
        shop.create(&command).await.payment,
        info.payment,
        "the same attempt is the same payment"
    );
    assert!(matches!(
        shop.capture(command.order, &shares).await,
        CaptureReply::Pending
    ));
    shop.confirm(&info, "pm_card_visa").await;
    shop.flush().await;
    assert_eq!(
        shop.payment(command.order).await.status,
        PaymentStatus::Authorized
    );
    let CaptureReply::Captured { commissions } = shop.capture(command.order, &shares).await else {
        panic!()
    };
    assert_eq!(commissions.iter().map(|c| c.commission).sum::<i64>(), 280 + 167);
    let CaptureReply::Captured { commissions: again } = shop.capture(command.order, &shares).await else {
        panic!()
    };
    assert_eq!(again.len(), commissions.len());
    shop.flush().await;
    let refund = RefundId::new();
    assert!(matches!(
        shop.refund(command.order, refund, 2_000, vec![]).await,
        RefundReply::Succeeded
    ));
    assert!(matches!(
        shop.refund(command.order, refund, 2_000, vec![]).await,
        RefundReply::Succeeded
    ));
    let too_much = shop.refund(command.order, RefundId::new(), 3_001, vec![]).await;
    assert!(matches!(too_much, RefundReply::Refused { .. }), "{too_much:?}");
    shop.flush().await;
    let payment = shop.payment(command.order).await;
    assert_eq!(
        (payment.status, payment.refunded),
        (PaymentStatus::PartiallyRefunded, 2_000)
    );
    assert_eq!(payment.method_last4.as_deref(), Some("4242"));
    assert!(matches!(
        shop.refund(command.order, RefundId::new(), 3_000, vec![]).await,
        RefundReply::Succeeded
    ));
    shop.flush().await;
    assert_eq!(shop.payment(command.order).await.status, PaymentStatus::Refunded);
    let told = [
        "Created>Authorized",
        "Authorized>Captured",
        "Captured>PartiallyRefunded",
        "PartiallyRefunded>Refunded",
    ];
    assert_eq!(shop.told().await, told);
    assert_eq!(
        shop.count("select count(*) from payments.payment_refunds").await,
        2
    );
    for account in [
        "PSP_RECEIVABLE",
        "CUSTOMER_CLEARING",
        "VENDOR_PENDING",
        "PLATFORM_COMMISSION",
        "TAX_PAYABLE",
    ] {
        assert_eq!(shop.balance(account).await, 0, "{account}");
    }
}

#[tokio::test]
async fn a_declined_card_may_be_followed_by_another_with_3d_secure() {
    let shop = shop().await;
    let command = order("stripe");
    let info = shop.create(&command).await;
    shop.confirm(&info, "pm_card_chargeDeclinedInsufficientFunds")
        .await;
    shop.flush().await;
    let payment = shop.payment(command.order).await;
    assert_eq!(payment.status, PaymentStatus::Failed);
    assert_eq!(payment.decline_code.as_deref(), Some("insufficient_funds"));
    let challenged = shop.confirm(&info, "pm_card_threeDSecure2Required").await;
    assert_eq!(challenged["status"], "requires_action");
    shop.flush().await;
    assert!(shop.payment(command.order).await.redirect_url.is_some());
    let intent = challenged["id"].as_str().unwrap();
    shop.control(
        &format!("payment_intents/{intent}/succeed"),
        serde_json::Value::Null,
    )
    .await;
    let info = sync::sync_order(&shop.app, command.order).await.unwrap().unwrap();
    assert_eq!((info.status, info.redirect_url), (PaymentState::Authorized, None));
}

#[tokio::test]
async fn a_second_attempt_closes_the_first() {
    let shop = shop().await;
    let mut command = order("stripe");
    let first = shop.create(&command).await;
    shop.confirm(&first, "pm_card_chargeDeclined").await;
    shop.flush().await;
    command.attempt = 2;
    let second = shop.create(&command).await;
    assert_ne!(second.payment, first.payment);
    let refused = shop.confirm(&first, "pm_card_visa").await;
    assert_eq!(
        refused["error"]["code"], "payment_intent_unexpected_state",
        "{refused}"
    );
}

#[tokio::test]
async fn lost_replies_and_failures_of_the_provider_do_no_harm() {
    let shop = shop().await;
    for kind in ["lose_reply", "lose_request", "bad_gateway", "rate_limit"] {
        let (command, shares) = (order("stripe"), shares());
        shop.fault(kind, "POST", "/v1/payment_intents").await;
        let info = shop.create(&command).await;
        shop.confirm(&info, "pm_card_visa").await;
        shop.fault(kind, "POST", "/capture").await;
        let reply = shop.capture(command.order, &shares).await;
        assert!(
            matches!(reply, CaptureReply::Captured { .. }),
            "{kind}: {reply:?}"
        );
        shop.fault(kind, "POST", "/v1/refunds").await;
        let reply = shop.refund(command.order, RefundId::new(), 5_000, vec![]).await;
        assert!(matches!(reply, RefundReply::Succeeded), "{kind}: {reply:?}");
        shop.flush().await;
        let payment = shop.payment(command.order).await;
        assert_eq!((payment.captured, payment.refunded), (5_000, 5_000), "{kind}");
    }
    assert_eq!(
        shop.count("select count(*) from payments.payment_refunds").await,
        4
    );
}

#[tokio::test]
async fn a_failure_that_the_provider_keeps_under_the_key_is_looked_up() {
    let shop = shop().await;
    let (command, shares) = (order("stripe"), shares());
    let info = shop.create(&command).await;
    shop.confirm(&info, "pm_card_visa").await;
    shop.fault("error_after", "POST", "/capture").await;
    assert!(matches!(
        shop.capture(command.order, &shares).await,
        CaptureReply::Pending
    ));
    assert!(matches!(
        shop.capture(command.order, &shares).await,
        CaptureReply::Captured { .. }
    ));
    shop.control("webhooks/pause", serde_json::Value::Null).await;
    shop.fault("error_after", "POST", "/v1/refunds").await;
    let refund_id = RefundId::new();
    assert!(matches!(
        shop.refund(command.order, refund_id, 2_000, vec![]).await,
        RefundReply::Submitted
    ));
    let row = refunds::of_refund(shop.app.deps.db.pool(), refund_id)
        .await
        .unwrap()
        .unwrap();
    refund::submit(&shop.app, &shop.payment(command.order).await, &row)
        .await
        .unwrap();
    assert_eq!(shop.payment(command.order).await.refunded, 2_000);
    let intent = shop.payment(command.order).await.provider_ref.unwrap();
    let listed = shop.app.stripe().unwrap().refunds(&intent).await.unwrap();
    assert_eq!(listed.len(), 1, "one refund at the provider");
}

#[tokio::test]
async fn canceling_ends_whatever_there_is() {
    let shop = shop().await;
    let (open, held, taken, manual) = (order("stripe"), order("stripe"), order("stripe"), order("manual"));
    shop.create(&open).await;
    shop.create(&manual).await;
    let info = shop.create(&held).await;
    shop.confirm(&info, "pm_card_visa").await;
    shop.paid(&taken, &shares()).await;
    let expected = [
        (open.order, PaymentStatus::Voided),
        (held.order, PaymentStatus::Voided),
        (taken.order, PaymentStatus::Refunded),
        (manual.order, PaymentStatus::Voided),
    ];
    for (order, status) in expected {
        for _ in 0..2 {
            cancel::cancel_order(&shop.app, Moment::LIVE, order, "test")
                .await
                .unwrap();
        }
        shop.flush().await;
        assert_eq!(shop.payment(order).await.status, status);
    }
    cancel::cancel_order(&shop.app, Moment::LIVE, platform::ids::OrderId::new(), "none")
        .await
        .unwrap();
    assert_eq!(shop.balance("PSP_RECEIVABLE").await, 0);
}

#[tokio::test]
async fn only_what_is_implemented_is_offered() {
    let shop = shop().await;
    for provider in ["paypal", "fake", "cash", ""] {
        let reply = shop.try_create(&order(provider)).await;
        assert!(matches!(reply, CreatePaymentReply::Refused { .. }), "{provider}");
    }
    let small = contracts::payments::CreatePayment {
        amount: 1,
        ..order("stripe")
    };
    for _ in 0..2 {
        let reply = shop.try_create(&small).await;
        assert!(
            matches!(&reply, CreatePaymentReply::Refused { reason } if reason == "amount_too_small"),
            "{reply:?}"
        );
    }
    let command = order("manual");
    shop.create(&command).await;
    let other = contracts::payments::CreatePayment { amount: 1, ..command };
    assert!(matches!(
        shop.try_create(&other).await,
        CreatePaymentReply::Refused { .. }
    ));
}

#[tokio::test]
async fn history_is_paid_at_once_and_at_its_own_time() {
    let shop = super::support::shop_without_provider().await;
    let at = chrono::DateTime::parse_from_rfc3339("2010-12-01T08:26:00Z")
        .unwrap()
        .to_utc();
    let command = order("manual");
    let id = command.order;
    let reply = crate::actions::create::create(&shop.app, Moment::imported(at), command)
        .await
        .unwrap();
    let CreatePaymentReply::Created(info) = reply else {
        panic!()
    };
    assert_eq!((info.status, info.captured), (PaymentState::Captured, 5_000));
    let command = contracts::payments::CapturePayment {
        order: id,
        shares: shares(),
    };
    crate::actions::capture::capture(&shop.app, Moment::imported(at), command)
        .await
        .unwrap();
    assert_eq!(shop.payment(id).await.created_at, at);
    let late = "select count(*) from payments.ledger_entries where created_at <> '2010-12-01T08:26:00Z'";
    assert_eq!(shop.count(late).await, 0);
    assert_eq!(
        shop.count("select count(*) from payments.outbox where origin = 'import'")
            .await,
        1
    );
    assert!(matches!(
        shop.refund(id, RefundId::new(), 100, vec![]).await,
        RefundReply::Succeeded
    ));
}
