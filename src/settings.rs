//! What single services are configured with, beside what all share.

use crate::media_role::Place;
use anyhow::{Context, Result};
use clap::{ArgAction, Args};
use std::path::PathBuf;

/// Flags and environment variables of single services.
#[derive(Debug, Clone, Args)]
pub struct ServiceSettings {
    /// Ed25519 private key (PKCS#8 PEM), the first that signs access tokens; the users service needs it
    #[arg(
        long,
        env = "AGORA_SIGNING_KEY",
        hide_env_values = true,
        help_heading = "Services"
    )]
    pub signing_key: Option<String>,

    /// Make accounts when their mailbox has answered; `false` logs newcomers in at once, and then a registration must tell whether an address has an account
    #[arg(
        long,
        env = "AGORA_VERIFY_EMAIL_FIRST",
        default_value_t = true,
        action = ArgAction::Set,
        num_args = 0..=1,
        default_missing_value = "true",
        require_equals = true,
        help_heading = "Services"
    )]
    pub verify_email_first: bool,

    /// Base URL of Stripe's API or of the sandbox; without it no card is accepted
    #[arg(long, env = "STRIPE_API_BASE", help_heading = "Services")]
    pub stripe_api_base: Option<String>,

    /// Stripe secret key
    #[arg(
        long,
        env = "STRIPE_SECRET_KEY",
        hide_env_values = true,
        default_value = "",
        help_heading = "Services"
    )]
    pub stripe_secret_key: String,

    /// Stripe publishable key, which storefronts confirm payments with
    #[arg(
        long,
        env = "STRIPE_PUBLISHABLE_KEY",
        default_value = "",
        help_heading = "Services"
    )]
    pub stripe_publishable_key: String,

    /// Signing secrets of the Stripe webhook endpoint, comma-separated: two during a rotation
    #[arg(
        long,
        env = "STRIPE_WEBHOOK_SECRETS",
        hide_env_values = true,
        value_delimiter = ',',
        help_heading = "Services"
    )]
    pub stripe_webhook_secrets: Vec<String>,

    /// Commission of the marketplace where no rule says otherwise, basis points
    #[arg(
        long,
        env = "AGORA_COMMISSION_BASIS_POINTS",
        default_value_t = 1000,
        help_heading = "Services"
    )]
    pub commission_basis_points: i64,

    /// Seconds after which an unpaid order expires
    #[arg(
        long,
        env = "AGORA_PAYMENT_DEADLINE_SECONDS",
        default_value_t = 1800,
        help_heading = "Services"
    )]
    pub payment_deadline_seconds: i64,

    /// Hours a vendor has to accept an order
    #[arg(
        long,
        env = "AGORA_ACCEPTANCE_HOURS",
        default_value_t = 48,
        help_heading = "Services"
    )]
    pub acceptance_hours: i64,

    #[command(flatten)]
    pub place: Place,

    /// SMTP server for mails (smtp:// or smtps://); without it mails are written to the mail folder
    #[arg(long, env = "SMTP_URL", hide_env_values = true, help_heading = "Services")]
    pub smtp_url: Option<String>,

    /// Folder for mails when no SMTP server is set
    #[arg(
        long,
        env = "AGORA_MAIL_DIR",
        default_value = ".agora/mail",
        help_heading = "Services"
    )]
    pub mail_dir: PathBuf,

    /// Sender of mails
    #[arg(
        long,
        env = "AGORA_MAIL_FROM",
        default_value = "Agora <shop@agora.example>",
        help_heading = "Services"
    )]
    pub mail_from: String,

    /// For tests of recovery: kill this process at the named point of a checkout
    #[arg(long, env = "AGORA_CRASH_AT", hide = true)]
    pub crash_at: Option<String>,
}

impl ServiceSettings {
    pub(crate) fn users(&self) -> Result<users::Settings> {
        let key = self
            .signing_key
            .clone()
            .context("the users service needs AGORA_SIGNING_KEY")?;
        Ok(users::Settings {
            signing_key_pem: key,
            verify_email_first: self.verify_email_first,
        })
    }

    pub(crate) fn orders(&self) -> orders::Settings {
        orders::Settings {
            crash_at: self.crash_at.clone(),
            payment_deadline_seconds: self.payment_deadline_seconds,
            acceptance_hours: self.acceptance_hours,
        }
    }

    pub(crate) fn payments(&self) -> payments::Settings {
        let stripe = self
            .stripe_api_base
            .clone()
            .map(|base_url| payments::StripeSettings {
                base_url,
                secret_key: self.stripe_secret_key.clone(),
                publishable_key: self.stripe_publishable_key.clone(),
                webhook_secrets: self.stripe_webhook_secrets.clone(),
            });
        payments::Settings {
            stripe,
            commission_basis_points: self.commission_basis_points,
        }
    }

    pub(crate) fn notifications(&self) -> notifications::Settings {
        let mail = match &self.smtp_url {
            Some(url) => notifications::Mail::Smtp { url: url.clone() },
            None => notifications::Mail::Directory(self.mail_dir.clone()),
        };
        notifications::Settings {
            mail,
            from: self.mail_from.clone(),
        }
    }
}
