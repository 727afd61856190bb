//! What a wish amounts to, by the frozen lines and what refunds have taken of them.

use super::{Invalid, Wish};
use crate::{
    domain::{
        order::OrderRow,
        refund::{Part, RefundLineRow, amount},
        vendor_order::VendorOrderRow,
    },
    error::Outcome,
    store,
};
use platform::{
    Tx,
    ids::{RefundId, VendorOrderId},
};
use std::collections::BTreeMap;

/// What a wish amounts to now.
pub(super) struct Worth {
    pub lines: Vec<RefundLineRow>,
    pub parts: Vec<Part>,
    pub shipping: i64,
    pub total: i64,
}

pub(super) async fn worth(
    tx: &mut Tx,
    order: &OrderRow,
    parts: &[VendorOrderRow],
    id: RefundId,
    wish: &Wish,
) -> Outcome<Worth> {
    let ids: Vec<_> = wish.lines.iter().map(|line| line.line).collect();
    let sold = store::lines::by_ids(&mut **tx, &ids).await?;
    let mut split: BTreeMap<VendorOrderId, i64> = BTreeMap::new();
    let mut lines: Vec<RefundLineRow> = Vec::new();
    for wanted in &wish.lines {
        let line = sold
            .iter()
            .find(|line| line.id == wanted.line && line.order_id == order.id)
            .ok_or_else(|| Invalid::not_found(wanted.line))?;
        let left = line.quantity - line.refunded_quantity;
        if wanted.quantity < 1
            || wanted.quantity > left
            || lines.iter().any(|row| row.order_line_id == line.id)
        {
            return Err(Invalid::invalid(&["input", "lines", "quantity"], &format!("1..{left}")).into());
        }
        let money = amount(
            line.total,
            line.quantity,
            line.refunded_quantity,
            line.refunded_amount,
            wanted.quantity,
        );
        *split.entry(line.vendor_order_id).or_default() += money;
        lines.push(RefundLineRow {
            refund_id: id,
            order_line_id: line.id,
            quantity: wanted.quantity,
            amount: money,
            restock: wanted.restock,
        });
    }
    let fees: Vec<i64> = parts
        .iter()
        .map(|part| {
            let concerned = split.is_empty() || split.contains_key(&part.id);
            if concerned {
                part.shipping - part.shipping_refunded
            } else {
                0
            }
        })
        .collect();
    let most: i64 = fees.iter().sum();
    if wish.shipping < 0 || wish.shipping > most {
        return Err(Invalid::invalid(&["input", "shipping"], &format!("0..{most}")).into());
    }
    let shipping: Vec<i64> = platform::Money::new(wish.shipping, order.currency)
        .split(&fees)
        .into_iter()
        .map(|m| m.amount())
        .collect();
    let rows: Vec<Part> = parts
        .iter()
        .zip(&shipping)
        .map(|(part, fee)| Part {
            vendor_order: part.id,
            vendor: part.vendor_id,
            amount: split.get(&part.id).copied().unwrap_or(0) + fee,
            shipping: *fee,
        })
        .filter(|part| part.amount > 0 || split.contains_key(&part.vendor_order))
        .collect();
    let total = rows.iter().map(|part| part.amount).sum();
    Ok(Worth {
        lines,
        parts: rows,
        shipping: wish.shipping,
        total,
    })
}
