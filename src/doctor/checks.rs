//! Invariants within one service.

use super::Check;

pub(super) const ALL: &[Check] = &[
    Check {
        service: "inventory",
        name: "the stock ledger sums to the counters",
        sql: "select l.variant_id, l.warehouse_id, l.on_hand, l.reserved, l.allocated,
                 t.on_hand as ledger_on_hand, t.reserved as ledger_reserved, t.allocated as ledger_allocated
              from inventory.stock_levels l
              left join (select variant_id, warehouse_id, sum(on_hand_delta) as on_hand, sum(reserved_delta) as reserved,
                             sum(allocated_delta) as allocated
                         from inventory.inventory_transactions group by 1, 2) t using (variant_id, warehouse_id)
              where (l.on_hand, l.reserved, l.allocated)
                  <> (coalesce(t.on_hand, 0), coalesce(t.reserved, 0), coalesce(t.allocated, 0))",
    },
    Check {
        service: "inventory",
        name: "reserved stock is what live reservations hold",
        sql: "select l.variant_id, l.warehouse_id, l.reserved, coalesce(r.quantity, 0) as held
              from inventory.stock_levels l
              left join (select variant_id, warehouse_id, sum(quantity) as quantity
                         from inventory.reservation_lines join inventory.reservations r on r.id = reservation_id
                         where r.status = 'ACTIVE' group by 1, 2) r using (variant_id, warehouse_id)
              where l.reserved <> coalesce(r.quantity, 0)",
    },
    Check {
        service: "inventory",
        name: "allocated stock is what unshipped orders wait for",
        sql: "select l.variant_id, l.warehouse_id, l.allocated, coalesce(a.quantity, 0) as waiting
              from inventory.stock_levels l
              left join (select variant_id, warehouse_id, sum(quantity - shipped - deallocated) as quantity
                         from inventory.allocations group by 1, 2) a using (variant_id, warehouse_id)
              where l.allocated <> coalesce(a.quantity, 0)",
    },
    Check {
        service: "orders",
        name: "vendors' parts sum to the order",
        sql: "select o.number, o.total, sum(v.total)::bigint as parts
              from orders.orders o join orders.vendor_orders v on v.order_id = o.id
              group by o.id having o.total <> sum(v.total)",
    },
    Check {
        service: "orders",
        name: "lines and shipping sum to the vendor's part",
        sql: "select v.number, v.total, v.shipping, sum(l.total)::bigint as lines
              from orders.vendor_orders v join orders.order_lines l on l.vendor_order_id = v.id
              group by v.id having v.total <> v.shipping + sum(l.total)",
    },
    Check {
        service: "orders",
        name: "refunds that succeeded sum to the order's refunded total",
        sql: "select o.number, o.refunded_total, coalesce(sum(r.total), 0)::bigint as refunds
              from orders.orders o left join orders.refunds r on r.order_id = o.id and r.status = 'SUCCEEDED'
              group by o.id having o.refunded_total <> coalesce(sum(r.total), 0)",
    },
    Check {
        service: "orders",
        name: "events of an order have no gap",
        sql: "select o.number, o.event_seq, count(e.seq) as events
              from orders.orders o left join orders.order_events e on e.order_id = o.id
              group by o.id having o.event_seq <> count(e.seq) or o.event_seq <> coalesce(max(e.seq), 0)",
    },
    Check {
        service: "orders",
        name: "no checkout is stuck or late",
        sql: "select id, order_id, step, status, attempts, last_error from orders.sagas
              where status = 'STUCK'
                  or (status in ('RUNNING', 'COMMITTING', 'COMPENSATING') and next_attempt_at < now() - interval '60 seconds')",
    },
    Check {
        service: "orders",
        name: "carts of ended checkouts are not locked",
        sql: "select c.id from orders.carts c
              where c.status = 'LOCKED' and not exists (select from orders.sagas s
                  where s.cart_id = c.id and s.status not in ('COMPLETED', 'COMPENSATED'))",
    },
    Check {
        service: "payments",
        name: "every ledger transaction balances in every currency",
        sql: "select transaction_id, sum(debit)::bigint as debit, sum(credit)::bigint as credit
              from payments.ledger_entries group by transaction_id, currency having sum(debit) <> sum(credit)",
    },
    Check {
        service: "payments",
        name: "nothing is refunded beyond what was captured",
        sql: "select p.id, p.captured, sum(r.amount)::bigint as refunds
              from payments.payments p join payments.payment_refunds r on r.payment_id = p.id
              where r.status in ('PENDING', 'SUBMITTED', 'SUCCEEDED')
              group by p.id having sum(r.amount) > p.captured",
    },
    Check {
        service: "payments",
        name: "no payment waits for a decision",
        sql: "select id, order_id, status from payments.payments where status = 'UNRESOLVED'",
    },
    Check {
        service: "payments",
        name: "coupons are used as often as orders carry them, within their limit",
        sql: "select c.code, c.used, count(r.id) as live from payments.coupons c
              left join payments.coupon_redemptions r on r.coupon_id = c.id and r.status in ('HELD', 'REDEEMED')
              group by c.id having c.used <> count(r.id) or c.used > c.usage_limit",
    },
    Check {
        service: "users",
        name: "points are what the ledger says, and lots hold what can be spent",
        sql: "select a.customer_id, a.available, a.pending, a.held from users.loyalty_accounts a
              left join (select customer_id, sum(available) as available, sum(pending) as pending, sum(held) as held
                  from users.loyalty_transactions group by customer_id) t on t.customer_id = a.customer_id
              left join (select customer_id, sum(remaining) as remaining from users.loyalty_lots group by customer_id) l
                  on l.customer_id = a.customer_id
              where a.available <> coalesce(t.available, 0) or a.pending <> coalesce(t.pending, 0)
                  or a.held <> coalesce(t.held, 0) or a.available <> coalesce(l.remaining, 0)",
    },
    Check {
        service: "products",
        name: "ratings are what a recount of the published reviews gives",
        sql: "select p.id, p.rating_count, p.rating_sum, p.rating_histogram from products.products p
              left join (select product_id, count(*)::int as reviews, sum(rating)::bigint as stars,
                             array[count(*) filter (where rating = 1), count(*) filter (where rating = 2),
                                 count(*) filter (where rating = 3), count(*) filter (where rating = 4),
                                 count(*) filter (where rating = 5)]::int[] as histogram
                         from products.reviews where status = 'PUBLISHED' group by 1) r on r.product_id = p.id
              where (p.rating_count, p.rating_sum, p.rating_histogram)
                  <> (coalesce(r.reviews, 0), coalesce(r.stars, 0), coalesce(r.histogram, '{0,0,0,0,0}'))",
    },
    Check {
        service: "products",
        name: "ratings of vendors are the sums of their products on sale",
        sql: "select v.vendor_id from products.vendor_ratings v
              full join (select vendor_id, array[sum(rating_histogram[1]), sum(rating_histogram[2]),
                             sum(rating_histogram[3]), sum(rating_histogram[4]), sum(rating_histogram[5])]::bigint[] as h
                         from products.products where visible group by 1) p on p.vendor_id = v.vendor_id
              where coalesce(v.histogram, '{0,0,0,0,0}') <> coalesce(p.h, '{0,0,0,0,0}')",
    },
    Check {
        service: "products",
        name: "the search index has every product on sale, rated as it is, but for what is queued",
        sql: "select coalesce(p.id, d.id) as id, p.rating_milli, d.rating_milli as indexed from products.products p
              full join (select id, rating_milli from products.search_documents where generation =
                      (select generation from products.search_generations where state = 'ACTIVE')) d on d.id = p.id
              where (coalesce(p.visible, false) <> (d.id is not null) or (p.visible and p.rating_milli <> d.rating_milli))
                  and not exists (select from products.search_queue q where q.product_id = coalesce(p.id, d.id))",
    },
    Check {
        service: "products",
        name: "reviews are as helpful as customers have voted",
        sql: "select r.id, r.helpful_count, coalesce(v.votes, 0) as votes from products.reviews r
              left join (select review_id, count(*) as votes from products.review_votes group by 1) v
                  on v.review_id = r.id
              where r.helpful_count <> coalesce(v.votes, 0)",
    },
    Check {
        service: "products",
        name: "approvals of a vendor have no gap",
        sql: "select p.vendor_id, p.last_seq, count(e.seq) as steps from products.approval_positions p
              left join products.approval_events e on e.vendor_id = p.vendor_id
              group by p.vendor_id having p.last_seq <> count(e.seq) or p.last_seq <> coalesce(max(e.seq), 0)",
    },
];
