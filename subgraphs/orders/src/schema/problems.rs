//! What stands between a cart and its checkout; nothing of it blocks a change of the cart.

use crate::{
    actions::quoting::Priced,
    domain::cart::{CartRow, DeliveryRow, LineRow, unit_price},
    schema::{cart::CartLine, loaders::Facts, stubs::Vendor},
};
use async_graphql::{Interface, SimpleObject};
use platform::Money;

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, SimpleObject)]
            pub struct $name {
                /// English text for developers.
                pub message: String,
                /// The line it is about, if it is about one.
                pub line: Option<CartLine>,
                $($(#[$field_doc])* pub $field: $type,)*
            }
        )*

        /// Something to be solved before the checkout.
        #[derive(Clone, Debug, Interface)]
        #[graphql(
            field(name = "message", ty = "&String", desc = "English text for developers."),
            field(name = "line", ty = "&Option<CartLine>", desc = "The line it is about, if it is about one.")
        )]
        pub enum CartProblem { $($name($name),)* }
    };
}

problems! {
    /// Fewer pieces are in stock than are in the cart.
    OutOfStockProblem {
        /// Pieces that can be had.
        available: i32,
    }
    /// The price is not what it was when the line was added.
    PriceChangedProblem {
        /// Price for one piece then.
        old: Money,
        /// Price for one piece now.
        new: Money,
    }
    /// The item cannot be bought any more.
    UnavailableProblem {
        /// Why.
        reason: String,
    }
    /// The coupon does not count.
    CouponProblem {
        /// The coupon's code.
        coupon_code: String,
        /// Why.
        reason: String,
    }
    /// The vendor's parcel has no delivery that serves the address.
    DeliveryProblem {
        /// The vendor.
        vendor: Option<Vendor>,
    }
}

/// What is wrong with the lines and deliveries of a cart.
pub fn of_cart(
    cart: &CartRow,
    lines: &[LineRow],
    deliveries: &[DeliveryRow],
    facts: &Facts,
) -> Vec<CartProblem> {
    let mut all: Vec<CartProblem> = lines
        .iter()
        .filter_map(|line| of_line(cart, line, facts))
        .collect();
    let mut seen = Vec::new();
    for line in lines.iter().filter(|_| cart.shipping_address.is_some()) {
        let vendor = line.vendor_id;
        if !seen.contains(&vendor) && !deliveries.iter().any(|delivery| delivery.vendor_id == vendor) {
            all.push(delivery(Vendor { id: vendor }));
        }
        seen.push(vendor);
    }
    all
}

fn delivery(vendor: Vendor) -> CartProblem {
    CartProblem::DeliveryProblem(DeliveryProblem {
        message: "choose a delivery".to_owned(),
        line: None,
        vendor: Some(vendor),
    })
}

fn of_line(cart: &CartRow, row: &LineRow, facts: &Facts) -> Option<CartProblem> {
    let line = Some(CartLine {
        currency: cart.currency,
        row: row.clone(),
    });
    let price = facts
        .variants
        .get(&row.variant_id)
        .filter(|info| info.purchasable)
        .and_then(|info| unit_price(&info.prices, row.quantity));
    let Some(price) = price else {
        let reason = "it is not sold any more".to_owned();
        return Some(CartProblem::UnavailableProblem(UnavailableProblem {
            message: reason.clone(),
            line,
            reason,
        }));
    };
    let available = facts.available.get(&row.variant_id).copied().unwrap_or(0);
    if available < row.quantity {
        let message = format!("only {available} are in stock");
        return Some(CartProblem::OutOfStockProblem(OutOfStockProblem {
            message,
            line,
            available,
        }));
    }
    (price != row.unit_price_when_added).then(|| {
        let money = |amount| Money::new(amount, cart.currency);
        let (old, new) = (money(row.unit_price_when_added), money(price));
        CartProblem::PriceChangedProblem(PriceChangedProblem {
            message: "the price has changed".to_owned(),
            line,
            old,
            new,
        })
    })
}

/// What could not be part of a quote.
pub fn of_quote(priced: &Priced) -> Vec<CartProblem> {
    let coupons = priced.unused.iter().map(|unused| {
        CartProblem::CouponProblem(CouponProblem {
            message: format!("the coupon {}", unused.reason),
            line: None,
            coupon_code: unused.code.clone(),
            reason: unused.reason.to_owned(),
        })
    });
    coupons
        .chain(
            priced
                .undeliverable
                .iter()
                .map(|vendor| delivery(Vendor { id: *vendor })),
        )
        .collect()
}
