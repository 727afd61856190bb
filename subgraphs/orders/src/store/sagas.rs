//! Sagas: who drives them, how far they are, what they did. Leases live by the database's own clock.

use crate::domain::saga::{Owner, Plan, Refusal, Saga, SagaKind, SagaStatus};
use chrono::{DateTime, Utc};
use platform::ids::{CartId, CustomerId, OrderId, SagaId, uuids};
use sqlx::{PgConnection, PgExecutor, types::Json};

/// Seconds after which a silent driver is taken for dead.
pub const LEASE_SECONDS: i32 = 8;

struct Row {
    id: SagaId,
    kind: SagaKind,
    actor: String,
    customer_id: CustomerId,
    cart_id: Option<CartId>,
    order_id: OrderId,
    status: SagaStatus,
    step: String,
    plan: Json<Plan>,
    failure: Option<Json<Refusal>>,
    attempts: i32,
    last_error: Option<String>,
    deadline: Option<DateTime<Utc>>,
}

impl From<Row> for Saga {
    fn from(row: Row) -> Self {
        let Row {
            id,
            kind,
            actor,
            customer_id,
            cart_id,
            order_id,
            status,
            step,
            plan,
            failure,
            attempts,
            last_error,
            deadline,
        } = row;
        let (plan, failure) = (plan.0, failure.map(|failure| failure.0));
        Self {
            id,
            kind,
            actor,
            customer_id,
            cart_id,
            order_id,
            status,
            step,
            plan,
            failure,
            attempts,
            last_error,
            deadline,
        }
    }
}

macro_rules! sagas {
    ($head:literal, $tail:literal $(, $arg:expr)*) => {
        sqlx::query_as!(Row,
            $head + r#" id as "id: SagaId", kind as "kind: SagaKind", actor, customer_id as "customer_id: CustomerId",
            cart_id as "cart_id: CartId", order_id as "order_id: OrderId", status as "status: SagaStatus", step,
            plan as "plan: Json<Plan>", failure as "failure: Json<Refusal>", attempts, last_error, deadline "# + $tail
            $(, $arg)*)
    };
}

pub async fn by_orders(db: impl PgExecutor<'_>, orders: &[OrderId]) -> sqlx::Result<Vec<Saga>> {
    let rows = sagas!(
        "select",
        "from orders.sagas where order_id = any($1)",
        &uuids(orders)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Saga::from).collect())
}

pub async fn by_id(db: impl PgExecutor<'_>, id: SagaId) -> sqlx::Result<Option<Saga>> {
    Ok(sagas!("select", "from orders.sagas where id = $1", id.0)
        .fetch_optional(db)
        .await?
        .map(Saga::from))
}

/// The saga of an order, locked against its driver's next record.
pub async fn lock_of_order(db: &mut PgConnection, order: OrderId) -> sqlx::Result<Option<Saga>> {
    Ok(sagas!(
        "select",
        "from orders.sagas where order_id = $1 for update",
        order.0
    )
    .fetch_optional(db)
    .await?
    .map(Saga::from))
}

pub async fn live_of_cart(db: impl PgExecutor<'_>, cart: CartId) -> sqlx::Result<Option<Saga>> {
    let found = sagas!(
        "select",
        "from orders.sagas where cart_id = $1 and status not in ('COMPLETED', 'COMPENSATED')",
        cart.0
    );
    Ok(found.fetch_optional(db).await?.map(Saga::from))
}

pub async fn stuck(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Saga>> {
    let rows = sagas!("select", "from orders.sagas where status = 'STUCK' or (attempts >= 10 and status not in ('COMPLETED', 'COMPENSATED')) order by created_at limit 100").fetch_all(db).await?;
    Ok(rows.into_iter().map(Saga::from).collect())
}

/// The saga with this key and the hash of its request.
pub async fn by_key(
    db: impl PgExecutor<'_>,
    actor: &str,
    key: &str,
) -> sqlx::Result<Option<(SagaId, Vec<u8>)>> {
    let row = sqlx::query!(
        r#"select id as "id: SagaId", request_hash from orders.sagas where actor = $1 and key = $2"#,
        actor,
        key
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.id, row.request_hash)))
}

/// A new saga, driven by `owner` from the start. False: the key is taken.
pub async fn insert(
    db: &mut PgConnection,
    saga: &Saga,
    key: &str,
    hash: &[u8],
    owner: Owner,
) -> sqlx::Result<bool> {
    let rows = sqlx::query!(
        "insert into orders.sagas (id, kind, actor, key, request_hash, customer_id, cart_id, order_id, status, step, plan,
         deadline, lease_owner, lease_until)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, clock_timestamp() + make_interval(secs => $14))
         on conflict (actor, key) do nothing",
        saga.id.0, saga.kind as _, saga.actor, key, hash, saga.customer_id.0, saga.cart_id.map(|id| id.0), saga.order_id.0,
        saga.status as _, saga.step, Json(&saga.plan) as _, saga.deadline, owner.0, f64::from(LEASE_SECONDS)
    )
    .execute(db)
    .await?;
    Ok(rows.rows_affected() == 1)
}

/// Takes one saga that is due and that nobody drives.
pub async fn claim_due(db: impl PgExecutor<'_>, owner: Owner) -> sqlx::Result<Option<Saga>> {
    let found = sagas!(
        "update orders.sagas set lease_owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2), woken = false
         where id = (select id from orders.sagas where status not in ('COMPLETED', 'COMPENSATED')
         and next_attempt_at <= clock_timestamp() and (lease_until is null or lease_until < clock_timestamp())
         order by next_attempt_at limit 1 for update skip locked) returning", "", owner.0, f64::from(LEASE_SECONDS)
    );
    Ok(found.fetch_optional(db).await?.map(Saga::from))
}

