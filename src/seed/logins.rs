//! Logins cannot be made by public operations: the first administrator has nobody to appoint them.

use super::PASSWORD;
use crate::serve::Shared;
use anyhow::Result;
use contracts::users::{EnsureBenefits, EnsureUser};
use platform::{Commands, Role, token::ServiceKey};

/// Makes logins as the operator of the shop.
pub(super) struct Logins(Commands);

impl Logins {
    pub async fn new(shared: &Shared, port: u16) -> Result<Self> {
        let settings = shared.settings(port, true).await?;
        let key = ServiceKey::new(shared.service_key.clone());
        Ok(Self(Commands::new("agora", key, settings.urls)?))
    }

    /// One with this email, made now or earlier.
    pub async fn ensure(&self, email: &str, name: &str, roles: Vec<Role>) -> Result<()> {
        let command = EnsureUser {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            display_name: name.to_owned(),
            roles,
        };
        self.0.call(&command).await?;
        Ok(())
    }

    /// What tiers bring, where the shop has no rules of its own yet.
    pub async fn ensure_benefits(&self) -> Result<()> {
        self.0.call(&EnsureBenefits {}).await?;
        Ok(())
    }
}
