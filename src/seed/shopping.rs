//! One purchase, step by step, as a storefront and the vendors' back offices make it.

use crate::client::Client;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

/// Where payments are confirmed, as a browser would.
pub struct Provider {
    pub url: String,
    pub publishable_key: String,
}

impl Provider {
    async fn confirm(&self, client_secret: &str, method: &str) -> Result<()> {
        let intent = client_secret.split("_secret").next().unwrap_or_default();
        let form = [
            ("client_secret", client_secret),
            ("payment_method", method),
            ("return_url", "http://127.0.0.1:3000/thanks"),
        ];
        let answer = platform::http::client(Duration::from_secs(30))?
            .post(format!("{}/v1/payment_intents/{intent}/confirm", self.url))
            .bearer_auth(&self.publishable_key)
            .form(&form)
            .send()
            .await?;
        match answer.status().as_u16() {
            // 402 is the answer to a declined card.
            200 | 402 => Ok(()),
            status => bail!("the payment provider answers {status}"),
        }
    }
}

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Unpaid,
    Declined,
    Paid,
    Accepted,
    Shipped,
    Delivered,
    Refunded,
    Canceled,
    Rejected,
}

/// Places an order for `lines` (variant ID and quantity). Returns its ID.
pub(super) async fn place(
    buyer: &Client,
    lines: &[(String, i64)],
    address: &Value,
    key: &str,
) -> Result<Value> {
    let create = "mutation { cartCreate(currency: \"GBP\") { cart { id } userErrors { code message } } }";
    let cart = buyer.run(create, json!({})).await?["cartCreate"]["cart"]["id"].clone();
    let lines: Vec<Value> = lines
        .iter()
        .map(|(variant, quantity)| json!({ "variantId": variant, "quantity": quantity }))
        .collect();
    let add = "mutation($cart: ID!, $lines: [CartLineInput!]!) {
        cartLinesAdd(cartId: $cart, lines: $lines) { cart { version } userErrors { code message path } } }";
    let added = buyer.run(add, json!({ "cart": cart, "lines": lines })).await?;
    let set = "mutation($cart: ID!, $to: AddressInput!, $version: Int!) {
        cartAddressesSet(cartId: $cart, shipping: $to, billing: $to, expectedVersion: $version) {
            cart { version deliveryOptions { vendor { id } method { id } } } userErrors { code message path } } }";
    let version = &added["cartLinesAdd"]["cart"]["version"];
    let set = buyer
        .run(set, json!({ "cart": cart, "to": address, "version": version }))
        .await?["cartAddressesSet"]["cart"]
        .take();
    let mut vendors = BTreeSet::new();
    let selections: Vec<Value> = set["deliveryOptions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|option| vendors.insert(option["vendor"]["id"].to_string()))
        .map(|option| json!({ "vendorId": option["vendor"]["id"], "methodId": option["method"]["id"] }))
        .collect();
    let select = "mutation($cart: ID!, $selections: [DeliverySelectionInput!]!, $version: Int!) {
        cartDeliverySelect(cartId: $cart, selections: $selections, expectedVersion: $version) {
            userErrors { code message } } }";
    let variables = json!({ "cart": cart, "selections": selections, "version": set["version"] });
    buyer.run(select, variables).await?;
    let quote = "mutation($cart: ID!) { cartQuote(cartId: $cart) {
        cart { version quote { id hash } } userErrors { code message } } }";
    let quoted = buyer.run(quote, json!({ "cart": cart })).await?["cartQuote"]["cart"].take();
    let complete = "mutation($input: CheckoutInput!) { checkoutComplete(input: $input) {
        order { id } userErrors { code message } } }";
    let input = json!({
        "cartId": cart, "expectedCartVersion": quoted["version"], "quoteId": quoted["quote"]["id"],
        "quoteHash": quoted["quote"]["hash"], "provider": "stripe", "idempotencyKey": key
    });
    Ok(buyer.run(complete, json!({ "input": input })).await?["checkoutComplete"]["order"]["id"].take())
}

