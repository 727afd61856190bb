//! What this service knows about people: all that names them.

use platform::{
    ids::UserId,
    privacy::{Document, Person, PersonalData},
};
use sqlx::PgConnection;
use uuid::Uuid;

pub struct Privacy;

/// A hash (of 32 zero bytes) that no known password has.
const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGtub3dzIGl0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl PersonalData for Privacy {
    async fn export(db: &mut PgConnection, person: &Person) -> sqlx::Result<Vec<Document>> {
        let mut documents = login(db, person).await?;
        documents.extend(shopper(db, &person.customers()).await?);
        Ok(documents)
    }

    /// The saga asks before it begins; see `actions::erasure`.
    async fn waits_for(_: &mut PgConnection, _: &Person) -> sqlx::Result<Option<String>> {
        Ok(None)
    }

    async fn erase(db: &mut PgConnection, person: &Person) -> sqlx::Result<()> {
        erase_shopper(db, &person.customers()).await?;
        match person.user() {
            Some(user) => erase_login(db, user).await,
            None => Ok(()),
        }
    }

    /// Sessions and tokens of mails have a worker of their own.
    async fn purge(db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query!(
            "update users.exports set status = 'EXPIRED', archive = null where status = 'READY' and expires_at < users.now()"
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!("delete from users.exports where requested_at < users.now() - interval '1 year'")
            .execute(&mut *db)
            .await?;
        sqlx::query!(
            "delete from users.guest_contacts where claimed_by is null and at < users.now() - interval '2 years'"
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!("delete from users.erasure_tokens where expires_at < users.now() - interval '7 days'")
            .execute(db)
            .await?;
        Ok(())
    }
}

async fn login(db: &mut PgConnection, person: &Person) -> sqlx::Result<Vec<Document>> {
    sqlx::query_as!(
        Document,
        r#"with me as materialized (select * from users.users where id = $1)
        select 'users' as "name!", coalesce(jsonb_agg(to_jsonb(u) - 'password_hash'), '[]') as "content!" from me u
        union all select 'user_roles', coalesce(jsonb_agg(to_jsonb(r)), '[]')
        from users.user_roles r where r.user_id = $1
        union all select 'user_audit', coalesce(jsonb_agg(to_jsonb(a) order by a.at), '[]')
        from users.user_audit a where a.user_id = $1 or a.actor = $2
        union all select 'sessions', coalesce(jsonb_agg(to_jsonb(s) order by s.created_at), '[]')
        from users.sessions s where s.user_id = $1 or s.customer_id = any($3)
        union all select 'mails', coalesce(jsonb_agg(to_jsonb(t) - 'hash' order by t.created_at), '[]')
        from users.mail_tokens t where t.user_id = $1
        union all select 'notices', coalesce(jsonb_agg(to_jsonb(n) order by n.at), '[]')
        from users.notices n where n.user_id = $1
        union all select 'vendor_memberships', coalesce(jsonb_agg(to_jsonb(m)), '[]')
        from users.vendor_members m where m.user_id = $1
        union all select 'vendor_invitations', coalesce(jsonb_agg(to_jsonb(i)), '[]')
        from users.vendor_invitations i where i.email = (select lower(email) from me) or i.invited_by = $1
        union all select 'exports', coalesce(jsonb_agg(to_jsonb(e) - 'archive' order by e.requested_at), '[]')
        from users.exports e where e.user_id = $1
        union all select 'erasures', coalesce(jsonb_agg(to_jsonb(e)), '[]') from users.erasures e where e.user_id = $1"#,
        person.user(),
        person.user.map(|user: UserId| user.to_string()),
        &person.customers()
    )
    .fetch_all(db)
    .await
}

async fn shopper(db: &mut PgConnection, customers: &[Uuid]) -> sqlx::Result<Vec<Document>> {
    sqlx::query_as!(
        Document,
        r#"select 'customers' as "name!", coalesce(jsonb_agg(to_jsonb(c)), '[]') as "content!"
        from users.customers c where c.id = any($1)
        union all select 'customer_transitions', coalesce(jsonb_agg(to_jsonb(t) order by t.at), '[]')
        from users.customer_transitions t where t.customer_id = any($1)
        union all select 'customer_aliases', coalesce(jsonb_agg(to_jsonb(a)), '[]')
        from users.customer_aliases a where a.customer_id = any($1)
        union all select 'customer_references', coalesce(jsonb_agg(to_jsonb(r)), '[]')
        from users.customer_references r where r.customer_id = any($1)
        union all select 'addresses', coalesce(jsonb_agg(to_jsonb(a) order by a.created_at), '[]')
        from users.addresses a where a.customer_id = any($1)
        union all select 'loyalty_accounts', coalesce(jsonb_agg(to_jsonb(l)), '[]')
        from users.loyalty_accounts l where l.customer_id = any($1)
        union all select 'loyalty_transactions', coalesce(jsonb_agg(to_jsonb(t) order by t.created_at), '[]')
        from users.loyalty_transactions t where t.customer_id = any($1)
        union all select 'loyalty_holds', coalesce(jsonb_agg(to_jsonb(h)), '[]')
        from users.loyalty_holds h where h.customer_id = any($1)
        union all select 'loyalty_orders', coalesce(jsonb_agg(to_jsonb(o)), '[]')
        from users.loyalty_orders o where o.customer_id = any($1)
        union all select 'loyalty_lots', coalesce(jsonb_agg(to_jsonb(l)), '[]')
        from users.loyalty_lots l where l.customer_id = any($1)
        union all select 'guest_contacts', coalesce(jsonb_agg(to_jsonb(g)), '[]')
        from users.guest_contacts g where g.customer_id = any($1) or g.claimed_by = any($1)"#,
        customers
    )
    .fetch_all(db)
    .await
}

/// The customer stays, without a name: orders and points refer to it.
async fn erase_shopper(db: &mut PgConnection, customers: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "update users.customers set display_name = null, favourite_category_ids = '{}', currency = null, locale = null, marketing_opt_in = false,
            type = case type when 'VIP' then 'REGISTERED' else type end, tier = null, vip_since = null, vip_renews_at = null,
            version = version + 1
        where id = any($1)",
        customers
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "with transitions as (delete from users.customer_transitions where customer_id = any($1)),
        aliases as (delete from users.customer_aliases where customer_id = any($1)),
        refs as (delete from users.customer_references where customer_id = any($1)),
        old_sessions as (delete from users.sessions where customer_id = any($1)),
        contacts as (delete from users.guest_contacts where customer_id = any($1) or claimed_by = any($1))
        delete from users.addresses where customer_id = any($1)",
        customers
    )
    .execute(&mut *db)
    .await?;
    // The ledger of points lets itself be changed in this one way, and only here.
    sqlx::query!(r#"select set_config('users.erasing', 'on', true) as "on!""#)
        .fetch_one(&mut *db)
        .await?;
    sqlx::query!(
        "update users.loyalty_transactions set reason = null where customer_id = any($1) and reason is not null",
        customers
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(r#"select set_config('users.erasing', '', true) as "off!""#)
        .fetch_one(db)
        .await?;
    Ok(())
}

/// The login stays, closed and without an address: the audit of others and the vendors it worked for refer to it.
async fn erase_login(db: &mut PgConnection, user: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "with me as materialized (select lower(email) as email from users.users where id = $1),
        attempts as (delete from users.login_attempts a using me where a.account = sha256(convert_to(me.email, 'UTF8'))),
        invitations as (delete from users.vendor_invitations i using me where i.email = me.email),
        invited as (update users.vendor_invitations set invited_by = null
            where invited_by = $1 and email <> (select email from me)),
        roles as (delete from users.user_roles where user_id = $1),
        audit as (delete from users.user_audit where user_id = $1),
        tokens as (delete from users.mail_tokens where user_id = $1),
        waiting as (delete from users.registrations r using me where lower(r.email) = me.email),
        notices as (delete from users.notices where user_id = $1),
        deletions as (delete from users.erasure_tokens where user_id = $1),
        copies as (delete from users.exports where user_id = $1),
        old_sessions as (delete from users.sessions where user_id = $1)
        delete from users.vendor_members where user_id = $1",
        user
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update users.users set email = 'erased-' || id || '@erased.invalid', email_verified_at = null,
            password_hash = $2, active = false, locale = 'en', last_login_at = null, version = version + 1
        where id = $1",
        user,
        NO_PASSWORD
    )
    .execute(db)
    .await?;
    Ok(())
}
