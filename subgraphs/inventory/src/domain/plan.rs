//! Which warehouse serves which line of an order: all lines or none.

use contracts::inventory::StockLine;
use platform::ids::{OrderLineId, VariantId, WarehouseId};
use std::collections::{BTreeMap, HashMap};

/// Free pieces of a variant in a warehouse that may serve the order.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub variant: VariantId,
    pub warehouse: WarehouseId,
    pub free: i32,
}

/// Pieces of a line from a warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    pub line: OrderLineId,
    pub variant: VariantId,
    pub warehouse: WarehouseId,
    pub quantity: i32,
}

/// The variant that there is too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    pub variant: VariantId,
    pub available: i32,
    pub requested: i32,
}

/// `sources` come in the order in which warehouses are preferred. A variant comes from one warehouse if one has
/// enough of it, because every further warehouse is a further parcel.
pub fn plan(lines: &[StockLine], sources: &[Source]) -> Result<Vec<Pick>, Short> {
    let mut free: HashMap<VariantId, Vec<Source>> = HashMap::new();
    for source in sources.iter().filter(|source| source.free > 0) {
        free.entry(source.variant).or_default().push(*source);
    }
    // Two lines may want the same variant: what counts is their sum.
    let mut demand: BTreeMap<VariantId, i64> = BTreeMap::new();
    for line in lines {
        *demand.entry(line.variant).or_default() += i64::from(line.quantity);
    }
    for (variant, requested) in demand {
        let from = free.entry(variant).or_default();
        let available: i64 = from.iter().map(|source| i64::from(source.free)).sum();
        if available < requested {
            return Err(Short {
                variant,
                available: saturate(available),
                requested: saturate(requested),
            });
        }
        if let Some(enough) = from.iter().find(|source| i64::from(source.free) >= requested) {
            *from = vec![*enough];
        }
    }
    let mut picks = Vec::with_capacity(lines.len());
    for line in lines {
        if let Some(from) = free.get_mut(&line.variant) {
            fill(line, from, &mut picks);
        }
    }
    Ok(picks)
}

fn fill(line: &StockLine, from: &mut [Source], picks: &mut Vec<Pick>) {
    let mut missing = line.quantity;
    for source in from.iter_mut() {
        let quantity = missing.min(source.free);
        if quantity > 0 {
            source.free -= quantity;
            missing -= quantity;
            picks.push(Pick {
                line: line.line,
                variant: line.variant,
                warehouse: source.warehouse,
                quantity,
            });
        }
    }
}

fn saturate(n: i64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(variant: VariantId, quantity: i32) -> StockLine {
        StockLine {
            line: OrderLineId::new(),
            variant,
            quantity,
        }
    }

    fn source(variant: VariantId, free: i32) -> Source {
        Source {
            variant,
            warehouse: WarehouseId::new(),
            free,
        }
    }

    #[test]
    fn one_parcel_if_one_warehouse_has_enough() {
        let variant = VariantId::new();
        let sources = [source(variant, 2), source(variant, 5), source(variant, 9)];
        let picks = plan(&[line(variant, 3), line(variant, 1)], &sources).unwrap();
        assert_eq!(picks.iter().map(|p| p.quantity).collect::<Vec<_>>(), [3, 1]);
        assert!(picks.iter().all(|p| p.warehouse == sources[1].warehouse));
    }

    #[test]
    fn lines_of_one_variant_are_summed_and_nothing_is_taken_if_one_is_short() {
        let (plenty, scarce) = (VariantId::new(), VariantId::new());
        let sources = [source(plenty, 100), source(scarce, 2), source(scarce, 1)];
        let short = plan(&[line(plenty, 1), line(scarce, 2), line(scarce, 2)], &sources).unwrap_err();
        assert_eq!((short.variant, short.available, short.requested), (scarce, 3, 4));
        assert!(plan(&[line(VariantId::new(), 1)], &sources).is_err());
    }

    proptest! {
        #[test]
        fn takes_exactly_what_is_wanted_and_never_more_than_there_is(
            wanted in prop::collection::vec((0..3_usize, 1..20_i32), 1..12),
            stock in prop::collection::vec((0..3_usize, 0..40_i32), 0..12),
        ) {
            let variants = [VariantId::new(), VariantId::new(), VariantId::new()];
            let lines: Vec<_> = wanted.iter().map(|(v, n)| line(variants[*v], *n)).collect();
            let sources: Vec<_> = stock.iter().map(|(v, n)| source(variants[*v], *n)).collect();
            let enough = variants.iter().all(|v| {
                let demand: i32 = lines.iter().filter(|l| l.variant == *v).map(|l| l.quantity).sum();
                demand <= sources.iter().filter(|s| s.variant == *v).map(|s| s.free).sum()
            });
            let planned = plan(&lines, &sources);
            prop_assert_eq!(planned.is_ok(), enough);
            if let Ok(picks) = planned {
                for l in &lines {
                    let got: i32 = picks.iter().filter(|p| p.line == l.line).map(|p| p.quantity).sum();
                    prop_assert_eq!(got, l.quantity);
                }
                for s in &sources {
                    let taken: i32 = picks.iter().filter(|p| p.warehouse == s.warehouse).map(|p| p.quantity).sum();
                    prop_assert!(taken <= s.free);
                }
            }
        }
    }
}