/// Leads a placed order to its fate. Each step looks whether it was taken before, so that an interrupted way is gone on
/// with.
pub(super) async fn settle(
    provider: &Provider,
    buyer: &Client,
    sellers: &[(Value, Client)],
    order: &Value,
    fate: Fate,
) -> Result<()> {
    let status = until(buyer, order, |_| true).await?["status"].take();
    if fate == Fate::Unpaid || matches!(status.as_str(), Some("CANCELED" | "EXPIRED")) {
        return Ok(());
    }
    if status == "PENDING_PAYMENT" {
        let card = match fate {
            Fate::Declined => "pm_card_chargeDeclined",
            _ => "pm_card_visa",
        };
        if let Some(secret) = secret(buyer, order).await? {
            provider.confirm(&secret, card).await?;
        }
    }
    if fate == Fate::Declined {
        return Ok(());
    }
    let parts = paid(buyer, order).await?;
    if fate == Fate::Canceled {
        return cancel(buyer, order).await;
    }
    for part in &parts {
        let (_, seller) = sellers
            .iter()
            .find(|(vendor, _)| *vendor == part["vendor"]["id"])
            .context("a part of nobody")?;
        fulfil(seller, part, fate).await?;
    }
    if matches!(fate, Fate::Delivered | Fate::Refunded) {
        until(buyer, order, |order| {
            matches!(order["status"].as_str(), Some("DELIVERED" | "COMPLETED"))
        })
        .await?;
    }
    if fate == Fate::Refunded {
        refund(buyer, sellers, &parts[0], order).await?;
    }
    Ok(())
}

/// With what the payer confirms the last attempt to pay; none if there is nothing to confirm.
async fn secret(buyer: &Client, order: &Value) -> Result<Option<String>> {
    let query = "query($id: ID!) { order(id: $id) { payments { nextAction { clientSecret } } } }";
    let found = buyer.run(query, json!({ "id": order })).await?;
    let payments = found["order"]["payments"].as_array();
    let last = payments.and_then(|payments| payments.last());
    Ok(last.and_then(|last| Some(last["nextAction"]["clientSecret"].as_str()?.to_owned())))
}

const ORDER: &str = "query($id: ID!) { order(id: $id) { id status version
    vendorOrders { id status version vendor { id } lines { id quantity } } refunds { id status version } } }";

async fn until(buyer: &Client, order: &Value, accept: impl Fn(&Value) -> bool) -> Result<Value> {
    for _ in 0..300 {
        let found = buyer.run(ORDER, json!({ "id": order })).await?["order"].take();
        if accept(&found) {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("order {order} does not get on");
}

/// Waits until the vendors were asked; returns their parts.
async fn paid(buyer: &Client, order: &Value) -> Result<Vec<Value>> {
    let asked = |order: &Value| {
        order["vendorOrders"]
            .as_array()
            .is_some_and(|parts| parts.iter().all(|part| part["status"] != "PENDING"))
    };
    let order = until(buyer, order, asked).await?;
    Ok(order["vendorOrders"].as_array().cloned().unwrap_or_default())
}

async fn cancel(buyer: &Client, order: &Value) -> Result<()> {
    let query = "mutation($id: ID!, $version: Int!, $key: ID!) {
        orderCancel(id: $id, expectedVersion: $version, reason: \"Ordered twice\", idempotencyKey: $key) {
            userErrors { code message } } }";
    // Steps of the checkout that are still under way change the version.
    for _ in 0..20 {
        let now = until(buyer, order, |_| true).await?;
        let key = format!("seed:cancel:{}", order.as_str().unwrap_or_default());
        let variables = json!({ "id": order, "version": now["version"], "key": key });
        if buyer.run(query, variables).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("order {order} cannot be canceled");
}

async fn fulfil(seller: &Client, part: &Value, fate: Fate) -> Result<()> {
    let has_ended = match part["status"].as_str() {
        Some("REJECTED" | "CANCELED" | "DELIVERED" | "COMPLETED") => true,
        Some("SHIPPED") => fate == Fate::Shipped,
        _ => false,
    };
    if fate == Fate::Paid || has_ended {
        return Ok(());
    }
    let is_asked = part["status"] == "AWAITING_ACCEPTANCE";
    if fate == Fate::Rejected {
        let query = "mutation($id: ID!, $version: Int!, $key: ID!) {
            vendorOrderReject(id: $id, expectedVersion: $version, reason: \"Damaged in the warehouse\", idempotencyKey: $key) {
                userErrors { code message } } }";
        let key = format!("seed:reject:{}", part["id"].as_str().unwrap_or_default());
        let variables = json!({ "id": part["id"], "version": part["version"], "key": key });
        return seller.run(query, variables).await.map(drop);
    }
    if is_asked {
        let accept = "mutation($id: ID!, $version: Int!) {
            vendorOrderAccept(id: $id, expectedVersion: $version) { userErrors { code message } } }";
        let variables = json!({ "id": part["id"], "version": part["version"] });
        seller.run(accept, variables).await?;
    }
    if fate == Fate::Accepted {
        return Ok(());
    }
    let shipment = ship(seller, part).await?;
    if fate == Fate::Shipped || shipment["status"] == "DELIVERED" {
        return Ok(());
    }
    let scan = "mutation($id: ID!, $at: DateTime!) {
        shipmentEventAdd(id: $id, status: DELIVERED, description: \"Signed for\", occurredAt: $at) {
            userErrors { code message } } }";
    let at = chrono::Utc::now();
    seller
        .run(scan, json!({ "id": shipment["id"], "at": at }))
        .await
        .map(drop)
}

