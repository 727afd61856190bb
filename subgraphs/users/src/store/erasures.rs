//! People who are being erased, and the secrets with which they ask for it.

use platform::{
    ids::{CustomerId, OrderId, UserId, VendorId},
    privacy::Person,
};
use sqlx::{PgConnection, PgExecutor, types::Json};

/// Stores a new secret in place of earlier ones. False if the last mail is less than a minute old.
pub async fn issue(db: &mut PgConnection, user: UserId, hash: &[u8]) -> sqlx::Result<bool> {
    // The user's row orders concurrent requests.
    sqlx::query!(
        "select id from users.users where id = $1 for no key update",
        user.0
    )
    .fetch_one(&mut *db)
    .await?;
    let issued = sqlx::query!(
        "insert into users.erasure_tokens (hash, user_id) select $1, $2 where not exists (
            select from users.erasure_tokens where user_id = $2 and created_at > users.now() - interval '1 minute')",
        hash,
        user.0
    )
    .execute(&mut *db)
    .await?
    .rows_affected()
        == 1;
    sqlx::query!(
        "update users.erasure_tokens set used_at = users.now()
        where $3 and user_id = $1 and hash <> $2 and used_at is null",
        user.0,
        hash,
        issued
    )
    .execute(db)
    .await?;
    Ok(issued)
}

/// Uses up a secret; `None` if it is unknown, used or too old, or its owner is not active.
pub async fn consume(db: impl PgExecutor<'_>, hash: &[u8]) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"update users.erasure_tokens t set used_at = users.now() from users.users u
        where t.hash = $1 and t.used_at is null and t.expires_at > users.now() and u.id = t.user_id and u.active
        returning t.user_id as "user_id: UserId""#,
        hash
    )
    .fetch_optional(db)
    .await
}

/// Slugs of open vendors that would be left without an owner. Their members are locked.
pub async fn orphans(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<String>> {
    sqlx::query!(
        "select m.user_id from users.vendor_members m
        where m.role = 'OWNER' and m.vendor_id in (select vendor_id from users.vendor_members where user_id = $1)
        order by m.vendor_id, m.user_id for update",
        user.0
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query_scalar!(
        "select v.slug from users.vendors v join users.vendor_members m on m.vendor_id = v.id
        where m.user_id = $1 and m.role = 'OWNER' and v.status not in ('CLOSED', 'REJECTED')
            and not exists (select from users.vendor_members o join users.users u on u.id = o.user_id
                where o.vendor_id = v.id and o.role = 'OWNER' and o.user_id <> $1 and u.active)
        order by v.slug",
        user.0
    )
    .fetch_all(db)
    .await
}

pub async fn begin(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into users.erasures (user_id) values ($1) on conflict do nothing",
        user.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Everything by which services know somebody.
pub async fn person(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Person> {
    let row = sqlx::query!(
        r#"with mine as materialized (
            select customer_id as id from users.users where id = $1
            union select a.alias_id from users.customer_aliases a join users.users u on u.customer_id = a.customer_id
            where u.id = $1)
        select array(select id from mine order by id) as "customers!: Vec<CustomerId>",
            array(select order_id from users.loyalty_orders where customer_id in (select id from mine) order by 1)
                as "orders!: Vec<OrderId>",
            array(select m.vendor_id from users.vendor_members m where m.user_id = $1 and m.role = 'OWNER'
                and not exists (select from users.vendor_members o
                    where o.vendor_id = m.vendor_id and o.role = 'OWNER' and o.user_id <> $1) order by 1)
                as "vendors!: Vec<VendorId>""#,
        user.0
    )
    .fetch_one(db)
    .await?;
    Ok(Person {
        user: Some(user),
        customers: row.customers,
        orders: row.orders,
        vendors: row.vendors,
    })
}

/// An erasure as its worker found it.
pub struct Erasure {
    pub user: UserId,
    pub person: Option<Person>,
    pub round: i32,
    pub erased: Vec<String>,
    pub attempts: i32,
    pub email: String,
}

/// Takes one that is due for a minute; a worker that dies gives it back in this way.
pub async fn claim(db: impl PgExecutor<'_>) -> sqlx::Result<Option<Erasure>> {
    let row = sqlx::query!(
        r#"update users.erasures e set attempts = attempts + 1,
            next_attempt_at = pg_catalog.now() + interval '1 minute'
        from users.users u
        where u.id = e.user_id and e.user_id = (
            select user_id from users.erasures where status <> 'DONE' and next_attempt_at <= pg_catalog.now()
            order by next_attempt_at limit 1 for update skip locked)
        returning e.user_id as "user: UserId", e.person as "person: Json<Person>", e.round, e.erased, e.attempts, u.email"#
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Erasure {
        user: row.user,
        person: row.person.map(|person| person.0),
        round: row.round,
        erased: row.erased,
        attempts: row.attempts,
        email: row.email,
    }))
}

/// A service has erased; the worker goes on at once.
pub async fn erased(db: impl PgExecutor<'_>, user: UserId, service: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update users.erasures set erased = array_append(array_remove(erased, $2), $2), status = 'RUNNING',
            waits_for = null, last_error = null, attempts = 1,
            next_attempt_at = pg_catalog.now() + interval '1 minute'
        where user_id = $1",
        user.0,
        service
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Something is open; asked again in five minutes.
pub async fn wait(db: impl PgExecutor<'_>, user: UserId, reason: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update users.erasures set status = 'WAITING', waits_for = $2, last_error = null, attempts = 0,
            next_attempt_at = pg_catalog.now() + interval '5 minutes'
        where user_id = $1",
        user.0,
        reason
    )
    .execute(db)
    .await?;
    Ok(())
}

/// No answer; asked again, ever more slowly, and never given up.
pub async fn failed(db: impl PgExecutor<'_>, user: UserId, attempts: i32, error: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update users.erasures set last_error = $2,
            next_attempt_at = pg_catalog.now() + make_interval(secs => $3::float8)
        where user_id = $1",
        user.0,
        error,
        f64::from(1_u32 << attempts.clamp(0, 11))
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The round is over. The second comes when every token that was good in the first has ended; after it, it is done.
pub async fn next_round(db: &mut PgConnection, user: UserId, person: &Person) -> sqlx::Result<()> {
    sqlx::query!(
        "update users.erasures set erased = '{}', attempts = 0, last_error = null, waits_for = null, person = $2,
            erased_at = coalesce(erased_at, users.now()),
            status = case round when 1 then 'RUNNING' else 'DONE' end, round = 2,
            next_attempt_at = pg_catalog.now() + interval '15 minutes'
        where user_id = $1",
        user.0,
        Json(person) as _
    )
    .execute(db)
    .await?;
    Ok(())
}
