//! Points accounts: counters, lots and ledger are read and written together, under the accounts' locks.

use crate::domain::points::{Book, Line, Lot, Part};
use chrono::{DateTime, Utc};
use platform::ids::{CustomerId, OrderId, uuids};
use sqlx::{PgConnection, PgExecutor};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The programme's periods, and the time by which they count.
#[derive(Clone, Copy, Debug)]
pub struct Programme {
    pub points_valid_days: i32,
    pub return_days: i32,
    pub now: DateTime<Utc>,
}

impl Programme {
    /// When points that become available at `at` expire.
    pub fn expiry(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at + chrono::TimeDelta::days(self.points_valid_days.into())
    }
}

pub async fn programme(db: impl PgExecutor<'_>) -> Result<Programme, sqlx::Error> {
    sqlx::query_as!(
        Programme,
        r#"select points_valid_days, return_days, users.now() as "now!" from users.loyalty_programme"#
    )
    .fetch_one(db)
    .await
}

/// Opens accounts where there are none, locks them in ID order and reads them; also the spent lots in `lots`. Unknown
/// customers are missing.
pub async fn open(
    db: &mut PgConnection,
    customers: &[CustomerId],
    lots: &[Uuid],
) -> Result<BTreeMap<CustomerId, Book>, sqlx::Error> {
    let ids = uuids(customers);
    sqlx::query!(
        "insert into users.loyalty_accounts (customer_id) select id from users.customers where id = any($1)
        order by id on conflict do nothing",
        &ids
    )
    .execute(&mut *db)
    .await?;
    let rows = sqlx::query!(
        r#"select customer_id as "customer: CustomerId", available, pending, held, lifetime, owed
        from users.loyalty_accounts where customer_id = any($1) order by customer_id for update"#,
        &ids
    )
    .fetch_all(&mut *db)
    .await?;
    let book = |row: (i32, i32, i32, i32, i32)| Book {
        available: row.0,
        pending: row.1,
        held: row.2,
        lifetime: row.3,
        owed: row.4,
        ..Book::default()
    };
    let mut books: BTreeMap<CustomerId, Book> = rows
        .into_iter()
        .map(|row| {
            let counters = (row.available, row.pending, row.held, row.lifetime, row.owed);
            (row.customer, book(counters))
        })
        .collect();
    let rows = sqlx::query!(
        r#"select customer_id as "customer: CustomerId", id, points, remaining, expires_at from users.loyalty_lots
        where customer_id = any($1) and (remaining > 0 or id = any($2)) order by expires_at, id"#,
        &ids,
        lots
    )
    .fetch_all(db)
    .await?;
    for row in rows {
        if let Some(book) = books.get_mut(&row.customer) {
            book.lots.push(Lot {
                id: row.id,
                points: row.points,
                remaining: row.remaining,
                expires_at: row.expires_at,
            });
        }
    }
    Ok(books)
}

