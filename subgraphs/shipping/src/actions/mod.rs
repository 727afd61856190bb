//! The verbs.

pub mod advance;
pub mod catalog;
pub mod create;
pub mod import;

use contracts::users::GetVendors;
use platform::{
    Deps, Outcome, UserError, UserErrorCode, Viewer, address::text, error::ValidationError, ids::VendorId,
};

/// Only approved vendors change what customers see of them; staff may always. Call it before the transaction.
async fn require_approved(deps: &Deps, viewer: &Viewer, vendor: VendorId) -> Outcome<()> {
    if viewer.is_staff() {
        return Ok(());
    }
    let vendors = deps.commands.call(&GetVendors { ids: vec![vendor] }).await?;
    match vendors.iter().any(|known| known.id == vendor && known.approved) {
        true => Ok(()),
        false => Err(UserError::refused(UserErrorCode::Conflict, "the vendor is not approved").into()),
    }
}

/// A refusal with a code, at a place of the input.
fn refused_at(code: UserErrorCode, path: &[&str], message: impl Into<String>) -> UserError {
    UserError::ValidationError(ValidationError {
        path: Some(path.iter().map(|part| (*part).to_owned()).collect()),
        ..ValidationError::refused(code, message)
    })
}

/// Optional text of the caller; empty text is none.
fn optional(value: Option<String>, field: &str, max: usize) -> Result<Option<String>, UserError> {
    match value.filter(|value| !value.trim().is_empty()) {
        None => Ok(None),
        Some(value) => match text(value, max) {
            Some(value) => Ok(Some(value)),
            None => Err(UserError::invalid(&[field], &format!("at most {max} characters"))),
        },
    }
}
