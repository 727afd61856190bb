//! Sends the plan to the services, in the order in which things depend on each other. Calls run side by side; each
//! is keyed, so sending one again is harmless.

use super::{
    SOURCE,
    classify::{Plan, Reason, Sale},
    countries,
    file::{Line, MILLIS},
    matching::{Matched, Refund},
    progress,
};
use anyhow::{Context, Result};
use contracts::{
    inventory::{ImportStock, ImportStockLine},
    orders::{
        Adjustment, ImportAdjustments, ImportLine, ImportOrder, ImportOrderReply, ImportRefund,
        ImportRefundLine,
    },
    products::{ImportProduct, ImportProducts, ImportedProduct},
    users::{EnsureUser, EnsureVendor, ImportCustomers},
};
use futures::{StreamExt, TryStreamExt, stream};
use platform::{
    Command, CommandError, Commands, Country, Currency, Moment, PostalAddress,
    ids::{CustomerId, VendorId},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

/// Calls under way at once.
const CONCURRENCY: usize = 8;
/// Items of one batch.
const BATCH: usize = 1000;
/// Invoices whose goods are received into stock together.
const STOCK_BLOCK: usize = 250;

/// What was made, for the reconciliation. Pence.
#[derive(Debug, Default)]
pub struct Loaded {
    pub orders: usize,
    pub order_total: i64,
    pub refunds: usize,
    pub refund_total: i64,
}

type Products = HashMap<String, ImportedProduct>;

/// Loads everything.
pub async fn run(commands: &Commands, plan: &Plan, matched: &Matched) -> Result<Loaded> {
    let vendor = vendor(commands).await?;
    let products = products(commands, plan, vendor).await?;
    stock(commands, plan, vendor, &products).await?;
    let customers = customers(commands, plan).await?;
    let orders = orders(commands, plan, vendor, &products, &customers).await?;
    let refunds = refunds(commands, matched, &orders).await?;
    adjustments(commands, plan, matched).await?;
    Ok(Loaded {
        orders: orders.len(),
        order_total: orders.iter().map(|order| order.total).sum(),
        refunds: matched.refunds.len(),
        refund_total: refunds,
    })
}

/// Sends a command until there is an answer: a lost reply says nothing, and every command here is keyed.
async fn send<C: Command>(commands: &Commands, moment: Moment, command: &C) -> Result<C::Reply> {
    let mut tries = 0;
    loop {
        match commands.call_at(moment, command).await {
            Ok(reply) => return Ok(reply),
            Err(error @ CommandError::Failed { status: 400..500, .. }) => return Err(error.into()),
            Err(error) if tries == 5 => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(200 << tries)).await,
        }
        tries += 1;
    }
}

async fn vendor(commands: &Commands) -> Result<VendorId> {
    let owner = EnsureUser {
        email: "online-retail@agora.example".to_owned(),
        password: crate::seed::PASSWORD.to_owned(),
        display_name: "Online Retail".to_owned(),
        roles: vec![platform::Role::Customer],
    };
    let owner = send(commands, Moment::LIVE, &owner).await?;
    let country = Country::parse("GB").context("GB is a country")?;
    let vendor = EnsureVendor {
        slug: SOURCE.to_owned(),
        display_name: "Online Retail".to_owned(),
        country,
        owner: owner.user,
    };
    Ok(send(commands, Moment::LIVE, &vendor).await?.vendor)
}