/// Takes this saga, unless somebody drives it or it is over.
pub async fn claim(db: impl PgExecutor<'_>, id: SagaId, owner: Owner) -> sqlx::Result<Option<Saga>> {
    let found = sagas!(
        "update orders.sagas set lease_owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2), woken = false
         where id = $3 and status not in ('COMPLETED', 'COMPENSATED')
         and (lease_until is null or lease_until < clock_timestamp()) returning", "",
        owner.0, f64::from(LEASE_SECONDS), id.0
    );
    Ok(found.fetch_optional(db).await?.map(Saga::from))
}

/// Locks the saga's row. False: somebody else drives it now.
pub async fn hold(db: &mut PgConnection, id: SagaId, owner: Owner) -> sqlx::Result<bool> {
    let row = sqlx::query_scalar!(
        "select 1 as one from orders.sagas where id = $1 and lease_owner = $2 for update",
        id.0,
        owner.0
    );
    Ok(row.fetch_optional(db).await?.is_some())
}

/// Writes how far the saga is and keeps the lease. False: somebody else drives it now.
pub async fn advance(db: &mut PgConnection, saga: &Saga, owner: Owner) -> sqlx::Result<bool> {
    let rows = sqlx::query!(
        "update orders.sagas set status = $3, step = $4, plan = $5, failure = $6, attempts = $7, last_error = $8, deadline = $9,
         cart_id = $10, lease_until = clock_timestamp() + make_interval(secs => $11) where id = $1 and lease_owner = $2",
        saga.id.0, owner.0, saga.status as _, saga.step, Json(&saga.plan) as _, saga.failure.as_ref().map(Json) as _,
        saga.attempts, saga.last_error, saga.deadline, saga.cart_id.map(|id| id.0), f64::from(LEASE_SECONDS)
    )
    .execute(db)
    .await?;
    Ok(rows.rows_affected() == 1)
}

/// Lets go of the saga until `seconds` from now, or at once if something happened meanwhile.
pub async fn release(db: impl PgExecutor<'_>, saga: &Saga, owner: Owner, seconds: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.sagas set lease_owner = null, lease_until = null, attempts = $3, last_error = $4, status = $5,
         next_attempt_at = clock_timestamp() + make_interval(secs => case when woken then 0 else $6 end)
         where id = $1 and lease_owner = $2",
        saga.id.0, owner.0, saga.attempts, saga.last_error, saga.status as _, seconds as f64
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes a saga due.
pub async fn wake(db: impl PgExecutor<'_>, id: SagaId) -> sqlx::Result<()> {
    sqlx::query!("update orders.sagas set woken = true, attempts = 0, next_attempt_at = clock_timestamp() where id = $1", id.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Sets a saga that nobody drives on another way: a new try to pay, a cancellation, late money. The caller holds its
/// row lock.
pub async fn redirect(db: &mut PgConnection, saga: &Saga) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders.sagas set status = $2, step = $3, plan = $4, failure = $5, deadline = $6, cart_id = $7, attempts = 0,
         last_error = null, lease_owner = null, lease_until = null, woken = true, next_attempt_at = clock_timestamp()
         where id = $1",
        saga.id.0, saga.status as _, saga.step, Json(&saga.plan) as _, saga.failure.as_ref().map(Json) as _, saga.deadline,
        saga.cart_id.map(|id| id.0)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether somebody drives the saga now.
pub async fn is_driven(db: impl PgExecutor<'_>, id: SagaId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select coalesce(lease_until > clock_timestamp(), false) as "driven!" from orders.sagas where id = $1"#, id.0
    )
    .fetch_one(db)
    .await
}

/// A line of a saga's journal.
#[derive(Clone, Debug)]
pub struct StepRow {
    pub saga_id: SagaId,
    pub name: String,
    pub state: String,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    pub error: Option<String>,
}

/// Writes steps down; of a step that was done again, the last time counts.
pub async fn journal(db: &mut PgConnection, rows: &[StepRow]) -> sqlx::Result<()> {
    macro_rules! column {
        ($of:expr) => {
            rows.iter().map($of).collect::<Vec<_>>()
        };
    }
    sqlx::query!(
        "insert into orders.saga_steps (saga_id, name, state, started_at, finished_at, error)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[])
         on conflict (saga_id, name) do update set state = excluded.state, started_at = excluded.started_at,
         finished_at = excluded.finished_at, error = excluded.error",
        &column!(|row| row.saga_id.0),
        &column!(|row| row.name.as_str()) as &[&str],
        &column!(|row| row.state.as_str()) as &[&str],
        &column!(|row| row.started_at),
        &column!(|row| row.finished_at),
        &column!(|row| row.error.as_deref()) as &[Option<&str>]
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn steps(db: impl PgExecutor<'_>, sagas: &[SagaId]) -> sqlx::Result<Vec<StepRow>> {
    sqlx::query_as!(StepRow,
        r#"select saga_id as "saga_id: SagaId", name, state, started_at, finished_at, error from orders.saga_steps
           where saga_id = any($1) order by finished_at, name"#, &uuids(sagas))
    .fetch_all(db)
    .await
}
