//! What a checkout sets out with: the cart as it was agreed to, and the IDs of all that it will create.

use super::Agreement;
use crate::{
    domain::{
        cart::{CartRow, DeliveryRow, LineRow},
        saga::{Plan, PlanLine, PlanVendor},
    },
    error::{Outcome, refused},
    store::quotes::QuoteRow,
};
use platform::{
    UserErrorCode,
    error::parse_id,
    ids::{OrderLineId, SavedPaymentMethodId, VendorOrderId},
};

/// The plan of a checkout of this cart, or why it cannot be checked out as it is.
pub(super) fn of_cart(
    row: &CartRow,
    lines: &[LineRow],
    deliveries: &[DeliveryRow],
    quote: &QuoteRow,
    input: &Agreement,
) -> Outcome<Plan> {
    if lines.is_empty() {
        return Err(refused(UserErrorCode::Required, "the cart is empty"));
    }
    let shipping = row
        .shipping_address
        .as_deref()
        .cloned()
        .ok_or_else(|| refused(UserErrorCode::Required, "set the shipping address first"))?;
    let mut vendors: Vec<PlanVendor> = Vec::new();
    for line in lines {
        if !vendors.iter().any(|part| part.vendor == line.vendor_id) {
            let chosen = deliveries
                .iter()
                .find(|delivery| delivery.vendor_id == line.vendor_id)
                .ok_or_else(|| refused(UserErrorCode::Required, "choose a delivery for every vendor"))?;
            vendors.push(PlanVendor {
                vendor: line.vendor_id,
                vendor_order: VendorOrderId::new(),
                method: Some(chosen.method_id),
                return_days: None,
            });
        }
    }
    Ok(Plan {
        currency: row.currency,
        tier: row.tier.clone(),
        lines: lines
            .iter()
            .map(|line| PlanLine {
                cart_line: line.id,
                order_line: OrderLineId::new(),
                variant: line.variant_id,
                vendor: line.vendor_id,
                quantity: line.quantity,
            })
            .collect(),
        vendors,
        billing_address: row
            .billing_address
            .as_deref()
            .cloned()
            .unwrap_or_else(|| shipping.clone()),
        shipping_address: shipping,
        coupons: row.coupon_codes.clone(),
        points: row.loyalty_points,
        quote_hash: input.quote_hash.clone(),
        quoted_total: quote.body.totals.total,
        provider: input.provider.to_lowercase(),
        saved_method: input
            .saved_method
            .as_ref()
            .map(parse_id::<SavedPaymentMethodId>)
            .transpose()?,
        return_url: input.return_url.clone(),
        attempt: 1,
        variants: Vec::new(),
        quote: None,
        order_number: None,
        commissions: Vec::new(),
        placed_at: None,
        late: false,
        held: false,
    })
}