/// Writes what has changed in books that were opened in this transaction: one statement for each table.
pub async fn save(db: &mut PgConnection, books: &BTreeMap<CustomerId, Book>) -> Result<(), sqlx::Error> {
    let (mut lots, mut lines) = (Vec::new(), Vec::new());
    for (id, book) in books.iter().filter(|(_, book)| !book.lines.is_empty()) {
        lots.extend(book.lots.iter().map(|lot| (*id, lot)));
        lines.extend(book.lines.iter().map(|line| (*id, line)));
    }
    put_lots(db, &lots).await?;
    put_lines(db, &lines).await?;
    let column = |of: fn(&Book) -> i32| books.values().map(of).collect::<Vec<_>>();
    sqlx::query!(
        "update users.loyalty_accounts a set available = b.available, pending = b.pending, held = b.held,
            lifetime = b.lifetime, owed = b.owed
        from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[])
            as b (customer_id, available, pending, held, lifetime, owed)
        where a.customer_id = b.customer_id",
        &uuids(&books.keys().copied().collect::<Vec<_>>()),
        &column(|book| book.available),
        &column(|book| book.pending),
        &column(|book| book.held),
        &column(|book| book.lifetime),
        &column(|book| book.owed),
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn put_lots(db: &mut PgConnection, lots: &[(CustomerId, &Lot)]) -> Result<(), sqlx::Error> {
    let customers: Vec<Uuid> = lots.iter().map(|(customer, _)| customer.0).collect();
    let ids: Vec<Uuid> = lots.iter().map(|(_, lot)| lot.id).collect();
    let points: Vec<i32> = lots.iter().map(|(_, lot)| lot.points).collect();
    let remaining: Vec<i32> = lots.iter().map(|(_, lot)| lot.remaining).collect();
    let expiries: Vec<DateTime<Utc>> = lots.iter().map(|(_, lot)| lot.expires_at).collect();
    sqlx::query!(
        "insert into users.loyalty_lots as l (id, customer_id, points, remaining, expires_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::timestamptz[])
        on conflict (id) do update set remaining = excluded.remaining where l.remaining <> excluded.remaining",
        &ids,
        &customers,
        &points,
        &remaining,
        &expiries
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn put_lines(db: &mut PgConnection, lines: &[(CustomerId, &Line)]) -> Result<(), sqlx::Error> {
    let column = |of: fn(&Line) -> i32| lines.iter().map(|(_, line)| of(line)).collect::<Vec<_>>();
    let ids: Vec<Uuid> = lines.iter().map(|_| Uuid::now_v7()).collect();
    let customers: Vec<Uuid> = lines.iter().map(|(customer, _)| customer.0).collect();
    let kinds: Vec<&str> = lines.iter().map(|(_, line)| line.kind.as_str()).collect();
    let orders: Vec<Option<Uuid>> = lines.iter().map(|(_, line)| line.order.map(|id| id.0)).collect();
    let expiries: Vec<Option<DateTime<Utc>>> = lines.iter().map(|(_, line)| line.expires_at).collect();
    let ats: Vec<Option<DateTime<Utc>>> = lines.iter().map(|(_, line)| line.at).collect();
    let reasons: Vec<Option<&str>> = lines.iter().map(|(_, line)| line.reason.as_deref()).collect();
    let actors: Vec<Option<&str>> = lines.iter().map(|(_, line)| line.actor.as_deref()).collect();
    sqlx::query!(
        "insert into users.loyalty_transactions
            (id, customer_id, kind, points, available, pending, held, order_id, expires_at, reason, actor, created_at)
        select id, customer_id, kind, points, available, pending, held, order_id, expires_at, reason, actor,
            coalesce(at, users.now())
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::int[], $6::int[], $7::int[], $8::uuid[],
            $9::timestamptz[], $10::text[], $11::text[], $12::timestamptz[])
            as t (id, customer_id, kind, points, available, pending, held, order_id, expires_at, reason, actor, at)",
        &ids,
        &customers,
        &kinds as &[&str],
        &column(|line| line.points),
        &column(|line| line.available),
        &column(|line| line.pending),
        &column(|line| line.held),
        &orders as &[Option<Uuid>],
        &expiries as &[Option<DateTime<Utc>>],
        &reasons as &[Option<&str>],
        &actors as &[Option<&str>],
        &ats as &[Option<DateTime<Utc>>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks accounts that have points which are too old; another process has the others.
pub async fn claim_expired(db: &mut PgConnection, most: i64) -> Result<Vec<CustomerId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select customer_id as "customer: CustomerId" from users.loyalty_accounts a
        where exists (select from users.loyalty_lots l where l.customer_id = a.customer_id and l.remaining > 0
            and l.expires_at <= users.now())
        order by customer_id limit $1 for update skip locked"#,
        most
    )
    .fetch_all(db)
    .await
}

/// State of the hold of an order, locked.
#[derive(Debug)]
pub struct Hold {
    pub customer: Option<CustomerId>,
    pub points: i32,
    pub state: String,
}

/// Puts a hold there. False if the order has one in whatever state.
pub async fn insert_hold(
    db: &mut PgConnection,
    order: OrderId,
    customer: Option<CustomerId>,
    points: i32,
    state: &str,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into users.loyalty_holds (order_id, customer_id, points, state) values ($1, $2, $3, $4)
        on conflict do nothing",
        order.0,
        customer.map(|id| id.0),
        points,
        state
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn lock_hold(db: &mut PgConnection, order: OrderId) -> Result<Option<Hold>, sqlx::Error> {
    sqlx::query_as!(
        Hold,
        r#"select customer_id as "customer: CustomerId", points, state from users.loyalty_holds
        where order_id = $1 for update"#,
        order.0
    )
    .fetch_optional(db)
    .await
}

/// The points come from somebody else's account.
pub async fn move_hold(
    db: &mut PgConnection,
    order: OrderId,
    customer: CustomerId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.loyalty_holds set customer_id = $2 where order_id = $1",
        order.0,
        customer.0
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_hold(db: &mut PgConnection, order: OrderId, state: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.loyalty_holds set state = $2 where order_id = $1",
        order.0,
        state
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps where the points of a hold come from.
pub async fn put_parts(db: &mut PgConnection, order: OrderId, parts: &[Part]) -> Result<(), sqlx::Error> {
    let (lots, points): (Vec<Uuid>, Vec<i32>) = parts.iter().copied().unzip();
    sqlx::query!(
        "insert into users.loyalty_hold_lots (order_id, lot_id, points)
        select $1, lot, points from unnest($2::uuid[], $3::int[]) as t (lot, points)",
        order.0,
        &lots,
        &points
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn parts(db: &mut PgConnection, order: OrderId) -> Result<Vec<Part>, sqlx::Error> {
    let rows = sqlx::query!(
        "select lot_id, points from users.loyalty_hold_lots where order_id = $1 order by lot_id",
        order.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.lot_id, row.points)).collect())
}