async fn ship(seller: &Client, part: &Value) -> Result<Value> {
    let items: Vec<Value> = part["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| json!({ "orderLineId": line["id"], "quantity": line["quantity"] }))
        .collect();
    let create = "mutation($id: ID!, $items: [ShipmentItemInput!]!, $key: ID!) {
        shipmentCreate(vendorOrderId: $id, items: $items, idempotencyKey: $key) {
            shipment { id status version } userErrors { code message } } }";
    let key = format!("seed:ship:{}", part["id"].as_str().unwrap_or_default());
    let variables = json!({ "id": part["id"], "items": items, "key": key });
    // What may be packed follows from an event that may still be on its way.
    let shipment = seller.eventually(create, variables).await?["shipmentCreate"]["shipment"].take();
    if !matches!(
        shipment["status"].as_str(),
        Some("DRAFT" | "READY" | "LABEL_PURCHASED")
    ) {
        return Ok(shipment);
    }
    let mark = "mutation($id: ID!, $version: Int!) {
        shipmentMarkShipped(id: $id, carrier: \"Royal Mail\", trackingNumber: \"RM000000000GB\", expectedVersion: $version) {
            userErrors { code message } } }";
    seller
        .run(
            mark,
            json!({ "id": shipment["id"], "version": shipment["version"] }),
        )
        .await?;
    Ok(shipment)
}

/// The customer asks for the first line's money back, and its vendor grants it.
async fn refund(buyer: &Client, sellers: &[(Value, Client)], part: &Value, order: &Value) -> Result<()> {
    let request = "mutation($input: RefundInput!) { refundRequest(input: $input) {
        refund { id status version } userErrors { code message path } } }";
    let line = json!({ "orderLineId": part["lines"][0]["id"], "quantity": 1, "restock": true });
    let key = format!("seed:refund:{}", order.as_str().unwrap_or_default());
    let input = json!({
        "orderId": order, "lines": [line], "reason": "CUSTOMER_REQUEST", "note": "It does not fit.", "idempotencyKey": key
    });
    let known = until(buyer, order, |_| true).await?;
    let known = known["refunds"].get(0).cloned().unwrap_or_default();
    let asked = match known.is_null() {
        true => buyer.run(request, json!({ "input": input })).await?["refundRequest"]["refund"].take(),
        false => known,
    };
    if asked["status"] != "REQUESTED" {
        return Ok(());
    }
    let (_, seller) = sellers
        .iter()
        .find(|(vendor, _)| *vendor == part["vendor"]["id"])
        .context("a part of nobody")?;
    let approve = "mutation($id: ID!, $version: Int!) {
        refundApprove(id: $id, expectedVersion: $version) { userErrors { code message } } }";
    let variables = json!({ "id": asked["id"], "version": asked["version"] });
    seller.run(approve, variables).await.map(drop)
}
