//! What every service owes people about their data: to hand it out, to erase it, and to keep none of it for longer
//! than it is needed. A service implements [`PersonalData`]; [`keep`] makes it answer.

use crate::{
    commands::{Call, Command},
    db::{Moment, Tx},
    error::Error,
    ids::{CustomerId, OrderId, UserId, VendorId, uuids},
    service::{Deps, Service},
    worker,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};
use std::{future::Future, time::Duration};
use uuid::Uuid;

/// How often what is too old is looked for.
const PURGE_PERIOD: Duration = Duration::from_secs(3600);

/// Everything by which services know one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub user: Option<UserId>,
    /// The person's customer, and the guests that went into it.
    pub customers: Vec<CustomerId>,
    /// Their confirmed orders, for services that know of no customers.
    pub orders: Vec<OrderId>,
    /// Vendors that nobody else owns.
    pub vendors: Vec<VendorId>,
}

impl Person {
    pub fn user(&self) -> Option<Uuid> {
        self.user.map(|user| user.0)
    }

    pub fn customers(&self) -> Vec<Uuid> {
        uuids(&self.customers)
    }

    pub fn orders(&self) -> Vec<Uuid> {
        uuids(&self.orders)
    }

    pub fn vendors(&self) -> Vec<Uuid> {
        uuids(&self.vendors)
    }

    /// As text columns name them.
    pub fn actors(&self) -> Vec<String> {
        let customers = self.customers.iter().map(CustomerId::to_string);
        self.user.iter().map(UserId::to_string).chain(customers).collect()
    }
}

/// Rows of one table about one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub name: String,
    /// An array of objects, one for each row.
    pub content: Value,
}

/// Every row about a person.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExportPerson {
    pub person: Person,
}

/// Every service answers it, so it goes out with [`crate::Commands::call_on`].
impl Command for ExportPerson {
    const SERVICE: &'static str = "*";
    const NAME: &'static str = "export_person";
    type Reply = Vec<Document>;
}

/// Erases what is about a person alone and makes nameless what others still need. Repeating it is harmless.
#[derive(Debug, Serialize, Deserialize)]
pub struct ErasePerson {
    pub person: Person,
}

/// Every service answers it, so it goes out with [`crate::Commands::call_on`].
impl Command for ErasePerson {
    const SERVICE: &'static str = "*";
    const NAME: &'static str = "erase_person";
    type Reply = ErasePersonReply;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErasePersonReply {
    Erased,
    /// Nothing was erased: something is open that needs the data.
    Waits {
        reason: String,
    },
}

/// What one service knows about people.
pub trait PersonalData: 'static {
    /// Every row about the person, one document for each table.
    fn export(
        db: &mut PgConnection,
        person: &Person,
    ) -> impl Future<Output = Result<Vec<Document>, sqlx::Error>> + Send;

    /// What has to end before the person can be erased.
    fn waits_for(
        db: &mut PgConnection,
        person: &Person,
    ) -> impl Future<Output = Result<Option<String>, sqlx::Error>> + Send;

    /// Sums, stock and the ledger stay as they are.
    fn erase(db: &mut PgConnection, person: &Person) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Deletes what is too old.
    fn purge(db: &mut PgConnection) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Makes the service answer both commands and forget in time.
pub fn keep<P: PersonalData>(service: Service, deps: &Deps) -> Service {
    let (exporter, eraser, cleaner) = (deps.clone(), deps.clone(), deps.clone());
    service
        .command(move |call: Call, ask: ExportPerson| {
            let deps = exporter.clone();
            async move { export::<P>(&deps, call.moment, &ask.person).await }
        })
        .command(move |call: Call, ask: ErasePerson| {
            let deps = eraser.clone();
            async move { erase::<P>(&deps, call.moment, &ask.person).await }
        })
        .worker(move |stop| async move {
            let never = tokio::sync::Notify::new();
            worker::run("retention", &stop, &never, PURGE_PERIOD, || purge::<P>(&cleaner)).await;
        })
}

/// Every row of this service about a person.
pub async fn export<P: PersonalData>(
    deps: &Deps,
    moment: Moment,
    person: &Person,
) -> Result<Vec<Document>, Error> {
    let mut tx = deps.db.begin(moment).await?;
    let mut documents = P::export(&mut tx, person).await?;
    documents.push(requests(&mut tx, person).await?);
    documents.retain(|document| document.content.as_array().is_none_or(|rows| !rows.is_empty()));
    Ok(documents)
}

/// Erases in one transaction, or says what it waits for.
pub async fn erase<P: PersonalData>(
    deps: &Deps,
    moment: Moment,
    person: &Person,
) -> Result<ErasePersonReply, Error> {
    let mut tx = deps.db.begin(moment).await?;
    if let Some(reason) = P::waits_for(&mut tx, person).await? {
        return Ok(ErasePersonReply::Waits { reason });
    }
    erase_in::<P>(&mut tx, person).await?;
    tx.commit().await?;
    Ok(ErasePersonReply::Erased)
}

/// The same in the caller's transaction, which has asked before what it waits for.
pub async fn erase_in<P: PersonalData>(tx: &mut Tx, person: &Person) -> Result<(), Error> {
    bury(tx, person).await?;
    P::erase(tx, person).await?;
    Ok(())
}

/// Requests of the person that would be answered the same if they came again.
async fn requests(tx: &mut Tx, person: &Person) -> Result<Document, Error> {
    let sql = format!(
        "select coalesce(jsonb_agg(to_jsonb(k) - 'request_hash' order by k.created_at), '[]') \
         from {}.idempotency_keys k where actor = any($1)",
        tx.schema()
    );
    let content = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(person.actors())
        .fetch_one(&mut **tx)
        .await?;
    Ok(Document {
        name: "requests".to_owned(),
        content,
    })
}

/// From now on nothing about them is taken in; what their requests were answered is forgotten.
async fn bury(tx: &mut Tx, person: &Person) -> Result<(), Error> {
    let schema = tx.schema();
    let ids: Vec<Uuid> = person.user().into_iter().chain(person.customers()).collect();
    let sql = format!(
        "insert into {schema}.erased_people (id) select distinct unnest($1::uuid[]) on conflict do nothing"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(ids)
        .execute(&mut **tx)
        .await?;
    let sql = format!("delete from {schema}.idempotency_keys where actor = any($1)");
    sqlx::query(AssertSqlSafe(sql))
        .bind(person.actors())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Deletes what is too old: an idempotency key is good for 30 days, a fact that failed for good is kept for 90.
pub async fn purge<P: PersonalData>(deps: &Deps) -> Result<bool, Error> {
    let schema = deps.db.schema();
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    for sql in [
        format!("delete from {schema}.idempotency_keys where created_at < now() - interval '30 days'"),
        format!("delete from {schema}.dead_letters where dead_at < now() - interval '90 days'"),
    ] {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    }
    P::purge(&mut tx).await?;
    tx.commit().await?;
    Ok(false)
}
