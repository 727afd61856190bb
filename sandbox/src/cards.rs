//! The test cards of Stripe's documentation, by payment method name and by number.
//!
//! Only these are accepted, which is why a number may be stored: it is nobody's.

use crate::error::ApiError;

/// How the issuer of a card behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Approve,
    Decline(Decline),
    /// 3-D Secure; `every_time` also for a card that was authenticated when it was set up.
    Authenticate {
        every_time: bool,
        then: Option<Decline>,
    },
    /// Can be attached to a customer, but no charge succeeds.
    DeclineCharges(Decline),
    /// The holder disputes the charge as soon as it is captured.
    Dispute,
    /// Refunds begin as pending.
    PendingRefund,
    /// Refunds succeed at first and fail later.
    FailingRefund,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decline {
    pub code: &'static str,
    pub decline_code: Option<&'static str>,
    pub message: &'static str,
}

impl Decline {
    pub fn error(&self) -> ApiError {
        ApiError::card(self.code, self.decline_code, self.message)
    }
}

pub struct Card {
    pub name: &'static str,
    pub number: &'static str,
    pub brand: &'static str,
    pub behaviour: Behaviour,
}

const fn declined(decline_code: &'static str, message: &'static str) -> Decline {
    Decline {
        code: "card_declined",
        decline_code: Some(decline_code),
        message,
    }
}

const fn broken(code: &'static str, message: &'static str) -> Decline {
    Decline {
        code,
        decline_code: None,
        message,
    }
}

const GENERIC: Decline = declined("generic_decline", "Your card was declined.");
const FUNDS: Decline = declined("insufficient_funds", "Your card has insufficient funds.");
const LOST: Decline = declined("lost_card", "Your card was declined.");
const STOLEN: Decline = declined("stolen_card", "Your card was declined.");
const EXPIRED: Decline = broken("expired_card", "Your card has expired.");
const CVC: Decline = broken("incorrect_cvc", "Your card's security code is incorrect.");
const PROCESSING: Decline = broken(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
);

const fn visa(name: &'static str, number: &'static str, behaviour: Behaviour) -> Card {
    Card {
        name,
        number,
        brand: "visa",
        behaviour,
    }
}

use Behaviour::{Approve, Authenticate, DeclineCharges, Dispute, FailingRefund, PendingRefund};

pub const CARDS: [Card; 19] = [
    visa("visa", "4242424242424242", Approve),
    visa("visa_debit", "4000056655665556", Approve),
    Card {
        name: "mastercard",
        number: "5555555555554444",
        brand: "mastercard",
        behaviour: Approve,
    },
    Card {
        name: "amex",
        number: "378282246310005",
        brand: "amex",
        behaviour: Approve,
    },
    visa("chargeDeclined", "4000000000000002", Behaviour::Decline(GENERIC)),
    visa(
        "chargeDeclinedInsufficientFunds",
        "4000000000009995",
        Behaviour::Decline(FUNDS),
    ),
    visa(
        "chargeDeclinedLostCard",
        "4000000000009987",
        Behaviour::Decline(LOST),
    ),
    visa(
        "chargeDeclinedStolenCard",
        "4000000000009979",
        Behaviour::Decline(STOLEN),
    ),
    visa(
        "chargeDeclinedExpiredCard",
        "4000000000000069",
        Behaviour::Decline(EXPIRED),
    ),
    visa(
        "chargeDeclinedIncorrectCvc",
        "4000000000000127",
        Behaviour::Decline(CVC),
    ),
    visa(
        "chargeDeclinedProcessingError",
        "4000000000000119",
        Behaviour::Decline(PROCESSING),
    ),
    visa("chargeCustomerFail", "4000000000000341", DeclineCharges(GENERIC)),
    visa(
        "threeDSecure2Required",
        "4000000000003220",
        Authenticate {
            every_time: true,
            then: None,
        },
    ),
    visa(
        "authenticationRequired",
        "4000002760003184",
        Authenticate {
            every_time: true,
            then: None,
        },
    ),
    visa(
        "authenticationRequiredOnSetup",
        "4000002500003155",
        Authenticate {
            every_time: false,
            then: None,
        },
    ),
    visa(
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        "4000008260003178",
        Authenticate {
            every_time: true,
            then: Some(FUNDS),
        },
    ),
    visa("createDispute", "4000000000000259", Dispute),
    visa("pendingRefund", "4000000000007726", PendingRefund),
    visa("refundFail", "4000000000005126", FailingRefund),
];

/// `pm_card_visa`, `tok_visa`; Stripe also spells the declining ones `pm_card_visa_chargeDeclined`.
pub fn by_name(name: &str) -> Option<&'static Card> {
    let name = name
        .strip_prefix("pm_card_")
        .or_else(|| name.strip_prefix("tok_"))?;
    let name = name
        .strip_prefix("visa_")
        .filter(|rest| rest.starts_with("charge"))
        .unwrap_or(name);
    CARDS.iter().find(|card| card.name == name)
}

/// A number as a customer types it.
pub fn by_number(number: &str) -> Result<&'static Card, ApiError> {
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if let Some(card) = CARDS.iter().find(|card| card.number == digits) {
        return Ok(card);
    }
    if !luhn(&digits) {
        return Err(ApiError::card(
            "incorrect_number",
            None,
            "Your card number is incorrect.",
        ));
    }
    Err(ApiError::card(
        "card_declined",
        Some("test_mode_live_card"),
        "Your card was declined. Your request was in test mode, but used a non test card.",
    ))
}

/// The issuer behind a stored method. Numbers come from the table above, so a miss is a plain card.
pub fn behaviour(number: &str) -> Behaviour {
    CARDS
        .iter()
        .find(|card| card.number == number)
        .map_or(Approve, |card| card.behaviour)
}

fn luhn(digits: &str) -> bool {
    let values: Option<Vec<u32>> = digits.chars().rev().map(|c| c.to_digit(10)).collect();
    let Some(values) = values.filter(|values| (12..=19).contains(&values.len())) else {
        return false;
    };
    let sum: u32 = values
        .iter()
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) => double / 10 + double % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_card_passes_the_check_digit_and_is_found_both_ways() {
        for card in &CARDS {
            assert!(luhn(card.number), "{}", card.number);
            assert_eq!(by_number(card.number).unwrap().name, card.name);
            assert_eq!(
                by_name(&format!("pm_card_{}", card.name)).unwrap().number,
                card.number
            );
        }
        assert_eq!(
            by_name("pm_card_visa_chargeDeclined").unwrap().name,
            "chargeDeclined"
        );
        assert!(by_name("pm_card_nothing").is_none());
    }

    #[test]
    fn real_and_mistyped_numbers_are_declined() {
        for number in ["4111111111111111", "4242424242424241", "hello"] {
            assert_eq!(by_number(number).err().unwrap().status(), 402);
        }
    }
}
