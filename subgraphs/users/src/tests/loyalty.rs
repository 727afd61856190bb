//! Points over time.

use super::{Rig, call};
use crate::{actions::loyalty, commands};
use chrono::{DateTime, TimeDelta, Utc};
use contracts::{
    events::{OrderConfirmed, OrderStatusChanged, RefundStatusChanged},
    users::{HoldPoints, HoldPointsReply, RedeemPoints, ReleasePoints, ReversePoints},
};
use futures::future::join_all;
use platform::{
    Currency, Moment, Viewer,
    ids::{CustomerId, OrderId, RefundId},
};
use serde_json::{Value, json};

/// Available, pending, held, lifetime. The ledger must explain them.
pub async fn account(rig: &Rig, viewer: &Viewer) -> (i64, i64, i64, i64) {
    let query = "{ viewer { loyalty { available pending held lifetime } } }";
    let got = rig.get(viewer, query, json!({})).await;
    let n = |field: &str| got["loyalty"][field].as_i64().unwrap();
    let sums: (i64, i64, i64, i64) = sqlx::query_as(
        "select coalesce(sum(available), 0), coalesce(sum(pending), 0), coalesce(sum(held), 0),
            (select coalesce(sum(remaining), 0) from users.loyalty_lots where customer_id = $1)
        from users.loyalty_transactions where customer_id = $1",
    )
    .bind(viewer.customer.unwrap().0)
    .fetch_one(rig.app.deps.db.pool())
    .await
    .unwrap();
    assert_eq!(sums, (n("available"), n("pending"), n("held"), n("available")));
    (n("available"), n("pending"), n("held"), n("lifetime"))
}

fn sale(order: OrderId, customer: CustomerId, total: i64) -> OrderConfirmed {
    OrderConfirmed {
        order,
        number: "1".to_owned(),
        customer,
        currency: Currency::GBP,
        subtotal: total,
        discount: 0,
        loyalty: 0,
        shipping: 0,
        tax: 0,
        total,
        lines: vec![],
        vendor_orders: vec![],
    }
}

fn refund(order: OrderId, customer: CustomerId, total: i64) -> RefundStatusChanged {
    RefundStatusChanged {
        refund: RefundId::new(),
        order,
        number: "1".to_owned(),
        customer,
        from: None,
        to: "SUCCEEDED".to_owned(),
        currency: Currency::GBP,
        total,
        parts: vec![],
        lines: vec![],
    }
}

fn moved(order: OrderId, customer: CustomerId, from: &str, to: &str) -> OrderStatusChanged {
    OrderStatusChanged {
        order,
        number: "1".to_owned(),
        customer,
        from: Some(from.to_owned()),
        to: to.to_owned(),
        currency: Currency::GBP,
        total: 0,
        seq: 1,
    }
}

