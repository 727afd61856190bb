//! Idempotency records, kept in the same transaction as the state change: the contract of Stripe's API
//! (docs.stripe.com/api/idempotent_requests). Same key and input: same result. Same key, other input: refused.

use crate::{
    db::Tx,
    error::{Fault, UserError},
    viewer::Viewer,
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Row};

/// A claimed key. Dropping it without [`store`](Claim::store) and rolling back forgets the claim.
pub struct Claim {
    actor: String,
    operation: &'static str,
    key: String,
}

/// What a key turned out to be.
pub enum Claimed<T> {
    /// First use: do the work, then [`store`](Claim::store) the result and commit.
    Fresh(Claim),
    /// The work was done before; this is its result.
    Replay(T),
}

/// Claims `key` for `operation` by the viewer. A concurrent request with the same key waits here until the first one
/// commits or rolls back. `input` is everything that makes two requests different.
pub async fn claim<T: DeserializeOwned, E: From<UserError>>(
    tx: &mut Tx,
    viewer: &Viewer,
    operation: &'static str,
    key: &str,
    input: &impl Serialize,
) -> Result<Claimed<T>, Fault<E>> {
    claim_as(tx, viewer.actor(), operation, key, input).await
}

/// The same for a caller that is not a viewer: a saga, an import, a webhook.
pub async fn claim_as<T: DeserializeOwned, E: From<UserError>>(
    tx: &mut Tx,
    actor: String,
    operation: &'static str,
    key: &str,
    input: &impl Serialize,
) -> Result<Claimed<T>, Fault<E>> {
    if key.is_empty() || key.len() > 255 {
        return Err(UserError::invalid(&["idempotencyKey"], "1..255 characters").into());
    }
    let hash = Sha256::digest(serde_json::to_vec(input)?).to_vec();
    let schema = tx.schema();
    let inserted = sqlx::query(AssertSqlSafe(format!(
        "insert into {schema}.idempotency_keys (actor, operation, key, request_hash) values ($1, $2, $3, $4) \
         on conflict do nothing"
    )))
    .bind(&actor)
    .bind(operation)
    .bind(key)
    .bind(&hash)
    .execute(&mut **tx)
    .await?
    .rows_affected();
    if inserted == 1 {
        return Ok(Claimed::Fresh(Claim {
            actor,
            operation,
            key: key.to_owned(),
        }));
    }
    let row = sqlx::query(AssertSqlSafe(format!(
        "select request_hash, response from {schema}.idempotency_keys where actor = $1 and operation = $2 and key = $3"
    )))
    .bind(&actor)
    .bind(operation)
    .bind(key)
    .fetch_one(&mut **tx)
    .await?;
    if row.try_get::<Vec<u8>, _>(0)? != hash {
        return Err(UserError::key_reused().into());
    }
    match row.try_get::<Option<serde_json::Value>, _>(1)? {
        Some(response) => Ok(Claimed::Replay(serde_json::from_value(response)?)),
        None => Err(UserError::in_progress(500).into()),
    }
}

impl Claim {
    /// Keeps `result` for replays; commit afterwards.
    pub async fn store(self, tx: &mut Tx, result: &impl Serialize) -> Result<(), crate::Error> {
        let schema = tx.schema();
        sqlx::query(AssertSqlSafe(format!(
            "update {schema}.idempotency_keys set response = $4 where actor = $1 and operation = $2 and key = $3"
        )))
        .bind(self.actor)
        .bind(self.operation)
        .bind(self.key)
        .bind(serde_json::to_value(result)?)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}
