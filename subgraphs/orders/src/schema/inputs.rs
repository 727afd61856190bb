//! Inputs of mutations.

use crate::domain::refund::RefundReason;
use async_graphql::{ID, InputObject};
use platform::MinorUnits;

/// Pieces to be put into a cart.
#[derive(Clone, Debug, InputObject)]
pub struct CartLineInput {
    /// What to buy.
    pub variant_id: ID,
    /// Pieces, 1 to 999.
    pub quantity: i32,
    /// A note for the vendor, at most 500 characters.
    pub note: Option<String>,
}

/// A vendor's delivery.
#[derive(Clone, Debug, InputObject)]
pub struct DeliverySelectionInput {
    /// The vendor.
    pub vendor_id: ID,
    /// One of its shipping methods.
    pub method_id: ID,
}

/// Pieces to be refunded.
#[derive(Clone, Debug, InputObject)]
pub struct RefundLineInput {
    /// The line.
    pub order_line_id: ID,
    /// Pieces.
    pub quantity: i32,
    /// Shipped pieces go back into stock.
    #[graphql(default = false)]
    pub restock: bool,
}

/// A refund to be asked for.
#[derive(Clone, Debug, InputObject)]
pub struct RefundInput {
    /// The order.
    pub order_id: ID,
    /// Lines to be refunded.
    pub lines: Option<Vec<RefundLineInput>>,
    /// Shipping fees to be refunded, minor units.
    pub shipping: Option<MinorUnits>,
    /// Why.
    pub reason: RefundReason,
    /// A note.
    pub note: Option<String>,
    /// Same key, same refund.
    pub idempotency_key: ID,
}

/// What the customer agrees to.
#[derive(Clone, Debug, InputObject)]
pub struct CheckoutInput {
    /// The cart.
    pub cart_id: ID,
    /// Its version.
    pub expected_cart_version: i32,
    /// The quote that was shown.
    pub quote_id: ID,
    /// Its hash: any other price is refused with a new quote.
    pub quote_hash: String,
    /// How to pay: stripe, paypal, manual.
    pub provider: String,
    /// A saved payment method of the customer.
    pub saved_payment_method_id: Option<ID>,
    /// Where the provider sends the payer back to.
    pub return_url: Option<String>,
    /// Where a guest wants mails about the order. Whoever shows that the mailbox is theirs gets the order into their
    /// account. Ignored for those who are logged in.
    pub email: Option<String>,
    /// Same key, same order.
    pub idempotency_key: ID,
}
