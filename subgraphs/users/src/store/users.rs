//! Logins, their roles and their audit trail.

use chrono::{DateTime, Utc};
use platform::{
    Language, Role,
    ids::{CustomerId, UserId, uuids},
};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

/// A login without its password.
#[derive(Clone, Debug)]
pub struct UserRow {
    pub id: UserId,
    pub customer_id: CustomerId,
    pub email: String,
    pub email_verified: bool,
    pub active: bool,
    pub locale: Language,
    pub granted: Vec<String>,
    pub vip: bool,
    pub vendor: bool,
    pub created_at: DateTime<Utc>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub version: i32,
}

impl UserRow {
    pub fn roles(&self) -> Vec<Role> {
        roles(&self.granted, self.vip, self.vendor)
    }
}

/// The roles of somebody with a login.
pub fn roles(granted: &[String], vip: bool, vendor: bool) -> Vec<Role> {
    let has = |role: &str| granted.iter().any(|granted| granted == role);
    [
        (Role::Customer, true),
        (Role::Vip, vip),
        (Role::Vendor, vendor),
        (Role::Staff, has("STAFF")),
        (Role::Admin, has("ADMIN")),
    ]
    .into_iter()
    .filter_map(|(role, is)| is.then_some(role))
    .collect()
}

/// Logins with these IDs and logins of these customers.
pub async fn rows(
    db: impl PgExecutor<'_>,
    ids: &[UserId],
    customers: &[CustomerId],
) -> Result<Vec<UserRow>, sqlx::Error> {
    sqlx::query_as!(
        UserRow,
        r#"select u.id as "id: UserId", u.customer_id as "customer_id: CustomerId", u.email,
            (u.email_verified_at is not null) as "email_verified!", u.active, u.locale as "locale: Language",
            array(select r.role from users.user_roles r where r.user_id = u.id order by r.role) as "granted!",
            (c.tier is not null) as "vip!",
            exists (select from users.vendor_members m where m.user_id = u.id) as "vendor!",
            u.created_at, u.last_login_at, u.version
        from users.users u join users.customers c on c.id = u.customer_id
        where u.id = any($1) or u.customer_id = any($2)"#,
        &uuids(ids),
        &uuids(customers),
    )
    .fetch_all(db)
    .await
}

/// What `users(where:)` asks for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub role: Option<&'static str>,
    pub email: Option<String>,
    pub active: Option<bool>,
}

/// IDs of a page, newest first.
pub async fn page(
    pool: &PgPool,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<UserId>, sqlx::Error> {
    let (at, id) = after.unzip();
    sqlx::query_scalar!(
        r#"select u.id as "id: UserId" from users.users u
        where ($1::text is null or $1 = 'CUSTOMER'
            or ($1 = 'VIP' and exists (select from users.customers c where c.id = u.customer_id and c.tier is not null))
            or ($1 = 'VENDOR' and exists (select from users.vendor_members m where m.user_id = u.id))
            or exists (select from users.user_roles r where r.user_id = u.id and r.role = $1))
        and ($2::text is null or lower(u.email) = lower($2))
        and ($3::boolean is null or u.active = $3)
        and ($4::timestamptz is null or (u.created_at, u.id) < ($4, $5::uuid))
        order by u.created_at desc, u.id desc limit $6"#,
        filter.role,
        filter.email,
        filter.active,
        at,
        id,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// What a login is checked against.
#[derive(Debug)]
pub struct Credentials {
    pub id: UserId,
    /// As the account has it, which may differ in case from how it was asked for. Mails go nowhere else.
    pub email: String,
    pub customer_id: CustomerId,
    pub password_hash: String,
    pub active: bool,
    pub verified: bool,
}

pub async fn by_email(db: impl PgExecutor<'_>, email: &str) -> Result<Option<Credentials>, sqlx::Error> {
    sqlx::query_as!(
        Credentials,
        r#"select id as "id: UserId", email, customer_id as "customer_id: CustomerId", password_hash, active,
            (email_verified_at is not null) as "verified!"
        from users.users where lower(email) = lower($1)"#,
        email,
    )
    .fetch_optional(db)
    .await
}

pub async fn password_hash(
    db: impl PgExecutor<'_>,
    id: UserId,
) -> Result<Option<(String, String)>, sqlx::Error> {
    let row = sqlx::query!(
        "select email, password_hash from users.users where id = $1 and active",
        id.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.email, row.password_hash)))
}

/// A login to be.
pub struct NewUser<'a> {
    pub id: UserId,
    pub customer: CustomerId,
    pub email: &'a str,
    pub password_hash: &'a str,
    pub locale: &'a str,
    pub verified: bool,
}

