//! What a cart costs now: asks products, payments and shipping, then lets the domain reckon.

use crate::{
    domain::{
        cart::{CartRow, DeliveryRow, LineRow},
        quote::{self, Basket, Item, Quote, Shipping, Unused},
    },
    error::{Outcome, refused},
    store,
};
use contracts::{
    payments::{CheckCoupons, CouponAnswer},
    products::{GetVariants, VariantInfo},
    shipping::{DeliveryQuote, Destination, Parcel, QuoteDelivery},
};
use platform::{
    CommandError, Currency, Deps, PostalAddress, UserErrorCode,
    ids::{CartLineId, CustomerId, ShippingMethodId, VariantId, VendorId},
};
use std::collections::HashMap;

/// What products says about variants.
pub async fn variants(
    deps: &Deps,
    ids: impl IntoIterator<Item = VariantId>,
    currency: Currency,
    tier: Option<&str>,
) -> Result<HashMap<VariantId, VariantInfo>, CommandError> {
    let ids: Vec<_> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = deps
        .commands
        .call(&GetVariants {
            ids,
            currency,
            tier: tier.map(str::to_owned),
        })
        .await?;
    Ok(found.into_iter().map(|info| (info.id, info)).collect())
}

/// Everything that decides a price.
#[derive(Debug)]
pub struct Ask<'a> {
    pub customer: CustomerId,
    pub tier: Option<&'a str>,
    pub currency: Currency,
    pub lines: Vec<(CartLineId, VariantId, i32)>,
    pub variants: &'a HashMap<VariantId, VariantInfo>,
    pub coupons: &'a [String],
    pub points: i32,
    pub deliveries: Vec<(VendorId, ShippingMethodId)>,
    pub address: Option<&'a PostalAddress>,
}

/// A price and what could not be part of it.
#[derive(Debug)]
pub struct Priced {
    pub quote: Quote,
    pub unused: Vec<Unused>,
    /// Vendors whose parcel has no method or cannot be sent.
    pub undeliverable: Vec<VendorId>,
}

/// Prices what is asked.
pub async fn price(deps: &Deps, ask: &Ask<'_>) -> Outcome<Priced> {
    let rates = match ask.address {
        Some(address) => store::quotes::tax_rates(deps.db.pool(), address.country).await?,
        None => HashMap::new(),
    };
    let items: Outcome<Vec<Item>> = ask
        .lines
        .iter()
        .map(|(line, variant, quantity)| {
            let info = ask
                .variants
                .get(variant)
                .ok_or_else(|| refused(UserErrorCode::Conflict, "an item is not sold any more"))?;
            Ok(Item {
                line: *line,
                variant: *variant,
                product: info.product,
                vendor: info.vendor,
                categories: info.categories.clone(),
                quantity: *quantity,
                prices: info.prices.clone(),
                tax: rates
                    .get(&info.tax_category.to_lowercase())
                    .copied()
                    .unwrap_or_default(),
            })
        })
        .collect();
    let items = items?;
    let (coupons, mut unused) = coupons(deps, ask).await?;
    let (shipping, undeliverable) = shipping(deps, ask, &items).await?;
    let basket = Basket {
        currency: ask.currency,
        items,
        coupons,
        points: ask.points,
        shipping,
    };
    let (quote, more) = quote::quote(&basket)?;
    unused.extend(more);
    Ok(Priced {
        quote,
        unused,
        undeliverable,
    })
}

async fn coupons(deps: &Deps, ask: &Ask<'_>) -> Outcome<(Vec<contracts::payments::CouponRule>, Vec<Unused>)> {
    if ask.coupons.is_empty() {
        return Ok(Default::default());
    }
    let check = CheckCoupons {
        codes: ask.coupons.to_vec(),
        customer: ask.customer,
        tier: ask.tier.map(str::to_owned),
        currency: ask.currency,
    };
    let (mut rules, mut unused) = (Vec::new(), Vec::new());
    for answer in deps.commands.call(&check).await? {
        match answer {
            CouponAnswer::Valid(rule) => rules.push(rule),
            CouponAnswer::Rejected { code, .. } => unused.push(Unused {
                code,
                reason: "is not valid any more",
            }),
        }
    }
    Ok((rules, unused))
}

