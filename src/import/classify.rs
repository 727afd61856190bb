//! Decides for every line what it becomes.

use super::file::{Contents, Line, MILLIS, Malformed};
use std::collections::{BTreeMap, HashMap};

/// Codes under which the shop charged postage and carriage.
const SHIPPING_CODES: [&str; 3] = ["POST", "DOT", "C2"];

/// Why a line is neither part of an order nor of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Invoice number starting with A: bad debt and the like.
    Accounting,
    /// Fees, samples, vouchers, manual corrections: codes that are no goods.
    NotGoods,
    /// Postage on an invoice without goods.
    ShippingAlone,
    /// Price zero: gifts, damages, counts.
    ZeroPrice,
    /// Fractions of a penny cannot be charged.
    SubPenny,
    /// Negative price or a negative quantity outside a cancellation.
    Negative,
    /// A cancellation without a sale to match.
    Unmatched,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Self::Accounting => "accounting",
            Self::NotGoods => "not goods",
            Self::ShippingAlone => "shipping without goods",
            Self::ZeroPrice => "zero price",
            Self::SubPenny => "sub-penny price",
            Self::Negative => "negative price or quantity",
            Self::Unmatched => "unmatched cancellation",
        }
    }
}

/// An invoice that becomes an order.
#[derive(Debug)]
pub struct Sale {
    pub invoice: String,
    /// Goods, in the order of the file.
    pub goods: Vec<Line>,
    /// Postage and carriage.
    pub shipping: Vec<Line>,
}

impl Sale {
    /// Shipping fee, pence.
    pub fn shipping_pence(&self) -> i64 {
        self.shipping.iter().map(Line::amount).sum::<i64>() / MILLIS
    }
}

/// A product to be: the newest usable description, the usual price.
#[derive(Debug, Clone)]
pub struct Product {
    pub name: String,
    /// Pence.
    pub price: i64,
}

/// What becomes of a file.
#[derive(Debug, Default)]
pub struct Plan {
    pub sales: Vec<Sale>,
    /// Lines of cancellations of goods.
    pub cancellations: Vec<Line>,
    pub adjustments: Vec<(Reason, Line)>,
    pub malformed: Vec<Malformed>,
    /// By stock code in upper case.
    pub products: BTreeMap<String, Product>,
    /// Lines and invoices that were looked at.
    pub lines: usize,
    pub invoices: usize,
    /// Sum of quantity × price over these lines, thousandths of a penny.
    pub total: i64,
}

/// Plans the first `limit` invoices, in the order in which they appear.
pub fn plan(contents: Contents, limit: Option<usize>) -> Plan {
    let mut plan = Plan {
        malformed: contents.malformed,
        ..Plan::default()
    };
    for invoice in invoices(contents.lines)
        .into_iter()
        .take(limit.unwrap_or(usize::MAX))
    {
        plan.invoices += 1;
        plan.lines += invoice.len();
        plan.total += invoice.iter().map(Line::amount).sum::<i64>();
        match invoice[0].invoice.as_bytes()[0].to_ascii_uppercase() {
            b'C' => plan.cancel(invoice),
            first if first.is_ascii_digit() => plan.sell(invoice),
            _ => plan.adjust(Reason::Accounting, invoice),
        }
    }
    plan.products = products(&plan);
    plan
}

fn invoices(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let mut position = HashMap::new();
    let mut invoices: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        let index = *position.entry(line.invoice.clone()).or_insert_with(|| {
            invoices.push(Vec::new());
            invoices.len() - 1
        });
        invoices[index].push(line);
    }
    invoices
}

impl Plan {
    fn adjust(&mut self, reason: Reason, lines: Vec<Line>) {
        self.adjustments
            .extend(lines.into_iter().map(|line| (reason, line)));
    }

    fn sell(&mut self, invoice: Vec<Line>) {
        let number = invoice[0].invoice.clone();
        let (mut goods, mut shipping) = (Vec::new(), Vec::new());
        for line in invoice {
            match unsaleable(&line) {
                Some(reason) => self.adjustments.push((reason, line)),
                None if is_shipping(&line.code) => shipping.push(line),
                None => goods.push(line),
            }
        }
        match goods.is_empty() {
            true => self.adjust(Reason::ShippingAlone, shipping),
            false => self.sales.push(Sale {
                invoice: number,
                goods,
                shipping,
            }),
        }
    }

