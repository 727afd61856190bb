//! The journal of calls to the provider: what is called is written down first.

use crate::{domain::status::PaymentStatus, store::payments::Payment};
use chrono::{DateTime, Utc};
use platform::ids::{PaymentId, uuids};
use sqlx::{PgConnection, PgExecutor};

/// A call that is about to be made.
pub struct Attempt {
    pub payment: PaymentId,
    pub number: i32,
    pub key: String,
}

/// A call that was made.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    pub payment_id: PaymentId,
    pub number: i32,
    pub status: PaymentStatus,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub started_at: DateTime<Utc>,
}

/// Writes a call down. The payment must be locked. The key is `<order>:<attempt>[:operation]`, the same for every try
/// of the operation until the provider has spoilt it.
pub async fn begin(db: &mut PgConnection, payment: &Payment, operation: &str) -> sqlx::Result<Attempt> {
    let row = sqlx::query!(
        r#"select coalesce(max(number), 0) as "last!",
            count(*) filter (where key_spoilt and operation = $2) as "spoilt!"
        from payments.payment_attempts where payment_id = $1"#,
        payment.id.0,
        operation,
    )
    .fetch_one(&mut *db)
    .await?;
    let suffix = match operation {
        "create" => String::new(),
        operation => format!(":{operation}"),
    };
    let again = if row.spoilt > 0 {
        format!(":{}", row.spoilt + 1)
    } else {
        String::new()
    };
    let key = format!("{}:{}{suffix}{again}", payment.order_id, payment.attempt);
    let number = row.last + 1;
    sqlx::query!(
        "insert into payments.payment_attempts (payment_id, number, operation, idempotency_key, status)
        values ($1, $2, $3, $4, $5)",
        payment.id.0,
        number,
        operation,
        key,
        payment.status.name(),
    )
    .execute(db)
    .await?;
    Ok(Attempt {
        payment: payment.id,
        number,
        key,
    })
}

/// Notes how it ended.
pub async fn finish(
    db: impl PgExecutor<'_>,
    attempt: &Attempt,
    error: Option<(&str, &str)>,
    key_spoilt: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments.payment_attempts a set error_code = $3, error_message = $4, key_spoilt = $5,
            finished_at = payments.now(), status = p.status
        from payments.payments p where p.id = a.payment_id and a.payment_id = $1 and a.number = $2",
        attempt.payment.0,
        attempt.number,
        error.map(|(code, _)| code),
        error.map(|(_, message)| message),
        key_spoilt,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn of_payments(db: impl PgExecutor<'_>, ids: &[PaymentId]) -> sqlx::Result<Vec<AttemptRow>> {
    sqlx::query_as!(
        AttemptRow,
        r#"select payment_id as "payment_id: PaymentId", number, status as "status: PaymentStatus", error_code,
            error_message, started_at
        from payments.payment_attempts where payment_id = any($1) order by payment_id, number"#,
        &uuids(ids)
    )
    .fetch_all(db)
    .await
}
