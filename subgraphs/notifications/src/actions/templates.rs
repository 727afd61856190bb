//! Editing templates.

use crate::{
    domain::{
        template::{Template, variables},
        types::{Channel, NotificationCategory},
    },
    store::templates,
};
use platform::{
    Language, Moment, Outcome, UserError, UserErrorCode, error::check_version, error::on_constraint,
    ids::NotificationTemplateId, service::Deps,
};
use uuid::Uuid;

/// A template as staff write it.
pub struct Edit {
    pub id: Option<NotificationTemplateId>,
    pub code: String,
    pub category: NotificationCategory,
    pub channel: Channel,
    pub locale: Language,
    pub subject: Option<String>,
    pub body_template: String,
    pub expected_revision: Option<i32>,
}

/// Makes a template, or a new revision of one.
pub async fn upsert(deps: &Deps, edit: Edit) -> Outcome<Template> {
    let template = check(&edit)?;
    let mut tx = deps.db.begin(Moment::LIVE).await?;
    let taken = || {
        UserError::refused(
            UserErrorCode::Conflict,
            "there is a template of this code, channel and locale",
        )
    };
    let stored = match edit.id {
        Some(id) => {
            let revision = templates::lock(&mut tx, id.0).await?;
            let revision = revision.ok_or_else(|| UserError::not_found(id.to_string()))?;
            if let Some(expected) = edit.expected_revision {
                check_version(expected, revision)?;
            }
            templates::update(&mut tx, &template).await
        }
        None => templates::insert(&mut tx, &template).await,
    };
    stored.map_err(|error| on_constraint(error, "templates_key", taken))?;
    let stored = templates::by_ids(&mut *tx, &[template.id]).await?.pop();
    tx.commit().await?;
    stored.ok_or_else(|| UserError::not_found(template.id.to_string()).into())
}

fn check(edit: &Edit) -> Result<Template, UserError> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
    if edit.code.is_empty() || edit.code.len() > 100 || !edit.code.chars().all(word) {
        return Err(UserError::invalid(&["code"], "1..100 of a-z, 0-9, _ and ."));
    }
    if edit.body_template.trim().is_empty() || edit.body_template.len() > 20_000 {
        return Err(UserError::invalid(&["bodyTemplate"], "1..20000 bytes"));
    }
    let subject = edit.subject.clone().filter(|s| !s.trim().is_empty());
    if subject.as_ref().map_or(0, String::len) > 500 {
        return Err(UserError::invalid(&["subject"], "at most 500 bytes"));
    }
    let variables = variables(subject.as_deref(), &edit.body_template)
        .map_err(|error| UserError::invalid(&["bodyTemplate"], &format!("a Jinja template: {error}")))?;
    Ok(Template {
        id: edit.id.map_or_else(Uuid::now_v7, |id| id.0),
        code: edit.code.clone(),
        category: edit.category,
        channel: edit.channel,
        locale: edit.locale.clone(),
        subject,
        body_template: edit.body_template.clone(),
        variables,
        revision: 1,
        active: true,
    })
}
