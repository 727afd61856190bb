//! The table of states, and the property that makes webhooks harmless.

use super::*;
use proptest::prelude::*;

fn status(facts: &[Fact]) -> PaymentStatus {
    fold(100, facts).status
}

fn refund(reference: &str, amount: i64) -> Fact {
    Fact::RefundSucceeded {
        reference: reference.into(),
        amount,
    }
}

#[test]
fn the_states_of_a_payment() {
    use Fact::*;
    let authorized = Authorized { amount: 100 };
    let captured = Captured { total: 100 };
    let failed = Failed {
        code: "card_declined".into(),
    };
    let opened = DisputeOpened {
        reference: "d".into(),
    };
    let lost = DisputeLost {
        reference: "d".into(),
        amount: 100,
    };
    let wrong = Mismatch {
        what: "amount".into(),
    };
    let cases: Vec<(Vec<Fact>, PaymentStatus)> = vec![
        (vec![], PaymentStatus::Created),
        (vec![ActionRequired], PaymentStatus::RequiresAction),
        (vec![Processing, ActionRequired], PaymentStatus::Processing),
        (vec![failed.clone(), ActionRequired], PaymentStatus::Failed),
        (
            vec![failed.clone(), authorized.clone()],
            PaymentStatus::Authorized,
        ),
        (vec![failed.clone(), Voided], PaymentStatus::Failed),
        (vec![GivenUp, Voided], PaymentStatus::Expired),
        (vec![GivenUp, authorized.clone()], PaymentStatus::Authorized),
        (vec![authorized.clone(), Voided], PaymentStatus::Voided),
        (vec![Voided], PaymentStatus::Voided),
        (
            vec![authorized.clone(), AuthorizationExpired],
            PaymentStatus::Expired,
        ),
        (
            vec![captured.clone(), AuthorizationExpired],
            PaymentStatus::Captured,
        ),
        (vec![captured.clone(), Voided], PaymentStatus::Unresolved),
        (
            vec![captured.clone(), Voided, refund("r", 100)],
            PaymentStatus::Refunded,
        ),
        (vec![Captured { total: 60 }], PaymentStatus::PartiallyCaptured),
        (
            vec![captured.clone(), refund("r", 40)],
            PaymentStatus::PartiallyRefunded,
        ),
        (
            vec![refund("r", 40), refund("s", 60), captured.clone()],
            PaymentStatus::Refunded,
        ),
        (
            vec![
                captured.clone(),
                refund("r", 40),
                RefundReturned {
                    reference: "r".into(),
                },
            ],
            PaymentStatus::Captured,
        ),
        (vec![captured.clone(), opened.clone()], PaymentStatus::Disputed),
        (
            vec![
                captured.clone(),
                opened.clone(),
                DisputeWon {
                    reference: "d".into(),
                },
            ],
            PaymentStatus::Captured,
        ),
        (vec![captured.clone(), opened, lost], PaymentStatus::Refunded),
        (vec![authorized.clone(), wrong.clone()], PaymentStatus::Unresolved),
        (
            vec![
                authorized,
                wrong,
                Resolved {
                    what: "amount".into(),
                },
            ],
            PaymentStatus::Authorized,
        ),
    ];
    for (facts, expected) in cases {
        assert_eq!(status(&facts), expected, "{facts:?}");
    }
}

fn fact() -> impl Strategy<Value = Fact> {
    use Fact::*;
    let name = prop::sample::select(vec!["a", "b"]).prop_map(str::to_owned);
    prop_oneof![
        Just(ActionRequired),
        Just(Processing),
        Just(AuthorizationExpired),
        Just(Voided),
        Just(GivenUp),
        (1_i64..=100).prop_map(|amount| Authorized { amount }),
        (1_i64..=100).prop_map(|total| Captured { total }),
        name.clone().prop_map(|code| Failed { code }),
        (name.clone(), 1_i64..=50).prop_map(|(reference, amount)| RefundSucceeded { reference, amount }),
        name.clone().prop_map(|reference| RefundReturned { reference }),
        name.clone().prop_map(|reference| DisputeOpened { reference }),
        name.clone().prop_map(|reference| DisputeWon { reference }),
        (name.clone(), 1_i64..=100).prop_map(|(reference, amount)| DisputeLost { reference, amount }),
        name.clone().prop_map(|what| Mismatch { what }),
        name.prop_map(|what| Resolved { what }),
    ]
}

proptest! {
    /// Any order and any number of repetitions give the same standing, and its amounts make sense.
    #[test]
    fn order_and_repetition_do_not_matter(
        facts in prop::collection::vec(fact(), 0..12),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..24),
    ) {
        let expected = fold(100, &facts);
        let mut shuffled = facts.clone();
        if !facts.is_empty() {
            shuffled.extend(again.iter().map(|index| facts[index.index(facts.len())].clone()));
            for (a, b) in swaps {
                let (a, b) = (a.index(shuffled.len()), b.index(shuffled.len()));
                shuffled.swap(a, b);
            }
        }
        prop_assert_eq!(fold(100, &shuffled), expected);
        prop_assert!(0 <= expected.refunded && expected.refunded <= expected.captured);
        prop_assert!(expected.captured <= expected.authorized);
    }
}
