//! What payments know about people. The ledger and the amounts stay as they are.

use platform::privacy::{Document, Person, PersonalData};
use sqlx::PgConnection;

pub struct Privacy;

impl PersonalData for Privacy {
    async fn export(db: &mut PgConnection, person: &Person) -> sqlx::Result<Vec<Document>> {
        sqlx::query_as!(
            Document,
            r#"with mine as materialized (select * from payments.payments where customer_id = any($1))
            select 'payments' as "name!", coalesce(jsonb_agg(to_jsonb(p) - 'client_secret'), '[]') as "content!" from mine p
            union all select 'payment_attempts', coalesce(jsonb_agg(to_jsonb(a)), '[]')
            from payments.payment_attempts a join mine on mine.id = a.payment_id
            union all select 'payment_events', coalesce(jsonb_agg(to_jsonb(e)), '[]')
            from payments.payment_events e join mine on mine.id = e.payment_id
            union all select 'payment_refunds', coalesce(jsonb_agg(to_jsonb(r)), '[]')
            from payments.payment_refunds r join mine on mine.id = r.payment_id
            union all select 'webhooks', coalesce(jsonb_agg(to_jsonb(w)), '[]')
            from payments.webhook_inbox w join mine on mine.provider_ref = payments.webhook_subject(w.payload)
            union all select 'coupon_redemptions', coalesce(jsonb_agg(to_jsonb(c)), '[]')
            from payments.coupon_redemptions c where c.customer_id = any($1)"#,
            &person.customers()
        )
        .fetch_all(db)
        .await
    }

    /// Money on its way in or out, and what a vendor that is the person's alone has yet to be paid.
    async fn waits_for(db: &mut PgConnection, person: &Person) -> sqlx::Result<Option<String>> {
        sqlx::query_scalar!(
            "select case
                when exists (select from payments.payments where customer_id = any($1)
                    and (status in ('PROCESSING', 'AUTHORIZED', 'DISPUTED', 'UNRESOLVED')
                        or (status in ('CREATED', 'REQUIRES_ACTION') and expires_at > payments.now())))
                    then 'a payment is open'
                when exists (select from payments.payment_refunds r join payments.payments p on p.id = r.payment_id
                    where p.customer_id = any($1) and r.status in ('PENDING', 'SUBMITTED')) then 'money is on its way back'
                when exists (select from payments.ledger_entries
                    where vendor_id = any($2) and account in ('VENDOR_PENDING', 'VENDOR_AVAILABLE')
                    group by currency having sum(credit) <> sum(debit)) then 'a payout is outstanding'
            end",
            &person.customers(),
            &person.vendors()
        )
        .fetch_one(db)
        .await
    }

    async fn erase(db: &mut PgConnection, person: &Person) -> sqlx::Result<()> {
        let customers = person.customers();
        sqlx::query!(
            "delete from payments.webhook_inbox w using payments.payments p
            where p.customer_id = any($1) and p.provider_ref = payments.webhook_subject(w.payload)
                and w.processed_at is not null",
            &customers
        )
        .execute(&mut *db)
        .await?;
        // The provider's reference stays: disputes and bookkeeping are settled by it.
        sqlx::query!(
            "update payments.payments set client_secret = null, redirect_url = null, return_url = null, reference = null,
                method_brand = null, method_last4 = null, method_exp_month = null, method_exp_year = null,
                method_wallet = null
            where customer_id = any($1)",
            &customers
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "update payments.payment_attempts a set error_message = null from payments.payments p
            where p.id = a.payment_id and p.customer_id = any($1) and a.error_message is not null",
            &customers
        )
        .execute(db)
        .await?;
        Ok(())
    }

    async fn purge(db: &mut PgConnection) -> sqlx::Result<()> {
        // The provider gives up after days; what it said of a payment is in the payment's own events.
        sqlx::query!("delete from payments.webhook_inbox where processed_at < now() - interval '90 days'")
            .execute(&mut *db)
            .await?;
        // Nobody can pay with these any more.
        sqlx::query!(
            "update payments.payments set client_secret = null, redirect_url = null, return_url = null
            where updated_at < payments.now() - interval '90 days'
                and status in ('CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'VOIDED', 'EXPIRED')
                and (client_secret is not null or redirect_url is not null or return_url is not null)"
        )
        .execute(db)
        .await?;
        Ok(())
    }
}
