//! Coupons under competition.

use super::support::{Shop, shop_without_provider};
use crate::{
    actions::coupons,
    domain::coupon::{CouponRow, tests::coupon},
    store,
};
use contracts::payments::{
    CheckCoupons, CouponAnswer, CouponUse, HoldCoupons, HoldCouponsReply, ReverseCoupons,
};
use platform::{
    Currency, Moment,
    ids::{CouponId, CustomerId, OrderId},
};

impl Shop {
    async fn coupon(&self, row: CouponRow) -> CouponId {
        store::coupons::insert(self.app.deps.db.pool(), &row)
            .await
            .unwrap();
        row.id
    }

    async fn hold(&self, order: OrderId, customer: CustomerId, ids: &[CouponId]) -> HoldCouponsReply {
        let coupons = ids
            .iter()
            .map(|id| CouponUse {
                coupon: *id,
                amount: 100,
            })
            .collect();
        let command = HoldCoupons {
            order,
            customer,
            currency: Currency::GBP,
            coupons,
        };
        coupons::hold(&self.app, Moment::LIVE, command).await.unwrap()
    }

    async fn used(&self) -> i64 {
        self.count("select coalesce(sum(used), 0)::bigint from payments.coupons")
            .await
    }
}

fn held(reply: &HoldCouponsReply) -> bool {
    matches!(reply, HoldCouponsReply::Held)
}

#[tokio::test]
async fn the_last_use_is_given_once() {
    let shop = shop_without_provider().await;
    let id = shop
        .coupon(CouponRow {
            usage_limit: Some(3),
            ..coupon()
        })
        .await;
    let ids = [id];
    let tries = (0..10).map(|_| shop.hold(OrderId::new(), CustomerId::new(), &ids));
    let replies = futures::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|reply| held(reply)).count(), 3);
    assert_eq!(shop.used().await, 3);
}

#[tokio::test]
async fn a_customer_gets_no_more_than_their_own() {
    let shop = shop_without_provider().await;
    let id = shop
        .coupon(CouponRow {
            per_customer_limit: Some(1),
            ..coupon()
        })
        .await;
    let (customer, ids) = (CustomerId::new(), [id]);
    let tries = (0..8).map(|_| shop.hold(OrderId::new(), customer, &ids));
    let replies = futures::future::join_all(tries).await;
    assert_eq!(replies.iter().filter(|reply| held(reply)).count(), 1);
    let check = CheckCoupons {
        codes: vec!["ten".into(), "NOPE".into()],
        customer,
        tier: None,
        currency: Currency::GBP,
    };
    let answers = coupons::check(&shop.app, Moment::LIVE, check).await.unwrap();
    let reasons: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            CouponAnswer::Rejected { reason, .. } => reason.as_str(),
            CouponAnswer::Valid(_) => "valid",
        })
        .collect();
    assert_eq!(reasons, ["CUSTOMER_LIMIT_REACHED", "NOT_FOUND"]);
}

#[tokio::test]
async fn all_or_none_and_every_step_may_be_repeated() {
    let shop = shop_without_provider().await;
    let good = shop.coupon(coupon()).await;
    let full = shop
        .coupon(CouponRow {
            code: "FULL".into(),
            usage_limit: Some(1),
            ..coupon()
        })
        .await;
    let customer = CustomerId::new();
    assert!(held(&shop.hold(OrderId::new(), customer, &[full]).await));
    let order = OrderId::new();
    assert!(!held(&shop.hold(order, customer, &[good, full]).await));
    assert_eq!(shop.used().await, 1);
    for _ in 0..2 {
        assert!(held(&shop.hold(order, customer, &[good]).await));
    }
    assert_eq!(shop.used().await, 2);
    for _ in 0..2 {
        coupons::redeem(&shop.app, Moment::LIVE, order).await.unwrap();
    }
    assert_eq!(shop.used().await, 2);
    for _ in 0..2 {
        coupons::release(&shop.app, Moment::LIVE, order).await.unwrap();
    }
    assert_eq!(shop.used().await, 1);
    let reversed = "select count(*) from payments.coupon_redemptions where status = 'REVERSED'";
    assert_eq!(shop.count(reversed).await, 1);
}

#[tokio::test]
async fn a_release_that_comes_first_blocks_the_hold() {
    let shop = shop_without_provider().await;
    let id = shop.coupon(coupon()).await;
    let order = OrderId::new();
    coupons::release(&shop.app, Moment::LIVE, order).await.unwrap();
    assert!(!held(&shop.hold(order, CustomerId::new(), &[id]).await));
    assert_eq!(shop.used().await, 0);
}

#[tokio::test]
async fn a_canceled_order_gives_its_redeemed_uses_back_once() {
    let shop = shop_without_provider().await;
    let ids = [shop
        .coupon(CouponRow {
            usage_limit: Some(1),
            ..coupon()
        })
        .await];
    let (order, customer) = (OrderId::new(), CustomerId::new());
    assert!(held(&shop.hold(order, customer, &ids).await));
    coupons::redeem(&shop.app, Moment::LIVE, order).await.unwrap();
    assert!(!held(&shop.hold(OrderId::new(), customer, &ids).await), "used up");
    let call = || platform::commands::Call {
        caller: "orders".to_owned(),
        moment: Moment::LIVE,
    };
    let reverse = || crate::commands::reverse_coupons(shop.app.clone(), call(), ReverseCoupons { order });
    for done in futures::future::join_all((0..4).map(|_| reverse())).await {
        done.unwrap();
    }
    assert_eq!(shop.used().await, 0);
    let reversed = "select count(*) from payments.coupon_redemptions where status = 'REVERSED'";
    assert_eq!(shop.count(reversed).await, 1);
    assert!(held(&shop.hold(OrderId::new(), customer, &ids).await));
}
