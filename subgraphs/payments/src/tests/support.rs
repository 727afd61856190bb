//! A shop with a database of its own, and a provider on a free port that sends it webhooks.

use crate::{
    App, MIGRATOR, NAME, Schema, Settings, StripeSettings,
    actions::{capture, create, refund},
    request_data, schema,
    store::payments::{self, Payment},
    webhooks,
};
use async_graphql::Request;
use chrono::{TimeDelta, Utc};
use contracts::payments::{
    CapturePayment, CaptureReply, CreatePayment, CreatePaymentReply, PaymentInfo, RefundPart, RefundPayment,
    RefundReply, VendorShare,
};
use platform::{
    Currency, Moment, Viewer,
    ids::{CustomerId, OrderId, RefundId, VendorId, VendorOrderId},
    testing::TestDb,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

pub const SECRET: &str = "sk_test_payments";
pub const HOOK_SECRET: &str = "whsec_payments";

pub struct Shop {
    pub app: App,
    pub schema: Schema,
    pub base: String,
    pub http: reqwest::Client,
    _db: TestDb,
    _stop: Option<DropGuard>,
}

pub async fn shop_without_provider() -> Shop {
    let db = TestDb::new(NAME, &MIGRATOR).await.unwrap();
    let app = App::new(db.deps(NAME).unwrap(), &Settings::default()).unwrap();
    let http = platform::http::client(std::time::Duration::from_secs(5)).unwrap();
    Shop {
        schema: schema(app.clone()),
        app,
        base: String::new(),
        http,
        _stop: None,
        _db: db,
    }
}

pub async fn shop() -> Shop {
    let db = TestDb::new(NAME, &MIGRATOR).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let hook = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hook_url = format!("http://{}/webhooks/stripe", hook.local_addr().unwrap());
    let stop = CancellationToken::new();
    let options = sandbox::Options {
        listener,
        data_dir: None,
        secret_key: SECRET.into(),
        publishable_key: "pk_test_payments".into(),
        webhook_url: Some(hook_url),
        webhook_secret: HOOK_SECRET.into(),
        public_url: base.clone(),
    };
    tokio::spawn(sandbox::serve(options, stop.clone()));
    let stripe = StripeSettings {
        base_url: base.clone(),
        secret_key: SECRET.into(),
        publishable_key: "pk_test_payments".into(),
        webhook_secrets: vec!["whsec_next".into(), HOOK_SECRET.into()],
    };
    let settings = Settings {
        stripe: Some(stripe),
        ..Settings::default()
    };
    let app = App::new(db.deps(NAME).unwrap(), &settings).unwrap();
    let routes = webhooks::routes(app.clone());
    tokio::spawn(async move { axum::serve(hook, routes).await });
    let http = platform::http::client(std::time::Duration::from_secs(5)).unwrap();
    Shop {
        schema: schema(app.clone()),
        app,
        base,
        http,
        _db: db,
        _stop: Some(stop.drop_guard()),
    }
}

pub fn order(provider: &str) -> CreatePayment {
    CreatePayment {
        order: OrderId::new(),
        order_number: "A-1001".into(),
        attempt: 1,
        customer: CustomerId::new(),
        provider: provider.into(),
        amount: 5_000,
        currency: Currency::GBP,
        saved_method: None,
        return_url: None,
        expires_at: Utc::now() + TimeDelta::minutes(30),
    }
}

/// Two vendors' parts of an order of 50.00.
pub fn shares() -> Vec<VendorShare> {
    let share = |subtotal, platform_discount, vendor_discount, shipping, tax| VendorShare {
        vendor_order: VendorOrderId::new(),
        vendor: VendorId::new(),
        subtotal,
        platform_discount,
        vendor_discount,
        loyalty: 0,
        shipping,
        tax,
        total: subtotal - platform_discount - vendor_discount + shipping + tax,
    };
    vec![share(3_000, 100, 200, 299, 1), share(1_667, 0, 0, 0, 333)]
}

impl Shop {
    pub async fn create(&self, command: &CreatePayment) -> PaymentInfo {
        match self.try_create(command).await {
            CreatePaymentReply::Created(info) => info,
            CreatePaymentReply::Refused { reason } => panic!("refused: {reason}"),
        }
    }

    pub async fn try_create(&self, command: &CreatePayment) -> CreatePaymentReply {
        let copy = serde_json::from_value(serde_json::to_value(command).unwrap()).unwrap();
        create::create(&self.app, Moment::LIVE, copy).await.unwrap()
    }

    pub async fn payment(&self, order: OrderId) -> Payment {
        payments::of_orders(self.app.deps.db.pool(), &[order])
            .await
            .unwrap()
            .pop()
            .unwrap()
    }

    pub async fn capture(&self, order: OrderId, shares: &[VendorShare]) -> CaptureReply {
        let command = CapturePayment {
            order,
            shares: shares.to_vec(),
        };
        capture::capture(&self.app, Moment::LIVE, command).await.unwrap()
    }

    /// Authorized and captured.
    pub async fn paid(&self, command: &CreatePayment, shares: &[VendorShare]) {
        let info = self.create(command).await;
        if command.provider == "stripe" {
            let confirmed = self.confirm(&info, "pm_card_visa").await;
            assert_eq!(confirmed["status"], "requires_capture", "{confirmed}");
            self.flush().await;
        }
        let reply = self.capture(command.order, shares).await;
        assert!(matches!(reply, CaptureReply::Captured { .. }), "{reply:?}");
    }

    pub async fn refund(
        &self,
        order: OrderId,
        refund: RefundId,
        amount: i64,
        parts: Vec<RefundPart>,
    ) -> RefundReply {
        let command = RefundPayment {
            order,
            refund,
            amount,
            currency: Currency::GBP,
            parts,
        };
        refund::refund(&self.app, Moment::LIVE, command).await.unwrap()
    }

    /// What the storefront does with the client secret.
    pub async fn confirm(&self, info: &PaymentInfo, card: &str) -> Value {
        let secret = info.client_secret.clone().unwrap();
        let intent = secret.split("_secret").next().unwrap();
        let form = [
            ("client_secret", secret.as_str()),
            ("payment_method", card),
            ("key", "pk_test_payments"),
            ("return_url", "http://127.0.0.1/back"),
        ];
        let url = format!("{}/v1/payment_intents/{intent}/confirm", self.base);
        self.http
            .post(url)
            .form(&form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/sandbox/{path}", self.base);
        let response = self
            .http
            .post(url)
            .bearer_auth(SECRET)
            .json(&body)
            .send()
            .await
            .unwrap();
        response.json().await.unwrap_or(Value::Null)
    }

    /// Delivers all webhooks.
    pub async fn flush(&self) {
        let flushed = self.control("webhooks/flush", Value::Null).await;
        assert_eq!(flushed["failed"], 0, "{flushed}");
    }

    pub async fn fault(&self, kind: &str, method: &str, path: &str) {
        self.control("faults", json!({ "kind": kind, "method": method, "path": path }))
            .await;
    }

    pub async fn run(&self, viewer: &Viewer, query: &str) -> Value {
        let mut request = Request::new(query);
        request_data(&self.app)(viewer, &mut request.data);
        serde_json::to_value(self.schema.execute(request.data(viewer.clone())).await).unwrap()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.app.deps.db.pool())
            .await
            .unwrap()
    }

    /// Account balances, credits less debits.
    pub async fn balance(&self, account: &str) -> i64 {
        let sql =
            "select coalesce(sum(credit - debit), 0)::bigint from payments.ledger_entries where account = $1";
        sqlx::query_scalar(sql)
            .bind(account)
            .fetch_one(self.app.deps.db.pool())
            .await
            .unwrap()
    }

    /// `from>to` of every event about a payment, in order.
    pub async fn told(&self) -> Vec<String> {
        let sql = "select (payload->>'from') || '>' || (payload->>'to') from payments.outbox \
                   where topic = 'payments.payment_status_changed' order by id";
        sqlx::query_scalar(sql)
            .fetch_all(self.app.deps.db.pool())
            .await
            .unwrap()
    }
}
