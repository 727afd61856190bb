//! Where carriers show a parcel's way.

/// Carriers by a part of their name in lower case; the number goes to the end of the address.
const PAGES: &[(&str, &str)] = &[
    (
        "royal mail",
        "https://www.royalmail.com/track-your-item#/tracking-results/",
    ),
    (
        "parcelforce",
        "https://www.parcelforce.com/track-trace?trackNumber=",
    ),
    ("dpd", "https://track.dpd.co.uk/parcels/"),
    ("dhl", "https://www.dhl.com/en/express/tracking.html?AWB="),
    ("fedex", "https://www.fedex.com/fedextrack/?trknbr="),
    ("ups", "https://www.ups.com/track?tracknum="),
    ("usps", "https://tools.usps.com/go/TrackConfirmAction?tLabels="),
    ("evri", "https://www.evri.com/track/parcel/"),
];

/// The carrier's page about a parcel, if we know the carrier.
pub fn url(carrier: Option<&str>, number: Option<&str>) -> Option<String> {
    let (carrier, number) = (carrier?.to_lowercase(), number?);
    // "usps" contains "ups": the name must begin with the carrier's.
    let (_, page) = PAGES.iter().find(|(name, _)| carrier.starts_with(name))?;
    Some(format!("{page}{}", number.replace(' ', "")))
}

/// Numbers that can stand in an address as they are.
pub fn is_number(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_carriers_have_pages() {
        let url = |carrier, number| super::url(Some(carrier), Some(number));
        let page = url("Royal Mail Tracked 24", "RM 123").unwrap();
        assert_eq!(
            page,
            "https://www.royalmail.com/track-your-item#/tracking-results/RM123"
        );
        assert!(url("USPS", "1").unwrap().contains("usps.com"));
        assert_eq!(url("Pigeon", "1"), None);
        assert!(is_number("RM123") && !is_number("javascript:alert(1)") && !is_number(""));
    }
}
