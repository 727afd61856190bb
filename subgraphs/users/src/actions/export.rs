//! A copy of everything that Agora knows about somebody: gathered from all services, one after the other, kept as a
//! zip of JSON files. What a service has answered is stored, so that a crash asks no service twice.

use crate::{
    App,
    actions::mail::{self, Letter},
    store::{
        erasures,
        exports::{self, Due, ExportRow},
        privacy::Privacy,
        roles, users,
    },
};
use async_graphql::ID;
use contracts::privacy::{Document, ExportPerson, SERVICES};
use platform::{
    Error, Moment, Outcome, UserError, Viewer,
    error::parse_id,
    ids::{AccountExportId, UserId},
    privacy,
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    io::{Cursor, Write},
};
use zip::{ZipWriter, write::SimpleFileOptions};

/// Largest piece of an archive in one answer.
pub const PIECE: i32 = 1 << 20;

/// Asks for a copy. Staff may ask for somebody who cannot log in, which is recorded; the copy goes to its owner only.
pub async fn request(app: &App, viewer: &Viewer, of: Option<&ID>) -> Outcome<(UserId, AccountExportId)> {
    let asking = viewer.require_user()?;
    let user = match of {
        Some(id) => parse_id::<UserId>(id)?,
        None => asking,
    };
    if user != asking && !viewer.is_staff() {
        return Err(UserError::not_found(user).into());
    }
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    let known = users::rows(&mut *tx, &[user], &[]).await?;
    if known.iter().all(|row| !row.active) {
        return Err(UserError::not_found(user).into());
    }
    if let Some(id) = exports::recent(&mut tx, user).await? {
        return Ok((user, id));
    }
    let id = AccountExportId::new();
    exports::insert(&mut tx, id, user, &asking.to_string()).await?;
    roles::audit(&mut tx, user, "EXPORT_REQUESTED", None, &asking.to_string()).await?;
    tx.hint("export", user);
    tx.commit().await?;
    Ok((user, id))
}

/// The owner's copies, newest first.
pub async fn list(app: &App, user: UserId) -> Result<Vec<ExportRow>, Error> {
    Ok(exports::of_user(app.deps.db.pool(), user, None).await?)
}

/// Makes one copy that is due, or tells its owner. True: there may be more.
pub async fn work(app: &App) -> Result<bool, Error> {
    let Some(due) = exports::claim(app.deps.db.pool()).await? else {
        return Ok(false);
    };
    let done = if due.ready {
        tell(app, &due).await
    } else {
        make(app, &due).await
    };
    if let Err(error) = done {
        let cause = error.describe();
        tracing::warn!(export = %due.id, cause, "a copy of somebody's data will be made later");
        exports::failed(app.deps.db.pool(), due.id, due.attempts, &cause).await?;
    }
    Ok(true)
}

async fn make(app: &App, due: &Due) -> Result<(), Error> {
    let pool = app.deps.db.pool();
    let person = erasures::person(pool, due.user).await?;
    for service in SERVICES
        .iter()
        .copied()
        .filter(|service| !due.answered.iter().any(|done| done == service))
    {
        let documents = if service == crate::NAME {
            privacy::export::<Privacy>(&app.deps, Moment::LIVE, &person).await?
        } else {
            let person = person.clone();
            app.deps
                .commands
                .call_on(service, &ExportPerson { person })
                .await?
        };
        exports::add_part(pool, due.id, service, &documents).await?;
    }
    let parts = exports::parts(pool, due.id).await?;
    let archive = tokio::task::spawn_blocking(move || pack(&parts))
        .await
        .map_err(Error::internal)??;
    let mut tx = app.deps.db.begin(Moment::LIVE).await?;
    exports::finish(&mut tx, due.id, &archive, &Sha256::digest(&archive)).await?;
    tx.commit().await?;
    Ok(())
}

/// `<service>/<table>.json`, each an array of rows.
fn pack(parts: &[(String, Vec<Document>)]) -> Result<Vec<u8>, Error> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (service, documents) in parts {
        for document in documents {
            let name = format!("{service}/{}.json", document.name);
            zip.start_file(name, SimpleFileOptions::default())
                .map_err(Error::internal)?;
            let text = serde_json::to_vec_pretty(&document.content)?;
            zip.write_all(&text).map_err(Error::internal)?;
        }
    }
    Ok(zip.finish().map_err(Error::internal)?.into_inner())
}

/// The mail names nothing but the page; the same key is the same mail.
async fn tell(app: &App, due: &Due) -> Result<(), Error> {
    let page = format!("account/exports/{}", due.id);
    let link = app.deps.settings.storefront_link(&page, None);
    let letter = Letter {
        key: format!("export:{}", due.id),
        user: Some(due.user),
        email: due.email.clone(),
        locale: None,
        template: "account.export_ready",
        variables: BTreeMap::from([("link".to_owned(), link)]),
    };
    mail::hand_over(app, letter).await?;
    exports::told(app.deps.db.pool(), due.id).await?;
    Ok(())
}
