//! Finds the sales that cancellations undo: the same customer, article and price, the latest sale first, and never
//! more pieces than were sold.

use super::{
    classify::{Plan, Reason},
    file::Line,
};
use std::collections::{BTreeMap, HashMap};

/// Pieces of one order that one cancellation takes back.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Number of the cancelling invoice.
    pub invoice: String,
    pub at: chrono::DateTime<chrono::Utc>,
    /// Index of the sale in the plan.
    pub sale: usize,
    /// Index of the line among the sale's goods, and pieces.
    pub lines: BTreeMap<usize, i32>,
}

/// What cancellations become.
#[derive(Debug, Default)]
pub struct Matched {
    pub refunds: Vec<Refund>,
    /// What is left: whole lines or the rest of partly matched ones.
    pub unmatched: Vec<(Reason, Line)>,
    /// Cancellation lines of which at least a part was matched.
    pub lines: usize,
}

struct Sold {
    sale: usize,
    line: usize,
    left: i32,
}

/// Matches all cancellations of a plan, in the order of the file.
pub fn refunds(plan: &Plan) -> Matched {
    let mut sold = sold(plan);
    let mut refunds: BTreeMap<(usize, String), Refund> = BTreeMap::new();
    let mut matched = Matched::default();
    for line in &plan.cancellations {
        let mut rest = -line.quantity;
        // Guests cannot be told apart, so nothing of theirs can be matched.
        let candidates = if line.customer.is_empty() {
            None
        } else {
            sold.get_mut(&key(line))
        };
        for candidate in candidates.into_iter().flatten().rev() {
            if rest == 0 || plan.sales[candidate.sale].goods[candidate.line].at > line.at {
                continue;
            }
            let taken = rest.min(candidate.left);
            if taken > 0 {
                candidate.left -= taken;
                rest -= taken;
                let refund = refunds
                    .entry((candidate.sale, line.invoice.clone()))
                    .or_insert_with(|| Refund {
                        invoice: line.invoice.clone(),
                        at: line.at,
                        sale: candidate.sale,
                        lines: BTreeMap::new(),
                    });
                *refund.lines.entry(candidate.line).or_default() += taken;
            }
        }
        matched.lines += usize::from(rest < -line.quantity);
        if rest > 0 {
            matched.unmatched.push((
                Reason::Unmatched,
                Line {
                    quantity: -rest,
                    ..line.clone()
                },
            ));
        }
    }
    matched.refunds = refunds.into_values().collect();
    matched.refunds.sort_by_key(|refund| (refund.sale, refund.at));
    matched
}

type Key = (String, String, i64);

fn key(line: &Line) -> Key {
    (line.customer.clone(), line.code.to_ascii_uppercase(), line.price)
}

fn sold(plan: &Plan) -> HashMap<Key, Vec<Sold>> {
    let mut sold: HashMap<Key, Vec<Sold>> = HashMap::new();
    for (sale, invoice) in plan.sales.iter().enumerate() {
        for (index, line) in invoice
            .goods
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.customer.is_empty())
        {
            sold.entry(key(line)).or_default().push(Sold {
                sale,
                line: index,
                left: line.quantity,
            });
        }
    }
    sold
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{classify, file};

    fn matched(rows: &str) -> Matched {
        let head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
        refunds(&classify::plan(
            file::parse(format!("{head}{rows}").as_bytes()).unwrap(),
            None,
        ))
    }

    #[test]
    fn latest_sale_first_and_the_rest_is_unmatched() {
        let matched = matched(
            "1,10002a,X,5,2011-01-01 08:00:00,1.0,7,UK\n\
             2,10002A,X,3,2011-01-02 08:00:00,1.0,7,UK\n\
             C3,10002A,X,-10,2011-01-03 08:00:00,1.0,7,UK\n",
        );
        let taken: Vec<_> = matched
            .refunds
            .iter()
            .map(|refund| (refund.sale, refund.lines[&0]))
            .collect();
        assert_eq!(taken, [(0, 5), (1, 3)]);
        assert_eq!(matched.unmatched[0].1.quantity, -2);
    }

    #[test]
    fn never_another_customer_price_or_a_later_sale() {
        let matched = matched(
            "C1,10002,X,-1,2011-01-01 07:00:00,1.0,7,UK\n\
             2,10002,X,1,2011-01-01 08:00:00,1.0,7,UK\n\
             C3,10002,X,-1,2011-01-03 08:00:00,1.0,8,UK\n\
             C4,10002,X,-1,2011-01-03 08:00:00,1.5,7,UK\n\
             C5,10002,X,-1,2011-01-03 08:00:00,1.0,,UK\n",
        );
        assert!(matched.refunds.is_empty());
        assert_eq!(matched.unmatched.len(), 4);
    }
}
