//! What other services ask.

use crate::actions;
use crate::domain::{rate::Parcel, zone::Place};
use crate::store::tariffs::{self, Wanted};
use contracts::{
    Done,
    shipping::{DeliveryQuote, ImportDelivery, QuoteDelivery},
};
use platform::{Deps, Error, Money};

/// Prices of chosen methods, all read in one statement.
pub async fn quote_delivery(deps: &Deps, quote: QuoteDelivery) -> Result<Vec<DeliveryQuote>, Error> {
    let methods = quote.parcels.iter().map(|parcel| parcel.method.0).collect();
    let countries = [quote.destination.country];
    let (tariffs, _) = tariffs::read(deps.db.pool(), Wanted::Methods(methods), &countries).await?;
    let place = Place {
        country: quote.destination.country,
        region: quote.destination.region,
        postal_code: quote.destination.postal_code,
    };
    let answer = |asked: &contracts::shipping::Parcel| {
        let Some(tariff) = tariffs.iter().find(|tariff| tariff.method.id == asked.method) else {
            return DeliveryQuote::NotServed {
                reason: "the method is not offered".to_owned(),
            };
        };
        let parcel = Parcel {
            vendor: Some(asked.vendor),
            weight_grams: asked.weight_grams,
            subtotal: Money::new(asked.subtotal, quote.currency),
        };
        match tariff.price(&place, &parcel) {
            Ok(price) => DeliveryQuote::Priced {
                amount: price.amount(),
                method_name: tariff.method.name.clone(),
            },
            Err(reason) => DeliveryQuote::NotServed {
                reason: reason.to_string(),
            },
        }
    };
    Ok(quote.parcels.iter().map(answer).collect())
}

/// A delivery that happened elsewhere.
pub async fn import_delivery(deps: &Deps, delivery: ImportDelivery) -> Result<Done, Error> {
    actions::import::import(deps, &delivery).await?;
    Ok(Done {})
}
