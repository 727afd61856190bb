//! Orders. Their customer and staff see all of them; a vendor sees its own part only.

use crate::{
    actions::orders::may_cancel,
    domain::{
        order::{OrderEventRow, OrderRow, OrderStatus},
        quote::Sums,
    },
    schema::{
        deps, load, load_many,
        loaders::{LinesOfOrder, PartsOfOrder, RefundsOfOrder, SagaOfOrder},
        order_line::OrderLine,
        quote::Totals,
        refund::Refund,
        saga::CheckoutSaga,
        stubs::{Coupon, Customer, names},
        vendor_order::VendorOrder,
    },
    store,
};
use async_graphql::{
    Context, ID, InputObject, Object, SimpleObject,
    connection::{Connection, ConnectionNameType, DefaultEdgeName, EmptyFields},
};
use chrono::{DateTime, Utc};
use platform::{
    Currency, Error, Money, PostalAddress,
    ids::{CustomerId, OrderEventId, OrderId},
    page::{CountedPage, PageArgs, TotalCount},
    scalars::DateTimeRange,
    viewer::viewer,
};
use uuid::Uuid;

/// A placed order, its terms frozen.
#[derive(Clone, Debug)]
pub struct Order {
    /// The viewer sees all of it, not only a vendor's part.
    pub full: bool,
    pub row: OrderRow,
}

/// Something that happened to an order.
#[derive(Clone, Debug, SimpleObject)]
pub struct OrderEvent {
    /// Opaque ID.
    pub id: OrderEventId,
    /// Position in the order's history, from 1, without gaps.
    pub seq: i32,
    /// PLACED, STATUS_CHANGED, VENDOR_ORDER_STATUS_CHANGED, PAYMENT_STATUS_CHANGED, REFUND_STATUS_CHANGED, NOTE_ADDED.
    #[graphql(name = "type")]
    pub kind: String,
    /// State before.
    pub from: Option<String>,
    /// State after.
    pub to: Option<String>,
    /// Who did it; `system` if nobody.
    pub actor: Option<String>,
    /// Reason or note.
    pub note: Option<String>,
    /// The customer may see it.
    pub is_public: bool,
    /// When.
    pub at: DateTime<Utc>,
}

impl OrderEvent {
    /// As `staff` or somebody else sees it: people's IDs are for staff.
    pub fn new(row: OrderEventRow, staff: bool) -> Self {
        Self {
            id: row.id,
            seq: i32::try_from(row.seq).unwrap_or(i32::MAX),
            kind: row.kind,
            from: row.from_state,
            to: row.to_state,
            actor: row.actor.filter(|_| staff),
            note: row.note,
            is_public: row.is_public,
            at: row.at,
        }
    }
}

/// Names the connection of events.
pub struct OrderEvents;

impl ConnectionNameType for OrderEvents {
    fn type_name<T: async_graphql::OutputType>() -> String {
        "OrderEventConnection".to_owned()
    }
}

/// What a list of orders is narrowed to.
#[derive(Clone, Debug, Default, InputObject)]
pub struct OrderWhere {
    /// In one of these states.
    pub status: Option<Vec<OrderStatus>>,
    /// Placed in this time.
    pub placed_at: Option<DateTimeRange>,
    /// With this number.
    pub number: Option<String>,
    /// Of this customer.
    pub customer_id: Option<ID>,
}

/// A page of orders, newest first; the caller has checked who may see it.
pub async fn page(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    filter: Option<OrderWhere>,
    customer: Option<CustomerId>,
) -> Result<CountedPage<Order>, Error> {
    let args = PageArgs::<(DateTime<Utc>, Uuid)>::new(first, after.as_deref())?;
    let filter = filter.unwrap_or_default();
    let range = filter.placed_at.unwrap_or_default();
    // An ID that is none belongs to nobody.
    let wanted = filter
        .customer_id
        .map(|id| CustomerId::parse(&id).unwrap_or(CustomerId(Uuid::nil())));
    let of = customer.or(wanted);
    let filter = store::orders::Filter {
        customer: of.map(|id| id.0),
        statuses: filter.status.map(names),
        number: filter.number,
        from: range.from,
        to: range.to,
    };
    let db = deps(ctx).db.clone();
    let rows = store::orders::page(db.pool(), &filter, args.after, args.limit()).await?;
    let total = TotalCount::new(move |max| {
        let (db, filter) = (db.clone(), filter.clone());
        Box::pin(async move { Ok(store::orders::count(db.pool(), &filter, max).await?) })
    });
    let rows = rows.into_iter().map(|row| Order { full: true, row }).collect();
    Ok(args.counted(rows, |order: &Order| (order.row.placed_at, order.row.id.0), total))
}

impl Order {
    async fn parts(&self, ctx: &Context<'_>) -> Result<Vec<VendorOrder>, Error> {
        load_many(ctx, PartsOfOrder(self.row.id)).await
    }

    fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.row.currency)
    }
}

#[Object]
impl Order {
    /// Opaque ID.
    pub async fn id(&self) -> OrderId {
        self.row.id
    }

    /// Number for people, such as A-100001.
    async fn number(&self) -> &str {
        &self.row.number
    }

    /// State; payment and refunds are told elsewhere.
    async fn status(&self) -> OrderStatus {
        self.row.status
    }

    /// Who bought. Not for vendors.
    async fn customer(&self) -> Option<Customer> {
        self.full.then_some(Customer {
            id: self.row.customer_id,
        })
    }

    /// Currency of all its amounts.
    async fn currency(&self) -> Currency {
        self.row.currency
    }