impl Rig {
    pub async fn sell(&self, order: OrderId, customer: CustomerId, total: i64, at: Moment) {
        let mut tx = self.app.deps.db.begin(at).await.unwrap();
        loyalty::earn(&mut tx, &sale(order, customer, total))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn refund(&self, order: OrderId, customer: CustomerId, total: i64) {
        let mut tx = self.app.deps.db.begin(Moment::LIVE).await.unwrap();
        loyalty::refund(&mut tx, &refund(order, customer, total))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn tell(&self, news: OrderStatusChanged, at: DateTime<Utc>) {
        let mut tx = self.app.deps.db.begin(Moment::LIVE).await.unwrap();
        loyalty::progress(&mut tx, &news, at).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn points(&self) -> (Viewer, CustomerId) {
        let ann = self.viewer(&self.register("a@shop.example", None).await).await;
        let customer = ann.customer.unwrap();
        (ann, customer)
    }

    /// 90 points that can be spent.
    pub async fn ninety(&self, customer: CustomerId) -> OrderId {
        let order = OrderId::new();
        self.sell(order, customer, 9000, Moment::LIVE).await;
        self.tell(moved(order, customer, "DELIVERED", "COMPLETED"), Utc::now())
            .await;
        while loyalty::mature(&self.app).await.unwrap() {}
        order
    }
}

#[tokio::test]
async fn points_can_be_spent_when_the_return_window_is_over() {
    let rig = Rig::new().await;
    let (ann, customer) = rig.points().await;
    let order = OrderId::new();
    // A refund of a tenth and the delivery are heard of before the sale.
    rig.refund(order, customer, 1000).await;
    let delivered = Utc::now() - TimeDelta::days(13);
    rig.tell(moved(order, customer, "FULFILLED", "DELIVERED"), delivered)
        .await;
    for _ in 0..2 {
        rig.sell(order, customer, 10_000, Moment::LIVE).await;
    }
    assert_eq!(account(&rig, &ann).await, (0, 90, 0, 0));
    assert!(!loyalty::mature(&rig.app).await.unwrap(), "one day is left");
    rig.tell(moved(order, customer, "DELIVERED", "COMPLETED"), Utc::now())
        .await;
    let all = join_all((0..4).map(|_| loyalty::mature(&rig.app))).await;
    assert_eq!(all.into_iter().filter(|done| *done.as_ref().unwrap()).count(), 1);
    assert_eq!(account(&rig, &ann).await, (90, 0, 0, 90));
    let query = "{ viewer { loyalty { transactions { nodes { kind points expiresAt } } } } }";
    let ledger = rig.get(&ann, query, json!({})).await;
    let kinds: Vec<_> = ledger["loyalty"]["transactions"]["nodes"]
        .as_array()
        .unwrap()
        .clone();
    let kinds: Vec<&Value> = kinds.iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds, ["EARN", "REVERSE", "EARN_PENDING"]);
}

#[tokio::test]
async fn points_are_held_spent_and_given_back_when_the_order_is_called_off() {
    let rig = Rig::new().await;
    let (ann, customer) = rig.points().await;
    let earned = rig.ninety(customer).await;
    let hold = |order, points| {
        commands::hold_points(
            &rig.app,
            call(),
            HoldPoints {
                order,
                customer,
                points,
            },
        )
    };
    let orders: Vec<_> = (0..10).map(|_| OrderId::new()).collect();
    let all = join_all(orders.iter().map(|order| hold(*order, 30))).await;
    let held: Vec<_> = orders
        .iter()
        .zip(&all)
        .filter(|(_, r)| matches!(r, Ok(HoldPointsReply::Held)))
        .collect();
    assert_eq!(held.len(), 3);
    assert_eq!(account(&rig, &ann).await, (0, 0, 90, 90));
    let [first, second, third] = [*held[0].0, *held[1].0, *held[2].0];
    assert!(
        matches!(hold(first, 30).await, Ok(HoldPointsReply::Held)),
        "the same hold"
    );
    for _ in 0..2 {
        commands::redeem_points(&rig.app, call(), RedeemPoints { order: first })
            .await
            .unwrap();
        commands::release_points(&rig.app, call(), ReleasePoints { order: second })
            .await
            .unwrap();
    }
    assert_eq!(account(&rig, &ann).await, (30, 0, 30, 90));
    for order in [second, third] {
        commands::release_points(&rig.app, call(), ReleasePoints { order })
            .await
            .unwrap();
        assert!(
            matches!(hold(order, 30).await, Ok(HoldPointsReply::Insufficient { .. })),
            "released for good"
        );
    }
    // The order they were earned with is refunded: 60 go, 30 are owed.
    rig.refund(earned, customer, 9000).await;
    assert_eq!(account(&rig, &ann).await, (0, 0, 0, 0));
    // The order they were spent on is called off, told again and again: what comes back pays the debt.
    let reverse = || commands::reverse_points(&rig.app, call(), ReversePoints { order: first });
    for done in join_all((0..4).map(|_| reverse())).await {
        done.unwrap();
    }
    assert_eq!(account(&rig, &ann).await, (0, 0, 0, 0));
    commands::redeem_points(&rig.app, call(), RedeemPoints { order: first })
        .await
        .unwrap();
    let state: String = sqlx::query_scalar("select state from users.loyalty_holds where order_id = $1")
        .bind(first.0)
        .fetch_one(rig.app.deps.db.pool())
        .await
        .unwrap();
    assert_eq!(state, "REVERSED", "for good");
    // Called off before anything was held: nothing can be held afterwards.
    let never = OrderId::new();
    commands::reverse_points(&rig.app, call(), ReversePoints { order: never })
        .await
        .unwrap();
    assert!(
        matches!(hold(never, 0).await, Ok(HoldPointsReply::Held)),
        "no points, no hold"
    );
    assert!(matches!(
        hold(never, 1).await,
        Ok(HoldPointsReply::Insufficient { .. })
    ));
}

#[tokio::test]
async fn a_canceled_order_counts_for_nothing_and_old_points_expire() {
    let rig = Rig::new().await;
    let (ann, customer) = rig.points().await;
    let order = OrderId::new();
    rig.sell(order, customer, 60_000, Moment::LIVE).await;
    assert_eq!(account(&rig, &ann).await, (0, 600, 0, 0));
    for _ in 0..2 {
        rig.tell(moved(order, customer, "CONFIRMED", "CANCELED"), Utc::now())
            .await;
    }
    rig.refund(order, customer, 60_000).await;
    assert_eq!(account(&rig, &ann).await, (0, 0, 0, 0));
    let spent = "{ viewer { vip { qualifyingSpend { amount } } } }";
    let got = rig.get(&ann, spent, json!({})).await;
    assert_eq!(got["vip"]["qualifyingSpend"]["amount"], 0);
    rig.ninety(customer).await;
    let (available, ..) = account(&rig, &ann).await;
    assert_eq!(available, 99, "bronze until the renewal");
    sqlx::query("update users.loyalty_lots set expires_at = now() - interval '1 hour'")
        .execute(rig.app.deps.db.pool())
        .await
        .unwrap();
    assert!(loyalty::expire(&rig.app).await.unwrap());
    assert!(!loyalty::expire(&rig.app).await.unwrap());
    assert_eq!(account(&rig, &ann).await, (0, 0, 0, 99));
}
