//! A person goes; the books stay.

use crate::{MIGRATOR, NAME, store::privacy::Privacy};
use platform::{
    Deps, Moment,
    ids::{CustomerId, VendorId},
    privacy::{ErasePersonReply, Person, erase, export, purge},
    testing::{TestDb, find_text},
};
use sqlx::{PgPool, query, query_scalar};

const CANARY: &str = "canary7f3a";

async fn shop() -> (Deps, Person) {
    let deps = TestDb::new(NAME, &MIGRATOR).await.unwrap().deps(NAME).unwrap();
    let person = Person {
        customers: vec![CustomerId::new()],
        vendors: vec![VendorId::new()],
        ..Person::default()
    };
    seed(deps.db.pool(), person.customers[0]).await;
    (deps, person)
}

/// A captured payment with its attempt and the provider's word, which names the payer.
async fn seed(pool: &PgPool, customer: CustomerId) {
    query(
        "with paid as (
            insert into payments.payments (id, order_id, attempt, order_number, customer_id, provider, provider_ref, status,
                amount, authorized, captured, currency, client_secret, redirect_url, return_url, reference, method_brand,
                method_last4, expires_at)
            values (gen_random_uuid(), gen_random_uuid(), 1, '1', $1, 'STRIPE', 'pi_1', 'CAPTURED', 1000, 1000, 1000, 'GBP',
                $2, $2, $2, $2, $2, $2, now()) returning id),
        tried as (
            insert into payments.payment_attempts (payment_id, number, operation, idempotency_key, status, error_message)
            select id, 1, 'CAPTURE', 'k', 'CAPTURED', $2 from paid)
        insert into payments.webhook_inbox (provider, event_id, type, payload, processed_at)
        values ('STRIPE', 'evt_1', 'charge.captured', jsonb_build_object('data', jsonb_build_object('object',
            jsonb_build_object('payment_intent', 'pi_1', 'billing_details', jsonb_build_object('name', $2::text)))), now())",
    )
    .bind(customer.0)
    .bind(CANARY)
    .execute(pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn an_export_has_every_table_and_an_erasure_leaves_the_books() {
    let (deps, person) = shop().await;
    let pool = deps.db.pool();
    let documents = export::<Privacy>(&deps, Moment::LIVE, &person).await.unwrap();
    let names: Vec<_> = documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["payments", "payment_attempts", "webhooks"]);
    assert!(
        documents[0].content[0].get("client_secret").is_none(),
        "no secrets"
    );

    for _ in 0..2 {
        let reply = erase::<Privacy>(&deps, Moment::LIVE, &person).await.unwrap();
        assert_eq!(reply, ErasePersonReply::Erased);
    }
    assert!(find_text(pool, NAME, CANARY).await.unwrap().is_empty());
    let captured: i64 = query_scalar("select captured from payments.payments")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(captured, 1000);
}

#[tokio::test]
async fn open_money_comes_first() {
    let (deps, person) = shop().await;
    let pool = deps.db.pool();
    let waits = async || {
        matches!(
            erase::<Privacy>(&deps, Moment::LIVE, &person).await.unwrap(),
            ErasePersonReply::Waits { .. }
        )
    };
    query("update payments.payments set status = 'AUTHORIZED'")
        .execute(pool)
        .await
        .unwrap();
    assert!(waits().await);
    query("update payments.payments set status = 'CAPTURED'")
        .execute(pool)
        .await
        .unwrap();
    query(
        "with booked as (
            insert into payments.ledger_transactions (id, kind, order_id, currency, ref_type, ref_id)
            values (gen_random_uuid(), 'CAPTURE', gen_random_uuid(), 'GBP', 't', '1') returning id, order_id)
        insert into payments.ledger_entries (id, transaction_id, account, order_id, vendor_id, currency, debit, credit)
        select gen_random_uuid(), id, account, order_id, vendor, 'GBP', debit, credit
        from booked, (values ('PSP_RECEIVABLE', null::uuid, 100, 0), ('VENDOR_PENDING', $1, 0, 100))
            as t (account, vendor, debit, credit)",
    )
    .bind(person.vendors[0].0)
    .execute(pool)
    .await
    .unwrap();
    assert!(waits().await, "what the vendor has earned is not paid");
    assert!(
        !find_text(pool, NAME, CANARY).await.unwrap().is_empty(),
        "and nothing is gone"
    );
}

#[tokio::test]
async fn old_webhooks_go() {
    let (deps, _) = shop().await;
    let pool = deps.db.pool();
    let count = || query_scalar::<_, i64>("select count(*) from payments.webhook_inbox").fetch_one(pool);
    purge::<Privacy>(&deps).await.unwrap();
    assert_eq!(count().await.unwrap(), 1);
    query("update payments.webhook_inbox set processed_at = now() - interval '91 days'")
        .execute(pool)
        .await
        .unwrap();
    query("update payments.payments set updated_at = now() - interval '91 days'")
        .execute(pool)
        .await
        .unwrap();
    for _ in 0..2 {
        purge::<Privacy>(&deps).await.unwrap();
    }
    assert_eq!(count().await.unwrap(), 0);
    let secrets: i64 = query_scalar("select count(client_secret) from payments.payments")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(secrets, 0);
}
