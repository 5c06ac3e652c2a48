//! `configure`: saves a profile after a check of its token.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};
use clap::Args;
use sbg::config::profile::CredentialsFile;
use sbg::config::{ConfigPaths, Endpoint};
use secrecy::{ExposeSecret as _, SecretString};

use crate::context::Context;
use crate::exit::usage;
use crate::global::Global;
use crate::records;

/// Save a token in a profile
///
/// Asks for the token without showing it, or reads the first line of standard input. The token is checked with one request before it is
/// saved in ~/.sevenbridges/credentials, which the official Python client reads, too. `--profile` names the profile; without it,
/// `default` is used.
#[derive(Args, Debug)]
pub(crate) struct Configure {
    /// Environment: platform, eu, cgc, cavatica, biodatacatalyst, cn, or the URL of its API
    #[arg(long)]
    endpoint: Option<String>,
    /// Save the token without a request
    #[arg(long)]
    no_check: bool,
}

impl Configure {
    pub(crate) fn run(self, global: &Global) -> Result<()> {
        let path = ConfigPaths::of_user().credentials.context("there is no home folder; set HOME")?;
        let mut file = CredentialsFile::open_or_new(path).map_err(sbg::Error::from)?;
        let endpoint = match self.endpoint {
            Some(endpoint) => endpoint,
            None => ask_endpoint()?,
        };
        let endpoint: Endpoint = endpoint.parse().map_err(|error| usage(format!("{error}")))?;
        let token = ask_token()?;
        let profile = global.profile.as_deref().unwrap_or("default");
        file.set(profile, &endpoint, &token).map_err(sbg::Error::from)?;
        if !self.no_check {
            check(global, &endpoint, &token)?;
        }
        file.save().map_err(sbg::Error::from)?;
        let context = Context::new(global.clone());
        context.screen.note(&format!("saved the profile `{profile}` in {}", file.path().display()));
        Ok(())
    }
}

/// Asks the platform whose token it is, before it is saved.
fn check(global: &Global, endpoint: &Endpoint, token: &SecretString) -> Result<()> {
    let context = Context::new(global.clone());
    let client = sbg::Client::builder()
        .config_paths(ConfigPaths::none())
        .endpoint(endpoint.as_str())
        .token(token.expose_secret())
        .build()?;
    context.block_on(async {
        let me = client.users().me().await.context("the token was not saved")?;
        context.out.row(&records::user(&me, endpoint.as_str()), [&me.username, endpoint.as_str()])
    })
}

fn ask_endpoint() -> Result<String> {
    if !io::stdin().is_terminal() {
        return Err(usage("name the environment with `--endpoint`, such as `--endpoint cgc`"));
    }
    let names: Vec<&str> = Endpoint::known().filter_map(|endpoint| endpoint.name()).collect();
    eprint!("Environment ({}) or URL of the API: ", names.join(", "));
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn ask_token() -> Result<SecretString> {
    let token = if io::stdin().is_terminal() {
        rpassword::prompt_password("Token (not shown): ").context("cannot read the token")?
    } else {
        let mut line = String::new();
        io::stdin().read_line(&mut line).context("cannot read the token")?;
        line
    };
    match token.trim() {
        "" => Err(usage("there is no token: get one from the developer page of the environment")),
        token => Ok(token.to_owned().into()),
    }
}