async fn products(commands: &Commands, plan: &Plan, vendor: VendorId) -> Result<Products> {
    let bar = progress("products", plan.products.len());
    let all: Vec<ImportProduct> = plan
        .products
        .iter()
        .map(|(code, product)| ImportProduct {
            sku: format!("OR-{code}"),
            name: product.name.clone(),
            price: product.price,
            weight_grams: 250,
        })
        .collect();
    let mut products = Products::new();
    for batch in all.chunks(BATCH) {
        let command = ImportProducts {
            vendor,
            category_slug: "online-retail".to_owned(),
            category_name: "Online Retail".to_owned(),
            currency: Currency::GBP,
            products: batch.to_vec(),
        };
        for product in send(commands, Moment::LIVE, &command).await? {
            products.insert(product.sku.trim_start_matches("OR-").to_owned(), product);
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish();
    Ok(products)
}

/// The goods of each block of invoices arrive just before its first one.
async fn stock(commands: &Commands, plan: &Plan, vendor: VendorId, products: &Products) -> Result<()> {
    let blocks: Vec<&[Sale]> = plan.sales.chunks(STOCK_BLOCK).collect();
    let bar = progress("stock", blocks.len());
    for sales in blocks {
        let mut pieces: BTreeMap<String, i32> = BTreeMap::new();
        for line in sales.iter().flat_map(|sale| &sale.goods) {
            *pieces.entry(line.code.to_ascii_uppercase()).or_default() += line.quantity;
        }
        let lines: Vec<ImportStockLine> = pieces
            .iter()
            .filter_map(|(code, quantity)| {
                let product = products.get(code)?;
                Some(ImportStockLine {
                    product: product.product,
                    variant: product.variant,
                    quantity: *quantity,
                })
            })
            .collect();
        let first = &sales[0].goods[0];
        for (index, batch) in lines.chunks(BATCH).enumerate() {
            let command = ImportStock {
                vendor,
                warehouse_code: "OR-UK".to_owned(),
                country: Country::parse("GB").context("GB is a country")?,
                // A block that a smaller run cut short is another block.
                key: format!("{SOURCE}:stock:{}:{}:{index}", first.invoice, sales.len()),
                lines: batch.to_vec(),
            };
            send(
                commands,
                Moment::imported(first.at - chrono::Duration::hours(1)),
                &command,
            )
            .await?;
        }
        bar.inc(1);
    }
    bar.finish();
    Ok(())
}

/// Reference of the customer of a sale, and whether it is a guest: a customer of one order.
fn customer_reference(sale: &Sale) -> (String, bool) {
    let line = &sale.goods[0];
    match line.customer.is_empty() {
        true => (format!("guest-{}", sale.invoice), true),
        false => (line.customer.clone(), false),
    }
}

async fn customers(commands: &Commands, plan: &Plan) -> Result<HashMap<String, CustomerId>> {
    let all: BTreeSet<(String, bool)> = plan.sales.iter().map(customer_reference).collect();
    let bar = progress("customers", all.len());
    let mut customers = HashMap::new();
    for guest in [false, true] {
        let references = all.iter().filter(|known| known.1 == guest);
        let references: Vec<String> = references.map(|known| known.0.clone()).collect();
        for batch in references.chunks(BATCH) {
            let command = ImportCustomers {
                source: SOURCE.to_owned(),
                references: batch.to_vec(),
                guest,
            };
            for customer in send(commands, Moment::LIVE, &command).await? {
                customers.insert(customer.reference, customer.customer);
            }
            bar.inc(batch.len() as u64);
        }
    }
    bar.finish();
    Ok(customers)
}

async fn orders(
    commands: &Commands,
    plan: &Plan,
    vendor: VendorId,
    products: &Products,
    customers: &HashMap<String, CustomerId>,
) -> Result<Vec<ImportOrderReply>> {
    let bar = progress("orders", plan.sales.len());
    let placed = stream::iter(&plan.sales).map(|sale| async {
        let customer = *customers
            .get(&customer_reference(sale).0)
            .context("a customer is missing")?;
        let command = order(sale, customer, vendor, products)?;
        let at = command.placed_at;
        let reply = send(commands, Moment::imported(at), &command)
            .await
            .with_context(|| format!("invoice {}", sale.invoice))?;
        bar.inc(1);
        anyhow::Ok(reply)
    });
    let placed = placed.buffered(CONCURRENCY).try_collect().await?;
    bar.finish();
    Ok(placed)
}

fn order(sale: &Sale, customer: CustomerId, vendor: VendorId, products: &Products) -> Result<ImportOrder> {
    let first = &sale.goods[0];
    let lines: Result<Vec<ImportLine>> = sale
        .goods
        .iter()
        .map(|line| import_line(line, vendor, products))
        .collect();
    Ok(ImportOrder {
        source: SOURCE.to_owned(),
        reference: sale.invoice.clone(),
        customer,
        placed_at: first.at,
        currency: Currency::GBP,
        address: address(first)?,
        lines: lines?,
        shipping: sale.shipping_pence(),
    })
}

fn import_line(line: &Line, vendor: VendorId, products: &Products) -> Result<ImportLine> {
    let code = line.code.to_ascii_uppercase();
    let product = products
        .get(&code)
        .with_context(|| format!("line {}: {code} was not imported", line.number))?;
    let name = if line.description.is_empty() {
        code
    } else {
        line.description.clone()
    };
    Ok(ImportLine {
        variant: product.variant,
        product: product.product,
        vendor,
        sku: product.sku.clone(),
        name,
        quantity: line.quantity,
        unit_price: line.price / MILLIS,
    })
}

/// The file has no addresses, only countries.
fn address(line: &Line) -> Result<PostalAddress> {
    let unknown = || "not recorded".to_owned();
    Ok(PostalAddress {
        full_name: unknown(),
        company: None,
        line1: unknown(),
        line2: None,
        city: unknown(),
        region: None,
        postal_code: None,
        country: countries::code(&line.country).context("no country")?,
        phone: None,
    })
}

/// Returns the money given back, pence. Refunds of one order run one after the other.
async fn refunds(commands: &Commands, matched: &Matched, orders: &[ImportOrderReply]) -> Result<i64> {
    let bar = progress("refunds", matched.refunds.len());
    let by_order: Vec<&[Refund]> = matched.refunds.chunk_by(|a, b| a.sale == b.sale).collect();
    let bar = &bar;
    let amounts = stream::iter(by_order).map(|refunds| async move {
        let mut amount = 0;
        for refund in refunds {
            let order = &orders[refund.sale];
            let line = |(index, quantity): (&usize, &i32)| ImportRefundLine {
                line: order.lines[*index],
                quantity: *quantity,
            };
            let command = ImportRefund {
                source: SOURCE.to_owned(),
                reference: format!("{}:{}", refund.invoice, order.order),
                order: order.order,
                at: refund.at,
                lines: refund.lines.iter().map(line).collect(),
                restock: true,
            };
            let reply = send(commands, Moment::imported(refund.at), &command).await;
            amount += reply
                .with_context(|| format!("cancellation {}", refund.invoice))?
                .amount;
            bar.inc(1);
        }
        anyhow::Ok(amount)
    });
    let amounts: Vec<i64> = amounts.buffer_unordered(CONCURRENCY).try_collect().await?;
    bar.finish();
    Ok(amounts.iter().sum())
}

async fn adjustments(commands: &Commands, plan: &Plan, matched: &Matched) -> Result<()> {
    let all: Vec<Adjustment> = plan
        .adjustments
        .iter()
        .chain(&matched.unmatched)
        .map(adjustment)
        .collect();
    let bar = progress("adjustments", all.len());
    for batch in all.chunks(BATCH) {
        let command = ImportAdjustments {
            source: SOURCE.to_owned(),
            adjustments: batch.to_vec(),
        };
        send(commands, Moment::LIVE, &command).await?;
        bar.inc(batch.len() as u64);
    }
    bar.finish();
    Ok(())
}

fn adjustment((reason, line): &(Reason, Line)) -> Adjustment {
    Adjustment {
        reference: format!("{}:{}", line.invoice, line.number),
        at: line.at,
        kind: reason.name().to_owned(),
        description: format!("{} {} × {}", line.code, line.description, line.quantity),
        currency: Currency::GBP,
        amount_millis: line.amount(),
    }
}