/// False if the address is taken, in whatever capitals.
pub async fn insert(db: &mut PgConnection, new: NewUser<'_>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into users.users (id, customer_id, email, password_hash, locale, email_verified_at)
        values ($1, $2, $3, $4, $5, case when $6::boolean then users.now() end) on conflict do nothing",
        new.id.0,
        new.customer.0,
        new.email,
        new.password_hash,
        new.locale,
        new.verified,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks a login; `None` if there is none.
pub async fn lock(db: &mut PgConnection, id: UserId) -> Result<Option<(i32, bool, CustomerId)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select version, active, customer_id as "customer_id: CustomerId" from users.users where id = $1 for update"#,
        id.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.version, row.active, row.customer_id)))
}

pub async fn set_locale(db: &mut PgConnection, id: UserId, locale: Option<&str>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.users set locale = coalesce($2, locale), version = version + 1 where id = $1",
        id.0,
        locale
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_password(db: &mut PgConnection, id: UserId, hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.users set password_hash = $2, version = version + 1 where id = $1",
        id.0,
        hash
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The same password, hashed as we hash now; unless it has changed meanwhile.
pub async fn rehash(db: &mut PgConnection, id: UserId, old: &str, new: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.users set password_hash = $3 where id = $1 and password_hash = $2",
        id.0,
        old,
        new
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_active(db: &mut PgConnection, id: UserId, active: bool) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.users set active = $2, version = version + 1 where id = $1",
        id.0,
        active
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Violates the constraint `users_email` if the address is taken.
pub async fn set_email(db: &mut PgConnection, id: UserId, email: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.users set email = $2, email_verified_at = users.now(), version = version + 1 where id = $1",
        id.0,
        email
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The mailbox has answered. Only if the address is still the one the mail went to.
pub async fn verify(db: &mut PgConnection, id: UserId, email: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.users set email_verified_at = users.now(), version = version + 1
        where id = $1 and lower(email) = lower($2) and email_verified_at is null",
        id.0,
        email
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn logged_in(db: &mut PgConnection, id: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update users.users set last_login_at = users.now() where id = $1",
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How mails address somebody.
#[derive(Debug)]
pub struct ContactRow {
    pub user: Option<UserId>,
    pub customer: CustomerId,
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub locale: Option<Language>,
}

pub async fn contacts(
    pool: &PgPool,
    users: &[UserId],
    customers: &[CustomerId],
) -> Result<Vec<ContactRow>, sqlx::Error> {
    sqlx::query_as!(
        ContactRow,
        r#"select u.id as "user?: UserId", c.id as "customer!: CustomerId", c.display_name,
            coalesce(case when u.email not like '%@erased.invalid' then u.email end,
                (select g.email from users.guest_contacts g
                 where g.customer_id = c.id and g.claimed_by is null order by g.at desc limit 1)) as "email?",
            coalesce(u.locale, c.locale) as "locale: Language"
        from users.customers c left join users.users u on u.customer_id = c.id
        where c.id = any($2) or c.id in (select customer_id from users.users where id = any($1))"#,
        &uuids(users),
        &uuids(customers),
    )
    .fetch_all(pool)
    .await
}