    /// When it was placed.
    async fn placed_at(&self) -> DateTime<Utc> {
        self.row.placed_at
    }

    /// Its lines; for a vendor, the vendor's own.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<OrderLine>, Error> {
        let rows = load_many(ctx, LinesOfOrder(self.row.id)).await?;
        let viewer = viewer(ctx);
        Ok(rows
            .into_iter()
            .filter(|line| self.full || viewer.is_member(line.vendor_id))
            .map(OrderLine)
            .collect())
    }

    /// One part per vendor; for a vendor, its own.
    async fn vendor_orders(&self, ctx: &Context<'_>) -> Result<Vec<VendorOrder>, Error> {
        self.parts(ctx).await
    }

    /// Sums; for a vendor, of its own part.
    async fn totals(&self, ctx: &Context<'_>) -> Result<Totals, Error> {
        let row = &self.row;
        let mut sums = Sums {
            subtotal: row.subtotal,
            discount: row.discount,
            loyalty: row.loyalty,
            shipping: row.shipping,
            tax: row.tax,
            total: row.total,
        };
        if !self.full {
            sums = self.parts(ctx).await?.iter().fold(Sums::default(), |all, part| {
                let own = part.sums();
                Sums {
                    subtotal: all.subtotal + own.subtotal,
                    discount: all.discount + own.discount,
                    loyalty: all.loyalty + own.loyalty,
                    shipping: all.shipping + own.shipping,
                    tax: all.tax + own.tax,
                    total: all.total + own.total,
                }
            });
        }
        Ok(Totals::new(sums, row.currency))
    }

    /// Money that has gone back; for a vendor, of refunds of its own lines.
    async fn refunded_total(&self, ctx: &Context<'_>) -> Result<Money, Error> {
        if self.full {
            return Ok(self.money(self.row.refunded_total));
        }
        let refunds: Vec<Refund> = load_many(ctx, RefundsOfOrder(self.row.id)).await?;
        let done = refunds
            .iter()
            .filter(|refund| refund.0.status == crate::domain::refund::RefundStatus::Succeeded);
        Ok(self.money(done.map(|refund| refund.0.total).sum()))
    }

    /// Where it goes.
    async fn shipping_address(&self) -> &PostalAddress {
        &self.row.shipping_address
    }

    /// Who pays; for a vendor, the shipping address.
    async fn billing_address(&self) -> &PostalAddress {
        if self.full {
            &self.row.billing_address
        } else {
            &self.row.shipping_address
        }
    }

    /// Coupons that were used. Not for vendors.
    async fn coupons(&self) -> Vec<Option<Coupon>> {
        let ids = self.row.coupon_ids.iter().filter(|_| self.full);
        ids.map(|id| Some(Coupon { id: *id })).collect()
    }

    /// Loyalty points it was paid with.
    async fn loyalty_points_redeemed(&self) -> i32 {
        if self.full { self.row.loyalty_points } else { 0 }
    }

    /// Refunds, oldest first; for a vendor, those of its own lines.
    async fn refunds(&self, ctx: &Context<'_>) -> Result<Vec<Refund>, Error> {
        load_many(ctx, RefundsOfOrder(self.row.id)).await
    }

    /// What happened, oldest first.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size, 1 to 100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last item seen.")] after: Option<String>,
        #[graphql(
            default = true,
            desc = "Without what only staff may see; others never get that."
        )]
        public_only: bool,
    ) -> Result<Connection<String, OrderEvent, EmptyFields, EmptyFields, OrderEvents, DefaultEdgeName>, Error>
    {
        let args = PageArgs::<(i64,)>::new(first, after.as_deref())?;
        let (viewer, from) = (viewer(ctx), args.after.map_or(0, |key| key.0));
        let public_only = public_only || !viewer.is_staff();
        let rows =
            store::history::after(deps(ctx).db.pool(), self.row.id, from, public_only, args.limit()).await?;
        let mine = self.parts(ctx).await?;
        // A vendor does not learn how other vendors do.
        let seen = |row: &OrderEventRow| {
            self.full
                || row
                    .vendor_order_id
                    .is_none_or(|id| mine.iter().any(|part| part.0.id == id))
        };
        let more = rows.len() as i64 == args.limit();
        let size = usize::try_from(args.limit() - 1).unwrap_or(0);
        let mut page = Connection::new(args.after.is_some(), more);
        page.edges
            .extend(rows.into_iter().take(size).filter(seen).map(|row| {
                let cursor = platform::page::encode(&(row.seq,));
                async_graphql::connection::Edge::new(cursor, OrderEvent::new(row, viewer.is_staff()))
            }));
        Ok(page)
    }

    /// States that may follow.
    async fn allowed_transitions(&self) -> Vec<OrderStatus> {
        self.row.status.next().to_vec()
    }

    /// Whether the viewer may call it off now.
    async fn can_cancel(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        let parts: Vec<_> = self.parts(ctx).await?.into_iter().map(|part| part.0).collect();
        let viewer = viewer(ctx);
        Ok(viewer.acts_for(self.row.customer_id) && may_cancel(viewer, &self.row, &parts))
    }

    /// How its checkout went, step by step. Requires: STAFF.
    async fn saga(&self, ctx: &Context<'_>) -> Option<Result<CheckoutSaga, Error>> {
        if let Err(error) = viewer(ctx).require_staff() {
            return Some(Err(error));
        }
        load(ctx, SagaOfOrder(self.row.id))
            .await
            .map(|saga| saga.map(CheckoutSaga))
            .transpose()
    }

    /// Goes up with every change of state.
    async fn version(&self) -> i32 {
        self.row.version
    }
}