async fn shipping(deps: &Deps, ask: &Ask<'_>, items: &[Item]) -> Outcome<(Vec<Shipping>, Vec<VendorId>)> {
    let mut vendors: Vec<VendorId> = Vec::new();
    for item in items {
        if !vendors.contains(&item.vendor) {
            vendors.push(item.vendor);
        }
    }
    let chosen = |vendor| {
        ask.deliveries
            .iter()
            .find(|delivery| delivery.0 == vendor)
            .map(|delivery| delivery.1)
    };
    let Some(address) = ask.address else {
        return Ok((Vec::new(), vendors));
    };
    let parcels: Vec<Parcel> = vendors
        .iter()
        .filter_map(|vendor| chosen(*vendor).map(|method| parcel(*vendor, method, items, ask.variants)))
        .collect();
    let mut shipping = Vec::new();
    for (answer, parcel) in quotes(deps, address, ask.currency, parcels).await? {
        if let DeliveryQuote::Priced { amount, .. } = answer {
            shipping.push(Shipping {
                vendor: parcel.vendor,
                method: Some(parcel.method),
                amount,
            });
        }
    }
    vendors.retain(|vendor| !shipping.iter().any(|part| part.vendor == *vendor));
    Ok((shipping, vendors))
}

/// Asks shipping for the prices of parcels.
pub async fn quotes(
    deps: &Deps,
    address: &PostalAddress,
    currency: Currency,
    parcels: Vec<Parcel>,
) -> Outcome<Vec<(DeliveryQuote, Parcel)>> {
    if parcels.is_empty() {
        return Ok(Vec::new());
    }
    let destination = Destination {
        country: address.country,
        region: address.region.clone(),
        postal_code: address.postal_code.clone(),
    };
    let answers = deps
        .commands
        .call(&QuoteDelivery {
            destination,
            currency,
            parcels: parcels.clone(),
        })
        .await?;
    Ok(answers.into_iter().zip(parcels).collect())
}

fn parcel(
    vendor: VendorId,
    method: ShippingMethodId,
    items: &[Item],
    variants: &HashMap<VariantId, VariantInfo>,
) -> Parcel {
    let own = items.iter().filter(|item| item.vendor == vendor);
    let (weight, subtotal) = own.fold((0_i32, 0_i64), |(weight, subtotal), item| {
        let unit = crate::domain::cart::unit_price(&item.prices, item.quantity).unwrap_or(0);
        let grams = variants.get(&item.variant).map_or(0, |info| info.weight_grams);
        (
            weight.saturating_add(grams.saturating_mul(item.quantity)),
            subtotal.saturating_add(unit.saturating_mul(item.quantity.into())),
        )
    });
    Parcel {
        vendor,
        method,
        weight_grams: weight,
        subtotal,
    }
}

/// One parcel of a cart, for a method that is not chosen yet.
pub fn cart_parcel(
    vendor: VendorId,
    method: ShippingMethodId,
    lines: &[LineRow],
    variants: &HashMap<VariantId, VariantInfo>,
) -> Parcel {
    let items: Vec<Item> = lines
        .iter()
        .filter_map(|line| {
            let info = variants.get(&line.variant_id)?;
            Some(Item {
                line: line.id,
                variant: line.variant_id,
                product: info.product,
                vendor: line.vendor_id,
                categories: Vec::new(),
                quantity: line.quantity,
                prices: info.prices.clone(),
                tax: Default::default(),
            })
        })
        .collect();
    parcel(vendor, method, &items, variants)
}

/// What a cart asks.
pub fn of_cart<'a>(
    cart: &'a CartRow,
    lines: &[LineRow],
    deliveries: &[DeliveryRow],
    variants: &'a HashMap<VariantId, VariantInfo>,
) -> Ask<'a> {
    Ask {
        customer: cart.customer_id,
        tier: cart.tier.as_deref(),
        currency: cart.currency,
        lines: lines
            .iter()
            .map(|line| (line.id, line.variant_id, line.quantity))
            .collect(),
        variants,
        coupons: &cart.coupon_codes,
        points: cart.loyalty_points,
        deliveries: deliveries
            .iter()
            .map(|delivery| (delivery.vendor_id, delivery.method_id))
            .collect(),
        address: cart.shipping_address.as_deref(),
    }
}
