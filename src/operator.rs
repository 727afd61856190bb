//! What an operator may do that no public operation allows: make logins with roles, and change the keys of access
//! tokens. Both are commands to the users service, which believes only those who know the service key.

use crate::serve::Shared;
use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::{Args, ValueEnum};
use contracts::users::{CreateUser, CreateUserReply, KeyInfo, ListKeys, RetireKey, RotateKey};
use platform::{CommandError, Commands, Role};
use std::{
    io::{BufRead, IsTerminal, Write},
    process::{Command, Stdio},
};

/// A login to be made.
#[derive(Debug, Args)]
pub struct NewUser {
    /// Address of the login; it counts as verified
    #[arg(long)]
    email: String,
    /// What the login may do, beside shopping
    #[arg(long, value_enum, default_value = "customer")]
    role: Grant,
    /// Name to show; the part of the address before the @ unless told
    #[arg(long)]
    name: Option<String>,
    /// Read the password from standard input instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

/// Roles that an operator gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Grant {
    Customer,
    Staff,
    /// Staff that may also change roles and rules
    Admin,
}

impl Grant {
    fn roles(self) -> Vec<Role> {
        match self {
            Self::Customer => vec![Role::Customer],
            Self::Staff => vec![Role::Customer, Role::Staff],
            Self::Admin => vec![Role::Customer, Role::Staff, Role::Admin],
        }
    }
}

/// What to do with the keys of access tokens.
#[derive(Debug)]
pub enum Keys {
    List,
    Rotate,
    Retire { kid: String },
}

/// Makes a login; one that exists is left as it is.
pub async fn create_user(shared: &Shared, port: u16, new: NewUser) -> Result<()> {
    let display_name = new.name.unwrap_or_else(|| {
        let local = new.email.split('@').next();
        local.unwrap_or(&new.email).to_owned()
    });
    let command = CreateUser {
        password: password(new.password_stdin)?,
        display_name,
        roles: new.role.roles(),
        email: new.email,
    };
    match ask(&shared.operator(port)?, &command).await? {
        CreateUserReply::Created { user } => {
            println!("{user}");
            Ok(())
        }
        CreateUserReply::Exists => bail!("there is a login with this address; nothing was changed"),
    }
}

/// Asks the users service; says what to do if it cannot be asked.
async fn ask<C: platform::Command>(users: &Commands, command: &C) -> Result<C::Reply> {
    users.call(command).await.map_err(|error| match error {
        CommandError::Failed { status: 400, body, .. } => anyhow!(body),
        CommandError::Failed { status: 401, .. } => {
            anyhow!("the users service has another AGORA_SERVICE_KEY: name the shop's with --data or in the environment")
        }
        CommandError::Unknown { .. } => {
            anyhow!("{error}; is the shop running? AGORA_PORT or AGORA_SERVICE_URLS say where")
        }
        other => other.into(),
    })
}

/// From a pipe, or asked for twice without showing it. Never an argument: those can be seen by everybody.
fn password(piped: bool) -> Result<String> {
    if piped {
        return line();
    }
    ensure!(
        std::io::stdin().is_terminal(),
        "there is nobody to ask for a password; use --password-stdin"
    );
    let first = hidden("Password: ")?;
    ensure!(first == hidden("Again: ")?, "the passwords differ");
    Ok(first)
}

fn hidden(prompt: &str) -> Result<String> {
    let echo = |on: &str| Command::new("stty").arg(on).stdin(Stdio::inherit()).status();
    eprint!("{prompt}");
    std::io::stderr().flush()?;
    let off = echo("-echo").context("cannot hide the password: stty does not run")?;
    ensure!(off.success(), "cannot hide the password; use --password-stdin");
    let text = line();
    echo("echo")?;
    eprintln!();
    text
}

fn line() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().read_line(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Shows or changes the keys of access tokens.
pub async fn keys(shared: &Shared, port: u16, what: Keys) -> Result<()> {
    let users = shared.operator(port)?;
    let shown = match what {
        Keys::List => ask(&users, &ListKeys {}).await?,
        Keys::Rotate => vec![ask(&users, &RotateKey {}).await?],
        Keys::Retire { kid } => {
            let retired = ask(&users, &RetireKey { kid }).await?;
            vec![retired.context("there is no such key")?]
        }
    };
    for KeyInfo {
        kid,
        state,
        signs_from,
        ..
    } in shown
    {
        let state = format!("{state:?}").to_uppercase();
        println!("{kid}  {state:<7}  signs from {}", signs_from.format("%F %T UTC"));
    }
    Ok(())
}
