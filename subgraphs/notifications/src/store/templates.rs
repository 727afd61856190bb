//! Templates.

use crate::domain::{
    template::Template,
    types::{Channel, NotificationCategory, name},
};
use platform::{Language, Tx};
use sqlx::PgExecutor;
use uuid::Uuid;

/// Active templates of these codes, in all locales.
pub async fn by_codes(db: impl PgExecutor<'_>, codes: &[String]) -> Result<Vec<Template>, sqlx::Error> {
    sqlx::query_as!(
        Template,
        r#"select id, code, category as "category: NotificationCategory", channel as "channel: Channel",
                  locale as "locale: Language", subject, body_template, variables, revision, active
           from notifications.templates where code = any($1) and active"#,
        codes
    )
    .fetch_all(db)
    .await
}

pub async fn by_ids(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Template>, sqlx::Error> {
    sqlx::query_as!(
        Template,
        r#"select id, code, category as "category: NotificationCategory", channel as "channel: Channel",
                  locale as "locale: Language", subject, body_template, variables, revision, active
           from notifications.templates where id = any($1)"#,
        ids
    )
    .fetch_all(db)
    .await
}

pub async fn list(
    db: impl PgExecutor<'_>,
    channel: Option<Channel>,
    category: Option<NotificationCategory>,
) -> Result<Vec<Template>, sqlx::Error> {
    sqlx::query_as!(
        Template,
        r#"select id, code, category as "category: NotificationCategory", channel as "channel: Channel",
                  locale as "locale: Language", subject, body_template, variables, revision, active
           from notifications.templates
           where ($1::text is null or channel = $1) and ($2::text is null or category = $2)
           order by code, channel, locale limit 1000"#,
        channel.map(name),
        category.map(name)
    )
    .fetch_all(db)
    .await
}

/// The revision of a template, under its row's lock.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "select revision from notifications.templates where id = $1 for update",
        id
    )
    .fetch_optional(&mut **tx)
    .await
}

pub async fn insert(tx: &mut Tx, template: &Template) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into notifications.templates (id, code, category, channel, locale, subject, body_template, variables)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        template.id,
        template.code,
        name(template.category),
        name(template.channel),
        template.locale.as_str(),
        template.subject,
        template.body_template,
        &template.variables
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn update(tx: &mut Tx, template: &Template) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update notifications.templates set code = $2, category = $3, channel = $4, locale = $5, subject = $6,
             body_template = $7, variables = $8, revision = revision + 1, updated_at = notifications.now()
         where id = $1",
        template.id,
        template.code,
        name(template.category),
        name(template.channel),
        template.locale.as_str(),
        template.subject,
        template.body_template,
        &template.variables
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
