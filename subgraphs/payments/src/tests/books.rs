//! The ledger as the database keeps it.

use super::support::{order, shares, shop_without_provider};
use contracts::payments::{CreatePayment, RefundPart, RefundReply};
use platform::{Moment, ids::RefundId};

#[tokio::test]
async fn the_database_refuses_books_that_do_not_balance_or_change() {
    let shop = shop_without_provider().await;
    let command = order("manual");
    crate::actions::create::create(&shop.app, Moment::imported(chrono::Utc::now()), command)
        .await
        .unwrap();
    let pool = shop.app.deps.db.pool();
    let lone = "insert into payments.ledger_entries (id, transaction_id, account, order_id, currency, debit) \
                select gen_random_uuid(), id, 'ROUNDING', order_id, currency, 1 from payments.ledger_transactions";
    for sql in [
        lone,
        "update payments.ledger_entries set debit = debit + 1 where debit > 0",
        "delete from payments.ledger_entries",
        "delete from payments.ledger_transactions",
        "truncate payments.ledger_entries",
    ] {
        assert!(sqlx::query(sql).execute(pool).await.is_err(), "{sql}");
    }
    assert_eq!(shop.balance("PSP_RECEIVABLE").await, -5_000);
}

#[tokio::test]
async fn a_refund_is_borne_by_those_it_was_decided_for() {
    let shop = shop_without_provider().await;
    let (command, shares) = (order("manual"), shares());
    let copy: CreatePayment = serde_json::from_value(serde_json::to_value(&command).unwrap()).unwrap();
    crate::actions::create::create(&shop.app, Moment::imported(chrono::Utc::now()), copy)
        .await
        .unwrap();
    shop.capture(command.order, &shares).await;
    assert_eq!(
        shop.balance("VENDOR_PENDING").await,
        (2_800 - 280 + 299) + (1_667 - 167)
    );
    assert_eq!(shop.balance("PLATFORM_PROMO").await, -100);
    let second = &shares[1];
    let part = RefundPart {
        vendor_order: second.vendor_order,
        vendor: second.vendor,
        amount: 2_000,
        lines: vec![],
    };
    let reply = shop
        .refund(command.order, RefundId::new(), 2_000, vec![part])
        .await;
    assert!(matches!(reply, RefundReply::Succeeded));
    assert_eq!(shop.balance("VENDOR_PENDING").await, 2_800 - 280 + 299);
    assert_eq!(shop.balance("PLATFORM_COMMISSION").await, 280);
    assert_eq!(shop.balance("PSP_RECEIVABLE").await, -3_000);
}

#[tokio::test]
async fn concurrent_refunds_never_exceed_what_was_captured() {
    let shop = shop_without_provider().await;
    let command = order("manual");
    let id = command.order;
    crate::actions::create::create(&shop.app, Moment::imported(chrono::Utc::now()), command)
        .await
        .unwrap();
    let tries = (0..8).map(|_| shop.refund(id, RefundId::new(), 1_500, vec![]));
    let replies = futures::future::join_all(tries).await;
    let done = replies
        .iter()
        .filter(|reply| matches!(reply, RefundReply::Succeeded))
        .count();
    assert_eq!(done, 3);
    assert_eq!(shop.payment(id).await.refunded, 4_500);
}

#[tokio::test]
async fn what_was_earned_without_money_goes_back_when_its_order_is_called_off() {
    use crate::{
        actions::reverse::reverse,
        domain::ledger::{LedgerAccount, Line, components},
        store::{
            ledger::{Booking, OwnedLine, book},
            shares::{FrozenShare, insert},
        },
    };
    use contracts::payments::{ReverseShares, VendorShare};
    use platform::{
        Currency,
        ids::{OrderId, VendorId, VendorOrderId},
    };
    let shop = shop_without_provider().await;
    let (order, vendor_order, vendor) = (OrderId::new(), VendorOrderId::new(), VendorId::new());
    let share = VendorShare {
        vendor_order,
        vendor,
        subtotal: 1000,
        platform_discount: 1000,
        vendor_discount: 0,
        loyalty: 0,
        shipping: 0,
        tax: 0,
        total: 0,
    };
    let frozen = FrozenShare {
        share: share.clone(),
        commission: 100,
        vendor_net: 900,
    };
    let mut tx = shop.app.deps.db.begin(Moment::LIVE).await.unwrap();
    insert(&mut *tx, order, Currency::GBP, &frozen).await.unwrap();
    let reference = vendor_order.to_string();
    let booking = Booking {
        kind: "ACCRUAL",
        order,
        payment: None,
        currency: Currency::GBP,
        ref_type: "VENDOR_ORDER",
        ref_id: &reference,
    };
    let mut lines: Vec<OwnedLine> = vec![Line::debit(LedgerAccount::CustomerClearing, 0).into()];
    lines.extend(components(&share, 100).into_iter().map(|line| OwnedLine {
        line,
        owner: Some((vendor, vendor_order)),
    }));
    book(&mut tx, &booking, &lines).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shop.balance("VENDOR_PENDING").await, 900);
    for _ in 0..2 {
        let command = ReverseShares {
            order,
            vendor_orders: vec![vendor_order],
        };
        reverse(&shop.app, Moment::LIVE, command).await.unwrap();
    }
    for account in ["VENDOR_PENDING", "PLATFORM_COMMISSION", "PLATFORM_PROMO"] {
        assert_eq!(shop.balance(account).await, 0, "{account}");
    }
}
