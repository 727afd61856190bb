//! The reconciliation: what the file says, what became of it, what `salesMetrics` says, and what is left unexplained,
//! which must be nothing.

use super::{
    classify::{Plan, Reason},
    file::{Line, MILLIS},
    load::Loaded,
    matching::Matched,
};
use crate::client::Client;
use anyhow::{Result, bail};
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

/// How long analytics may take to catch up with the events.
const PATIENCE: Duration = Duration::from_secs(600);

/// What `salesMetrics` reports, pence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Metrics {
    orders: i64,
    gross: i64,
    refunds: i64,
}

/// Prints the accounts; an error if anything is unexplained.
pub async fn reconcile(staff: &Client, plan: &Plan, matched: &Matched, loaded: &Loaded) -> Result<()> {
    let adjusted = adjustments(plan, matched);
    print_lines(plan, matched, &adjusted);
    let adjustments: i64 = adjusted.values().map(|(_, amount)| amount).sum();
    let explained = (loaded.order_total - loaded.refund_total) * MILLIS + adjustments;
    let shipping: i64 = plan.sales.iter().map(|sale| sale.shipping_pence()).sum();

    println!(
        "\nMoney (GBP): {} orders, {} refunds",
        loaded.orders, loaded.refunds
    );
    row("file, sum of quantity × price", plan.total);
    row("orders, goods", (loaded.order_total - shipping) * MILLIS);
    row("orders, shipping fees", shipping * MILLIS);
    row("refunds", -loaded.refund_total * MILLIS);
    for (reason, (_, amount)) in &adjusted {
        row(&format!("adjustments, {}", reason.name()), *amount);
    }
    row("unexplained difference", plan.total - explained);

    let expected = Metrics {
        orders: loaded.orders as i64,
        gross: loaded.order_total,
        refunds: loaded.refund_total,
    };
    let metrics = wait(staff, plan, expected).await?;
    println!(
        "\nsalesMetrics: {} orders, of {} imported",
        metrics.orders, loaded.orders
    );
    row("gross", metrics.gross * MILLIS);
    row("refunds", -metrics.refunds * MILLIS);
    row(
        "difference from the orders",
        (metrics.gross - expected.gross) * MILLIS,
    );
    row(
        "difference from the refunds",
        (metrics.refunds - expected.refunds) * MILLIS,
    );
    if plan.total != explained || metrics != expected {
        bail!("the import does not reconcile");
    }
    Ok(())
}

type Adjusted = BTreeMap<Reason, (usize, i64)>;

fn adjustments(plan: &Plan, matched: &Matched) -> Adjusted {
    let mut adjusted = Adjusted::new();
    for (reason, line) in plan.adjustments.iter().chain(&matched.unmatched) {
        let entry = adjusted.entry(*reason).or_default();
        entry.0 += 1;
        entry.1 += line.amount();
    }
    adjusted
}

fn print_lines(plan: &Plan, matched: &Matched, adjusted: &Adjusted) {
    let goods: usize = plan.sales.iter().map(|sale| sale.goods.len()).sum();
    let shipping: usize = plan.sales.iter().map(|sale| sale.shipping.len()).sum();
    println!(
        "\nLines ({} in {} invoices, and {} malformed)",
        plan.lines,
        plan.invoices,
        plan.malformed.len()
    );
    println!("  {:<44} {goods:>10}", "goods in orders");
    println!("  {:<44} {shipping:>10}", "shipping fees in orders");
    println!(
        "  {:<44} {:>10}",
        "cancellations, refunded in whole or in part", matched.lines
    );
    for (reason, (count, _)) in adjusted {
        println!("  {:<44} {count:>10}", format!("adjustments, {}", reason.name()));
    }
    let partly = matched.lines + matched.unmatched.len() - plan.cancellations.len();
    println!(
        "  {:<44} {:>10}",
        "counted twice: partly refunded, partly not",
        -(partly as i64)
    );
    for bad in plan.malformed.iter().take(20) {
        println!("  malformed line {}: {}", bad.number, bad.reason);
    }
    if plan.malformed.len() > 20 {
        println!("  … and {} more malformed lines", plan.malformed.len() - 20);
    }
}

/// Thousandths of a penny, as pounds.
fn row(what: &str, millis: i64) {
    let sign = if millis < 0 { "-" } else { "" };
    let (pounds, rest) = (millis.unsigned_abs() / 100_000, millis.unsigned_abs() % 100_000);
    println!("  {what:<44} {:>15}", format!("{sign}{pounds}.{:03}", rest / 100));
}

async fn wait(staff: &Client, plan: &Plan, expected: Metrics) -> Result<Metrics> {
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut last = metrics(staff, plan).await?;
    while last != expected && std::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = metrics(staff, plan).await?;
        // More than was imported now: an earlier, larger import is in the shop.
        if now.orders > expected.orders {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}

async fn metrics(staff: &Client, plan: &Plan) -> Result<Metrics> {
    let lines = || {
        plan.sales
            .iter()
            .flat_map(|sale| &sale.goods)
            .chain(&plan.cancellations)
            .map(|line: &Line| line.at)
    };
    let (Some(from), Some(to)) = (lines().min(), lines().max()) else {
        return Ok(Metrics {
            orders: 0,
            gross: 0,
            refunds: 0,
        });
    };
    let query = "query($range: DateTimeRange!) {
        salesMetrics(range: $range, currency: \"GBP\") { orders gross { amount } refunds { amount } } }";
    let range = json!({ "from": from, "to": to + chrono::Duration::days(1) });
    let data = staff.run(query, json!({ "range": range })).await?;
    let amount = |field: &str| data["salesMetrics"][field]["amount"].as_i64().unwrap_or(0);
    Ok(Metrics {
        orders: data["salesMetrics"]["orders"].as_i64().unwrap_or(0),
        gross: amount("gross"),
        refunds: amount("refunds"),
    })
}