    fn cancel(&mut self, invoice: Vec<Line>) {
        for line in invoice {
            match line.quantity < 0 && line.price > 0 && is_goods(&line.code) {
                true => self.cancellations.push(line),
                false => self
                    .adjustments
                    .push((unsaleable(&line).unwrap_or(Reason::Negative), line)),
            }
        }
    }
}

fn unsaleable(line: &Line) -> Option<Reason> {
    match line {
        line if !is_goods(&line.code) && !is_shipping(&line.code) => Some(Reason::NotGoods),
        Line { price: 0, .. } => Some(Reason::ZeroPrice),
        line if line.price < 0 || line.quantity <= 0 => Some(Reason::Negative),
        line if line.price % MILLIS != 0 => Some(Reason::SubPenny),
        _ => None,
    }
}

fn is_shipping(code: &str) -> bool {
    SHIPPING_CODES.contains(&code.to_ascii_uppercase().as_str())
}

/// Five digits and perhaps letters, or one of the two other series of articles.
fn is_goods(code: &str) -> bool {
    let code = code.to_ascii_uppercase();
    let digits = code.bytes().take_while(u8::is_ascii_digit).count();
    digits >= 5 || code.starts_with("DCGS") || code == "PADS"
}

fn products(plan: &Plan) -> BTreeMap<String, Product> {
    let mut products: BTreeMap<String, Product> = BTreeMap::new();
    for line in plan.sales.iter().flat_map(|sale| &sale.goods) {
        let code = line.code.to_ascii_uppercase();
        let product = products
            .entry(code.clone())
            .or_insert_with(|| Product { name: code, price: 0 });
        product.price = line.price / MILLIS;
        if is_description(&line.description) {
            product.name.clone_from(&line.description);
        }
    }
    products
}

/// Names are written in capitals; notes such as "damaged" or "?" are not.
fn is_description(text: &str) -> bool {
    text.len() > 3
        && text.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase)
        && text.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::file::parse;

    fn plan_of(rows: &[&str]) -> Plan {
        let head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
        plan(
            parse(format!("{head}{}\n", rows.join("\n")).as_bytes()).unwrap(),
            None,
        )
    }

    #[test]
    fn every_line_has_exactly_one_place() {
        let at = "2010-12-01 08:26:00";
        let plan = plan_of(&[
            &format!("1,10002,INFLATABLE,2,{at},1.25,9,France"),
            &format!("1,post,POSTAGE,1,{at},18.0,9,France"),
            &format!("1,M,Manual,1,{at},3.0,9,France"),
            &format!("1,PADS,PADS,1,{at},0.001,9,France"),
            &format!("1,10003,?,1,{at},0.0,9,France"),
            &format!("2,POST,POSTAGE,1,{at},5.0,9,France"),
            &format!("3,10002,lost,-4,{at},0.0,,United Kingdom"),
            &format!("C4,10002,INFLATABLE,-1,{at},1.25,9,France"),
            &format!("C4,D,Discount,-1,{at},2.5,9,France"),
            &format!("A5,B,Adjust bad debt,1,{at},-10.0,,United Kingdom"),
        ]);
        assert_eq!(
            (
                plan.sales.len(),
                plan.sales[0].shipping_pence(),
                plan.cancellations.len()
            ),
            (1, 1800, 1)
        );
        let reasons: Vec<_> = plan.adjustments.iter().map(|(reason, _)| *reason).collect();
        use Reason::*;
        assert_eq!(
            reasons,
            [
                NotGoods,
                SubPenny,
                ZeroPrice,
                ShippingAlone,
                ZeroPrice,
                NotGoods,
                Accounting
            ]
        );
        let placed: usize = plan
            .sales
            .iter()
            .map(|s| s.goods.len() + s.shipping.len())
            .sum::<usize>()
            + plan.cancellations.len()
            + plan.adjustments.len();
        assert_eq!(placed, plan.lines);
        assert_eq!(plan.products["10002"].name, "INFLATABLE");
    }

    #[test]
    fn the_limit_counts_invoices_of_all_kinds() {
        let at = "2010-12-01 08:26:00";
        let rows = [
            format!("1,10002,X,1,{at},1.0,,UK"),
            format!("C2,10002,X,-1,{at},1.0,,UK"),
            format!("3,10002,X,1,{at},1.0,,UK"),
        ];
        let head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
        let plan = plan(
            parse(format!("{head}{}\n", rows.join("\n")).as_bytes()).unwrap(),
            Some(2),
        );
        assert_eq!((plan.invoices, plan.sales.len(), plan.total), (2, 1, 0));
    }
}
